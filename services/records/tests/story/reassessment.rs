//! Further attempts: a re-test is a new sealed version, further assessment changes the year's result; awards.

use hocba_proto::records::{
    Award, ConfirmYearResultsRequest, DecideReassessmentRequest, FinishEntrySessionRequest,
    GetMarkSheetRequest, GiveAwardRequest, LeaveEntrySessionRequest, ListAwardsRequest,
    ListCellVersionsRequest, ListReassessmentsRequest, ListYearResultsRequest, OpenEntrySessionRequest,
    ProposeReassessmentRequest, PupilYearResult, Reassessment, SaveDraftsRequest, VerifySealsRequest,
    draft_result::Outcome,
    pupil_year_result::State as ResultState,
    reassessment::{Kind, State},
};
use hocba_testing::TestPerson;
use tonic::Status;

use crate::{
    house::{CLASS, House, SCHOOL, YEAR, article, edit, reason, value},
    year_result::{SUBJECTS, best},
};

async fn propose(
    house: &House,
    person: &TestPerson,
    (sheet, pupil): (&str, &str),
    (kind, items): (Kind, &[&str]),
) -> Result<Reassessment, Status> {
    let request = ProposeReassessmentRequest {
        parent: YEAR.into(),
        reassessment: Some(Reassessment {
            mark_sheet: format!("{CLASS}/markSheets/{sheet}"),
            pupil: pupil.into(),
            items: items.iter().map(|item| (*item).to_owned()).collect(),
            kind: kind.into(),
            plan: "Phụ đạo hai tuần, thầy Nam kèm".into(),
            due_day: "2026-06-30".into(),
            ..Reassessment::default()
        }),
        request_id: String::new(),
    };
    let made = house.records().propose_reassessment(person.ask(request)).await?;
    Ok(made.into_inner())
}

async fn decide(house: &House, person: &TestPerson, name: &str, granted: bool) -> Result<State, Status> {
    let request = DecideReassessmentRequest {
        name: name.into(),
        granted,
        request_id: String::new(),
    };
    let decided = house.records().decide_reassessment(person.ask(request)).await?;
    Ok(decided.into_inner().state())
}

async fn open(house: &House, person: &TestPerson, sheet: &str) -> Result<String, Status> {
    let request = OpenEntrySessionRequest {
        mark_sheet: format!("{CLASS}/markSheets/{sheet}"),
        request_id: String::new(),
    };
    let opened = house.records().open_entry_session(person.ask(request)).await?;
    Ok(opened.into_inner().name)
}

/// Enters one more attempt and finishes.
async fn attempt(house: &House, person: &TestPerson, sheet: &str, pupil: &str, score: i32) {
    let session = open(house, person, sheet).await.unwrap();
    let request = SaveDraftsRequest {
        name: session.clone(),
        drafts: vec![edit(pupil, "TO", value("T", Some(score)))],
        request_id: String::new(),
    };
    let saved = house
        .records()
        .save_drafts(person.ask(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(saved.results[0].outcome(), Outcome::Ok, "{saved:?}");
    let request = FinishEntrySessionRequest {
        name: session,
        request_id: String::new(),
    };
    let receipt = house
        .records()
        .finish_entry_session(person.ask(request))
        .await
        .unwrap();
    assert_eq!(receipt.into_inner().cell_count, 1);
}

async fn versions(house: &House, sheet: &str, pupil: &str) -> Vec<(i32, Option<i32>, String)> {
    let request = ListCellVersionsRequest {
        parent: format!("{CLASS}/markSheets/{sheet}"),
        pupil: pupil.into(),
        item: "TO".into(),
    };
    let all = house
        .records()
        .list_cell_versions(house.principal.ask(request))
        .await
        .unwrap();
    let all = all.into_inner().versions.into_iter();
    all.map(|it| (it.version, it.value.and_then(|value| value.score), it.cause))
        .collect()
}

async fn verified(house: &House) {
    let request = VerifySealsRequest { parent: CLASS.into() };
    let verified = house
        .records()
        .verify_seals(house.principal.ask(request))
        .await
        .unwrap();
    assert!(verified.into_inner().differences.is_empty());
}

#[tokio::test]
async fn a4_2b_a_retest_is_a_new_sealed_version_with_the_boards_consent_and_the_last_one_stands() {
    let house = House::with_pupils().await;
    let teacher = &house.teacher;
    let pupil = {
        let request = GetMarkSheetRequest {
            name: format!("{CLASS}/markSheets/to-end1"),
        };
        let sheet = house
            .records()
            .get_mark_sheet(teacher.ask(request))
            .await
            .unwrap();
        sheet.into_inner().cells[0].pupil.clone()
    };
    let early = propose(&house, teacher, ("to-end1", &pupil), (Kind::Retest, &[]))
        .await
        .unwrap_err();
    assert_eq!(reason(&early), "CELL_UNKNOWN", "nothing is sealed yet");
    house.fill(teacher, "to-end1", |_, _| value("H", Some(4))).await;
    house.assign(teacher, &["AN"]).await;
    house.fill(teacher, "an-end1", |_, _| value("H", None)).await;
    let untested = propose(&house, teacher, ("an-end1", &pupil), (Kind::Retest, &[]))
        .await
        .unwrap_err();
    assert_eq!(
        reason(&untested),
        "REASSESSMENT_UNLAWFUL",
        "no test belongs there"
    );
    assert_eq!(
        reason(&open(&house, teacher, "to-end1").await.unwrap_err()),
        "SHEET_COMPLETE"
    );

    let colleague = house.identity.person(SCHOOL, &["subject_teacher"]);
    let denied = propose(&house, &colleague, ("to-end1", &pupil), (Kind::Retest, &[]))
        .await
        .unwrap_err();
    assert_eq!(article(&denied), "A4.2b");
    let proposed = propose(&house, teacher, ("to-end1", &pupil), (Kind::Retest, &["TO"]))
        .await
        .unwrap();
    assert_eq!(proposed.state(), State::Proposed);
    assert_eq!(
        reason(&open(&house, teacher, "to-end1").await.unwrap_err()),
        "SHEET_COMPLETE",
        "a proposal opens nothing"
    );
    let own = decide(&house, teacher, &proposed.name, true).await.unwrap_err();
    assert_eq!(reason(&own), "PERMISSION_DENIED", "the teacher does not consent");
    assert_eq!(
        decide(&house, &house.principal, &proposed.name, true)
            .await
            .unwrap(),
        State::Granted
    );
    let twice = decide(&house, &house.principal, &proposed.name, false)
        .await
        .unwrap_err();
    assert_eq!(reason(&twice), "REASSESSMENT_DECIDED");
    let again = propose(&house, teacher, ("to-end1", &pupil), (Kind::Retest, &[]))
        .await
        .unwrap_err();
    assert_eq!(reason(&again), "REASSESSMENT_UNLAWFUL", "one attempt at a time");

    // Leaving without a value uses nothing up; the attempt is entered, once.
    let session = open(&house, teacher, "to-end1").await.unwrap();
    let leave = LeaveEntrySessionRequest {
        name: session,
        request_id: String::new(),
    };
    house
        .records()
        .leave_entry_session(teacher.ask(leave))
        .await
        .unwrap();
    attempt(&house, teacher, "to-end1", &pupil, 7).await;
    assert_eq!(
        versions(&house, "to-end1", &pupil).await,
        [
            (1, Some(4), "finish".to_owned()),
            (2, Some(7), "finish".to_owned())
        ]
    );
    assert_eq!(
        reason(&open(&house, teacher, "to-end1").await.unwrap_err()),
        "SHEET_COMPLETE"
    );
    let list = ListReassessmentsRequest { parent: CLASS.into() };
    let all = house
        .records()
        .list_reassessments(teacher.ask(list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.reassessments[0].state(), State::Done);
    let declined = propose(&house, teacher, ("to-end1", &pupil), (Kind::Retest, &[]))
        .await
        .unwrap();
    assert_eq!(
        decide(&house, &house.principal, &declined.name, false)
            .await
            .unwrap(),
        State::Declined
    );
    assert_eq!(
        reason(&open(&house, teacher, "to-end1").await.unwrap_err()),
        "SHEET_COMPLETE"
    );
    let unknown = format!("{YEAR}/reassessments/{}", uuid::Uuid::nil());
    let unknown = decide(&house, &house.principal, &unknown, true)
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown), "REASSESSMENT_UNKNOWN");
    verified(&house).await;
}

async fn results(house: &House) -> Vec<PupilYearResult> {
    let request = ListYearResultsRequest { parent: CLASS.into() };
    let all = house
        .records()
        .list_year_results(house.principal.ask(request))
        .await;
    all.unwrap().into_inner().results
}

async fn confirm(house: &House, homeroom: &TestPerson) -> i32 {
    let request = ConfirmYearResultsRequest {
        parent: CLASS.into(),
        request_id: String::new(),
    };
    let confirmed = house.records().confirm_year_results(homeroom.ask(request)).await;
    confirmed.unwrap().into_inner().confirmed_count
}

async fn give(house: &House, result: &PupilYearResult, code: &str) -> Result<Award, Status> {
    let id = result.name.rsplit('/').next().unwrap();
    let request = GiveAwardRequest {
        parent: CLASS.into(),
        award: Some(Award {
            pupil: format!("schools/{SCHOOL}/pupils/{id}"),
            code: code.into(),
            reason: "Tiến bộ rõ rệt, lớp công nhận".into(),
            ..Award::default()
        }),
        request_id: String::new(),
    };
    let given = house.records().give_award(house.principal.ask(request)).await?;
    Ok(given.into_inner())
}

#[tokio::test]
async fn a8_2_who_did_not_complete_is_assessed_again_and_awards_are_decided() {
    let house = House::with_pupils().await;
    let homeroom = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    house.assign(&homeroom, &SUBJECTS).await;
    house.assign(&homeroom, &["criteria"]).await;
    for sheet in SUBJECTS.iter().copied().chain(["criteria"]) {
        house
            .fill(&homeroom, &format!("{}-end2", sheet.to_lowercase()), best)
            .await;
    }
    let before = results(&house).await;
    let id = |at: usize| {
        format!(
            "schools/{SCHOOL}/pupils/{}",
            before[at].name.rsplit('/').next().unwrap()
        )
    };
    let further = |at: usize, sheet: &'static str| {
        let (house, homeroom, pupil) = (&house, &homeroom, id(at));
        async move { propose(house, homeroom, (sheet, &pupil), (Kind::Further, &[])).await }
    };
    let early = further(2, "to-end2").await.unwrap_err();
    assert_eq!(reason(&early), "RESULTS_NOT_CONFIRMED");
    let early = give(&house, &before[1], "tieu_bieu").await.unwrap_err();
    assert_eq!(reason(&early), "NOT_A_CANDIDATE", "not confirmed yet");
    confirm(&house, &homeroom).await;

    // The first is excellent, the second good, the third did not complete.
    let now = results(&house).await;
    assert_eq!(now[1].candidate_awards, ["tieu_bieu"]);
    give(&house, &now[1], "tieu_bieu").await.unwrap();
    assert_eq!(
        reason(&give(&house, &now[1], "tieu_bieu").await.unwrap_err()),
        "AWARD_GIVEN"
    );
    assert_eq!(
        reason(&give(&house, &now[0], "tieu_bieu").await.unwrap_err()),
        "NOT_A_CANDIDATE"
    );
    assert_eq!(
        reason(&give(&house, &now[0], "xuat_sac").await.unwrap_err()),
        "NOT_A_CANDIDATE"
    );
    assert_eq!(
        reason(&give(&house, &now[0], "khac").await.unwrap_err()),
        "AWARD_UNKNOWN"
    );
    for _ in 0..2 {
        give(&house, &now[2], "dot_xuat").await.unwrap();
    }
    let now = results(&house).await;
    assert_eq!(now[0].awards, ["Học sinh Xuất sắc"]);
    assert_eq!(
        now[1].awards,
        ["Học sinh Tiêu biểu hoàn thành tốt trong học tập và rèn luyện"]
    );
    assert_eq!(now[2].awards, ["Khen thưởng đột xuất", "Khen thưởng đột xuất"]);
    let list = ListAwardsRequest { parent: CLASS.into() };
    let all = house
        .records()
        .list_awards(homeroom.ask(list))
        .await
        .unwrap()
        .into_inner()
        .awards;
    assert_eq!(all.len(), 3);

    let completed = further(0, "to-end2").await.unwrap_err();
    assert_eq!(reason(&completed), "REASSESSMENT_UNLAWFUL", "the first completed");
    // Every tested subject of the third stood at 3: one further attempt is not enough, all are.
    let tested = ["tv", "to", "nn", "ld", "kh", "th", "cn"];
    for (at, item) in tested.iter().enumerate() {
        let sheet: &'static str = [
            "tv-end2", "to-end2", "nn-end2", "ld-end2", "kh-end2", "th-end2", "cn-end2",
        ][at];
        let proposed = further(2, sheet).await.unwrap();
        decide(&house, &house.principal, &proposed.name, true)
            .await
            .unwrap();
        let session = open(&house, &homeroom, sheet).await.unwrap();
        let request = SaveDraftsRequest {
            name: session.clone(),
            drafts: vec![edit(&id(2), &item.to_uppercase(), value("H", Some(6)))],
            request_id: String::new(),
        };
        house.records().save_drafts(homeroom.ask(request)).await.unwrap();
        let finish = FinishEntrySessionRequest {
            name: session,
            request_id: String::new(),
        };
        house
            .records()
            .finish_entry_session(homeroom.ask(finish))
            .await
            .unwrap();
    }
    let stale = results(&house).await;
    assert_eq!(stale[2].state(), ResultState::Stale);
    assert_eq!(stale[2].derived_result, "completed");
    assert_eq!(confirm(&house, &homeroom).await, 1);
    let after = results(&house).await;
    assert!(after[2].completed && !after[2].promotion_decided);
    verified(&house).await;
}
