//! Class check: findings in the books, and their settlement.

use hocba_proto::records::{
    ClassFinding, CreateClassFindingRequest, ListClassFindingsRequest, ListPupilsRequest,
    SettleClassFindingRequest, class_finding::State,
};
use hocba_testing::TestPerson;
use tonic::Status;

use crate::house::{CLASS, House, SCHOOL, YEAR, article, reason, violations};

async fn raise(house: &House, by: &TestPerson, pupil: &str, words: &str) -> Result<ClassFinding, Status> {
    let request = CreateClassFindingRequest {
        parent: CLASS.into(),
        class_finding: Some(ClassFinding {
            pupil: pupil.into(),
            words: words.into(),
            ..ClassFinding::default()
        }),
        request_id: String::new(),
    };
    let answer = house.records().create_class_finding(by.ask(request)).await?;
    Ok(answer.into_inner())
}

async fn settle(house: &House, by: &TestPerson, name: &str) -> Result<ClassFinding, Status> {
    let request = SettleClassFindingRequest {
        name: name.into(),
        settlement: "Đã lập hồ sơ sửa điểm.".into(),
        request_id: String::new(),
    };
    let answer = house.records().settle_class_finding(by.ask(request)).await?;
    Ok(answer.into_inner())
}

async fn list(
    house: &House,
    by: &TestPerson,
    class: &str,
    open_only: bool,
) -> Result<Vec<ClassFinding>, Status> {
    let request = ListClassFindingsRequest {
        parent: YEAR.into(),
        class: class.into(),
        open_only,
    };
    let answer = house.records().list_class_findings(by.ask(request)).await?;
    Ok(answer.into_inner().class_findings)
}

#[tokio::test]
async fn a8_4_a_finding_stands_until_it_is_settled_and_the_board_sees_the_open_ones() {
    let house = House::with_pupils().await;
    let homeroom = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    house.assign(&homeroom, &["criteria"]).await;
    let pupils = ListPupilsRequest { parent: CLASS.into() };
    let pupils = house
        .records()
        .list_pupils(house.principal.ask(pupils))
        .await
        .unwrap()
        .into_inner()
        .pupils;
    let pupil = pupils[0].name.as_str();
    let words = "Nhận xét môn Toán cuối HKI của em bí mật chép nhầm.";

    let other = raise(&house, &house.teacher, pupil, words).await.unwrap_err();
    assert_eq!(
        (reason(&other), article(&other)),
        ("PERMISSION_DENIED".into(), "A8.4".into())
    );
    let empty = raise(&house, &homeroom, pupil, "  ").await.unwrap_err();
    assert_eq!(violations(&empty), ["class_finding.words"]);
    let stranger = format!("schools/{SCHOOL}/pupils/{}", uuid::Uuid::nil());
    let stranger = raise(&house, &homeroom, &stranger, words).await.unwrap_err();
    assert_eq!(reason(&stranger), "PUPIL_UNKNOWN");
    let found = raise(&house, &homeroom, pupil, words).await.unwrap();
    let class_wide = raise(&house, &homeroom, "", "Thiếu chiều cao của cả lớp.")
        .await
        .unwrap();
    assert_eq!(
        (found.state(), found.words.as_str(), found.pupil.as_str()),
        (State::Open, words, pupil)
    );
    assert_eq!(found.finder, homeroom.name());
    assert_eq!(
        list(&house, &house.principal, "", true).await.unwrap(),
        [found.clone(), class_wide.clone()]
    );

    let board = settle(&house, &house.principal, &found.name).await.unwrap_err();
    assert_eq!(reason(&board), "PERMISSION_DENIED");
    let settled = settle(&house, &homeroom, &found.name).await.unwrap();
    assert_eq!(
        (settled.state(), settled.settler.as_str()),
        (State::Settled, homeroom.name().as_str())
    );
    let again = settle(&house, &homeroom, &found.name).await.unwrap_err();
    assert_eq!(reason(&again), "FINDING_SETTLED");
    let nothing = format!("{CLASS}/findings/{}", uuid::Uuid::nil());
    let nothing = settle(&house, &homeroom, &nothing).await.unwrap_err();
    assert_eq!(reason(&nothing), "FINDING_UNKNOWN");

    assert_eq!(
        list(&house, &house.principal, "", true).await.unwrap(),
        std::slice::from_ref(&class_wide)
    );
    assert_eq!(
        list(&house, &homeroom, CLASS, false).await.unwrap(),
        [settled, class_wide]
    );
    let whole = list(&house, &homeroom, "", false).await.unwrap_err();
    assert_eq!(reason(&whole), "PERMISSION_DENIED");

    let database = house.database.superuser().await.unwrap();
    let clear: i64 = sqlx::query_scalar(
        "select count(*) from class_finding f where position('bí mật' in f::text) > 0
            or position(encode(convert_to('bí mật', 'UTF8'), 'hex') in f::text) > 0",
    )
    .fetch_one(&database)
    .await
    .unwrap();
    assert_eq!(clear, 0);
    let undone =
        sqlx::query("update class_finding set settled_at = null, settlement = null, settled_by = null")
            .execute(&database)
            .await
            .unwrap_err();
    let code = undone
        .as_database_error()
        .and_then(|it| it.code().map(|code| code.into_owned()));
    assert_eq!(code.as_deref(), Some("HB020"), "what was settled stays settled");
}
