//! Entry sessions: drafts, seal, leaving, lock.

use crate::house::{CLASS, House, PATIENCE, SCHOOL, YEAR, article, edit, reason, value};
use hocba_proto::{
    identity::account_event::Kind,
    lock::{Fence, InstallFenceRequest, fence_service_client::FenceServiceClient},
    records::{
        FinishEntrySessionRequest, GetMarkSheetRequest, GetReceiptRequest, LeaveEntrySessionRequest,
        ListEntrySessionsRequest, ListMarkSheetsRequest, OpenEntrySessionRequest, SaveDraftsRequest,
        VerifySealsRequest, draft_result::Outcome, mark_sheet::State as SheetState,
    },
};
use hocba_testing::{TestPerson, eventually};
use tonic::Code;

const SHEET: &str = "schools/01018a01/years/2025-2026/classes/5a/markSheets/to-end1";

/// Opens the sheet and drafts the first `count` pupils; answers the session's name and the pupils.
async fn draft(house: &House, teacher: &TestPerson, count: usize) -> (String, Vec<String>) {
    let mut records = house.records();
    let request = OpenEntrySessionRequest {
        mark_sheet: SHEET.into(),
        request_id: String::new(),
    };
    let session = records
        .open_entry_session(teacher.ask(request))
        .await
        .unwrap()
        .into_inner();
    let sheet = records
        .get_mark_sheet(teacher.ask(GetMarkSheetRequest { name: SHEET.into() }))
        .await
        .unwrap()
        .into_inner();
    let pupils: Vec<String> = sheet.cells.iter().map(|cell| cell.pupil.clone()).collect();
    let drafts = pupils
        .iter()
        .take(count)
        .map(|pupil| edit(pupil, "TO", value("T", Some(9))))
        .collect();
    let request = SaveDraftsRequest {
        name: session.name.clone(),
        drafts,
        request_id: "d1".into(),
    };
    let saved = records
        .save_drafts(teacher.ask(request))
        .await
        .unwrap()
        .into_inner();
    assert!(saved.results.iter().all(|result| result.outcome() == Outcome::Ok));
    (session.name, pupils)
}

#[tokio::test]
async fn a4_2a_a_sheet_is_finished_complete_or_refused_with_every_missing_cell() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let (session, pupils) = draft(&house, &house.teacher, 36).await;
    let finish = FinishEntrySessionRequest {
        name: session.clone(),
        request_id: "f1".into(),
    };
    let refused = records
        .finish_entry_session(house.teacher.ask(finish.clone()))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "SHEET_INCOMPLETE")
    );
    assert_eq!(
        crate::house::violations(&refused),
        vec![format!("{}/TO", pupils[36])]
    );

    // 0 is a score; 11, a missing score and another sheet's item are not taken.
    let drafts = vec![
        edit(&pupils[36], "TO", value("C", Some(11))),
        edit(&pupils[36], "TV", value("C", Some(5))),
        edit(&pupils[36], "TO", value("C", Some(0))),
    ];
    let request = SaveDraftsRequest {
        name: session,
        drafts,
        request_id: "d2".into(),
    };
    let saved = records
        .save_drafts(house.teacher.ask(request))
        .await
        .unwrap()
        .into_inner();
    let outcomes: Vec<_> = saved.results.iter().map(|result| result.outcome()).collect();
    assert_eq!(outcomes, [Outcome::Invalid, Outcome::Locked, Outcome::Ok]);

    let receipt = records
        .finish_entry_session(house.teacher.ask(finish.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((receipt.cell_count, receipt.cause.as_str()), (37, "finish"));
    let again = records
        .finish_entry_session(house.teacher.ask(finish))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, receipt, "the same request_id gives the same receipt");
    let list = ListMarkSheetsRequest {
        parent: CLASS.into(),
        period: 0,
    };
    let sheets = records
        .list_mark_sheets(house.principal.ask(list))
        .await
        .unwrap()
        .into_inner()
        .mark_sheets;
    let sheet = sheets.iter().find(|sheet| sheet.name == SHEET).unwrap();
    assert_eq!(sheet.state(), SheetState::Complete);

    let event = eventually("the seal in the log", PATIENCE, || async {
        house
            .archive
            .events("mark_sheet.sealed")
            .pop()
            .ok_or_else(|| house.archive.kinds())
    })
    .await;
    assert!(
        event.facts_json.contains(&receipt.digest),
        "the log proves the receipt: {}",
        event.facts_json
    );
    assert!(!event.facts_json.contains("Chăm"), "no comment in an event");
}

#[tokio::test]
async fn a4_2b_a_sealed_cell_refuses_everybody_and_tampering_behind_the_triggers_is_found() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let (session, pupils) = draft(&house, &house.teacher, 37).await;
    let finish = FinishEntrySessionRequest {
        name: session.clone(),
        request_id: "f1".into(),
    };
    records
        .finish_entry_session(house.teacher.ask(finish))
        .await
        .unwrap();

    // The teacher: the session is over, and the sheet is complete.
    let drafts = vec![edit(&pupils[0], "TO", value("T", Some(10)))];
    let request = SaveDraftsRequest {
        name: session,
        drafts,
        request_id: "d9".into(),
    };
    let over = records.save_drafts(house.teacher.ask(request)).await.unwrap_err();
    assert_eq!(reason(&over), "SESSION_OVER");
    let open = OpenEntrySessionRequest {
        mark_sheet: SHEET.into(),
        request_id: String::new(),
    };
    let complete = records
        .open_entry_session(house.teacher.ask(open.clone()))
        .await
        .unwrap_err();
    assert_eq!(reason(&complete), "SHEET_COMPLETE");
    // The administrator can change no mark.
    let admin = records
        .open_entry_session(house.admin.ask(open))
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&admin).as_str(), article(&admin).as_str()),
        ("PERMISSION_DENIED", "A4.2b")
    );

    // The service's login cannot write, and a superuser meets the trigger.
    let service = house.database.service().await.unwrap();
    let denied = sqlx::query("insert into receipt default values")
        .execute(&service)
        .await
        .unwrap_err();
    assert!(denied.to_string().contains("permission denied"), "{denied}");
    let superuser = house.database.superuser().await.unwrap();
    for statement in [
        "update sealed_cell set score = 10",
        "delete from sealed_cell",
        "truncate sealed_cell cascade",
        "update receipt set cell_count = 1",
    ] {
        let refused = sqlx::query(statement).execute(&superuser).await.unwrap_err();
        assert!(
            refused.to_string().contains("what is sealed never changes"),
            "{statement}: {refused}"
        );
    }

    let verify = VerifySealsRequest { parent: CLASS.into() };
    let sound = records
        .verify_seals(house.principal.ask(verify.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (sound.receipt_count, sound.cell_count, sound.differences.len()),
        (1, 37, 0)
    );
    let mut tx = superuser.begin().await.unwrap();
    sqlx::query("set local session_replication_role = replica")
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query("update sealed_cell set score = 10 where pupil_id = $1::uuid")
        .bind(pupils[0].rsplit('/').next().unwrap())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let found = records
        .verify_seals(house.principal.ask(verify.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.differences.len(), 1);
    let cell = found.differences[0].cell.clone().unwrap();
    assert_eq!(
        (
            pupils[0].ends_with(&cell.pupil),
            found.differences[0].what.as_str()
        ),
        (true, "value")
    );

    // A thorough forger mends the digest beside the cell as well: the receipt still does not agree.
    let mut tx = superuser.begin().await.unwrap();
    sqlx::query("set local session_replication_role = replica")
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query(
        "update sealed_cell set digest = sha256(convert_to(cell_line(year_id, pupil_id, item, period, version,
            mark, level, score, comment), 'UTF8'))",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let found = records
        .verify_seals(house.principal.ask(verify))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (found.differences.len(), found.differences[0].what.as_str()),
        (1, "receipt")
    );
}

#[tokio::test]
async fn a4_2b_leaving_and_signing_out_anywhere_seal_what_is_filled_and_suspension_does_not() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let (session, _) = draft(&house, &house.teacher, 5).await;
    let leave = LeaveEntrySessionRequest {
        name: session,
        request_id: "l1".into(),
    };
    let left = records
        .leave_entry_session(house.teacher.ask(leave))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(left.receipt.unwrap().cell_count, 5);

    // The rest stays enterable; the end of the sign-in seals it.
    let (_, pupils) = {
        let request = OpenEntrySessionRequest {
            mark_sheet: SHEET.into(),
            request_id: String::new(),
        };
        let session = records
            .open_entry_session(house.teacher.ask(request))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(session.missing_count, 32);
        let sheet = GetMarkSheetRequest { name: SHEET.into() };
        let sheet = records
            .get_mark_sheet(house.teacher.ask(sheet))
            .await
            .unwrap()
            .into_inner();
        let open: Vec<_> = sheet
            .cells
            .iter()
            .filter(|cell| !cell.sealed)
            .map(|cell| cell.pupil.clone())
            .collect();
        let drafts = vec![edit(&open[0], "TO", value("H", Some(6)))];
        let request = SaveDraftsRequest {
            name: session.name.clone(),
            drafts,
            request_id: "d2".into(),
        };
        records.save_drafts(house.teacher.ask(request)).await.unwrap();
        (session, open)
    };
    house.identity.tell(Kind::SignInEnded, &house.teacher);
    let event = eventually("the sign-out's seal", PATIENCE, || async {
        let sealed = house.archive.events("mark_sheet.sealed");
        sealed
            .into_iter()
            .find(|event| event.facts_json.contains("sign_out"))
            .ok_or_else(|| house.archive.kinds())
    })
    .await;
    assert!(event.facts_json.contains("\"cells\":1"), "{}", event.facts_json);

    // The same account signs in again, drafts, and is suspended: nothing is sealed.
    let again = house
        .identity
        .sign_in(house.teacher.account, Some(SCHOOL), &["subject_teacher"], 300);
    let request = OpenEntrySessionRequest {
        mark_sheet: SHEET.into(),
        request_id: String::new(),
    };
    let session = records
        .open_entry_session(again.ask(request))
        .await
        .unwrap()
        .into_inner();
    let drafts = vec![edit(&pupils[1], "TO", value("H", Some(6)))];
    let request = SaveDraftsRequest {
        name: session.name,
        drafts,
        request_id: "d3".into(),
    };
    records.save_drafts(again.ask(request)).await.unwrap();
    house.identity.tell(Kind::AccountSuspended, &again);
    let superuser = house.database.superuser().await.unwrap();
    eventually("the held session", PATIENCE, || async {
        let held: i64 = sqlx::query_scalar("select count(*) from entry_session where state = 'held'")
            .fetch_one(&superuser)
            .await
            .unwrap();
        if held == 1 { Ok(()) } else { Err(held) }
    })
    .await;
    let sealed: i64 = sqlx::query_scalar("select count(*) from sealed_cell")
        .fetch_one(&superuser)
        .await
        .unwrap();
    let drafts: i64 = sqlx::query_scalar("select count(*) from draft")
        .fetch_one(&superuser)
        .await
        .unwrap();
    assert_eq!((sealed, drafts), (6, 1));
}

#[tokio::test]
async fn a6_3_a_lock_seals_open_sessions_in_its_own_transaction_and_refuses_every_write_after() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let (session, pupils) = draft(&house, &house.teacher, 3).await;
    let fence = Fence {
        term: format!("{YEAR}/terms/marks-semester1"),
        epoch: 1,
        state: hocba_proto::lock::term::State::Closed.into(),
        lock_order: format!("schools/{SCHOOL}/lockOrders/x"),
        ..Fence::default()
    };
    let mut fences = FenceServiceClient::new(house.channel_as("lock"));
    let request = InstallFenceRequest { fence: Some(fence) };
    let installed = fences.install_fence(request).await.unwrap().into_inner();
    assert_eq!((installed.epoch, installed.sealed_session_count), (1, 1));

    let drafts = vec![edit(&pupils[9], "TO", value("T", Some(9)))];
    let request = SaveDraftsRequest {
        name: session,
        drafts,
        request_id: "d5".into(),
    };
    let over = records.save_drafts(house.teacher.ask(request)).await.unwrap_err();
    assert_eq!(reason(&over), "SESSION_OVER");
    let open = OpenEntrySessionRequest {
        mark_sheet: SHEET.into(),
        request_id: String::new(),
    };
    let locked = records
        .open_entry_session(house.teacher.ask(open))
        .await
        .unwrap_err();
    assert_eq!(reason(&locked), "TERM_LOCKED");
    let verify = VerifySealsRequest { parent: CLASS.into() };
    let sound = records
        .verify_seals(house.principal.ask(verify))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((sound.cell_count, sound.differences.len()), (3, 0));
}

#[tokio::test]
async fn a9_nobody_enters_for_another_and_nobody_reads_another_schools_sheet() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let (session, _) = draft(&house, &house.teacher, 1).await;
    let colleague = house.identity.person(SCHOOL, &["subject_teacher"]);
    let leave = LeaveEntrySessionRequest {
        name: session,
        request_id: "l1".into(),
    };
    let refused = records
        .leave_entry_session(colleague.ask(leave))
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&refused).as_str(), article(&refused).as_str()),
        ("PERMISSION_DENIED", "A9")
    );
    let open = OpenEntrySessionRequest {
        mark_sheet: SHEET.into(),
        request_id: String::new(),
    };
    let refused = records.open_entry_session(colleague.ask(open)).await.unwrap_err();
    assert_eq!(reason(&refused), "PERMISSION_DENIED");

    let stranger = house.identity.person("other", &["principal", "inspector"]);
    let read = GetMarkSheetRequest { name: SHEET.into() };
    let refused = records.get_mark_sheet(stranger.ask(read)).await.unwrap_err();
    assert_eq!(reason(&refused), "OTHER_SCHOOL");
    let receipt = format!("schools/{SCHOOL}/receipts/{}", uuid::Uuid::now_v7());
    let refused = records
        .get_receipt(house.principal.ask(GetReceiptRequest { name: receipt }))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "RECEIPT_UNKNOWN");
    let mine = ListEntrySessionsRequest {
        parent: format!("schools/{SCHOOL}"),
    };
    let mine = records
        .list_entry_sessions(house.teacher.ask(mine))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (mine.entry_sessions.len(), mine.entry_sessions[0].draft_count),
        (1, 1)
    );
}

#[tokio::test]
async fn a9_a_session_that_cannot_be_read_is_not_called_anothers() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let (session, _) = draft(&house, &house.teacher, 1).await;
    let leave = || LeaveEntrySessionRequest {
        name: session.clone(),
        request_id: "l1".into(),
    };
    let superuser = house.database.superuser().await.unwrap();
    let rename = |from: &str, to: &str| format!("alter table {from} rename to {to}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(rename("entry_session", "entry_session_away")))
        .execute(&superuser)
        .await
        .unwrap();
    let failed = records
        .leave_entry_session(house.teacher.ask(leave()))
        .await
        .unwrap_err();
    assert_eq!(reason(&failed), "INTERNAL", "{failed:?}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(rename("entry_session_away", "entry_session")))
        .execute(&superuser)
        .await
        .unwrap();
    records
        .leave_entry_session(house.teacher.ask(leave()))
        .await
        .unwrap();
}
