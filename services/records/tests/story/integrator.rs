//! Integrators: they read what their grant names, and change nothing (A10.1).

use hocba_proto::{
    identity::account_event::Kind as Event,
    records::{
        Change, GetMarkSheetRequest, ListChangesRequest, ListClassesRequest, ListPupilsRequest,
        ListYearResultsRequest, OpenEntrySessionRequest, Pupil, UpdateCalendarRequest, WatchChangesRequest,
        WatchCompletenessRequest, WatchCompletenessResponse, change::Kind,
    },
};
use hocba_testing::TestPerson;
use tokio::time::timeout;
use tonic::{Code, Response, Status};

use crate::house::{CLASS, House, PATIENCE, SCHOOL, YEAR, reason, value};

const SHEET: &str = "schools/01018a01/years/2025-2026/classes/5a/markSheets/to-end1";

async fn pupils(house: &House, person: &TestPerson) -> Result<Vec<Pupil>, Status> {
    let ask = ListPupilsRequest { parent: CLASS.into() };
    let answer = house.records().list_pupils(person.ask(ask)).await?;
    Ok(answer.into_inner().pupils)
}

async fn changes(house: &House, person: &TestPerson, after: i64) -> Vec<Change> {
    let ask = ListChangesRequest {
        parent: format!("schools/{SCHOOL}"),
        after,
        page_size: 500,
    };
    let page = house.records().list_changes(person.ask(ask)).await.unwrap();
    page.into_inner().changes
}

/// Whether the policy refused.
fn refused<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> bool {
    reason(&answer.unwrap_err()) == "PERMISSION_DENIED"
}

#[tokio::test]
async fn r3_an_integrator_sees_what_its_grant_names_and_the_rest_empty_or_refused() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let start = {
        let ask = ListChangesRequest {
            parent: format!("schools/{SCHOOL}"),
            after: 0,
            page_size: 1,
        };
        let page = records.list_changes(house.principal.ask(ask)).await.unwrap();
        page.into_inner().newest_sequence
    };
    house
        .fill(&house.teacher, "to-end1", |_, _| value("T", Some(9)))
        .await;
    let of = |groups: &[&str]| house.identity.integrator(SCHOOL, groups);
    let (roster, page, marks, results) = (
        of(&["roster"]),
        of(&["identity_page"]),
        of(&["marks"]),
        of(&["results"]),
    );

    let whole = pupils(&house, &house.principal).await.unwrap();
    for (page, whole) in pupils(&house, &page).await.unwrap().iter().zip(&whole) {
        assert_eq!(page.identity, whole.identity);
        assert!(page.disability.is_empty());
    }
    let few = pupils(&house, &roster).await.unwrap();
    assert_eq!(few.len(), whole.len());
    for (few, whole) in few.iter().zip(&whole) {
        let (few, whole) = (few.identity.clone().unwrap(), whole.identity.clone().unwrap());
        assert_eq!(
            (&few.display_name, &few.birth_date),
            (&whole.display_name, &whole.birth_date)
        );
        assert!(few.father.is_empty() && few.address.is_empty() && few.ethnic_group.is_empty());
        assert!(few.personal_id.is_empty());
    }
    assert_eq!(
        reason(&pupils(&house, &marks).await.unwrap_err()),
        "PERMISSION_DENIED"
    );

    let sheet = || GetMarkSheetRequest { name: SHEET.into() };
    let seen = records
        .get_mark_sheet(marks.ask(sheet()))
        .await
        .unwrap()
        .into_inner();
    assert!(seen.cells.iter().all(|cell| cell.sealed && cell.value.is_some()));
    assert!(
        seen.cells.iter().all(|cell| cell.pupil_name.is_empty()),
        "names are of the roster"
    );
    let both = records
        .get_mark_sheet(of(&["marks", "roster"]).ask(sheet()))
        .await
        .unwrap();
    assert!(
        both.into_inner()
            .cells
            .iter()
            .all(|cell| !cell.pupil_name.is_empty())
    );
    assert!(refused(records.get_mark_sheet(roster.ask(sheet())).await));

    let list = || ListYearResultsRequest { parent: CLASS.into() };
    let seen = records
        .list_year_results(results.ask(list()))
        .await
        .unwrap()
        .into_inner();
    assert!(seen.results.len() == whole.len() && seen.results.iter().all(|it| it.pupil_name.is_empty()));
    assert!(refused(records.list_year_results(marks.ask(list())).await));

    // The feed tells the kinds of the grant; its numbers go on over the others.
    let told = changes(&house, &marks, start).await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].kind(), told[0].resource.as_str()),
        (Kind::MarkSheetSealed, SHEET)
    );
    assert!(changes(&house, &results, start).await.is_empty());
}

#[tokio::test]
async fn r3_an_integrator_changes_nothing_and_reads_no_other_school() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let all = ["roster", "identity_page", "marks", "results"];
    let system = house.identity.integrator(SCHOOL, &all);
    let open = OpenEntrySessionRequest {
        mark_sheet: SHEET.into(),
        request_id: String::new(),
    };
    assert!(refused(records.open_entry_session(system.ask(open)).await));
    let calendar = UpdateCalendarRequest {
        name: YEAR.into(),
        etag: "1".into(),
        ..UpdateCalendarRequest::default()
    };
    assert!(refused(records.update_calendar(system.ask(calendar)).await));
    let stranger = house.identity.integrator("other", &all);
    let refusal = pupils(&house, &stranger).await.unwrap_err();
    assert_eq!(reason(&refusal), "OTHER_SCHOOL");
    let bare = house.identity.integrator(SCHOOL, &[]);
    let classes = ListClassesRequest { parent: YEAR.into() };
    assert!(refused(records.list_classes(bare.ask(classes)).await));
}

#[tokio::test]
async fn r3_a_watch_of_an_integrator_ends_when_its_grant_is_taken_back() {
    let house = House::with_classes().await;
    let system = house.identity.integrator(SCHOOL, &["roster"]);
    let ask = WatchChangesRequest {
        parent: format!("schools/{SCHOOL}"),
        after: 0,
    };
    let mut stream = house
        .records()
        .watch_changes(system.ask(ask))
        .await
        .unwrap()
        .into_inner();
    let first = timeout(PATIENCE, stream.message())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(first.changes.iter().any(|change| change.kind() == Kind::Class));
    house.identity.tell(Event::AccountSuspended, &system);
    let ended = timeout(PATIENCE, stream.message()).await.unwrap().unwrap_err();
    assert_eq!(
        (ended.code(), reason(&ended).as_str()),
        (Code::Unauthenticated, "UNAUTHENTICATED")
    );
}

#[tokio::test]
async fn r3_an_integrator_follows_completeness_if_its_grant_names_it_and_sees_whose_a_sheet_is_with_the_roster()
 {
    let house = House::with_pupils().await;
    let watch = async |groups: &[&str]| {
        let system = house.identity.integrator(SCHOOL, groups);
        let ask = WatchCompletenessRequest { parent: YEAR.into() };
        house.records().watch_completeness(system.ask(ask)).await
    };
    for groups in [&["marks", "results"][..], &["roster"]] {
        assert!(refused(watch(groups).await.map(|_| Response::new(()))));
    }
    let mut bare = watch(&["completeness"]).await.unwrap().into_inner();
    let mut named = watch(&["completeness", "roster"]).await.unwrap().into_inner();
    let own = async |stream: &mut tonic::Streaming<WatchCompletenessResponse>| loop {
        let message = timeout(PATIENCE, stream.message())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        let found = message.sheets.into_iter().find(|it| it.mark_sheet == SHEET);
        if let Some(sheet) = found {
            return sheet;
        }
    };
    let (hidden, shown) = (own(&mut bare).await, own(&mut named).await);
    assert_eq!((hidden.required_count, hidden.sealed_count), (37, 0));
    assert_eq!((hidden.teacher.as_str(), hidden.teacher_name.as_str()), ("", ""));
    assert_eq!(
        (shown.teacher, shown.teacher_name.as_str()),
        (house.teacher.name(), "Ngô Thị Ngọc Anh")
    );
    house
        .fill(&house.teacher, "to-end1", |_, _| value("T", Some(9)))
        .await;
    assert_eq!(own(&mut bare).await.sealed_count, 37);
}
