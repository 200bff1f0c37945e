//! StepUp.

use hocba_proto::identity::{CreateNetworkRequest, Network, SignOutRequest};
use tonic_types::StatusExt as _;

use crate::harness::{SCHOOL, World, ask, digest, id, reason, step_up};

#[tokio::test]
async fn step_up_gives_a_token_for_one_act() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let judge = world.judge().await;
    let caller = judge.person(&principal.signed_in.access_token).await.unwrap();
    let answer = world
        .step_up(&principal, "dossier.consent", &digest("a"), "principal")
        .await
        .unwrap()
        .into_inner();
    let act = judge
        .verify_act(&answer.act_token, "dossier.consent", &digest("a"), &caller)
        .await
        .unwrap();
    assert_eq!(act.account.to_string(), id(&principal.name));
    assert_eq!(act.sign_in.to_string(), id(&principal.signed_in.name));
    assert_eq!(
        (act.role.as_str(), act.delegation, act.premises),
        ("principal", None, false)
    );
    assert!(
        judge
            .verify_act(&answer.act_token, "dossier.attest", &digest("a"), &caller)
            .await
            .is_err()
    );
    assert!(
        judge
            .verify_act(&answer.act_token, "dossier.consent", &digest("b"), &caller)
            .await
            .is_err()
    );
    assert!(
        judge.person(&answer.act_token).await.is_err(),
        "an act token is no access token"
    );

    // The same code serves another act within its step, but never the same act twice.
    world
        .step_up(&principal, "dossier.consent", &digest("b"), "principal")
        .await
        .unwrap();
    world
        .step_up(&principal, "dossier.attest", &digest("a"), "principal")
        .await
        .unwrap();
    let again = step_up(&principal, "dossier.consent", &digest("a"), "principal", 1);
    world
        .client()
        .step_up(principal.ask(again.clone()))
        .await
        .unwrap();
    assert_eq!(
        reason(world.client().step_up(principal.ask(again)).await),
        "TOTP_CODE_USED"
    );
    world.stop().await;
}

#[tokio::test]
async fn step_up_refuses_what_is_not_in_order() {
    let world = World::with_schools().await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let mut client = world.client();
    let with = |purpose: &str, digest: &str, role: &str, code: &str| {
        let mut request = step_up(&teacher, purpose, digest, role, 0);
        if !code.is_empty() {
            request.totp_code = code.to_owned();
        }
        request
    };
    let good = digest("a");
    for (request, why) in [
        (
            with("dossier.attest", &good, "principal", ""),
            "ROLE_NOT_IN_FORCE",
        ),
        (with("dossier.attest", &good, "king", ""), "BAD_REQUEST"),
        (with("dossier.attest", "AA", "subject_teacher", ""), "BAD_REQUEST"),
        (
            with("dossier.forge", &good, "subject_teacher", ""),
            "PURPOSE_UNKNOWN",
        ),
        (
            with("dossier.attest", &good, "subject_teacher", "12345"),
            "TOTP_CODE_WRONG",
        ),
    ] {
        assert_eq!(reason(client.step_up(teacher.ask(request)).await), why);
    }
    let without = with("dossier.attest", &good, "subject_teacher", "");
    assert_eq!(reason(client.step_up(without).await), "UNAUTHENTICATED");
    // A role that has ended yesterday is not in force today, whatever the token says.
    world.meddle("update role_binding set end_date = (now() at time zone 'Asia/Ho_Chi_Minh')::date - 1, start_date = '2020-01-01' where role = 'subject_teacher'").await;
    let late = with("dossier.attest", &good, "subject_teacher", "");
    assert_eq!(
        reason(client.step_up(teacher.ask(late)).await),
        "ROLE_NOT_IN_FORCE"
    );
    world.stop().await;
}

#[tokio::test]
async fn step_up_is_throttled_by_person() {
    let world = World::with_schools().await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let mut wrong = step_up(&teacher, "dossier.attest", &digest("a"), "subject_teacher", 0);
    wrong.totp_code = "12345".to_owned();
    for _ in 0..5 {
        let answer = world.client().step_up(teacher.ask(wrong.clone())).await;
        assert_eq!(reason(answer), "TOTP_CODE_WRONG");
    }
    let refused = world
        .step_up(&teacher, "dossier.attest", &digest("a"), "subject_teacher")
        .await
        .unwrap_err();
    assert!(refused.get_details_retry_info().is_some());
    assert_eq!(reason::<()>(Err(refused)), "ATTEMPTS_THROTTLED");
    world.sign_in(&teacher, 1).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a11_3_step_up_judges_the_premises_by_the_edges_word() {
    let world = World::with_schools().await;
    let clerk = world.person("vt@a.vn", SCHOOL, &["office_clerk"]).await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let network = Network {
        cidr: "203.113.1.0/29".to_owned(),
        ..Network::default()
    };
    let request = CreateNetworkRequest {
        parent: format!("schools/{SCHOOL}"),
        network: Some(network),
        request_id: String::new(),
    };
    world.client().create_network(admin.ask(request)).await.unwrap();
    let token = &clerk.signed_in.access_token;
    for (letter, address, inside) in [("a", "203.113.1.5", true), ("b", "203.113.1.9", false)] {
        let request = step_up(&clerk, "ceremony.sign", &digest(letter), "office_clerk", 0);
        let answer = world
            .client()
            .step_up(ask(token, address, request))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(answer.premises, inside, "{address}");
    }
    world.stop().await;
}

#[tokio::test]
async fn step_up_needs_an_open_sign_in() {
    let world = World::with_schools().await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    // Ended behind our back, as by another replica whose word has not come yet.
    world
        .meddle("update sign_in set ended_at = now(), end_cause = 'signed_out'")
        .await;
    let answer = world
        .step_up(&teacher, "dossier.attest", &digest("a"), "subject_teacher")
        .await;
    assert_eq!(reason(answer), "SIGN_IN_OVER");
    let out = SignOutRequest::default();
    assert_eq!(
        world
            .client()
            .sign_out(teacher.ask(out))
            .await
            .unwrap()
            .into_inner()
            .ended_count,
        0
    );
    world.stop().await;
}
