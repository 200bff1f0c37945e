//! StartRecovery, ApproveRecovery, CancelRecovery, ListRecoveries.

use std::time::Duration;

use hocba_proto::identity::{
    ActivateAccountRequest, ApproveRecoveryRequest, ApproveRecoveryResponse, CancelRecoveryRequest,
    CreateAccountRequest, GetMeRequest, ListRecoveriesRequest, Recovery, StartRecoveryRequest,
    StartRecoveryResponse, recovery::State,
};
use hocba_testing::eventually;
use tonic::{Response, Status};
use tonic_types::StatusExt as _;

use crate::{
    harness::{INSIDE, Person, SCHOOL, World, account, ask, reason},
    security_key::register,
};

pub(crate) async fn start(
    world: &World,
    by: &Person,
    of: &Person,
) -> Result<Response<StartRecoveryResponse>, Status> {
    let request = StartRecoveryRequest {
        name: of.name.clone(),
        cause: "Mất điện thoại".to_owned(),
        request_id: String::new(),
    };
    world.client().start_recovery(by.ask(request)).await
}

pub(crate) async fn approve(
    world: &World,
    by: &Person,
    role: &str,
    recovery: &Recovery,
) -> Result<Response<ApproveRecoveryResponse>, Status> {
    let act_token = world
        .step_up(by, "recovery.approve", &recovery.digest, role)
        .await?
        .into_inner()
        .act_token;
    let request = ApproveRecoveryRequest {
        name: recovery.name.clone(),
        act_token,
        request_id: String::new(),
    };
    world.client().approve_recovery(by.ask(request)).await
}

pub(crate) async fn cancel(
    world: &World,
    by: &Person,
    recovery: &Recovery,
) -> Result<Response<Recovery>, Status> {
    let request = CancelRecoveryRequest {
        name: recovery.name.clone(),
        request_id: String::new(),
    };
    world.client().cancel_recovery(by.ask(request)).await
}

pub(crate) async fn list(world: &World, by: &Person, parent: &str) -> Result<Vec<Recovery>, Status> {
    let request = ListRecoveriesRequest {
        parent: parent.to_owned(),
        ..Default::default()
    };
    let answer = world.client().list_recoveries(by.ask(request)).await?;
    Ok(answer.into_inner().recoveries)
}

pub(crate) async fn activate(world: &World, person: &Person, code: &str) -> Result<(), Status> {
    let request = ActivateAccountRequest {
        email: person.email.clone(),
        activation_code: code.to_owned(),
        password: person.password.clone(),
    };
    world
        .client()
        .activate_account(ask("", INSIDE, request))
        .await
        .map(drop)
}

#[track_caller]
pub(crate) fn fact<T: std::fmt::Debug>(answer: Result<Response<T>, Status>, key: &str) -> (String, String) {
    let info = answer.expect_err("a refusal").get_details_error_info().unwrap();
    let fact = info.metadata.get(key).cloned().unwrap_or_default();
    (info.reason, fact)
}

/// Administrator, principal and vice principal, and a teacher who lost the telephone.
pub(crate) struct Staff {
    pub(crate) admin: Person,
    pub(crate) principal: Person,
    pub(crate) vice: Person,
    pub(crate) teacher: Person,
}

pub(crate) async fn staff(world: &World) -> Staff {
    Staff {
        admin: world.person("admin@a.vn", SCHOOL, &["system_admin"]).await,
        principal: world.person("ht@a.vn", SCHOOL, &["principal"]).await,
        vice: world.person("pht@a.vn", SCHOOL, &["vice_principal"]).await,
        teacher: world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await,
    }
}

#[tokio::test]
async fn i5_two_people_let_in_a_third_each_with_half_of_the_code() {
    let world = World::with_schools().await;
    let staff = staff(&world).await;
    let teacher = &staff.teacher;
    register(&world, teacher).await;
    let started = start(&world, &staff.admin, teacher).await.unwrap().into_inner();
    let recovery = started.recovery.unwrap();
    assert_eq!(
        (recovery.state(), &recovery.starter),
        (State::Open, &staff.admin.name)
    );
    let me = || teacher.ask(GetMeRequest {});
    assert!(
        world.client().get_me(me()).await.is_ok(),
        "nothing ends before the approval"
    );
    assert_eq!(
        activate(&world, teacher, &started.code_half)
            .await
            .unwrap_err()
            .message(),
        "ACTIVATION_REFUSED"
    );

    let approved = approve(&world, &staff.principal, "principal", &recovery)
        .await
        .unwrap()
        .into_inner();
    let done = approved.recovery.unwrap();
    assert_eq!(
        (done.state(), &done.decider),
        (State::Approved, &staff.principal.name)
    );
    assert_eq!(reason(world.client().get_me(me()).await), "UNAUTHENTICATED");
    assert_eq!(reason(world.sign_in(teacher, 1).await), "SIGN_IN_REFUSED");
    let (first, second) = (started.code_half, approved.code_half);
    assert_eq!((first.len(), second.len()), (9, 9));
    for half in [&first, &second, &format!("{second}{first}")] {
        assert_eq!(
            activate(&world, teacher, half).await.unwrap_err().message(),
            "ACTIVATION_REFUSED"
        );
    }
    let again = world.activate(&teacher.email, &format!("{first}-{second}")).await;
    // Half a minute passes: the steps that the old secret spent are over.
    world.meddle("delete from totp_use").await;
    world.confirm(&again).await;
    let back = world.sign_in(&again, 0).await.unwrap().into_inner();
    assert_eq!(
        (&back.account, back.roles.as_slice()),
        (&teacher.name, ["subject_teacher".to_owned()].as_slice())
    );

    let pool = world.database.superuser().await.unwrap();
    let keys: i64 = sqlx::query_scalar("select count(*) from security_key where removed_at is null")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(keys, 0, "the old keys have ended");
    let told: Vec<String> =
        sqlx::query_scalar("select kind from outbox where kind like 'recovery.%' order by seq")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(told, ["recovery.started", "recovery.approved"]);
    world.stop().await;
}

#[tokio::test]
async fn i5_an_open_recovery_is_cancelled_by_its_owner_or_expires_by_itself() {
    let world = World::with_schools().await;
    let staff = staff(&world).await;
    let over = |state: &str| ("RECOVERY_OVER".to_owned(), state.to_owned());
    let first = start(&world, &staff.admin, &staff.teacher)
        .await
        .unwrap()
        .into_inner()
        .recovery
        .unwrap();
    let cancelled = cancel(&world, &staff.teacher, &first).await.unwrap().into_inner();
    assert_eq!(
        (cancelled.state(), &cancelled.decider),
        (State::Cancelled, &staff.teacher.name)
    );
    assert_eq!(
        fact(
            approve(&world, &staff.principal, "principal", &first).await,
            "state"
        ),
        over("cancelled")
    );
    assert_eq!(
        fact(cancel(&world, &staff.admin, &first).await, "state"),
        over("cancelled")
    );

    let second = start(&world, &staff.admin, &staff.teacher)
        .await
        .unwrap()
        .into_inner()
        .recovery
        .unwrap();
    world
        .meddle("update recovery set expires_at = now() - interval '1 second' where state = 'open'")
        .await;
    assert_eq!(
        fact(
            approve(&world, &staff.principal, "principal", &second).await,
            "state"
        ),
        over("expired")
    );
    let school = format!("schools/{SCHOOL}");
    let listed = list(&world, &staff.principal, &school).await.unwrap();
    assert_eq!(
        (listed[0].name.as_str(), listed[0].state()),
        (second.name.as_str(), State::Expired)
    );
    assert_eq!(listed[1].name, first.name);
    let pool = world.database.superuser().await.unwrap();
    eventually("the end is told", Duration::from_secs(15), || async {
        let told: i64 = sqlx::query_scalar("select count(*) from outbox where kind = 'recovery.expired'")
            .fetch_one(&pool)
            .await
            .unwrap();
        if told == 1 { Ok(()) } else { Err(told) }
    })
    .await;
    // The account was never touched, and another may be started.
    world.sign_in(&staff.teacher, 1).await.unwrap();
    start(&world, &staff.admin, &staff.teacher).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn i5_after_a_recovery_one_person_alone_gives_no_code() {
    let world = World::with_schools().await;
    let staff = staff(&world).await;
    let started = start(&world, &staff.admin, &staff.teacher)
        .await
        .unwrap()
        .into_inner();
    let recovery = started.recovery.unwrap();
    let approved = approve(&world, &staff.principal, "principal", &recovery)
        .await
        .unwrap()
        .into_inner();
    let create = CreateAccountRequest {
        account: Some(account(&staff.teacher.email, SCHOOL)),
        ..Default::default()
    };
    assert_eq!(
        reason(world.client().create_account(staff.admin.ask(create)).await),
        "EMAIL_TAKEN"
    );
    assert_eq!(
        fact(
            approve(&world, &staff.vice, "vice_principal", &recovery).await,
            "state"
        ),
        ("RECOVERY_OVER".to_owned(), "approved".to_owned())
    );
    // Four hours later the code is void; two people give another.
    world
        .meddle(
            "update activation_code set expires_at = expires_at - interval '4 hours' where used_at is null",
        )
        .await;
    let code = started.code_half + &approved.code_half;
    let late = activate(&world, &staff.teacher, &code).await.unwrap_err();
    assert_eq!(late.message(), "ACTIVATION_REFUSED");
    let started = start(&world, &staff.vice, &staff.teacher)
        .await
        .unwrap()
        .into_inner();
    let recovery = started.recovery.unwrap();
    let approved = approve(&world, &staff.admin, "system_admin", &recovery)
        .await
        .unwrap()
        .into_inner();
    let code = started.code_half + &approved.code_half;
    activate(&world, &staff.teacher, &code).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_repeated_start_or_approval_answers_without_its_half() {
    let world = World::with_schools().await;
    let staff = staff(&world).await;
    let request = StartRecoveryRequest {
        name: staff.teacher.name.clone(),
        cause: "Quên mật khẩu".to_owned(),
        request_id: "một".to_owned(),
    };
    let mut client = world.client();
    let first = client
        .start_recovery(staff.admin.ask(request.clone()))
        .await
        .unwrap()
        .into_inner();
    let again = client
        .start_recovery(staff.admin.ask(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.recovery, first.recovery);
    assert!(!first.code_half.is_empty() && again.code_half.is_empty());
    let recovery = first.recovery.unwrap();
    let token = world
        .step_up(
            &staff.principal,
            "recovery.approve",
            &recovery.digest,
            "principal",
        )
        .await
        .unwrap()
        .into_inner()
        .act_token;
    let request = ApproveRecoveryRequest {
        name: recovery.name,
        act_token: token,
        request_id: "hai".to_owned(),
    };
    let first = client
        .approve_recovery(staff.principal.ask(request.clone()))
        .await
        .unwrap()
        .into_inner();
    let again = client
        .approve_recovery(staff.principal.ask(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.recovery, first.recovery);
    assert!(!first.code_half.is_empty() && again.code_half.is_empty());
    world.stop().await;
}
