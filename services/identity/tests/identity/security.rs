//! ListAccountSecurity, RecordSecurityCheck, ListSecurityChecks.

use hocba_proto::identity::{
    AccountSecurity, ListAccountSecurityRequest, ListSecurityChecksRequest, RecordSecurityCheckRequest,
    SecurityCheck, SignInRequest, account_security::Sign, security_check::Finding,
};

use crate::harness::{INSIDE, OTHER, Person, SCHOOL, World, ask, reason};

fn list() -> ListAccountSecurityRequest {
    ListAccountSecurityRequest {
        parent: format!("schools/{SCHOOL}"),
        ..ListAccountSecurityRequest::default()
    }
}

async fn looks(world: &World, by: &Person) -> Vec<AccountSecurity> {
    let answer = world
        .client()
        .list_account_security(by.ask(list()))
        .await
        .unwrap();
    answer.into_inner().accounts
}

fn of<'a>(all: &'a [AccountSecurity], person: &Person) -> &'a AccountSecurity {
    all.iter().find(|account| account.account == person.name).unwrap()
}

fn signs(account: &AccountSecurity) -> Vec<Sign> {
    account.signs().collect()
}

async fn sign_in_from(world: &World, person: &Person, client: &str, later: i64) {
    let request = SignInRequest {
        email: person.email.clone(),
        password: person.password.clone(),
        totp_code: person.code(later),
        client: client.to_owned(),
        ..SignInRequest::default()
    };
    world.client().sign_in(ask("", INSIDE, request)).await.unwrap();
}

#[tokio::test]
async fn a6_2_the_board_sees_what_of_an_account_calls_for_a_look() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let quiet = world.person("gv1@a.vn", SCHOOL, &["subject_teacher"]).await;
    let parallel = world.person("gv2@a.vn", SCHOOL, &["subject_teacher"]).await;
    let guessed = world.person("gv3@a.vn", SCHOOL, &["subject_teacher"]).await;
    let idle = world.person("gv4@a.vn", SCHOOL, &["subject_teacher"]).await;
    world.account("moi@a.vn", SCHOOL).await;
    // Everybody signed in from one device so far; give each a device of their own.
    world
        .meddle("update sign_in set client_digest = sha256(convert_to(account_id::text, 'UTF8'))")
        .await;
    let all = looks(&world, &principal).await;
    assert!(signs(of(&all, &quiet)).is_empty(), "{all:?}");
    let seen = of(&all, &quiet);
    assert_eq!(
        (seen.open_sign_ins, seen.open_clients, seen.second_factor),
        (1, 1, true)
    );
    assert!(seen.last_sign_in_time.is_some());
    assert_eq!(seen.roles, ["subject_teacher"]);
    let new = all.last().unwrap();
    assert_eq!(signs(new), [Sign::NeverUsed, Sign::NoSecondFactor]);

    sign_in_from(&world, &parallel, "điện thoại", 1).await;
    for _ in 0..5 {
        let wrong = world
            .sign_in_with(&guessed.email, "không phải đâu nhé", "123456")
            .await;
        assert_eq!(reason(wrong), "SIGN_IN_REFUSED");
    }
    world
        .meddle(
            "with old as (update account set last_sign_in_at = now() - interval '40 days' where email = 'gv4@a.vn' returning id)
             update role_binding set start_date = current_date - 100 where account_id in (select id from old)",
        )
        .await;
    let all = looks(&world, &principal).await;
    assert_eq!(signs(of(&all, &parallel)), [Sign::ParallelClients]);
    assert_eq!(
        (
            of(&all, &parallel).open_sign_ins,
            of(&all, &parallel).open_clients
        ),
        (2, 2)
    );
    assert_eq!(signs(of(&all, &guessed)), [Sign::FailedAttempts]);
    assert_eq!(of(&all, &guessed).failed_attempts, 5);
    assert_eq!(signs(of(&all, &idle)), [Sign::RoleUnused]);

    // A device that two accounts use shows at both, and names the other.
    sign_in_from(&world, &idle, "điện thoại", 1).await;
    let all = looks(&world, &principal).await;
    assert_eq!(of(&all, &idle).shared_with, std::slice::from_ref(&parallel.name));
    assert_eq!(of(&all, &parallel).shared_with, std::slice::from_ref(&idle.name));
    assert!(signs(of(&all, &idle)).contains(&Sign::SharedClient));
    assert!(
        !signs(of(&all, &idle)).contains(&Sign::RoleUnused),
        "it is used again"
    );
    assert!(of(&all, &quiet).shared_with.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a6_2_a_client_without_a_text_is_told_from_no_other() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    world
        .meddle("update sign_in set client_digest = sha256('')")
        .await;
    sign_in_from(&world, &teacher, "máy tính", 1).await;
    let all = looks(&world, &principal).await;
    assert!(signs(of(&all, &teacher)).is_empty(), "{all:?}");
    world.stop().await;
}

fn check(findings: Vec<Finding>, note: &str, request_id: &str) -> RecordSecurityCheckRequest {
    let check = SecurityCheck {
        findings,
        note: note.to_owned(),
        ..SecurityCheck::default()
    };
    RecordSecurityCheckRequest {
        parent: format!("schools/{SCHOOL}"),
        security_check: Some(check),
        request_id: request_id.to_owned(),
    }
}

fn finding(person: &Person, sign: Sign, note: &str) -> Finding {
    Finding {
        account: person.name.clone(),
        sign: sign.into(),
        note: note.to_owned(),
    }
}

#[tokio::test]
async fn a6_2_a_security_check_is_kept_for_good() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let deputy = world.person("pht@a.vn", SCHOOL, &["vice_principal"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let away = world.person("ht@b.vn", OTHER, &["principal"]).await;
    let mut client = world.client();
    let found = finding(&teacher, Sign::SharedClient, "Cô Lan dùng nhờ máy,\nđã nhắc nhở.");
    let request = check(vec![found.clone()], "Kiểm tra định kì tháng 10", "r");
    let kept = client
        .record_security_check(deputy.ask(request.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((&kept.checker, kept.account_count), (&deputy.name, 3));
    assert_eq!(kept.findings, [found]);
    let again = client
        .record_security_check(deputy.ask(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, kept);
    let nothing = client
        .record_security_check(principal.ask(check(Vec::new(), "Không có gì bất thường", "")))
        .await
        .unwrap()
        .into_inner();
    let list = ListSecurityChecksRequest {
        parent: format!("schools/{SCHOOL}"),
        page_size: 1,
        page_token: String::new(),
    };
    let first = client
        .list_security_checks(principal.ask(list.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.security_checks, [nothing], "the newest first");
    let next = ListSecurityChecksRequest {
        page_token: first.next_page_token,
        ..list.clone()
    };
    let second = client
        .list_security_checks(principal.ask(next))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (second.security_checks, second.next_page_token.as_str()),
        (vec![kept], "")
    );

    for (person, why) in [(&teacher, "PERMISSION_DENIED"), (&away, "OTHER_SCHOOL")] {
        let request = check(Vec::new(), "Thử", "");
        assert_eq!(
            reason(client.record_security_check(person.ask(request)).await),
            why
        );
        assert_eq!(
            reason(client.list_security_checks(person.ask(list.clone())).await),
            why
        );
        let accounts = crate::security::list();
        assert_eq!(
            reason(client.list_account_security(person.ask(accounts)).await),
            why
        );
    }
    let stranger = check(vec![finding(&away, Sign::NeverUsed, "Lạ")], "", "");
    assert_eq!(
        reason(client.record_security_check(principal.ask(stranger)).await),
        "MEMBER_UNKNOWN"
    );
    for wrong in [
        check(Vec::new(), "", ""),
        check(vec![finding(&teacher, Sign::Unspecified, "Lạ")], "", ""),
        check(vec![finding(&teacher, Sign::NeverUsed, " ")], "", ""),
    ] {
        assert_eq!(
            reason(client.record_security_check(principal.ask(wrong)).await),
            "BAD_REQUEST"
        );
    }
    let pool = world.database.service().await.unwrap();
    for statement in [
        "update security_check set note = ''",
        "delete from security_check",
        "update security_finding set sign = 'never_used'",
        "delete from security_finding",
    ] {
        let refused = sqlx::query(statement).execute(&pool).await.unwrap_err();
        let code = refused
            .as_database_error()
            .and_then(|error| error.code())
            .unwrap()
            .into_owned();
        assert_eq!(code, "42501", "{statement}");
    }
    pool.close().await;
    world.stop().await;
}
