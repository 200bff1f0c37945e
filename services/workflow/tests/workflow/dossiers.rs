//! Corrections: who must say yes, and what stops one.

use hocba_chassis::Role;
use hocba_proto::workflow::{
    Dossier, GetDossierRequest, ListDossiersRequest, RefuseDossierRequest, WithdrawDossierRequest,
    dossier::{State, Track},
};
use hocba_testing::eventually;

use crate::world::{PARENT, PATIENCE, SCHOOL, World, evidence, reason, wanted};

const BOARD: (Role, &str) = (Role::VicePrincipal, "management_board");
const GROUP: (Role, &str) = (Role::WorkingGroup, "working_group");
const REQUESTER: (Role, &str) = (Role::SubjectTeacher, "requester");

#[tokio::test]
async fn w3_a_correction_is_applied_once_after_evidence_consent_and_three_witnesses() {
    let world = World::start().await;
    let dossier = world.permitted().await;
    assert_eq!(
        (dossier.state(), dossier.track()),
        (State::Permitted, Track::Normal)
    );
    assert_eq!(dossier.attestations.len(), 3);
    assert!(dossier.permit_expire_time.is_some());

    let applied = world.apply(&world.teacher, &dossier.name).await.unwrap();
    assert_eq!(applied.state(), State::Applied);
    assert_eq!(applied.receipt, dossier.name.replace("dossiers", "receipts"));
    let again = world.apply(&world.teacher, &dossier.name).await.unwrap();
    assert_eq!(again, applied);

    // Records was shown everything, and asked once.
    let asked = world.records.get().applied.clone();
    assert_eq!(asked.len(), 1);
    let permit = asked[0].permit.clone().unwrap();
    assert_eq!(permit.requester, world.teacher.name());
    assert_eq!(permit.evidence, [evidence()]);
    assert_eq!(permit.consent.unwrap().capacity, "principal");
    let mut capacities: Vec<String> = permit.attestations.into_iter().map(|it| it.capacity).collect();
    capacities.sort();
    assert_eq!(capacities, ["management_board", "requester", "working_group"]);
    assert_eq!(asked[0].scope, None);
    assert_eq!(asked[0].changes[0].old_digest, "ab".repeat(32));

    eventually("the dossier's events", PATIENCE, || async {
        let kinds = world.archive.kinds();
        let told = [
            "created",
            "submitted",
            "consented",
            "attested_by_requester",
            "applied",
        ]
        .iter()
        .all(|step| kinds.contains(&format!("dossier.{step}")));
        if told { Ok(()) } else { Err(kinds) }
    })
    .await;
}

#[tokio::test]
async fn a5_1_only_who_enters_the_sheet_asks_and_only_for_sealed_cells() {
    let world = World::start().await;
    let create = || async { world.client().create_dossier(world.teacher.ask(wanted())).await };
    world.records.get().teaches = false;
    assert_eq!(reason(create().await), "NOT_TEACHER");
    world.records.get().teaches = true;
    world.records.get().sealed = false;
    assert_eq!(reason(create().await), "CELL_NOT_SEALED");
    world.records.get().sealed = true;
    let mute = {
        let mut request = wanted();
        request.dossier.as_mut().unwrap().reason.clear();
        world.client().create_dossier(world.teacher.ask(request)).await
    };
    assert_eq!(reason(mute), "BAD_REQUEST");

    // The same click twice makes one dossier.
    let mut request = wanted();
    request.request_id = "d1".into();
    let mut client = world.client();
    let first = client
        .create_dossier(world.teacher.ask(request.clone()))
        .await
        .unwrap();
    let second = client
        .create_dossier(world.teacher.ask(request.clone()))
        .await
        .unwrap();
    assert_eq!(first.into_inner().name, second.into_inner().name);
    request.dossier.as_mut().unwrap().reason = "Khác.".into();
    let reused = client.create_dossier(world.teacher.ask(request)).await;
    assert_eq!(reason(reused), "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn a5_2a_without_evidence_that_the_archive_holds_nothing_is_submitted() {
    let world = World::start().await;
    let name = world.dossier().await.name;
    assert_eq!(reason(world.submit(&name).await), "EVIDENCE_MISSING");
    let absent = format!("{PARENT}/evidence/{}", "f".repeat(64));
    assert_eq!(reason(world.attach(&name, absent).await), "EVIDENCE_UNKNOWN");
    let foreign = format!("schools/other/evidence/{}", "e".repeat(64));
    assert_eq!(reason(world.attach(&name, foreign).await), "EVIDENCE_UNKNOWN");
    world.attach(&name, evidence()).await.unwrap();
    let submitted = world.submit(&name).await.unwrap();
    assert_eq!(submitted.digest.len(), 64);
    // From here nothing changes.
    assert_eq!(reason(world.attach(&name, evidence()).await), "DOSSIER_STATE");
    assert_eq!(reason(world.submit(&name).await), "DOSSIER_STATE");
    let service = world.database.service().await.unwrap();
    let refused = sqlx::query("update dossier set changes = '[]'")
        .execute(&service)
        .await
        .unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "42501");
}

#[tokio::test]
async fn a5_1_the_requester_does_not_consent_and_nobody_witnesses_twice() {
    let world = World::start().await;
    let submitted = world.submitted().await;
    assert_eq!(
        reason(world.attest(&world.vice, BOARD, &submitted).await),
        "DOSSIER_STATE"
    );
    assert_eq!(
        reason(world.consent(&world.vice, &submitted, "").await),
        "PERMISSION_DENIED"
    );
    // Who asked is the principal by another name.
    let own = world.identity.sign_in(
        world.teacher.account,
        Some(SCHOOL),
        &["subject_teacher", "principal", "working_group"],
        300,
    );
    assert_eq!(reason(world.consent(&own, &submitted, "").await), "SAME_PERSON");
    world.consent(&world.principal, &submitted, "").await.unwrap();
    assert_eq!(
        reason(world.consent(&world.principal, &submitted, "").await),
        "DOSSIER_STATE"
    );

    // Nobody in a capacity that is not theirs.
    for (person, capacity) in [
        (&world.vice, GROUP),
        (&world.group, BOARD),
        (&world.vice, (Role::VicePrincipal, "requester")),
        (&own, GROUP),
        (&own, (Role::Principal, "management_board")),
    ] {
        assert_eq!(
            reason(world.attest(person, capacity, &submitted).await),
            "WRONG_CAPACITY"
        );
    }
    let unknown = world.attest(&world.vice, (Role::VicePrincipal, "friend"), &submitted);
    assert_eq!(reason(unknown.await), "BAD_REQUEST");

    // One person is not two witnesses.
    let both = world
        .identity
        .person(SCHOOL, &["vice_principal", "working_group"]);
    world.attest(&both, BOARD, &submitted).await.unwrap();
    assert_eq!(
        reason(world.attest(&both, GROUP, &submitted).await),
        "SAME_PERSON"
    );

    // A token is for one word over one content, and good once.
    let other = world.submitted().await;
    let token = world.act(&world.group, GROUP.0, "dossier.attest", &other.digest);
    assert_eq!(
        reason(world.attest_by(&world.group, GROUP.1, &submitted, token).await),
        "ACT_TOKEN_DIGEST"
    );
    assert_eq!(
        reason(world.apply(&world.teacher, &submitted.name).await),
        "DOSSIER_STATE"
    );
    world.attest(&world.group, GROUP, &submitted).await.unwrap();
    let permitted = world.attest(&world.teacher, REQUESTER, &submitted).await.unwrap();
    assert_eq!(permitted.state(), State::Permitted);
    // Nobody but the requester applies.
    assert_eq!(
        reason(world.apply(&world.principal, &submitted.name).await),
        "PERMISSION_DENIED"
    );
}

#[tokio::test]
async fn w3_a_permit_that_ran_out_closes_its_dossier_for_good() {
    let world = World::start().await;
    let dossier = world.permitted().await;
    world
        .sql("update dossier set permit_expires_at = now() - interval '1 second'")
        .await
        .unwrap();
    assert_eq!(
        reason(world.apply(&world.teacher, &dossier.name).await),
        "PERMIT_EXPIRED"
    );
    eventually("the dossier is closed", PATIENCE, || async {
        let state = world.get(&dossier.name).await.state();
        (state == State::Expired).then_some(()).ok_or(state)
    })
    .await;
    assert_eq!(
        reason(world.attest(&world.vice, BOARD, &dossier).await),
        "DOSSIER_STATE"
    );
    assert_eq!(
        reason(world.apply(&world.teacher, &dossier.name).await),
        "PERMIT_EXPIRED"
    );
    assert!(world.records.get().applied.is_empty());
    assert_eq!(world.get(&dossier.name).await.attestations.len(), 3);
}

#[tokio::test]
async fn refused_and_withdrawn_dossiers_stay_and_go_no_further() {
    let world = World::start().await;
    let refuse = |name: &str, words: &str| RefuseDossierRequest {
        name: name.to_owned(),
        reason: words.into(),
        request_id: String::new(),
    };
    let withdraw = |name: &str| WithdrawDossierRequest {
        name: name.to_owned(),
        request_id: String::new(),
    };
    let mut client = world.client();
    let first = world.submitted().await;
    let mute = client
        .refuse_dossier(world.principal.ask(refuse(&first.name, " ")))
        .await;
    assert_eq!(reason(mute), "BAD_REQUEST");
    let refused = client
        .refuse_dossier(world.principal.ask(refuse(&first.name, "Bài chấm đúng.")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (refused.state(), refused.decision_reason.as_str()),
        (State::Refused, "Bài chấm đúng.")
    );
    assert_eq!(
        reason(world.consent(&world.principal, &first, "").await),
        "DOSSIER_STATE"
    );
    let late = client
        .withdraw_dossier(world.teacher.ask(withdraw(&first.name)))
        .await;
    assert_eq!(reason(late), "DOSSIER_STATE");

    let second = world.permitted().await;
    let foreign = client
        .withdraw_dossier(world.principal.ask(withdraw(&second.name)))
        .await;
    assert_eq!(reason(foreign), "PERMISSION_DENIED");
    client
        .withdraw_dossier(world.teacher.ask(withdraw(&second.name)))
        .await
        .unwrap();
    assert_eq!(
        reason(world.apply(&world.teacher, &second.name).await),
        "DOSSIER_STATE"
    );
    assert_eq!(world.get(&second.name).await.state(), State::Withdrawn);
}

#[tokio::test]
async fn a_teacher_sees_their_own_dossiers_and_the_board_all() {
    let world = World::start().await;
    let own = world.dossier().await;
    let colleague = world.identity.person(SCHOOL, &["subject_teacher"]);
    let theirs = world
        .client()
        .create_dossier(colleague.ask(wanted()))
        .await
        .unwrap()
        .into_inner();
    let list = |person: &hocba_testing::TestPerson| {
        let (mut client, ask) = (
            world.client(),
            person.ask(ListDossiersRequest {
                parent: PARENT.into(),
                ..ListDossiersRequest::default()
            }),
        );
        async move {
            let page = client.list_dossiers(ask).await.unwrap().into_inner();
            page.dossiers
                .into_iter()
                .map(|it: Dossier| it.name)
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(list(&world.teacher).await, std::slice::from_ref(&own.name));
    assert_eq!(list(&world.principal).await, [theirs.name.clone(), own.name]);
    let ask = GetDossierRequest { name: theirs.name };
    let foreign = world.client().get_dossier(world.teacher.ask(ask)).await;
    assert_eq!(reason(foreign), "PERMISSION_DENIED");
    let nowhere = GetDossierRequest {
        name: format!("{PARENT}/dossiers/{}", world.teacher.account),
    };
    let unknown = world.client().get_dossier(world.principal.ask(nowhere)).await;
    assert_eq!(reason(unknown), "DOSSIER_UNKNOWN");
}
