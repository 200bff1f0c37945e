//! Completeness: live in the school, counted for the authority (A6.4).

use hocba_proto::{
    records::{
        CreateSchoolYearRequest, DueDay, GetDistrictOverviewRequest, GetSchoolYearRequest, PeriodOverview,
        SchoolOverview, SchoolYear, TestDay, UpdateCalendarRequest, WatchCompletenessRequest,
        WatchCompletenessResponse,
    },
    types::Period,
};
use hocba_testing::{TestPerson, eventually};
use tokio::time::timeout;
use tonic::{Status, Streaming};

use crate::house::{CLASS, House, PATIENCE, SCHOOL, YEAR, article, reason, value, violations};

/// Sets the due day of the end of semester 1, beside the test day that is there.
pub(crate) async fn due(house: &House, day: &str) {
    let mut records = house.records();
    let get = GetSchoolYearRequest { name: YEAR.into() };
    let year = records
        .get_school_year(house.principal.ask(get))
        .await
        .unwrap()
        .into_inner();
    let change = UpdateCalendarRequest {
        name: YEAR.into(),
        test_days: year.test_days,
        etag: year.etag,
        request_id: String::new(),
        due_days: vec![DueDay {
            period: Period::End1.into(),
            day: day.into(),
        }],
    };
    let year = records
        .update_calendar(house.principal.ask(change))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(year.due_days[0].day, day);
}

async fn watch(house: &House, person: &TestPerson) -> Result<Streaming<WatchCompletenessResponse>, Status> {
    let ask = WatchCompletenessRequest { parent: YEAR.into() };
    let answer = house.records().watch_completeness(person.ask(ask)).await?;
    Ok(answer.into_inner())
}

async fn next(stream: &mut Streaming<WatchCompletenessResponse>) -> WatchCompletenessResponse {
    let message = timeout(PATIENCE, stream.message()).await.unwrap();
    message.unwrap().unwrap()
}

#[tokio::test]
async fn a6_4_completeness_is_told_whole_then_as_it_changes_with_who_is_late() {
    let house = House::with_pupils().await;
    let mut stream = watch(&house, &house.principal).await.unwrap();
    let whole = next(&mut stream).await;
    // Grades 1 to 5 have 6, 6, 6, 5, 5 classes and 9, 9, 12, 13, 13 sheets a period.
    let sheets = 4 * (6 * 9 + 6 * 9 + 6 * 12 + 5 * 13 + 5 * 13);
    assert_eq!((whole.whole, whole.sheets.len()), (true, sheets));
    assert!(whole.sheets.iter().all(|it| !it.late && it.sealed_count == 0));

    due(&house, "2025-12-20").await;
    let late = next(&mut stream).await;
    assert!(!late.whole);
    let own = late
        .sheets
        .iter()
        .find(|it| it.mark_sheet == format!("{CLASS}/markSheets/to-end1"));
    let own = own.unwrap();
    assert_eq!((own.late, own.due_date.as_str()), (true, "2025-12-20"));
    assert_eq!(
        (own.teacher.clone(), own.teacher_name.as_str()),
        (house.teacher.name(), "Ngô Thị Ngọc Anh")
    );
    assert_eq!((own.required_count, own.sealed_count), (37, 0));
    assert!(
        late.sheets.iter().all(|it| it.period() == Period::End1),
        "a period without a due day is never late"
    );

    house
        .fill(&house.teacher, "to-end1", |_, _| value("T", Some(9)))
        .await;
    let sealed = next(&mut stream).await;
    assert_eq!(
        sealed.sheets.len(),
        1,
        "only what became different: {:?}",
        sealed.sheets
    );
    let own = &sealed.sheets[0];
    assert_eq!((own.sealed_count, own.late), (37, false));
    assert!(sealed.sequence > late.sequence);

    let teacher = watch(&house, &house.teacher).await.unwrap_err();
    // Two rules let somebody follow it: people who watch over the school, and systems whose grant names it.
    assert_eq!(
        (reason(&teacher), article(&teacher)),
        ("PERMISSION_DENIED".into(), "A10.1 A6.4".into())
    );
}

#[tokio::test]
async fn a6_4_a_calendar_takes_one_due_day_a_period() {
    let house = House::with_classes().await;
    let day = |period: Period, day: &str| DueDay {
        period: period.into(),
        day: day.into(),
    };
    let change = UpdateCalendarRequest {
        name: YEAR.into(),
        test_days: Vec::new(),
        etag: "1".into(),
        request_id: String::new(),
        due_days: vec![
            day(Period::Mid1, "2025-11-10"),
            day(Period::Mid1, "2025-11-11"),
            day(Period::Unspecified, "2025-11-11"),
            day(Period::End1, "20/12/2025"),
        ],
    };
    let refused = house
        .records()
        .update_calendar(house.principal.ask(change))
        .await
        .unwrap_err();
    assert_eq!(
        violations(&refused),
        ["due_days[1]", "due_days[2]", "due_days[3]"]
    );
}

async fn overview(
    house: &House,
    person: &TestPerson,
    authority: &str,
) -> Result<Vec<SchoolOverview>, Status> {
    let ask = GetDistrictOverviewRequest {
        parent: format!("authorities/{authority}"),
        year_id: "2025-2026".into(),
    };
    let answer = house.records().get_district_overview(person.ask(ask)).await?;
    Ok(answer.into_inner().schools)
}

fn end1(school: &SchoolOverview) -> PeriodOverview {
    school
        .periods
        .iter()
        .find(|it| it.period() == Period::End1)
        .unwrap()
        .clone()
}

#[tokio::test]
async fn a6_4_an_officer_sees_how_far_the_own_schools_are_and_nobody_elses() {
    let house = House::with_pupils().await;
    let other = house.identity.person("01018a02", &["system_admin"]);
    let year = CreateSchoolYearRequest {
        parent: "schools/01018a02".into(),
        year_id: "2024-2025".into(),
        school_year: Some(SchoolYear {
            school_code: "B".into(),
            school_name: "Trường B".into(),
            test_days: vec![TestDay {
                grade: 5,
                semester: "semester1".into(),
                first_day: "2025-01-06".into(),
            }],
            ..SchoolYear::default()
        }),
        request_id: String::new(),
    };
    house.records().create_school_year(other.ask(year)).await.unwrap();
    // Who belongs to an authority is identity's word; records asks in the background.
    let officer = house.identity.officer("gia-lam");
    let schools = eventually("both schools are known", PATIENCE, || async {
        let schools = overview(&house, &officer, "gia-lam").await.unwrap();
        if schools.len() == 2 {
            Ok(schools)
        } else {
            Err(schools)
        }
    })
    .await;
    let (own, bare) = (&schools[0], &schools[1]);
    assert_eq!(
        (own.school.as_str(), own.school_name.as_str()),
        ("schools/01018a01", "Trường Tiểu học Mẫu A")
    );
    assert_eq!((own.set_up, own.class_count, own.periods.len()), (true, 28, 4));
    assert!(own.pupil_count > 900);
    let before = end1(own);
    assert_eq!(
        (before.sheet_count, before.complete_count, before.late_count),
        (310, 0, 0)
    );
    assert_eq!(
        (bare.set_up, bare.periods.len(), bare.school_name.as_str()),
        (false, 0, "")
    );

    due(&house, "2025-12-20").await;
    house
        .fill(&house.teacher, "to-end1", |_, _| value("T", Some(9)))
        .await;
    let schools = overview(&house, &officer, "gia-lam").await.unwrap();
    let after = end1(&schools[0]);
    assert_eq!((after.complete_count, after.sealed_count), (1, 37));
    assert_eq!((after.late_count, after.due_date.as_str()), (309, "2025-12-20"));

    for (person, authority) in [
        (house.identity.officer("dong-anh"), "gia-lam"),
        (house.principal.clone(), "gia-lam"),
        (house.identity.outsider(&["operator"]), "gia-lam"),
    ] {
        let refused = overview(&house, &person, authority).await.unwrap_err();
        assert_eq!(
            (reason(&refused), article(&refused)),
            ("PERMISSION_DENIED".into(), "A6.4".into())
        );
    }
    let elsewhere = overview(&house, &house.identity.officer("dong-anh"), "dong-anh").await;
    assert!(elsewhere.unwrap().is_empty());
    // An officer sees counts, not the school.
    let ask = GetSchoolYearRequest {
        name: format!("schools/{SCHOOL}/years/2025-2026"),
    };
    let refused = house
        .records()
        .get_school_year(officer.ask(ask))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "OTHER_SCHOOL");
}
