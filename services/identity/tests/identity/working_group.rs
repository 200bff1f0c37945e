//! CreateWorkingGroup, UpdateWorkingGroup, EndWorkingGroup, GetWorkingGroup, ListWorkingGroups.

use hocba_chassis::clock::Clock;
use hocba_proto::identity::{
    CreateAccountRequest, CreateWorkingGroupRequest, EndWorkingGroupRequest, GetWorkingGroupRequest,
    ListAccountEventsRequest, ListRoleBindingsRequest, ListWorkingGroupsRequest, RevokeRoleRequest,
    UpdateWorkingGroupRequest, WorkingGroup,
    account_event::Kind,
    working_group::{Member, State},
};
use tonic_types::StatusExt as _;

use crate::harness::{OTHER, Person, SCHOOL, World, account, digest, id, reason, role};

fn in_days(days: i64) -> String {
    (Clock::system().today() + time::Duration::days(days)).to_string()
}

fn members(people: &[&Person]) -> Vec<Member> {
    let member = |person: &&Person| Member {
        account: person.name.clone(),
        duty: "Theo dõi cơ sở dữ liệu".to_owned(),
    };
    people.iter().map(member).collect()
}

/// A decision for a school year, headed by the first.
fn decided(people: &[&Person]) -> CreateWorkingGroupRequest {
    let group = WorkingGroup {
        decision_number: "114/QĐ-THĐX".to_owned(),
        decision_date: in_days(-1),
        end_date: in_days(200),
        members: members(people),
        head: people.first().unwrap().name.clone(),
        ..WorkingGroup::default()
    };
    CreateWorkingGroupRequest {
        parent: format!("schools/{SCHOOL}"),
        working_group: Some(group),
        request_id: String::new(),
    }
}

fn changed(group: &WorkingGroup, people: &[&Person]) -> UpdateWorkingGroupRequest {
    UpdateWorkingGroupRequest {
        name: group.name.clone(),
        members: members(people),
        head: people.first().unwrap().name.clone(),
        decision_number: "130/QĐ-THĐX".to_owned(),
        decision_date: in_days(0),
        etag: group.etag.clone(),
        request_id: String::new(),
    }
}

fn ended(group: &WorkingGroup) -> EndWorkingGroupRequest {
    EndWorkingGroupRequest {
        name: group.name.clone(),
        request_id: String::new(),
    }
}

async fn may_witness(world: &World, person: &Person, letter: &str) -> bool {
    let asked = world
        .step_up(person, "dossier.attest", &digest(letter), "working_group")
        .await;
    if asked.is_ok() {
        return true;
    }
    assert_eq!(reason(asked), "ROLE_NOT_IN_FORCE");
    false
}

#[tokio::test]
async fn a6_1_the_working_group_needs_a_decision_and_ends_with_it() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let head = world.person("pht@a.vn", SCHOOL, &["vice_principal"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let mut client = world.client();
    // One way only: by the decision about the whole group, neither granted alone nor with a new account.
    let alone = world.grant(&principal, &teacher, role("working_group")).await;
    assert_eq!(reason(alone), "DECISION_REQUIRED");
    let with_account = CreateAccountRequest {
        account: Some(account("moi@a.vn", SCHOOL)),
        roles: vec!["working_group".to_owned()],
        request_id: String::new(),
    };
    let with_account = client.create_account(principal.ask(with_account)).await;
    assert_eq!(reason(with_account), "DECISION_REQUIRED");
    assert!(!may_witness(&world, &teacher, "a").await);

    let request = CreateWorkingGroupRequest {
        request_id: "r".to_owned(),
        ..decided(&[&head, &teacher])
    };
    let group = client
        .create_working_group(principal.ask(request.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((group.state(), group.members.len()), (State::InForce, 2));
    assert_eq!((&group.head, &group.creator), (&head.name, &principal.name));
    let again = client
        .create_working_group(principal.ask(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, group, "the same request sets up one group");
    assert!(may_witness(&world, &teacher, "b").await);
    assert!(may_witness(&world, &head, "b").await);
    let bindings = ListRoleBindingsRequest {
        parent: teacher.name.clone(),
        ..ListRoleBindingsRequest::default()
    };
    let held = client
        .list_role_bindings(teacher.ask(bindings.clone()))
        .await
        .unwrap()
        .into_inner();
    let held = held
        .role_bindings
        .iter()
        .find(|held| held.role == "working_group")
        .unwrap()
        .clone();
    assert_eq!(
        (&held.working_group, &held.end_date),
        (&group.name, &group.end_date)
    );
    assert_eq!(
        (held.decision_number.as_str(), held.duty.as_str()),
        ("114/QĐ-THĐX", "Theo dõi cơ sở dữ liệu")
    );
    let revoke = RevokeRoleRequest {
        name: held.name,
        request_id: String::new(),
    };
    assert_eq!(
        reason(client.revoke_role(principal.ask(revoke)).await),
        "DECISION_REQUIRED"
    );

    let over = client
        .end_working_group(principal.ask(ended(&group)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((over.state(), over.members.len()), (State::Ended, 2));
    assert!(over.end_time.is_some());
    assert!(!may_witness(&world, &teacher, "c").await);
    assert!(!may_witness(&world, &head, "c").await);
    let again = client
        .end_working_group(principal.ask(ended(&group)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, over, "ending what has ended changes nothing");
    let late = client
        .update_working_group(principal.ask(changed(&over, &[&teacher])))
        .await;
    assert_eq!(reason(late), "WORKING_GROUP_ENDED");
    world.stop().await;
}

#[tokio::test]
async fn a6_1_the_working_group_ends_with_its_last_day() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let mut client = world.client();
    let group = client
        .create_working_group(principal.ask(decided(&[&teacher])))
        .await
        .unwrap()
        .into_inner();
    assert!(may_witness(&world, &teacher, "a").await);
    world
        .meddle(
            "with past as (update working_group set start_date = '2020-01-01', end_date = '2020-05-31')
             update role_binding set start_date = '2020-01-01', end_date = '2020-05-31' where role = 'working_group'",
        )
        .await;
    assert!(!may_witness(&world, &teacher, "b").await);
    let get = GetWorkingGroupRequest {
        name: group.name.clone(),
    };
    let past = client
        .get_working_group(principal.ask(get))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((past.state(), past.members.len()), (State::Ended, 1));
    let late = client
        .update_working_group(principal.ask(changed(&past, &[&teacher])))
        .await;
    assert_eq!(reason(late), "WORKING_GROUP_ENDED");

    // One that begins later grants nothing yet.
    let mut later = decided(&[&teacher]);
    later.working_group.as_mut().unwrap().start_date = in_days(7);
    let later = client
        .create_working_group(principal.ask(later))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(later.state(), State::Planned);
    assert!(!may_witness(&world, &teacher, "c").await);
    let list = ListWorkingGroupsRequest {
        parent: format!("schools/{SCHOOL}"),
        ..ListWorkingGroupsRequest::default()
    };
    let all = client
        .list_working_groups(principal.ask(list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.working_groups, [past, later]);
    world.stop().await;
}

#[tokio::test]
async fn a6_1_a_further_decision_replaces_the_members_and_their_roles() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let head = world.person("pht@a.vn", SCHOOL, &["vice_principal"]).await;
    let leaver = world.person("gv1@a.vn", SCHOOL, &["subject_teacher"]).await;
    let joiner = world.person("gv2@a.vn", SCHOOL, &["subject_teacher"]).await;
    let mut client = world.client();
    let group = client
        .create_working_group(principal.ask(decided(&[&head, &leaver])))
        .await
        .unwrap()
        .into_inner();
    let before = fed(&world).await.len();
    let stale = UpdateWorkingGroupRequest {
        etag: "7".to_owned(),
        ..changed(&group, &[&head, &joiner])
    };
    assert_eq!(
        reason(client.update_working_group(principal.ask(stale)).await),
        "ETAG_MISMATCH"
    );
    let after = client
        .update_working_group(principal.ask(changed(&group, &[&head, &joiner])))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(after.members, members(&[&head, &joiner]));
    assert_ne!(after.etag, group.etag);
    let lost_race = client
        .update_working_group(principal.ask(changed(&group, &[&head])))
        .await;
    assert_eq!(reason(lost_race), "ETAG_MISMATCH");
    assert!(!may_witness(&world, &leaver, "a").await);
    assert!(may_witness(&world, &joiner, "a").await);
    assert!(may_witness(&world, &head, "a").await);
    // The feed names who left and who joined, and not who stayed.
    let mut told: Vec<_> = fed(&world).await.split_off(before);
    told.sort();
    let mut expected = vec![id(&leaver.name).to_owned(), id(&joiner.name).to_owned()];
    expected.sort();
    assert_eq!(told, expected);
    let bindings = ListRoleBindingsRequest {
        parent: joiner.name.clone(),
        ..ListRoleBindingsRequest::default()
    };
    let held = client
        .list_role_bindings(joiner.ask(bindings))
        .await
        .unwrap()
        .into_inner();
    let held = held
        .role_bindings
        .iter()
        .find(|held| held.role == "working_group")
        .unwrap();
    assert_eq!(
        held.decision_number, "130/QĐ-THĐX",
        "what is granted now follows from the further decision"
    );
    world.stop().await;
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
        .filter(|event| event.kind() == Kind::RolesChanged);
    changes.map(|event| event.account).collect()
}

#[tokio::test]
async fn create_working_group_refuses_what_no_decision_can_say() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let away = world.person("ht@b.vn", OTHER, &["principal"]).await;
    let mut client = world.client();
    let good = decided(&[&teacher]);
    for (person, why) in [
        (&admin, "PERMISSION_DENIED"),
        (&teacher, "PERMISSION_DENIED"),
        (&world.operator, "PERMISSION_DENIED"),
        (&away, "OTHER_SCHOOL"),
    ] {
        assert_eq!(
            reason(client.create_working_group(person.ask(good.clone())).await),
            why
        );
    }
    let own = decided(&[&principal, &teacher]);
    assert_eq!(
        reason(client.create_working_group(principal.ask(own)).await),
        "OWN_ACCOUNT"
    );
    let stranger = client
        .create_working_group(principal.ask(decided(&[&teacher, &away])))
        .await;
    let details = stranger.as_ref().unwrap_err().get_details_error_info().unwrap();
    assert_eq!(details.metadata["account"], away.name);
    assert_eq!(reason(stranger), "MEMBER_UNKNOWN");

    let mut wrong = vec![decided(&[&teacher]); 6];
    let part = |request: &mut CreateWorkingGroupRequest, change: fn(&mut WorkingGroup)| {
        change(request.working_group.as_mut().unwrap());
    };
    part(&mut wrong[0], |group| group.decision_number.clear());
    part(&mut wrong[1], |group| group.end_date.clear());
    part(&mut wrong[2], |group| group.start_date = in_days(900));
    part(&mut wrong[3], |group| group.members.clear());
    part(&mut wrong[4], |group| group.members[0].duty.clear());
    wrong[5].working_group.as_mut().unwrap().head = admin.name.clone();
    wrong.push(decided(&[&teacher, &teacher]));
    for request in wrong {
        let refused = client.create_working_group(principal.ask(request.clone())).await;
        assert_eq!(reason(refused), "BAD_REQUEST", "{request:?}");
    }

    let group = client
        .create_working_group(principal.ask(good))
        .await
        .unwrap()
        .into_inner();
    let nobody = WorkingGroup {
        name: format!("schools/{SCHOOL}/workingGroups/{}", uuid::Uuid::nil()),
        ..group.clone()
    };
    assert_eq!(
        reason(client.end_working_group(principal.ask(ended(&nobody))).await),
        "WORKING_GROUP_UNKNOWN"
    );
    let into_it = client
        .update_working_group(principal.ask(changed(&group, &[&teacher, &principal])))
        .await;
    assert_eq!(reason(into_it), "OWN_ACCOUNT");
    let list = ListWorkingGroupsRequest {
        parent: format!("schools/{SCHOOL}"),
        ..ListWorkingGroupsRequest::default()
    };
    let teacher_now = world.sign_in(&teacher, 1).await.unwrap().into_inner();
    let member = Person {
        signed_in: teacher_now,
        ..teacher.clone()
    };
    client
        .list_working_groups(member.ask(list.clone()))
        .await
        .unwrap();
    let refused = client.list_working_groups(teacher.ask(list.clone())).await;
    assert_eq!(
        reason(refused),
        "PERMISSION_DENIED",
        "an old token has no new role"
    );
    assert_eq!(
        reason(client.list_working_groups(away.ask(list)).await),
        "OTHER_SCHOOL"
    );
    world.stop().await;
}

#[tokio::test]
async fn the_database_keeps_role_and_decision_together() {
    let world = World::with_schools().await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let pool = world.database.superuser().await.unwrap();
    for statement in [
        "update role_binding set role = 'working_group' where account_id = $1::uuid",
        "update role_binding set working_group_id = id where account_id = $1::uuid",
    ] {
        let refused = sqlx::query(statement)
            .bind(id(&teacher.name))
            .execute(&pool)
            .await
            .unwrap_err();
        let constraint = refused.as_database_error().and_then(|error| error.constraint());
        assert!(
            constraint.is_some_and(|name| name.starts_with("role_binding_")),
            "{refused}"
        );
    }
    pool.close().await;
    world.stop().await;
}
