//! ListTasks.

use hocba_proto::identity::{ListTasksRequest, Task};

use crate::harness::{OTHER, Person, SCHOOL, World, reason};

async fn tasks(world: &World, person: &Person) -> Vec<Task> {
    let ask = ListTasksRequest {
        parent: format!("schools/{SCHOOL}"),
    };
    world
        .client()
        .list_tasks(person.ask(ask))
        .await
        .unwrap()
        .into_inner()
        .tasks
}

fn kinds(tasks: &[Task]) -> Vec<&str> {
    tasks.iter().map(|task| task.kind.as_str()).collect()
}

#[tokio::test]
async fn a6_1_who_manages_people_is_told_what_ends_and_who_has_no_second_factor() {
    let world = World::with_schools().await;
    let principal = world.person("hieu.truong@a.vn", SCHOOL, &["principal"]).await;
    let admin = world.person("quan.tri@a.vn", SCHOOL, &["system_admin"]).await;
    let vice = world
        .person("pho@a.vn", SCHOOL, &["vice_principal", "working_group"])
        .await;
    assert!(tasks(&world, &principal).await.is_empty());

    world.account("moi@a.vn", SCHOOL).await;
    world.account("moi@b.vn", OTHER).await;
    let waiting = tasks(&world, &admin).await;
    assert_eq!(kinds(&waiting), ["account.activate"]);
    assert!(waiting[0].since.is_some() && waiting[0].resource.starts_with("accounts/"));

    world.delegate(&principal, &vice, 5).await.unwrap();
    world
        .meddle("update working_group set end_date = current_date + 3")
        .await;
    let waiting = tasks(&world, &principal).await;
    assert_eq!(
        kinds(&waiting),
        ["working_group.renew", "delegation.renew", "account.activate"],
        "what is due first comes first"
    );
    assert!(
        waiting[0]
            .resource
            .starts_with(&format!("schools/{SCHOOL}/workingGroups/"))
    );
    assert!(!waiting[1].due_date.is_empty());
    // The delegate is told of the own delegation, a teacher of nothing, another school of no right.
    assert_eq!(kinds(&tasks(&world, &vice).await), ["delegation.renew"]);
    let teacher = world.person("giao.vien@a.vn", SCHOOL, &["subject_teacher"]).await;
    assert!(tasks(&world, &teacher).await.is_empty());
    let stranger = world.person("hieu.truong@b.vn", OTHER, &["principal"]).await;
    let ask = ListTasksRequest {
        parent: format!("schools/{SCHOOL}"),
    };
    let refused = world.client().list_tasks(stranger.ask(ask)).await;
    assert_eq!(reason(refused), "OTHER_SCHOOL");
}
