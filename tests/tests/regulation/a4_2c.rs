//! Article 4.2: marks agree with the periodic tests.

use hocba_cluster::school::{School, account, request_id};
use hocba_proto::{
    records::{
        CreateSpotCheckRequest, GetSpotCheckRequest, ListSpotCheckTasksRequest,
        RecordSpotCheckFindingsRequest, SpotCheck, SpotCheckFinding, SpotCheckItem, spot_check,
        spot_check_item::Verdict,
    },
    types::{CellKey, CellMark, CellValue, Period},
    workflow::dossier::State,
};

use crate::{dossier, refused, school};

fn wish(school: &School, size: i32) -> CreateSpotCheckRequest {
    CreateSpotCheckRequest {
        parent: format!("{}/years/2025-2026", school.name),
        spot_check: Some(SpotCheck {
            period: Period::End2.into(),
            size,
            seed: "cuoi-nam".to_owned(),
            ..SpotCheck::default()
        }),
        request_id: request_id(),
    }
}

async fn draw(school: &School, size: i32) -> SpotCheck {
    let ask = school.principal.ask(wish(school, size)).unwrap();
    school
        .records()
        .create_spot_check(ask)
        .await
        .unwrap()
        .into_inner()
}

async fn tasks(school: &School) -> Vec<SpotCheckItem> {
    let ask = ListSpotCheckTasksRequest {
        parent: school.name.clone(),
    };
    school
        .records()
        .list_spot_check_tasks(school.teacher.ask(ask).unwrap())
        .await
        .unwrap()
        .into_inner()
        .items
}

#[tokio::test]
async fn a4_2c_a_sample_is_drawn_compared_and_its_difference_ends_with_the_correction() {
    let (cluster, school) = school().await;
    let board = account(&cluster, &school.admin, &school.name, &["vice_principal"])
        .await
        .unwrap();
    let member = account(&cluster, &school.admin, &school.name, &["inspector"])
        .await
        .unwrap();
    let group = dossier::working_group(&cluster, &school, &member).await;
    let mut records = school.records();
    assert_eq!(
        refused(
            records
                .create_spot_check(school.principal.ask(wish(&school, 2)).unwrap())
                .await
        ),
        "NOTHING_TO_CHECK"
    );
    let sheet = school.sheet("TO", "end2");
    let session = school.enter(&sheet).await.unwrap();
    school.finish(&session).await.unwrap();
    // Who entered the marks does not draw the sample.
    assert_eq!(
        refused(
            records
                .create_spot_check(school.teacher.ask(wish(&school, 2)).unwrap())
                .await
        ),
        "PERMISSION_DENIED"
    );

    // Everybody can repeat the draw: the first by the digest over seed and cell, out of all sealed scores.
    let (two, all) = (draw(&school, 2).await, draw(&school, 3).await);
    assert_eq!(
        (two.population_count, two.items.len(), all.items.len()),
        (3, 2, 3)
    );
    let order = |check: &SpotCheck| -> Vec<String> {
        check.items.iter().map(|item| item.cell_digest.clone()).collect()
    };
    let mut repeated = order(&all);
    repeated.sort_by_cached_key(|digest| {
        let text = format!("{}|{digest}", all.seed);
        ring::digest::digest(&ring::digest::SHA256, text.as_bytes())
            .as_ref()
            .to_vec()
    });
    assert_eq!(order(&all), repeated);
    assert_eq!(order(&two), repeated[..2]);

    // One paper agrees, one says seven.
    let record = RecordSpotCheckFindingsRequest {
        name: two.name.clone(),
        findings: [(1, 9), (2, 7)]
            .map(|(number, score)| SpotCheckFinding {
                number,
                paper_score: Some(score),
                note: String::new(),
            })
            .to_vec(),
        request_id: request_id(),
    };
    let compared = records
        .record_spot_check_findings(school.principal.ask(record).unwrap())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(compared.state(), spot_check::State::Different);
    let verdicts: Vec<Verdict> = compared.items.iter().map(SpotCheckItem::verdict).collect();
    assert_eq!(verdicts, [Verdict::Agrees, Verdict::Differs]);
    let task = tasks(&school).await.pop().expect("the teacher's task");
    assert_eq!(
        (task.spot_check.as_str(), task.mark_sheet.as_str(), task.number),
        (two.name.as_str(), sheet.as_str(), 2)
    );
    assert_eq!((task.score, task.paper_score), (9, Some(7)));
    assert_eq!(task.teacher, school.teacher.login.account);

    // The task ends with a dossier that replaces exactly this cell.
    let key = CellKey {
        year: "2025-2026".to_owned(),
        pupil: task.pupil.rsplit('/').next().unwrap_or_default().to_owned(),
        item: "TO".to_owned(),
        period: "end2".to_owned(),
    };
    let value = CellValue {
        mark: CellMark::Assessed.into(),
        level: "T".to_owned(),
        score: Some(7),
        comment: "Em học tốt.".to_owned(),
    };
    let (made, applied) = dossier::correct(&cluster, &school, (&board, &group), key, value).await;
    assert_eq!(made.changes[0].old_digest, task.cell_digest);
    assert_eq!(applied.state(), State::Applied);
    assert!(tasks(&school).await.is_empty());
    let get = GetSpotCheckRequest { name: two.name };
    let settled = records
        .get_spot_check(board.ask(get).unwrap())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(settled.state(), spot_check::State::Settled);
    let corrected: Vec<bool> = settled.items.iter().map(|item| item.corrected).collect();
    assert_eq!(corrected, [false, true]);
    // What was compared stays as it was: the sample tells what was found then.
    assert_eq!(
        (settled.items[1].score, settled.items[1].paper_score),
        (9, Some(7))
    );
}
