//! Who may not recover whom: refusals of the four methods of recovery, and of the database.

use hocba_proto::identity::{ApproveRecoveryRequest, Recovery};

use crate::{
    harness::{OTHER, Person, SCHOOL, World, id, reason},
    recovery::{approve, cancel, fact, list, staff, start},
};

#[tokio::test]
async fn i5_nobody_recovers_alone_nor_the_own_account() {
    let world = World::with_schools().await;
    let staff = staff(&world).await;
    assert_eq!(
        reason(start(&world, &staff.admin, &staff.admin).await),
        "OWN_ACCOUNT"
    );
    assert_eq!(
        reason(start(&world, &staff.teacher, &staff.admin).await),
        "PERMISSION_DENIED"
    );
    let stranger = world.person("ht@b.vn", OTHER, &["principal"]).await;
    assert_eq!(
        reason(start(&world, &stranger, &staff.teacher).await),
        "OTHER_SCHOOL"
    );

    let recovery = start(&world, &staff.admin, &staff.vice)
        .await
        .unwrap()
        .into_inner()
        .recovery
        .unwrap();
    assert_eq!(
        fact(start(&world, &staff.principal, &staff.vice).await, "recovery"),
        ("RECOVERY_OPEN".to_owned(), recovery.name.clone())
    );
    assert_eq!(
        fact(
            approve(&world, &staff.admin, "system_admin", &recovery).await,
            "needs"
        ),
        ("RECOVERY_PAIR".to_owned(), "another_person".to_owned())
    );
    assert_eq!(
        reason(approve(&world, &staff.vice, "vice_principal", &recovery).await),
        "OWN_ACCOUNT"
    );
    // The approval is an act in an office that may.
    let both = world
        .person("ht2@a.vn", SCHOOL, &["principal", "homeroom_teacher"])
        .await;
    assert_eq!(
        fact(
            approve(&world, &both, "homeroom_teacher", &recovery).await,
            "what"
        ),
        ("ACT_TOKEN_INVALID".to_owned(), "role".to_owned())
    );
    let without = ApproveRecoveryRequest {
        name: recovery.name.clone(),
        ..Default::default()
    };
    assert_eq!(
        reason(world.client().approve_recovery(both.ask(without)).await),
        "ACT_TOKEN_INVALID"
    );
    let unknown = Recovery {
        name: format!("{}/recoveries/{}", staff.teacher.name, id(&recovery.name)),
        digest: "a".repeat(64),
        ..Recovery::default()
    };
    assert_eq!(
        reason(approve(&world, &both, "principal", &unknown).await),
        "RECOVERY_UNKNOWN"
    );
    assert_eq!(reason(cancel(&world, &both, &unknown).await), "RECOVERY_UNKNOWN");
    approve(&world, &staff.principal, "principal", &recovery)
        .await
        .unwrap();
    world.stop().await;
}

#[tokio::test]
async fn i5_a_schools_only_principal_needs_the_operator_and_the_operator_a_school() {
    let world = World::with_schools().await;
    let staff = staff(&world).await;
    let needs = |what: &str| ("RECOVERY_PAIR".to_owned(), what.to_owned());
    let recovery = start(&world, &staff.admin, &staff.principal)
        .await
        .unwrap()
        .into_inner()
        .recovery
        .unwrap();
    assert_eq!(
        fact(
            approve(&world, &staff.vice, "vice_principal", &recovery).await,
            "needs"
        ),
        needs("operator")
    );
    approve(&world, &world.operator, "operator", &recovery)
        .await
        .unwrap();

    let second = world.person("vh2@so.vn", "", &["operator"]).await;
    let recovery = start(&world, &world.operator, &staff.teacher)
        .await
        .unwrap()
        .into_inner()
        .recovery
        .unwrap();
    assert_eq!(
        fact(approve(&world, &second, "operator", &recovery).await, "needs"),
        needs("school")
    );
    approve(&world, &staff.vice, "vice_principal", &recovery)
        .await
        .unwrap();

    // An operator is let in by two others of the deployment.
    let third = world.person("vh3@so.vn", "", &["operator"]).await;
    let recovery = start(&world, &world.operator, &third)
        .await
        .unwrap()
        .into_inner()
        .recovery
        .unwrap();
    assert_eq!(
        list(&world, &second, "-").await.unwrap(),
        std::slice::from_ref(&recovery)
    );
    assert!(list(&world, &staff.vice, "-").await.is_err());
    approve(&world, &second, "operator", &recovery).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn start_recovery_is_for_accounts_somebody_was_in() {
    let world = World::with_schools().await;
    let staff = staff(&world).await;
    world.account("moi@a.vn", SCHOOL).await;
    let pool = world.database.superuser().await.unwrap();
    let new: String = sqlx::query_scalar("select 'accounts/' || id from account where email = 'moi@a.vn'")
        .fetch_one(&pool)
        .await
        .unwrap();
    let new = Person {
        name: new,
        ..staff.teacher.clone()
    };
    assert_eq!(
        fact(start(&world, &staff.admin, &new).await, "state"),
        ("ACCOUNT_STATE".to_owned(), "pending".to_owned())
    );
    world
        .meddle("update account set state = 'suspended' where email = 'gv@a.vn'")
        .await;
    assert_eq!(
        fact(start(&world, &staff.admin, &staff.teacher).await, "state"),
        ("ACCOUNT_STATE".to_owned(), "suspended".to_owned())
    );
    let nobody = Person {
        name: "accounts/00000000-0000-7000-8000-000000000000".to_owned(),
        ..staff.teacher.clone()
    };
    assert_eq!(
        reason(start(&world, &world.operator, &nobody).await),
        "ACCOUNT_UNKNOWN"
    );
    world.stop().await;
}

#[tokio::test]
async fn i5_the_database_knows_two_people_too() {
    let world = World::with_schools().await;
    let staff = staff(&world).await;
    start(&world, &staff.admin, &staff.teacher).await.unwrap();
    let pool = world.database.superuser().await.unwrap();
    for (statement, constraint) in [
        (
            "update recovery set state = 'approved', decider = starter, decided_at = now()",
            "recovery_two_people",
        ),
        (
            "update recovery set state = 'approved', decider = account_id, decided_at = now()",
            "recovery_two_people",
        ),
        (
            "update recovery set state = 'approved', decided_at = now()",
            "recovery_decider",
        ),
        ("update recovery set starter = account_id", "recovery_not_own"),
    ] {
        let refused = sqlx::query(statement).execute(&pool).await.unwrap_err();
        let broken = refused.as_database_error().and_then(|error| error.constraint());
        assert_eq!(broken, Some(constraint), "{statement}");
    }
    let service = world.database.service().await.unwrap();
    for statement in [
        "update recovery set starter = account_id",
        "delete from recovery",
        "delete from challenge_use",
        "update security_key set public_key = ''",
        "delete from security_key",
    ] {
        let refused = sqlx::query(statement).execute(&service).await.unwrap_err();
        let code = refused
            .as_database_error()
            .and_then(|error| error.code())
            .unwrap()
            .into_owned();
        assert_eq!(code, "42501", "{statement}");
    }
    world.stop().await;
}
