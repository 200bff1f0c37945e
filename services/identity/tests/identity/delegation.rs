//! CreateDelegation, RevokeDelegation, ListDelegations.

use hocba_proto::identity::{ListDelegationsRequest, RevokeDelegationRequest};

use crate::harness::{OTHER, SCHOOL, World, digest, id, reason};

#[tokio::test]
async fn a_delegate_acts_by_the_delegations_name_and_passes_nothing_on() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let deputy = world.person("pht@a.vn", SCHOOL, &["vice_principal"]).await;
    let third = world.person("pht2@a.vn", SCHOOL, &["vice_principal"]).await;
    let before = world
        .step_up(&deputy, "lock_order.decide", &digest("a"), "principal")
        .await;
    assert_eq!(reason(before), "ROLE_NOT_IN_FORCE");
    let delegation = world.delegate(&principal, &deputy, 3).await.unwrap().into_inner();
    assert!(delegation.in_force);
    assert_eq!(
        (&delegation.delegator, &delegation.delegate),
        (&principal.name, &deputy.name)
    );

    let act = world
        .step_up(&deputy, "lock_order.decide", &digest("a"), "principal")
        .await
        .unwrap()
        .into_inner();
    assert_eq!(act.delegation, delegation.name);
    let judge = world.judge().await;
    let caller = judge.person(&deputy.signed_in.access_token).await.unwrap();
    let token = judge
        .verify_act(&act.act_token, "lock_order.decide", &digest("a"), &caller)
        .await
        .unwrap();
    assert_eq!(token.delegation.as_deref(), Some(id(&delegation.name)));
    assert_eq!(
        token.account.to_string(),
        id(&deputy.name),
        "nobody acts as another"
    );

    let signed_in = world.sign_in(&deputy, 1).await.unwrap().into_inner();
    assert_eq!(signed_in.roles, ["principal", "vice_principal"]);
    let acting = crate::harness::Person { signed_in, ..deputy };
    let passed_on = world.delegate(&acting, &third, 1).await;
    assert_eq!(reason(passed_on), "DELEGATOR_NOT_PRINCIPAL");
    let revoke = RevokeDelegationRequest {
        name: delegation.name.clone(),
        request_id: String::new(),
    };
    let answer = world.client().revoke_delegation(acting.ask(revoke)).await;
    assert_eq!(reason(answer), "DELEGATOR_NOT_PRINCIPAL");
    world.stop().await;
}

#[tokio::test]
async fn i3_a_delegation_ends_with_its_day_its_revocation_or_the_office() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let deputy = world.person("pht@a.vn", SCHOOL, &["vice_principal"]).await;
    let act = |letter: &'static str| {
        let (world, deputy) = (&world, &deputy);
        async move {
            world
                .step_up(deputy, "lock_order.decide", &digest(letter), "principal")
                .await
        }
    };
    let first = world.delegate(&principal, &deputy, 0).await.unwrap().into_inner();
    act("a").await.unwrap();
    world
        .meddle("update delegation set start_date = start_date - 5, end_date = end_date - 1")
        .await;
    assert_eq!(reason(act("b").await), "ROLE_NOT_IN_FORCE", "expired");

    let second = world.delegate(&principal, &deputy, 3).await.unwrap().into_inner();
    act("c").await.unwrap();
    let revoke = |name: &str, request_id: &str| {
        principal.ask(RevokeDelegationRequest {
            name: name.to_owned(),
            request_id: request_id.to_owned(),
        })
    };
    let revoked = world
        .client()
        .revoke_delegation(revoke(&second.name, "r"))
        .await
        .unwrap()
        .into_inner();
    assert!(!revoked.in_force && revoked.revoke_time.is_some());
    let again = world
        .client()
        .revoke_delegation(revoke(&second.name, "r"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, revoked);
    assert_eq!(reason(act("d").await), "ROLE_NOT_IN_FORCE", "revoked");

    world.delegate(&principal, &deputy, 3).await.unwrap();
    act("e").await.unwrap();
    world
        .meddle("update role_binding set revoked_at = now() where role = 'principal'")
        .await;
    assert_eq!(
        reason(act("f").await),
        "ROLE_NOT_IN_FORCE",
        "the delegator is principal no more"
    );
    let _ = first;
    world.stop().await;
}

#[tokio::test]
async fn create_delegation_refuses_what_is_not_in_order() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let deputy = world.person("pht@a.vn", SCHOOL, &["vice_principal"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let elsewhere = world.person("ht@b.vn", OTHER, &["principal"]).await;
    let away = world.person("pht@b.vn", OTHER, &["vice_principal"]).await;
    assert_eq!(
        reason(world.delegate(&teacher, &deputy, 1).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(
        reason(world.delegate(&elsewhere, &deputy, 1).await),
        "OTHER_SCHOOL"
    );
    assert_eq!(
        reason(world.delegate(&principal, &teacher, 1).await),
        "DELEGATE_NOT_VICE_PRINCIPAL"
    );
    assert_eq!(
        reason(world.delegate(&principal, &away, 1).await),
        "ACCOUNT_UNKNOWN"
    );
    assert_eq!(
        reason(world.delegate(&principal, &deputy, -1).await),
        "BAD_REQUEST"
    );
    assert_eq!(
        reason(world.delegate(&principal, &deputy, 367).await),
        "BAD_REQUEST"
    );
    // Two at once: one of them finds the other.
    let (one, two) = tokio::join!(
        world.delegate(&principal, &deputy, 5),
        world.delegate(&principal, &deputy, 5)
    );
    let refused = if one.is_ok() { two } else { one };
    assert_eq!(reason(refused), "DELEGATION_OVERLAPS");

    let list = ListDelegationsRequest {
        parent: format!("schools/{SCHOOL}"),
        ..Default::default()
    };
    let all = world
        .client()
        .list_delegations(deputy.ask(list.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.delegations.len(), 1);
    assert_eq!(
        reason(world.client().list_delegations(teacher.ask(list.clone())).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(
        reason(world.client().list_delegations(elsewhere.ask(list)).await),
        "OTHER_SCHOOL"
    );
    let missing = RevokeDelegationRequest {
        name: format!("schools/{SCHOOL}/delegations/{}", hocba_chassis::clock::new_id()),
        request_id: String::new(),
    };
    assert_eq!(
        reason(world.client().revoke_delegation(principal.ask(missing)).await),
        "DELEGATION_UNKNOWN"
    );
    world.stop().await;
}
