//! The year's result: derived, confirmed, promoted on, exported.

use futures::TryStreamExt as _;
use hocba_chassis::Role;
use hocba_proto::{
    records::{
        Cell, ClassFacts, ConfirmYearResultsRequest, DecidePromotionsRequest, Enrolment,
        ExportClassFactsRequest, ListYearResultsRequest, PromotionException, PupilYearResult,
        UpdateEnrolmentRequest, class_facts::Facts, pupil_year_result::State,
        records_internal_service_client::RecordsInternalServiceClient,
    },
    types::CellValue,
};
use ring::digest::{SHA256, digest};
use tonic::Status;

use crate::house::{CLASS, House, SCHOOL, YEAR, article, reason, value};

pub(crate) const SUBJECTS: [&str; 12] = [
    "TV", "TO", "NN", "DD", "LD", "KH", "TH", "CN", "TD", "AN", "MT", "HDTN",
];

pub(crate) async fn list(house: &House) -> Vec<PupilYearResult> {
    let ask = ListYearResultsRequest { parent: CLASS.into() };
    let answer = house.records().list_year_results(house.principal.ask(ask)).await;
    answer.unwrap().into_inner().results
}

async fn export(house: &House) -> Result<Vec<ClassFacts>, Status> {
    let ask = ExportClassFactsRequest { class: CLASS.into() };
    let stream = RecordsInternalServiceClient::new(house.channel_as("archive"))
        .export_class_facts(house.principal.ask(ask))
        .await?;
    stream.into_inner().try_collect().await
}

/// The best of everything; the second pupil misses by one score, the third by another.
pub(crate) fn best(at: usize, cell: &Cell) -> CellValue {
    let score = match (cell.tested, at) {
        (false, _) => None,
        (true, 1) => Some(8),
        (true, 2) => Some(3),
        (true, _) => Some(10),
    };
    value(if cell.item.starts_with("nx_") { "" } else { "T" }, score)
}

pub(crate) fn bound(results: &[PupilYearResult], promoted: impl Fn(usize) -> bool) -> String {
    let mut text = format!("hocba-promotion-v1\n{CLASS}\n{}\n", results.len());
    for (at, result) in results.iter().enumerate() {
        let id = result.name.rsplit('/').next().unwrap();
        let word = &result.confirmed_result;
        text.push_str(&format!("{id}|{word}|{}\n", promoted(at)));
    }
    data_encoding::HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
}

#[tokio::test]
async fn a8_2_results_are_derived_confirmed_decided_and_exported() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let homeroom = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    house.assign(&homeroom, &SUBJECTS).await;
    house.assign(&homeroom, &["criteria"]).await;
    let confirm = |request_id: &str| ConfirmYearResultsRequest {
        parent: CLASS.into(),
        request_id: request_id.into(),
    };
    for subject in &SUBJECTS[1..] {
        house
            .fill(&homeroom, &format!("{}-end2", subject.to_lowercase()), best)
            .await;
    }
    house.fill(&homeroom, "criteria-end2", best).await;
    let open = list(&house).await;
    assert!(
        open.iter()
            .all(|it| it.state() == State::Incomplete && it.missing_cell_count == 1)
    );
    let early = records
        .confirm_year_results(homeroom.ask(confirm("a")))
        .await
        .unwrap_err();
    assert_eq!(reason(&early), "CELLS_NOT_SEALED");
    assert_eq!(reason(&export(&house).await.unwrap_err()), "CELLS_NOT_SEALED");
    house.fill(&homeroom, "tv-end2", best).await;

    let derived = list(&house).await;
    let results: Vec<_> = derived
        .iter()
        .take(4)
        .map(|it| it.derived_result.as_str())
        .collect();
    assert_eq!(results, ["excellent", "good", "not_completed", "excellent"]);
    assert_eq!(derived[1].result_name, "Hoàn thành tốt");
    let other = records
        .confirm_year_results(house.teacher.ask(confirm("b")))
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&other), article(&other)),
        ("PERMISSION_DENIED".into(), "A8.3".into())
    );
    assert_eq!(
        reason(&export(&house).await.unwrap_err()),
        "RESULTS_NOT_CONFIRMED"
    );
    let count = i32::try_from(derived.len()).unwrap();
    for (request_id, expected) in [("c", count), ("c", count), ("d", 0)] {
        let answer = records
            .confirm_year_results(homeroom.ask(confirm(request_id)))
            .await
            .unwrap();
        assert_eq!(answer.into_inner().confirmed_count, expected);
    }
    assert_eq!(
        reason(&export(&house).await.unwrap_err()),
        "RESULTS_NOT_CONFIRMED",
        "not promoted yet"
    );

    let confirmed = list(&house).await;
    assert_eq!(confirmed[0].awards, ["Học sinh Xuất sắc"]);
    // The principal promotes the pupil who did not complete.
    let decide = |token: String| DecidePromotionsRequest {
        parent: CLASS.into(),
        exceptions: vec![PromotionException {
            name: confirmed[2].name.clone(),
            promoted: true,
            reason: "Đã rèn luyện thêm".into(),
        }],
        act_token: token,
        request_id: "p".into(),
    };
    let act = |digest: &str| {
        house
            .identity
            .act(&house.principal, Role::Principal, "promotion.decide", digest)
    };
    let plain = act(&bound(&confirmed, |at| at != 2));
    let refused = records
        .decide_promotions(house.principal.ask(decide(plain)))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "ACT_TOKEN_DIGEST");
    let teacher = records
        .decide_promotions(homeroom.ask(decide(String::new())))
        .await
        .unwrap_err();
    assert_eq!(reason(&teacher), "PERMISSION_DENIED");
    let digest = bound(&confirmed, |_| true);
    for _ in 0..2 {
        let ask = house.principal.ask(decide(act(&digest)));
        let answer = records.decide_promotions(ask).await.unwrap().into_inner();
        assert_eq!((answer.promoted_count, answer.held_back_count), (count, 0));
    }

    let facts = export(&house).await.unwrap();
    let Some(Facts::Header(header)) = &facts[0].facts else {
        panic!("no header first")
    };
    assert_eq!((header.pupil_count, header.lines.len()), (count, 30));
    assert_eq!(header.homeroom_teacher, homeroom.name());
    assert_eq!(header.teachers.len(), 12);
    let Some(Facts::Pupil(third)) = &facts[3].facts else {
        panic!("no pupil")
    };
    assert_eq!(third.year_result, "not_completed");
    assert_eq!(third.year_result_name, "Chưa hoàn thành");
    assert!(third.promoted && !third.completed);
    assert_eq!(third.lines.len(), 30);
    assert!(
        third
            .lines
            .iter()
            .all(|line| line.digest.len() == 64 && line.version == 1)
    );
    assert!(!third.identity.as_ref().unwrap().display_name.is_empty());
}

#[tokio::test]
async fn a8_2_the_homeroom_teacher_keeps_height_and_absences() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let homeroom = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    house.assign(&homeroom, &["criteria"]).await;
    let pupil = list(&house).await.remove(0).name;
    let update = |etag: &str, height_cm: i32| UpdateEnrolmentRequest {
        enrolment: Some(Enrolment {
            name: pupil.clone(),
            height_cm,
            weight_hg: 315,
            absences_with_leave: 2,
            etag: etag.into(),
            ..Enrolment::default()
        }),
        request_id: String::new(),
    };
    let other = records
        .update_enrolment(house.teacher.ask(update("", 140)))
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&other), article(&other)),
        ("PERMISSION_DENIED".into(), "A8.2".into())
    );
    let first = records
        .update_enrolment(homeroom.ask(update("1", 140)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (first.height_cm, first.weight_hg, first.etag.as_str()),
        (140, 315, "2")
    );
    assert_eq!(first.class, CLASS);
    let stale = records
        .update_enrolment(homeroom.ask(update("1", 141)))
        .await
        .unwrap_err();
    assert_eq!(reason(&stale), "ETAG_MISMATCH");
    let tall = records
        .update_enrolment(homeroom.ask(update("2", 999)))
        .await
        .unwrap_err();
    assert_eq!(reason(&tall), "BAD_REQUEST");
    let mut stranger = update("", 1);
    stranger.enrolment.as_mut().unwrap().name = format!("{YEAR}/pupils/{}", uuid::Uuid::nil());
    let unknown = records
        .update_enrolment(house.admin.ask(stranger))
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown), "PUPIL_UNKNOWN");
}
