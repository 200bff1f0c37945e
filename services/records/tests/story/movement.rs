//! Entry, repeat, class change, leaving, return.

use hocba_proto::records::{
    BatchCreateClassesRequest, Class, CreateSchoolYearRequest, GetPupilRequest, ListMarkSheetsRequest,
    ListMovementsRequest, ListPupilsRequest, Movement, Pupil, RecordMovementRequest, SchoolYear,
    movement::Kind,
};
use hocba_testing::TestPerson;
use tonic::Status;

use crate::house::{CLASS, House, SCHOOL, YEAR, article, reason, value, violations};

async fn roster(house: &House, class: &str) -> Vec<Pupil> {
    let list = ListPupilsRequest { parent: class.into() };
    let answer = house.records().list_pupils(house.principal.ask(list)).await;
    answer.unwrap().into_inner().pupils
}

fn of_year(year: &str, pupil: &Pupil) -> String {
    format!("{year}/pupils/{}", pupil.name.rsplit('/').next().unwrap())
}

async fn record(
    house: &House,
    by: &TestPerson,
    parent: &str,
    (kind, class, reason): (Kind, &str, &str),
) -> Result<Movement, Status> {
    let request = RecordMovementRequest {
        parent: parent.into(),
        movement: Some(Movement {
            kind: kind.into(),
            day: "2025-10-02".into(),
            class: class.into(),
            reason: reason.into(),
            ..Movement::default()
        }),
        request_id: String::new(),
    };
    let answer = house.records().record_movement(by.ask(request)).await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn a8_2_a_leaver_is_off_the_roster_and_the_history_stays() {
    let house = House::with_pupils().await;
    let homeroom = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    house.assign(&homeroom, &["criteria"]).await;
    house
        .fill(&house.teacher, "to-end1", |_, cell| {
            value("T", cell.tested.then_some(9))
        })
        .await;
    let before = roster(&house, CLASS).await;
    let pupil = before[3].clone();
    let parent = of_year(YEAR, &pupil);
    let refused = record(&house, &house.teacher, &parent, (Kind::Leaving, "", "x"))
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&refused), article(&refused)),
        ("PERMISSION_DENIED".into(), "A8.2".into())
    );
    let why = record(&house, &homeroom, &parent, (Kind::Leaving, "", ""))
        .await
        .unwrap_err();
    assert_eq!(violations(&why), ["movement.reason"]);
    let left = record(
        &house,
        &homeroom,
        &parent,
        (Kind::Leaving, "", "theo gia đình vào Nam"),
    )
    .await
    .unwrap();
    assert_eq!((left.from_class.as_str(), left.class.as_str()), (CLASS, ""));
    assert_eq!(left.recorder, homeroom.name());

    let after = roster(&house, CLASS).await;
    assert_eq!(after.len(), before.len() - 1);
    assert!(after.iter().all(|it| it.name != pupil.name));
    let sheets = ListMarkSheetsRequest {
        parent: YEAR.into(),
        ..ListMarkSheetsRequest::default()
    };
    let sheets = house
        .records()
        .list_mark_sheets(house.principal.ask(sheets))
        .await
        .unwrap()
        .into_inner();
    let sheet = sheets
        .mark_sheets
        .iter()
        .find(|it| it.name.ends_with("5a/markSheets/to-end1"))
        .unwrap();
    let count = i32::try_from(after.len()).unwrap();
    assert_eq!((sheet.required_count, sheet.sealed_count), (count, count));
    let database = house.database.superuser().await.unwrap();
    let id: uuid::Uuid = pupil.name.rsplit('/').next().unwrap().parse().unwrap();
    let cells: i64 = sqlx::query_scalar("select count(*) from sealed_cell where pupil_id = $1")
        .bind(id)
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(cells, 1, "the cells stay the pupil's");
    let get = GetPupilRequest {
        name: pupil.name.clone(),
    };
    assert_eq!(
        house
            .records()
            .get_pupil(homeroom.ask(get))
            .await
            .unwrap()
            .into_inner(),
        pupil
    );

    let class_5b = format!("{YEAR}/classes/5b");
    for (asked, expected) in [
        ((Kind::Leaving, "", "lần nữa"), "PUPIL_LEFT"),
        ((Kind::ClassChange, class_5b.as_str(), ""), "PUPIL_LEFT"),
        ((Kind::Entry, CLASS, ""), "PUPIL_ENROLLED"),
    ] {
        let refused = record(&house, &homeroom, &parent, asked).await.unwrap_err();
        assert_eq!(reason(&refused), expected);
    }
    record(&house, &homeroom, &parent, (Kind::Return, "", ""))
        .await
        .unwrap();
    assert_eq!(roster(&house, CLASS).await, before);
    for (asked, expected) in [
        ((Kind::Return, "", ""), "PUPIL_NOT_LEFT"),
        (
            (Kind::ClassChange, &format!("{YEAR}/classes/4b") as &str, ""),
            "GRADE_DIFFERS",
        ),
        (
            (Kind::ClassChange, &format!("{YEAR}/classes/9z"), ""),
            "CLASS_UNKNOWN",
        ),
    ] {
        let refused = record(&house, &homeroom, &parent, asked).await.unwrap_err();
        assert_eq!(reason(&refused), expected);
    }
    let there = roster(&house, &class_5b).await.len();
    record(&house, &homeroom, &parent, (Kind::ClassChange, &class_5b, ""))
        .await
        .unwrap();
    assert_eq!(roster(&house, &class_5b).await.len(), there + 1);
    let gone = record(&house, &homeroom, &parent, (Kind::Leaving, "", "x"))
        .await
        .unwrap_err();
    assert_eq!(
        reason(&gone),
        "PERMISSION_DENIED",
        "no pupil of the own class any more"
    );

    let ask = ListMovementsRequest {
        parent: parent.clone(),
    };
    let movements = house
        .records()
        .list_movements(house.principal.ask(ask))
        .await
        .unwrap()
        .into_inner()
        .movements;
    let kinds: Vec<Kind> = movements.iter().map(Movement::kind).collect();
    assert_eq!(
        kinds,
        [Kind::Entry, Kind::Leaving, Kind::Return, Kind::ClassChange]
    );
    assert_eq!(movements[1], left);
    let clear: i64 = sqlx::query_scalar(
        "select count(*) from movement m where position('vào Nam' in m::text) > 0
            or position(encode(convert_to('vào Nam', 'UTF8'), 'hex') in m::text) > 0",
    )
    .fetch_one(&database)
    .await
    .unwrap();
    assert_eq!(clear, 0, "reasons lie sealed");
    let changed = sqlx::query("update movement set day = day + 1")
        .execute(&database)
        .await
        .unwrap_err();
    let code = changed
        .as_database_error()
        .and_then(|it| it.code().map(|code| code.into_owned()));
    assert_eq!(code.as_deref(), Some("HB020"), "nobody changes the history");

    house.close_semester2().await;
    let closed = record(&house, &house.admin, &parent, (Kind::Leaving, "", "x"))
        .await
        .unwrap_err();
    assert_eq!(reason(&closed), "TERM_LOCKED");
}

#[tokio::test]
async fn a8_2_a_pupil_repeats_the_grade_of_the_year_before() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let request = CreateSchoolYearRequest {
        parent: format!("schools/{SCHOOL}"),
        year_id: "2026-2027".into(),
        school_year: Some(SchoolYear {
            school_code: "01018A01".into(),
            school_name: "Trường Tiểu học Mẫu A".into(),
            ..SchoolYear::default()
        }),
        request_id: String::new(),
    };
    let next = records
        .create_school_year(house.admin.ask(request))
        .await
        .unwrap()
        .into_inner()
        .name;
    let class = |display_name: &str, grade| Class {
        display_name: display_name.into(),
        grade,
        ..Class::default()
    };
    let request = BatchCreateClassesRequest {
        parent: next.clone(),
        classes: vec![class("4A", 4), class("5A", 5)],
        request_id: String::new(),
    };
    records
        .batch_create_classes(house.admin.ask(request))
        .await
        .unwrap();
    let pupil = roster(&house, CLASS).await.remove(0);
    let parent = of_year(&next, &pupil);
    let (grade_4, grade_5) = (format!("{next}/classes/4a"), format!("{next}/classes/5a"));
    let wrong = record(&house, &house.admin, &parent, (Kind::Repeat, &grade_4, ""))
        .await
        .unwrap_err();
    assert_eq!(reason(&wrong), "GRADE_DIFFERS");
    let unknown = record(&house, &house.admin, &parent, (Kind::Leaving, "", "x"))
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown), "PUPIL_UNKNOWN", "not in this year yet");
    let again = record(
        &house,
        &house.admin,
        &parent,
        (Kind::Repeat, &grade_5, "chưa hoàn thành"),
    )
    .await
    .unwrap();
    assert_eq!((again.kind(), again.class), (Kind::Repeat, grade_5.clone()));
    assert_eq!(roster(&house, &grade_5).await.len(), 1);
    let nobody = format!("{next}/pupils/{}", uuid::Uuid::nil());
    let nobody = record(&house, &house.admin, &nobody, (Kind::Entry, &grade_5, ""))
        .await
        .unwrap_err();
    assert_eq!(reason(&nobody), "PUPIL_UNKNOWN");
    let no_list = ListMovementsRequest {
        parent: format!("{next}/pupils/{}", uuid::Uuid::nil()),
    };
    let no_list = records
        .list_movements(house.principal.ask(no_list))
        .await
        .unwrap_err();
    assert_eq!(reason(&no_list), "PUPIL_UNKNOWN");
}
