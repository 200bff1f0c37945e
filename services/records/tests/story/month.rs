//! Absences by month and the monthly checklist.

use hocba_proto::records::{
    BatchCreateClassesRequest, BatchCreateTeachingAssignmentsRequest, Class, CompleteMonthlyChecklistRequest,
    CreateSchoolYearRequest, Enrolment, ListAbsencesRequest, ListMonthlyChecklistsRequest, ListPupilsRequest,
    MonthlyAbsence, MonthlyChecklist, RecordAbsencesRequest, SchoolYear, TeachingAssignment,
    UpdateEnrolmentRequest, monthly_checklist::State,
};
use hocba_testing::TestPerson;
use tonic::{Code, Status};

use crate::house::{CLASS, House, SCHOOL, YEAR, article, reason, violations};

async fn pupils(house: &House) -> Vec<String> {
    let list = ListPupilsRequest { parent: CLASS.into() };
    let answer = house.records().list_pupils(house.principal.ask(list)).await;
    answer
        .unwrap()
        .into_inner()
        .pupils
        .into_iter()
        .map(|it| it.name)
        .collect()
}

async fn record(
    house: &House,
    by: &TestPerson,
    (class, month): (&str, &str),
    absences: &[(&str, i32, i32)],
) -> Result<Vec<MonthlyAbsence>, Status> {
    let absences = absences.iter().map(|(pupil, with, without)| MonthlyAbsence {
        pupil: (*pupil).into(),
        days_with_leave: *with,
        days_without_leave: *without,
    });
    let request = RecordAbsencesRequest {
        parent: class.into(),
        month: month.into(),
        absences: absences.collect(),
        request_id: String::new(),
        etag: String::new(),
    };
    let answer = house.records().record_absences(by.ask(request)).await?;
    Ok(answer.into_inner().absences)
}

async fn complete(
    house: &House,
    by: &TestPerson,
    (class, month): (&str, &str),
    books_checked: bool,
) -> Result<MonthlyChecklist, Status> {
    let request = CompleteMonthlyChecklistRequest {
        name: format!("{class}/checklists/{month}"),
        movements_checked: true,
        pages_checked: true,
        books_checked,
        request_id: String::new(),
    };
    let answer = house
        .records()
        .complete_monthly_checklist(by.ask(request))
        .await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn a8_2_absences_are_kept_by_month_and_the_years_sums_follow() {
    let house = House::with_pupils().await;
    let homeroom = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    house.assign(&homeroom, &["criteria"]).await;
    let pupils = pupils(&house).await;
    let (first, second) = (pupils[0].as_str(), pupils[1].as_str());
    let september = (CLASS, "2025-09");
    let other = record(&house, &house.teacher, september, &[]).await.unwrap_err();
    assert_eq!(
        (reason(&other), article(&other)),
        ("PERMISSION_DENIED".into(), "A8.2".into())
    );
    let month = record(&house, &homeroom, september, &[(first, 5, 5)])
        .await
        .unwrap();
    assert_eq!(month.len(), 37, "who is not named was never absent");
    record(&house, &homeroom, september, &[(first, 2, 1), (second, 1, 0)])
        .await
        .unwrap();
    record(&house, &homeroom, (CLASS, "2025-10"), &[(first, 1, 0)])
        .await
        .unwrap();
    let ask = |month: &str| ListAbsencesRequest {
        parent: CLASS.into(),
        month: month.into(),
    };
    let mut records = house.records();
    let listed = records
        .list_absences(house.principal.ask(ask("2025-09")))
        .await
        .unwrap()
        .into_inner()
        .absences;
    let days: i32 = listed
        .iter()
        .map(|it| it.days_with_leave + it.days_without_leave)
        .sum();
    assert_eq!((listed.len(), days), (37, 4));
    let empty = records
        .list_absences(homeroom.ask(ask("2025-11")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(empty.absences, []);

    let update = |with: i32, without: i32| UpdateEnrolmentRequest {
        enrolment: Some(Enrolment {
            name: format!("{YEAR}/pupils/{}", first.rsplit('/').next().unwrap()),
            height_cm: 141,
            absences_with_leave: with,
            absences_without_leave: without,
            ..Enrolment::default()
        }),
        request_id: String::new(),
    };
    let sums = records
        .update_enrolment(homeroom.ask(update(9, 9)))
        .await
        .unwrap_err();
    assert_eq!(reason(&sums), "ABSENCES_BY_MONTH");
    let now = records
        .update_enrolment(homeroom.ask(update(3, 1)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (now.height_cm, now.absences_with_leave, now.absences_without_leave),
        (141, 3, 1)
    );

    let stranger = format!("schools/{SCHOOL}/pupils/{}", uuid::Uuid::nil());
    let unknown = record(&house, &homeroom, september, &[(&stranger, 1, 0)])
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown), "PUPIL_UNKNOWN");
    for (month, absences, field) in [
        ("2025-08", &[][..], "month"),
        ("2025-9", &[], "month"),
        ("2025-09", &[(first, 1, 0), (first, 2, 0)], "absences"),
        ("2025-09", &[(first, 30, 2)], "absences"),
        ("2025-09", &[(first, -1, 2)], "absences"),
    ] {
        let refused = record(&house, &homeroom, (CLASS, month), absences)
            .await
            .unwrap_err();
        assert_eq!(violations(&refused), [field], "{month} {absences:?}");
    }
    let nowhere = format!("{YEAR}/classes/9z");
    let nowhere = record(&house, &house.admin, (&nowhere, "2025-09"), &[])
        .await
        .unwrap_err();
    assert_eq!(reason(&nowhere), "CLASS_UNKNOWN");
    house.close_semester2().await;
    let closed = record(&house, &homeroom, september, &[]).await.unwrap_err();
    assert_eq!(reason(&closed), "TERM_LOCKED");
}

#[tokio::test]
async fn a8_2_a_month_of_absences_that_somebody_else_recorded_is_not_written_over_unseen() {
    let house = House::with_pupils().await;
    let homeroom = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    house.assign(&homeroom, &["criteria"]).await;
    let pupil = &pupils(&house).await[0];
    let record = async |by: &TestPerson, days: i32, etag: &str| {
        let request = RecordAbsencesRequest {
            parent: CLASS.into(),
            month: "2025-10".into(),
            absences: vec![MonthlyAbsence {
                pupil: pupil.clone(),
                days_with_leave: days,
                days_without_leave: 0,
            }],
            request_id: String::new(),
            etag: etag.into(),
        };
        let answer = house.records().record_absences(by.ask(request)).await;
        answer
            .map(|answer| answer.into_inner().etag)
            .map_err(|status| (status.code(), reason(&status)))
    };
    let listed = async || {
        let ask = ListAbsencesRequest {
            parent: CLASS.into(),
            month: "2025-10".into(),
        };
        let listed = house.records().list_absences(homeroom.ask(ask)).await;
        let listed = listed.unwrap().into_inner();
        let days: i32 = listed.absences.iter().map(|it| it.days_with_leave).sum();
        (listed.etag, days)
    };
    let mismatch = Err((Code::Aborted, "ETAG_MISMATCH".to_owned()));
    let none = listed().await;
    assert_eq!(none, ("0".to_owned(), 0), "not recorded");
    assert_eq!(record(&homeroom, 1, "1").await, mismatch, "nothing stands there");
    let first = record(&homeroom, 1, &none.0).await.unwrap();
    // The administrator read the empty month as well.
    assert_eq!(record(&house.admin, 5, &none.0).await, mismatch);
    assert_eq!(record(&house.admin, 5, "x").await, mismatch);
    assert_eq!(listed().await, (first.clone(), 1));
    let second = record(&house.admin, 2, &first).await.unwrap();
    assert_eq!(record(&homeroom, 3, &first).await, mismatch);
    assert_eq!(listed().await, (second, 2));
    // Who asks for no comparison gets none.
    let third = record(&homeroom, 4, "").await.unwrap();
    assert_eq!(listed().await, (third, 4));
    // Of two at the same time one is told.
    let (etag, _) = listed().await;
    let both = tokio::join!(record(&homeroom, 6, &etag), record(&house.admin, 7, &etag));
    let refused = [&both.0, &both.1]
        .into_iter()
        .filter(|it| **it == mismatch)
        .count();
    assert_eq!(refused, 1, "{both:?}");
}

#[tokio::test]
async fn a8_2_each_month_has_a_checklist_and_the_board_sees_who_is_late() {
    let house = House::with_pupils().await;
    let homeroom = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    house.assign(&homeroom, &["criteria"]).await;
    let september = (CLASS, "2025-09");
    let early = complete(&house, &homeroom, september, false).await.unwrap_err();
    assert_eq!(reason(&early), "CHECKLIST_INCOMPLETE");
    assert_eq!(violations(&early), ["books_checked", "absences"]);
    record(&house, &homeroom, september, &[]).await.unwrap();
    let admin = complete(&house, &house.admin, september, true).await.unwrap_err();
    assert_eq!(
        (reason(&admin), article(&admin)),
        ("PERMISSION_DENIED".into(), "A8.2".into())
    );
    let done = complete(&house, &homeroom, september, true).await.unwrap();
    assert_eq!(
        (done.state(), done.completer.as_str()),
        (State::Done, homeroom.name().as_str())
    );
    assert_eq!(
        (done.pupil_count, done.recorded_count, done.due_date.as_str()),
        (37, 37, "2025-10-05")
    );
    let twice = complete(&house, &homeroom, september, true).await.unwrap_err();
    assert_eq!(reason(&twice), "CHECKLIST_DONE");
    let august = complete(&house, &homeroom, (CLASS, "2025-08"), true)
        .await
        .unwrap_err();
    assert_eq!(violations(&august), ["name"]);
    let nowhere = complete(
        &house,
        &homeroom,
        (&format!("{YEAR}/classes/9z"), "2025-09"),
        true,
    )
    .await
    .unwrap_err();
    assert_eq!(reason(&nowhere), "PERMISSION_DENIED", "a class nobody keeps");

    let ask = |class: &str, month: &str| ListMonthlyChecklistsRequest {
        parent: YEAR.into(),
        class: class.into(),
        month: month.into(),
    };
    let mut records = house.records();
    let all = records
        .list_monthly_checklists(house.principal.ask(ask("", "")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.monthly_checklists.len(), 28 * 9);
    let month = records
        .list_monthly_checklists(house.principal.ask(ask("", "2025-10")))
        .await
        .unwrap()
        .into_inner();
    let late: Vec<_> = month
        .monthly_checklists
        .iter()
        .filter(|it| it.state() == State::Late)
        .collect();
    assert_eq!(late.len(), 28);
    let own = late
        .iter()
        .find(|it| it.name == format!("{CLASS}/checklists/2025-10"))
        .unwrap();
    assert_eq!(own.homeroom_teacher, homeroom.name());
    let own = records
        .list_monthly_checklists(homeroom.ask(ask(CLASS, "")))
        .await
        .unwrap()
        .into_inner();
    let states: Vec<State> = own
        .monthly_checklists
        .iter()
        .map(MonthlyChecklist::state)
        .collect();
    assert_eq!(
        (states.len(), states[0], states[1]),
        (9, State::Done, State::Late)
    );
    let whole = records
        .list_monthly_checklists(homeroom.ask(ask("", "")))
        .await
        .unwrap_err();
    assert_eq!(reason(&whole), "PERMISSION_DENIED");
    let nowhere = ask(&format!("{YEAR}/classes/9z"), "");
    let nowhere = records
        .list_monthly_checklists(house.principal.ask(nowhere))
        .await
        .unwrap_err();
    assert_eq!(reason(&nowhere), "CLASS_UNKNOWN");
}

#[tokio::test]
async fn a8_2_a_month_that_is_not_over_is_not_completed() {
    let house = House::empty().await;
    let mut records = house.records();
    let homeroom = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    let request = CreateSchoolYearRequest {
        parent: format!("schools/{SCHOOL}"),
        year_id: "2098-2099".into(),
        school_year: Some(SchoolYear {
            rule_set: "tt27-2020".into(),
            school_code: "01018A01".into(),
            school_name: "Trường Tiểu học Mẫu A".into(),
            ..SchoolYear::default()
        }),
        request_id: String::new(),
    };
    let year = records
        .create_school_year(house.admin.ask(request))
        .await
        .unwrap()
        .into_inner()
        .name;
    let request = BatchCreateClassesRequest {
        parent: year.clone(),
        classes: vec![Class {
            display_name: "1A".into(),
            grade: 1,
            ..Class::default()
        }],
        request_id: String::new(),
    };
    records
        .batch_create_classes(house.admin.ask(request))
        .await
        .unwrap();
    let class = format!("{year}/classes/1a");
    let assignment = TeachingAssignment {
        class: class.clone(),
        item: "criteria".into(),
        teacher: homeroom.name(),
        teacher_name: "Cô Lan".into(),
    };
    let request = BatchCreateTeachingAssignmentsRequest {
        parent: year,
        assignments: vec![assignment],
        request_id: String::new(),
    };
    records
        .batch_create_teaching_assignments(house.admin.ask(request))
        .await
        .unwrap();
    let early = complete(&house, &homeroom, (&class, "2098-09"), true)
        .await
        .unwrap_err();
    assert_eq!(reason(&early), "CHECKLIST_EARLY");
    let early = record(&house, &homeroom, (&class, "2098-09"), &[])
        .await
        .unwrap_err();
    assert_eq!(violations(&early), ["month"]);
}
