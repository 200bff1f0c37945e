//! Article 4: lists, entry, sealing.

use hocba_cluster::{
    Node,
    school::{request_id, workbook},
};
use hocba_proto::{
    records::{
        Cell, Draft, FinishEntrySessionRequest, GetReceiptRequest, OpenEntrySessionRequest,
        SaveDraftsRequest, VerifySealsRequest, draft_result::Outcome,
    },
    types::{CellMark, CellValue},
};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::{refused, school};

#[tokio::test]
async fn a4_1_the_same_list_a_second_time_changes_nothing() {
    let (_, school) = school().await;
    let code = school.name.trim_start_matches("schools/");
    let names = ["Kiều Quỳnh Thơ", "Lục Bảo Ngân", "Đoàn Nhật Vượng"].map(str::to_owned);
    let again = school
        .preview(workbook(code, &[("5A", &names)]).unwrap())
        .await
        .unwrap();
    assert_eq!(
        (
            again.row_count,
            again.create_count,
            again.change_count,
            again.unchanged_count
        ),
        (3, 0, 0, 3),
        "{:?}",
        again.findings
    );
}

#[tokio::test]
async fn a4_2a_an_incomplete_sheet_is_refused_with_every_missing_cell() {
    let (_, school) = school().await;
    let mut records = school.records();
    let sheet = school.sheet("TO", "end2");
    let open = OpenEntrySessionRequest {
        mark_sheet: sheet.clone(),
        request_id: request_id(),
    };
    let session = records
        .open_entry_session(school.teacher.ask(open).unwrap())
        .await
        .unwrap()
        .into_inner();
    let cells = school.look(&sheet).await.unwrap().cells;
    let save = SaveDraftsRequest {
        name: session.name.clone(),
        drafts: vec![draft(&cells[0], 0)],
        request_id: request_id(),
    };
    let saved = records
        .save_drafts(school.teacher.ask(save).unwrap())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        saved.results[0].outcome(),
        Outcome::Ok,
        "0 is a score: {:?}",
        saved.results
    );
    let finish = FinishEntrySessionRequest {
        name: session.name,
        request_id: request_id(),
    };
    let status = records
        .finish_entry_session(school.teacher.ask(finish).unwrap())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(hocba_cluster::person::reason(&status), "SHEET_INCOMPLETE");
    let missing = status.get_details_bad_request().unwrap().field_violations;
    assert_eq!(missing.len(), cells.len() - 1, "{missing:?}");
}

#[tokio::test]
async fn a4_2b_sealed_cells_never_change() {
    let (cluster, school) = school().await;
    let mut records = school.records();
    let sheet = school.sheet("TV", "end2");
    let session = school.enter(&sheet).await.unwrap();
    let receipt = school.finish(&session).await.unwrap();
    let sealed = school.look(&sheet).await.unwrap().cells;
    assert!(sealed.iter().all(|cell| cell.sealed));

    // Its teacher, in a session of a later day.
    let open = OpenEntrySessionRequest {
        mark_sheet: sheet.clone(),
        request_id: request_id(),
    };
    if let Ok(session) = records
        .open_entry_session(school.teacher.ask(open).unwrap())
        .await
    {
        let save = SaveDraftsRequest {
            name: session.into_inner().name,
            drafts: vec![draft(&sealed[0], 10)],
            request_id: request_id(),
        };
        let saved = records
            .save_drafts(school.teacher.ask(save).unwrap())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(saved.results[0].outcome(), Outcome::Locked);
    }
    // Who administers the database.
    let mut superuser = cluster.superuser(Node::Records).await.unwrap();
    for statement in [
        "update sealed_cell set score = 10",
        "delete from sealed_cell",
        "truncate sealed_cell cascade",
        "delete from receipt",
    ] {
        let refused = sqlx::raw_sql(statement)
            .execute(&mut superuser)
            .await
            .unwrap_err();
        assert!(
            refused.to_string().contains("what is sealed never changes"),
            "{statement}: {refused}"
        );
    }
    assert_eq!(school.look(&sheet).await.unwrap().cells, sealed);
    let ask = GetReceiptRequest {
        name: receipt.name.clone(),
    };
    let kept = records
        .get_receipt(school.teacher.ask(ask).unwrap())
        .await
        .unwrap();
    assert_eq!(kept.into_inner(), receipt);
    let verify = VerifySealsRequest {
        parent: school.class.clone(),
    };
    let verified = records
        .verify_seals(school.principal.ask(verify).unwrap())
        .await
        .unwrap()
        .into_inner();
    assert_eq!((verified.receipt_count, verified.differences), (1, vec![]));
}

#[tokio::test]
async fn a4_2b_entry_belongs_to_one_sheet_and_one_teacher() {
    let (_, school) = school().await;
    let mut records = school.records();
    let session = school.enter(&school.sheet("DD", "end2")).await.unwrap();
    let save = SaveDraftsRequest {
        name: session,
        drafts: vec![],
        request_id: request_id(),
    };
    refused(records.save_drafts(school.principal.ask(save).unwrap()).await);
}

fn draft(cell: &Cell, score: i32) -> Draft {
    Draft {
        pupil: cell.pupil.clone(),
        item: cell.item.clone(),
        value: Some(CellValue {
            mark: CellMark::Assessed.into(),
            level: "T".to_owned(),
            score: Some(score),
            comment: "Em học tốt.".to_owned(),
        }),
        ..Draft::default()
    }
}
