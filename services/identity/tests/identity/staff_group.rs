//! CreateGroup, UpdateGroup, CloseGroup, GetGroup, ListGroups, GrantGroupRole, RevokeGroupRole, ListGroupRoleBindings.

use std::time::Duration;

use hocba_chassis::clock::Clock;
use hocba_proto::identity::{
    CloseGroupRequest, CreateGroupRequest, GetGroupRequest, GetMeRequest, GrantGroupRoleRequest, Group,
    GroupRoleBinding, ListAccountEventsRequest, ListGroupRoleBindingsRequest, ListGroupsRequest,
    RevokeGroupRoleRequest, UpdateGroupRequest, account_event::Kind as EventKind, group::Kind,
};
use hocba_testing::eventually;

use crate::harness::{OTHER, Person, SCHOOL, World, digest, id, reason};

fn new(name: &str, people: &[&Person]) -> CreateGroupRequest {
    let group = Group {
        kind: Kind::Department.into(),
        display_name: name.to_owned(),
        head: people
            .first()
            .map(|person| person.name.clone())
            .unwrap_or_default(),
        members: people.iter().map(|person| person.name.clone()).collect(),
        ..Group::default()
    };
    CreateGroupRequest {
        parent: format!("schools/{SCHOOL}"),
        group: Some(group),
        request_id: String::new(),
    }
}

fn with(group: &Group, people: &[&Person]) -> UpdateGroupRequest {
    UpdateGroupRequest {
        name: group.name.clone(),
        display_name: group.display_name.clone(),
        head: String::new(),
        members: people.iter().map(|person| person.name.clone()).collect(),
        etag: group.etag.clone(),
        request_id: String::new(),
    }
}

fn grant(group: &Group, role: &str) -> GrantGroupRoleRequest {
    let binding = GroupRoleBinding {
        role: role.to_owned(),
        ..GroupRoleBinding::default()
    };
    GrantGroupRoleRequest {
        parent: group.name.clone(),
        role_binding: Some(binding),
        request_id: String::new(),
    }
}

fn revoke(binding: &GroupRoleBinding) -> RevokeGroupRoleRequest {
    RevokeGroupRoleRequest {
        name: binding.name.clone(),
        request_id: String::new(),
    }
}

/// The roles that count for a person at this moment: those a fresh proof would be given for.
async fn holds(world: &World, person: &Person, role: &str, letter: &str) -> bool {
    let asked = world
        .step_up(person, "dossier.attest", &digest(letter), role)
        .await;
    if asked.is_ok() {
        return true;
    }
    assert_eq!(reason(asked), "ROLE_NOT_IN_FORCE");
    false
}

/// Whose role changes the feed has told.
async fn fed(world: &World) -> Vec<String> {
    let feed = ListAccountEventsRequest::default();
    let told = world
        .internal("records")
        .list_account_events(feed)
        .await
        .unwrap()
        .into_inner();
    let changes = told
        .events
        .into_iter()
        .filter(|event| event.kind() == EventKind::RolesChanged);
    changes.map(|event| event.account).collect()
}

#[tokio::test]
async fn a10_1_a_role_of_a_group_is_its_members_as_long_as_they_are_members() {
    let world = World::with_schools().await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let stays = world.person("gv1@a.vn", SCHOOL, &[]).await;
    let leaves = world.person("gv2@a.vn", SCHOOL, &[]).await;
    let joins = world.person("gv3@a.vn", SCHOOL, &[]).await;
    let mut client = world.client();
    let request = CreateGroupRequest {
        request_id: "r".to_owned(),
        ..new("Tổ chuyên môn khối 4", &[&stays, &leaves])
    };
    let group = client
        .create_group(admin.ask(request.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((&group.head, group.members.len()), (&stays.name, 2));
    assert_eq!(
        client
            .create_group(admin.ask(request))
            .await
            .unwrap()
            .into_inner(),
        group
    );
    assert!(!holds(&world, &stays, "subject_teacher", "a").await);
    assert_eq!(
        fed(&world).await,
        Vec::<String>::new(),
        "a group without a role changes nobody's roles"
    );

    let binding = client
        .grant_group_role(admin.ask(grant(&group, "subject_teacher")))
        .await
        .unwrap()
        .into_inner();
    assert!(binding.in_force && binding.grantor == admin.name);
    let mut told = fed(&world).await;
    told.sort();
    let mut expected = [&stays, &leaves].map(|person| id(&person.name).to_owned());
    expected.sort();
    assert_eq!(told, expected);
    // Tokens, fresh proofs and the own account say the same.
    let signed_in = world.sign_in(&stays, 1).await.unwrap().into_inner();
    assert_eq!(signed_in.roles, ["subject_teacher"]);
    let me = client
        .get_me(stays.ask(GetMeRequest {}))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(me.account.unwrap().roles, ["subject_teacher"]);
    assert!(holds(&world, &stays, "subject_teacher", "b").await);
    assert!(holds(&world, &leaves, "subject_teacher", "b").await);
    assert!(!holds(&world, &joins, "subject_teacher", "b").await);

    let before = fed(&world).await.len();
    let group = client
        .update_group(admin.ask(with(&group, &[&stays, &joins])))
        .await
        .unwrap()
        .into_inner();
    assert!(holds(&world, &stays, "subject_teacher", "c").await);
    assert!(!holds(&world, &leaves, "subject_teacher", "c").await);
    assert!(holds(&world, &joins, "subject_teacher", "c").await);
    let mut told = fed(&world).await.split_off(before);
    told.sort();
    let mut expected = [&leaves, &joins].map(|person| id(&person.name).to_owned());
    expected.sort();
    assert_eq!(told, expected, "who left and who joined, not who stayed");

    let taken = client
        .revoke_group_role(admin.ask(revoke(&binding)))
        .await
        .unwrap()
        .into_inner();
    assert!(!taken.in_force && taken.revoke_time.is_some());
    let again = client
        .revoke_group_role(admin.ask(revoke(&binding)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, taken, "taking back what is taken changes nothing");
    assert!(!holds(&world, &stays, "subject_teacher", "d").await);
    let get = GetGroupRequest {
        name: group.name.clone(),
    };
    assert_eq!(
        client.get_group(admin.ask(get)).await.unwrap().into_inner(),
        group
    );
    world.stop().await;
}

#[tokio::test]
async fn a10_1_a_groups_role_ends_with_its_last_day_or_the_group_and_the_feed_is_told() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let clerk = world.person("vt@a.vn", SCHOOL, &[]).await;
    let mut client = world.client();
    let group = client
        .create_group(principal.ask(new("Tổ văn phòng", &[&clerk])))
        .await
        .unwrap()
        .into_inner();
    let mut later = grant(&group, "inspector");
    later.role_binding.as_mut().unwrap().start_date =
        (Clock::system().today() + time::Duration::days(3)).to_string();
    let later = client
        .grant_group_role(principal.ask(later))
        .await
        .unwrap()
        .into_inner();
    assert!(!later.in_force);
    assert!(!holds(&world, &clerk, "inspector", "a").await);
    client
        .grant_group_role(principal.ask(grant(&group, "office_clerk")))
        .await
        .unwrap();
    assert!(holds(&world, &clerk, "office_clerk", "a").await);

    let before = fed(&world).await.len();
    world
        .meddle(
            "update staff_group_role set start_date = '2020-01-01', end_date = '2020-05-31' where role = 'office_clerk'",
        )
        .await;
    assert!(!holds(&world, &clerk, "office_clerk", "b").await);
    let whose = id(&clerk.name).to_owned();
    // The sweeper tells the end by date once.
    eventually("the end by date is told", Duration::from_secs(15), || async {
        let told = fed(&world).await.split_off(before);
        (told == [whose.clone()]).then_some(()).ok_or(told)
    })
    .await;

    client
        .grant_group_role(principal.ask(grant(&group, "office_clerk")))
        .await
        .unwrap();
    assert!(holds(&world, &clerk, "office_clerk", "c").await);
    let close = CloseGroupRequest {
        name: group.name.clone(),
        request_id: String::new(),
    };
    let closed = client
        .close_group(principal.ask(close.clone()))
        .await
        .unwrap()
        .into_inner();
    assert!(closed.close_time.is_some() && closed.members == [clerk.name.clone()]);
    assert_eq!(
        client
            .close_group(principal.ask(close))
            .await
            .unwrap()
            .into_inner(),
        closed
    );
    assert!(!holds(&world, &clerk, "office_clerk", "d").await);
    assert_eq!(
        reason(
            client
                .grant_group_role(principal.ask(grant(&group, "inspector")))
                .await
        ),
        "GROUP_CLOSED"
    );
    assert_eq!(
        reason(client.update_group(principal.ask(with(&closed, &[&clerk]))).await),
        "GROUP_CLOSED"
    );
    let list = ListGroupRoleBindingsRequest {
        parent: group.name.clone(),
        ..ListGroupRoleBindingsRequest::default()
    };
    let all = client
        .list_group_role_bindings(principal.ask(list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.role_bindings.len(), 3);
    assert!(all.role_bindings.iter().all(|binding| !binding.in_force));
    // A closed group's name is free again.
    client
        .create_group(principal.ask(new("Tổ văn phòng", &[])))
        .await
        .unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a10_1_nobody_rises_by_a_group() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let mut client = world.client();
    let group = client
        .create_group(admin.ask(new("Nhóm Toán", &[&admin, &teacher])))
        .await
        .unwrap()
        .into_inner();
    for given in ["principal", "system_admin", "operator", "integrator"] {
        let refused = client.grant_group_role(principal.ask(grant(&group, given))).await;
        assert_eq!(reason(refused), "ROLE_NOT_GRANTABLE", "{given}");
    }
    let decided = client
        .grant_group_role(principal.ask(grant(&group, "working_group")))
        .await;
    assert_eq!(reason(decided), "DECISION_REQUIRED");
    // A member grants nothing to the own group, and nobody joins one that holds a role.
    assert_eq!(
        reason(
            client
                .grant_group_role(admin.ask(grant(&group, "inspector")))
                .await
        ),
        "OWN_ACCOUNT"
    );
    let group = client
        .update_group(admin.ask(with(&group, &[&teacher])))
        .await
        .unwrap()
        .into_inner();
    client
        .grant_group_role(admin.ask(grant(&group, "inspector")))
        .await
        .unwrap();
    assert_eq!(
        reason(
            client
                .update_group(admin.ask(with(&group, &[&teacher, &admin])))
                .await
        ),
        "OWN_ACCOUNT"
    );
    assert_eq!(
        reason(
            client
                .grant_group_role(principal.ask(grant(&group, "inspector")))
                .await
        ),
        "ROLE_BINDING_EXISTS"
    );
    world.stop().await;
}

#[tokio::test]
async fn groups_refuse_strangers_and_what_is_malformed() {
    let world = World::with_schools().await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let away = world.person("admin@b.vn", OTHER, &["system_admin"]).await;
    let mut client = world.client();
    let group = client
        .create_group(admin.ask(new("Tổ 4", &[&teacher])))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        reason(client.create_group(admin.ask(new("Tổ 4", &[]))).await),
        "GROUP_EXISTS"
    );
    assert_eq!(
        reason(client.create_group(admin.ask(new("Tổ 5", &[&away]))).await),
        "MEMBER_UNKNOWN"
    );
    assert_eq!(
        reason(client.create_group(teacher.ask(new("Tổ 5", &[]))).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(
        reason(client.create_group(away.ask(new("Tổ 5", &[]))).await),
        "OTHER_SCHOOL"
    );
    let mut wrong = new("Tổ 5", &[&teacher]);
    wrong.group.as_mut().unwrap().head = admin.name.clone();
    assert_eq!(reason(client.create_group(admin.ask(wrong)).await), "BAD_REQUEST");
    assert_eq!(
        reason(client.create_group(admin.ask(new("", &[]))).await),
        "BAD_REQUEST"
    );
    let mut kindless = new("Tổ 5", &[]);
    kindless.group.as_mut().unwrap().kind = 0;
    assert_eq!(
        reason(client.create_group(admin.ask(kindless)).await),
        "BAD_REQUEST"
    );

    let stale = UpdateGroupRequest {
        etag: "9".to_owned(),
        ..with(&group, &[])
    };
    assert_eq!(
        reason(client.update_group(admin.ask(stale)).await),
        "ETAG_MISMATCH"
    );
    let missing = Group {
        name: format!("schools/{SCHOOL}/groups/{}", uuid::Uuid::nil()),
        ..group.clone()
    };
    assert_eq!(
        reason(client.update_group(admin.ask(with(&missing, &[]))).await),
        "GROUP_UNKNOWN"
    );
    let nothing = GroupRoleBinding {
        name: format!("{}/roleBindings/{}", group.name, uuid::Uuid::nil()),
        ..GroupRoleBinding::default()
    };
    assert_eq!(
        reason(client.revoke_group_role(admin.ask(revoke(&nothing))).await),
        "ROLE_BINDING_UNKNOWN"
    );
    let list = ListGroupsRequest {
        parent: format!("schools/{SCHOOL}"),
        ..ListGroupsRequest::default()
    };
    let all = client
        .list_groups(admin.ask(list.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.groups, [group]);
    assert_eq!(
        reason(client.list_groups(teacher.ask(list.clone())).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(reason(client.list_groups(away.ask(list)).await), "OTHER_SCHOOL");
    world.stop().await;
}
