//! Tasks: what waits for whom (A6.4).

use hocba_chassis::Role;
use hocba_proto::records::{ConfirmYearResultsRequest, DecidePromotionsRequest, ListTasksRequest, Task};
use hocba_testing::TestPerson;

use crate::{
    completeness::due,
    house::{CLASS, House, SCHOOL, reason, value},
    year_result::{SUBJECTS, best, bound, list},
};

async fn tasks(house: &House, person: &TestPerson) -> Vec<Task> {
    let ask = ListTasksRequest {
        parent: format!("schools/{SCHOOL}"),
    };
    house
        .records()
        .list_tasks(person.ask(ask))
        .await
        .unwrap()
        .into_inner()
        .tasks
}

fn of<'a>(tasks: &'a [Task], kind: &str) -> Vec<&'a Task> {
    tasks.iter().filter(|task| task.kind == kind).collect()
}

#[tokio::test]
async fn a6_4_a_teacher_is_told_the_sheets_to_enter_with_their_due_day_until_they_are_sealed() {
    let house = House::with_pupils().await;
    due(&house, "2025-12-20").await;
    let waiting = tasks(&house, &house.teacher).await;
    let sheet = format!("{CLASS}/markSheets/to-end1");
    let [one] = waiting.as_slice() else {
        panic!("{waiting:?}")
    };
    assert_eq!((one.kind.as_str(), &one.resource), ("mark_sheet.enter", &sheet));
    assert_eq!(one.due_date, "2025-12-20");
    assert!(one.since.is_some());
    let colleague = house.identity.person(SCHOOL, &["subject_teacher"]);
    assert!(tasks(&house, &colleague).await.is_empty());

    house
        .fill(&house.teacher, "to-end1", |_, _| value("T", Some(9)))
        .await;
    assert!(tasks(&house, &house.teacher).await.is_empty());
    let stranger = house.identity.person("other", &["principal"]);
    let ask = ListTasksRequest {
        parent: format!("schools/{SCHOOL}"),
    };
    let refused = house.records().list_tasks(stranger.ask(ask)).await.unwrap_err();
    assert_eq!(reason(&refused), "OTHER_SCHOOL");
}

#[tokio::test]
async fn a10_4_who_sets_the_year_up_is_told_until_it_is() {
    let house = House::empty().await;
    let waiting = tasks(&house, &house.admin).await;
    let [year] = of(&waiting, "school_year.set_up")[..] else {
        panic!("{waiting:?}")
    };
    assert!(
        year.resource.starts_with(&format!("schools/{SCHOOL}/years/20")),
        "{year:?}"
    );
    assert!(year.due_date.ends_with("-09-05"), "{year:?}");
    assert!(
        tasks(&house, &house.teacher).await.is_empty(),
        "a teacher sets nothing up"
    );
}

#[tokio::test]
async fn a8_3_results_wait_for_the_homeroom_teacher_and_promotions_for_the_principal() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let homeroom = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    house.assign(&homeroom, &SUBJECTS).await;
    house.assign(&homeroom, &["criteria"]).await;
    for subject in SUBJECTS {
        house
            .fill(&homeroom, &format!("{}-end2", subject.to_lowercase()), best)
            .await;
    }
    assert!(
        of(&tasks(&house, &homeroom).await, "year_results.confirm").is_empty(),
        "criteria are open"
    );
    house.fill(&homeroom, "criteria-end2", best).await;
    let waiting = tasks(&house, &homeroom).await;
    assert_eq!(of(&waiting, "year_results.confirm")[0].resource, CLASS);
    assert!(of(&tasks(&house, &house.principal).await, "promotions.decide").is_empty());

    let confirm = ConfirmYearResultsRequest {
        parent: CLASS.into(),
        request_id: String::new(),
    };
    records.confirm_year_results(homeroom.ask(confirm)).await.unwrap();
    assert!(of(&tasks(&house, &homeroom).await, "year_results.confirm").is_empty());
    let waiting = tasks(&house, &house.principal).await;
    let [decide] = of(&waiting, "promotions.decide")[..] else {
        panic!("{waiting:?}")
    };
    assert_eq!(decide.resource, CLASS);
    assert!(decide.since.is_some());

    let digest = bound(&list(&house).await, |at| at != 2);
    let decide = DecidePromotionsRequest {
        parent: CLASS.into(),
        act_token: house
            .identity
            .act(&house.principal, Role::Principal, "promotion.decide", &digest),
        ..DecidePromotionsRequest::default()
    };
    records
        .decide_promotions(house.principal.ask(decide))
        .await
        .unwrap();
    assert!(of(&tasks(&house, &house.principal).await, "promotions.decide").is_empty());
}
