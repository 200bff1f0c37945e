//! GrantRole, RevokeRole, ListRoleBindings.

use hocba_proto::identity::{ListRoleBindingsRequest, RevokeRoleRequest};

use crate::harness::{OTHER, SCHOOL, World, reason, role};

#[tokio::test]
async fn a1_rights_come_downwards_and_end() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &[]).await;
    let given = world
        .grant(&admin, &teacher, role("subject_teacher"))
        .await
        .unwrap()
        .into_inner();
    assert!(given.in_force);
    assert_eq!(given.grantor, admin.name);
    assert_eq!(
        reason(world.grant(&admin, &teacher, role("subject_teacher")).await),
        "ROLE_BINDING_EXISTS"
    );
    let signed_in = world.sign_in(&teacher, 1).await.unwrap().into_inner();
    assert_eq!(signed_in.roles, ["subject_teacher"]);

    let revoke = RevokeRoleRequest {
        name: given.name.clone(),
        request_id: String::new(),
    };
    let revoked = world
        .client()
        .revoke_role(principal.ask(revoke.clone()))
        .await
        .unwrap()
        .into_inner();
    assert!(!revoked.in_force && revoked.revoke_time.is_some());
    let again = world
        .client()
        .revoke_role(principal.ask(revoke))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, revoked, "taking back what is taken changes nothing");
    let list = ListRoleBindingsRequest {
        parent: teacher.name.clone(),
        ..Default::default()
    };
    let all = world
        .client()
        .list_role_bindings(teacher.ask(list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.role_bindings, [revoked]);
    world.stop().await;
}

#[tokio::test]
async fn grant_role_refuses_what_is_not_the_callers_to_give() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let away = world.person("gv@b.vn", OTHER, &["subject_teacher"]).await;
    for given in [
        "principal",
        "system_admin",
        "working_group",
        "operator",
        "integrator",
    ] {
        assert_eq!(
            reason(world.grant(&admin, &teacher, role(given)).await),
            "ROLE_NOT_GRANTABLE",
            "{given}"
        );
    }
    assert_eq!(
        reason(world.grant(&world.operator, &teacher, role("operator")).await),
        "ROLE_NOT_GRANTABLE"
    );
    assert_eq!(
        reason(world.grant(&admin, &admin, role("inspector")).await),
        "OWN_ACCOUNT"
    );
    assert_eq!(
        reason(world.grant(&teacher, &admin, role("inspector")).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(
        reason(world.grant(&principal, &away, role("inspector")).await),
        "OTHER_SCHOOL"
    );
    assert_eq!(
        reason(world.grant(&principal, &teacher, role("king")).await),
        "BAD_REQUEST"
    );
    let nobody = crate::harness::Person {
        name: format!("accounts/{}", uuid::Uuid::nil()),
        ..teacher.clone()
    };
    assert_eq!(
        reason(world.grant(&world.operator, &nobody, role("principal")).await),
        "ACCOUNT_UNKNOWN"
    );
    world
        .grant(&world.operator, &teacher, role("system_admin"))
        .await
        .unwrap();

    let missing = RevokeRoleRequest {
        name: format!("{}/roleBindings/{}", teacher.name, uuid::Uuid::nil()),
        request_id: String::new(),
    };
    assert_eq!(
        reason(world.client().revoke_role(principal.ask(missing)).await),
        "ROLE_BINDING_UNKNOWN"
    );
    let list = ListRoleBindingsRequest {
        parent: admin.name.clone(),
        ..Default::default()
    };
    assert_eq!(
        reason(world.client().list_role_bindings(away.ask(list.clone())).await),
        "OTHER_SCHOOL"
    );
    let all = world
        .client()
        .list_role_bindings(principal.ask(list))
        .await
        .unwrap()
        .into_inner();
    let theirs = RevokeRoleRequest {
        name: all.role_bindings[0].name.clone(),
        request_id: String::new(),
    };
    assert_eq!(
        reason(world.client().revoke_role(principal.ask(theirs)).await),
        "ROLE_NOT_GRANTABLE"
    );
    world.stop().await;
}
