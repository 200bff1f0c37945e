//! Every way an entry session can go (A4.2b): each ends in exactly one seal with a receipt that verifies, or in the
//! principal's recorded judgement.

use hocba_proto::{
    identity::account_event::Kind,
    lock::{Fence, InstallFenceRequest, fence_service_client::FenceServiceClient},
    records::{
        DraftResult, EntrySession, FinishEntrySessionRequest, GetMarkSheetRequest, JudgeHeldSessionRequest,
        ListEntrySessionsRequest, ListHeldSessionsRequest, OpenEntrySessionRequest, SaveDraftsRequest,
        VerifySealsRequest,
        draft_result::{Lock, Outcome},
        entry_session::State,
        judge_held_session_request::Verdict,
    },
    types::CellValue,
};
use hocba_testing::{TestPerson, eventually};
use tonic::Status;

use crate::house::{CLASS, House, PATIENCE, SCHOOL, YEAR, article, edit, reason, value};

const SHEET: &str = "schools/01018a01/years/2025-2026/classes/5a/markSheets/to-end1";

async fn open(house: &House, person: &TestPerson) -> Result<EntrySession, Status> {
    let request = OpenEntrySessionRequest {
        mark_sheet: SHEET.into(),
        request_id: String::new(),
    };
    let opened = house.records().open_entry_session(person.ask(request)).await?;
    Ok(opened.into_inner())
}

async fn pupils(house: &House) -> Vec<String> {
    let request = GetMarkSheetRequest { name: SHEET.into() };
    let sheet = house.records().get_mark_sheet(house.principal.ask(request)).await;
    let cells = sheet.unwrap().into_inner().cells;
    cells.into_iter().map(|cell| cell.pupil).collect()
}

/// Saves one cell; answers what became of it.
async fn save(
    house: &House,
    person: &TestPerson,
    session: &str,
    (pupil, base): (&str, i32),
    wish: Option<CellValue>,
) -> DraftResult {
    let mut draft = edit(pupil, "TO", CellValue::default());
    (draft.value, draft.base_version) = (wish, base);
    let request = SaveDraftsRequest {
        name: session.into(),
        drafts: vec![draft],
        request_id: String::new(),
    };
    let saved = house.records().save_drafts(person.ask(request)).await.unwrap();
    saved.into_inner().results.remove(0)
}

/// Another sign-in of the same account.
fn elsewhere(house: &House) -> TestPerson {
    house
        .identity
        .sign_in(house.teacher.account, Some(SCHOOL), &["subject_teacher"], 300)
}

/// What the seals of the class say: receipts and cells; they agree with the rows.
async fn seals(house: &House) -> (i32, i32) {
    let request = VerifySealsRequest { parent: CLASS.into() };
    let verified = house.records().verify_seals(house.principal.ask(request)).await;
    let verified = verified.unwrap().into_inner();
    assert!(verified.differences.is_empty(), "{:?}", verified.differences);
    (verified.receipt_count, verified.cell_count)
}

async fn held(house: &House) -> Vec<EntrySession> {
    let request = ListHeldSessionsRequest {
        parent: format!("schools/{SCHOOL}"),
    };
    let held = house
        .records()
        .list_held_sessions(house.principal.ask(request))
        .await;
    held.unwrap().into_inner().entry_sessions
}

/// Drafts two cells and suspends the account; answers the held session.
async fn suspend(house: &House, pupils: &[String]) -> EntrySession {
    let teacher = elsewhere(house);
    let session = open(house, &teacher).await.unwrap().name;
    for pupil in pupils {
        save(house, &teacher, &session, (pupil, 0), Some(value("T", Some(9)))).await;
    }
    house.identity.tell(Kind::AccountSuspended, &teacher);
    // Two readers of the feed: who holds the sessions, and who judges tokens.
    eventually("the suspended account is refused", PATIENCE, || async {
        let mine = ListEntrySessionsRequest {
            parent: format!("schools/{SCHOOL}"),
        };
        let answer = house.records().list_entry_sessions(teacher.ask(mine)).await;
        answer.err().ok_or("served")
    })
    .await;
    eventually("the held session", PATIENCE, || async {
        held(house).await.pop().ok_or("none")
    })
    .await
}

/// The account is restored; answers a sign-in that is served again.
async fn restore(house: &House) -> TestPerson {
    house.identity.tell(Kind::AccountRestored, &house.teacher);
    let person = elsewhere(house);
    eventually("the restored account", PATIENCE, || async {
        let mine = ListEntrySessionsRequest {
            parent: format!("schools/{SCHOOL}"),
        };
        house.records().list_entry_sessions(person.ask(mine)).await
    })
    .await;
    person
}

async fn judge(house: &House, session: &str, verdict: Verdict) -> Result<(EntrySession, i32), Status> {
    let request = JudgeHeldSessionRequest {
        name: session.into(),
        verdict: verdict.into(),
        reason: "Đã hỏi lại giáo viên".into(),
        request_id: String::new(),
    };
    let judged = house
        .records()
        .judge_held_session(house.principal.ask(request))
        .await?
        .into_inner();
    let cells = judged.receipt.map_or(0, |receipt| {
        assert_eq!(receipt.cause, "judgement");
        receipt.cell_count
    });
    Ok((judged.entry_session.unwrap(), cells))
}

#[tokio::test]
async fn a4_2b_two_devices_of_one_account_never_overwrite_each_other_silently() {
    let house = House::with_pupils().await;
    let (first, second) = (&house.teacher, elsewhere(&house));
    let session = open(&house, first).await.unwrap().name;
    assert_eq!(open(&house, &second).await.unwrap().name, session, "taken over");
    let pupil = &pupils(&house).await[0];
    let nine = save(&house, first, &session, (pupil, 0), Some(value("T", Some(9)))).await;
    assert_eq!((nine.outcome(), nine.draft_version), (Outcome::Ok, 1));

    // The other device began with the empty cell: it is told what stands there and nothing is kept.
    let eight = save(&house, &second, &session, (pupil, 0), Some(value("T", Some(8)))).await;
    assert_eq!((eight.outcome(), eight.draft_version), (Outcome::Conflict, 1));
    let theirs = eight.theirs.unwrap();
    assert_eq!(theirs.value.unwrap().score, Some(9));
    assert!(theirs.save_time.is_some());
    assert_eq!(
        theirs.sign_in,
        format!("{}/signIns/{}", first.name(), first.sign_in)
    );
    // The same value is no conflict; knowing theirs, the edit is kept.
    let same = save(&house, &second, &session, (pupil, 0), Some(value("T", Some(9)))).await;
    assert_eq!((same.outcome(), same.draft_version), (Outcome::Ok, 1));
    let knowing = save(&house, &second, &session, (pupil, 1), Some(value("T", Some(8)))).await;
    assert_eq!(knowing.outcome(), Outcome::Ok);
    // Emptying is an edit as well, in both directions.
    let stale = save(&house, first, &session, (pupil, 1), None).await;
    assert_eq!(stale.outcome(), Outcome::Conflict);
    let emptied = save(&house, &second, &session, (pupil, knowing.draft_version), None).await;
    assert_eq!((emptied.outcome(), emptied.draft_version), (Outcome::Ok, 0));
    let unseen = save(
        &house,
        first,
        &session,
        (pupil, knowing.draft_version),
        Some(value("T", Some(7))),
    )
    .await;
    assert_eq!((unseen.outcome(), unseen.draft_version), (Outcome::Conflict, 0));
    assert_eq!(unseen.theirs.unwrap().value, None);

    // The sheet shows each draft with its version, and why a cell takes none.
    let six = save(&house, first, &session, (pupil, 0), Some(value("H", Some(6)))).await;
    let request = GetMarkSheetRequest { name: SHEET.into() };
    let sheet = house.records().get_mark_sheet(second.ask(request)).await.unwrap();
    assert_eq!(sheet.into_inner().cells[0].draft_version, six.draft_version);
    let nobody = format!("schools/{SCHOOL}/pupils/{}", uuid::Uuid::nil());
    let stranger = save(&house, first, &session, (&nobody, 0), Some(value("T", Some(9)))).await;
    assert_eq!(
        (stranger.outcome(), stranger.lock()),
        (Outcome::Locked, Lock::OtherClass)
    );
}

#[tokio::test]
async fn a4_2a_a_comment_that_names_another_pupil_is_kept_and_pointed_out() {
    let house = House::with_pupils().await;
    let session = open(&house, &house.teacher).await.unwrap().name;
    let request = GetMarkSheetRequest { name: SHEET.into() };
    let sheet = house.records().get_mark_sheet(house.teacher.ask(request)).await;
    let cells = sheet.unwrap().into_inner().cells;
    let mut about = value("T", Some(9));
    about.comment = format!("{} đọc to, rõ ràng.", cells[1].pupil_name);
    let saved = save(
        &house,
        &house.teacher,
        &session,
        (&cells[0].pupil, 0),
        Some(about.clone()),
    )
    .await;
    assert_eq!(saved.outcome(), Outcome::Ok, "pointed out and kept");
    assert!(saved.warnings[0].contains(&cells[1].pupil_name), "{saved:?}");
    let own = save(
        &house,
        &house.teacher,
        &session,
        (&cells[1].pupil, 0),
        Some(about),
    )
    .await;
    assert!(own.warnings.is_empty(), "{own:?}");
}

#[tokio::test]
async fn a4_2b_a_lost_connection_and_a_crash_are_resumed_and_the_grace_time_seals() {
    let mut house = House::with_pupils().await;
    let pupils = pupils(&house).await;
    let session = open(&house, &house.teacher).await.unwrap();
    let name = session.name.as_str();
    save(
        &house,
        &house.teacher,
        name,
        (&pupils[0], 0),
        Some(value("T", Some(9))),
    )
    .await;
    // The connection is lost, and the service dies and comes back: the same teacher goes on.
    house.restart().await;
    let resumed = open(&house, &house.teacher).await.unwrap();
    assert_eq!((resumed.name.as_str(), resumed.draft_count), (name, 1));
    save(
        &house,
        &house.teacher,
        name,
        (&pupils[1], 0),
        Some(value("T", Some(8))),
    )
    .await;
    assert_eq!(
        seals(&house).await,
        (0, 0),
        "nothing is sealed before the grace time"
    );

    // Nobody comes back: an hour and more passes.
    let superuser = house.database.superuser().await.unwrap();
    sqlx::query("update entry_session set active_at = active_at - interval '61 minutes'")
        .execute(&superuser)
        .await
        .unwrap();
    eventually("the sweeper's seal", PATIENCE * 3, || async {
        let now = seals(&house).await;
        if now == (1, 2) { Ok(()) } else { Err(now) }
    })
    .await;
    let cause: String = sqlx::query_scalar("select cause from receipt")
        .fetch_one(&superuser)
        .await
        .unwrap();
    assert_eq!(cause, "grace");
    // What was empty stays enterable in a next session; what is sealed is not.
    let next = open(&house, &house.teacher).await.unwrap();
    assert_eq!(next.missing_count, 35);
    let sealed = save(
        &house,
        &house.teacher,
        &next.name,
        (&pupils[0], 0),
        Some(value("T", Some(10))),
    )
    .await;
    assert_eq!((sealed.outcome(), sealed.lock()), (Outcome::Locked, Lock::Sealed));
}

#[tokio::test]
async fn a4_2b_after_a_takeover_the_old_device_signing_out_seals_nothing_and_the_new_one_does() {
    let house = House::with_pupils().await;
    let pupils = pupils(&house).await;
    let session = open(&house, &house.teacher).await.unwrap().name;
    save(
        &house,
        &house.teacher,
        &session,
        (&pupils[0], 0),
        Some(value("T", Some(9))),
    )
    .await;
    let tablet = elsewhere(&house);
    assert_eq!(open(&house, &tablet).await.unwrap().name, session);
    house.identity.tell(Kind::SignInEnded, &house.teacher);
    save(
        &house,
        &tablet,
        &session,
        (&pupils[1], 0),
        Some(value("T", Some(9))),
    )
    .await;
    house.identity.tell(Kind::SignInEnded, &tablet);
    eventually("the sign-out's seal", PATIENCE, || async {
        let now = seals(&house).await;
        if now == (1, 2) { Ok(()) } else { Err(now) }
    })
    .await;
}

#[tokio::test]
async fn a4_2b_a_substitute_waits_for_the_seal_and_enters_what_is_left() {
    let house = House::with_pupils().await;
    let pupils = pupils(&house).await;
    let session = open(&house, &house.teacher).await.unwrap().name;
    save(
        &house,
        &house.teacher,
        &session,
        (&pupils[0], 0),
        Some(value("T", Some(9))),
    )
    .await;
    let substitute = house.identity.person(SCHOOL, &["subject_teacher"]);
    house.assign(&substitute, &["TO"]).await;
    let waits = open(&house, &substitute).await.unwrap_err();
    assert_eq!(reason(&waits), "SESSION_ELSEWHERE");
    house.identity.tell(Kind::SignInEnded, &house.teacher);
    eventually("the seal", PATIENCE, || async {
        let now = seals(&house).await;
        if now == (1, 1) { Ok(()) } else { Err(now) }
    })
    .await;
    let own = open(&house, &substitute).await.unwrap();
    assert_eq!(own.missing_count, 36);
    for pupil in &pupils[1..] {
        save(
            &house,
            &substitute,
            &own.name,
            (pupil, 0),
            Some(value("T", Some(8))),
        )
        .await;
    }
    let finish = FinishEntrySessionRequest {
        name: own.name,
        request_id: String::new(),
    };
    let receipt = house.records().finish_entry_session(substitute.ask(finish)).await;
    assert_eq!(receipt.unwrap().into_inner().cell_count, 36);
    assert_eq!(seals(&house).await, (2, 37));
}

#[tokio::test]
async fn a4_2b_the_principal_judges_what_a_suspended_account_had_drafted() {
    let house = House::with_pupils().await;
    let pupils = pupils(&house).await;
    let session = suspend(&house, &pupils[..2]).await;
    assert_eq!((session.state(), session.draft_count), (State::Held, 2));
    // Until then nobody enters the sheet, neither the teacher nor a substitute.
    let again = restore(&house).await;
    assert_eq!(reason(&open(&house, &again).await.unwrap_err()), "SESSION_HELD");
    let request = JudgeHeldSessionRequest {
        name: session.name.clone(),
        verdict: Verdict::Seal.into(),
        reason: "x".into(),
        request_id: String::new(),
    };
    let own = house
        .records()
        .judge_held_session(again.ask(request))
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&own), article(&own)),
        ("PERMISSION_DENIED".into(), "A4.2b".into())
    );

    // Released: the teacher goes on where it stood.
    let (released, _) = judge(&house, &session.name, Verdict::Release).await.unwrap();
    assert_eq!((released.state(), released.draft_count), (State::Open, 2));
    let resumed = open(&house, &again).await.unwrap();
    assert_eq!(resumed.name, session.name);
    let twice = judge(&house, &session.name, Verdict::Seal).await.unwrap_err();
    assert_eq!(reason(&twice), "SESSION_NOT_HELD");

    // Suspended once more and sealed as it stands.
    house.identity.tell(Kind::AccountSuspended, &again);
    eventually("held again", PATIENCE, || async {
        let now = held(&house).await;
        if now.len() == 1 { Ok(()) } else { Err(now) }
    })
    .await;
    let (sealed, cells) = judge(&house, &session.name, Verdict::Seal).await.unwrap();
    assert_eq!((sealed.state(), cells), (State::Sealed, 2));
    assert_eq!(seals(&house).await, (1, 2));

    // A third time, and thrown away: nothing of it was a mark.
    restore(&house).await;
    let session = suspend(&house, &pupils[2..4]).await;
    let (discarded, cells) = judge(&house, &session.name, Verdict::Discard).await.unwrap();
    assert_eq!(
        (discarded.state(), discarded.draft_count, cells),
        (State::Discarded, 0, 0)
    );
    assert_eq!(seals(&house).await, (1, 2));
    restore(&house).await;
    assert_eq!(open(&house, &again).await.unwrap().missing_count, 35);
    let event = eventually("the judgement in the log", PATIENCE, || async {
        let judged = house.archive.events("entry_session.judged");
        judged.into_iter().nth(2).ok_or_else(|| house.archive.kinds())
    })
    .await;
    assert!(!event.facts_json.contains("giáo viên"), "no reason in an event");
}

#[tokio::test]
async fn a4_2b_a_lock_leaves_held_drafts_to_the_principal_who_can_only_discard_them_then() {
    let house = House::with_pupils().await;
    let pupils = pupils(&house).await;
    let session = suspend(&house, &pupils[..1]).await;
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
    assert_eq!(installed.sealed_session_count, 0);
    for verdict in [Verdict::Seal, Verdict::Release] {
        let locked = judge(&house, &session.name, verdict).await.unwrap_err();
        assert_eq!(reason(&locked), "TERM_LOCKED");
    }
    let (discarded, _) = judge(&house, &session.name, Verdict::Discard).await.unwrap();
    assert_eq!((discarded.state(), discarded.draft_count), (State::Discarded, 0));
    // The suspension is the account's, not a sign-in's: every token of it is refused, so that the drafts were the
    // principal's alone to judge. Restored, the teacher finds nothing left of them and a closed term.
    let other = elsewhere(&house);
    let mine = || ListEntrySessionsRequest {
        parent: format!("schools/{SCHOOL}"),
    };
    let suspended = house.records().list_entry_sessions(other.ask(mine())).await;
    assert_eq!(reason(&suspended.unwrap_err()), "UNAUTHENTICATED");
    let back = restore(&house).await;
    let own = house.records().list_entry_sessions(back.ask(mine())).await;
    assert_eq!(own.unwrap().into_inner().entry_sessions, []);
    assert_eq!(reason(&open(&house, &back).await.unwrap_err()), "TERM_LOCKED");
}
