//! The lock service over real mutual TLS, with PostgreSQL, Redis, and guards that hold real fences.
#![expect(clippy::expect_used, reason = "a test's helpers may fail the test")]

mod world;

use std::time::Duration;

use hocba_proto::identity::account_event::Kind;
use hocba_proto::lock::{
    CloseTermRequest, CountOpenSessionsRequest, GetTermRequest, OpenScopeRequest, OpenWindowRequest,
    ReportScopeUsedRequest, Term, WatchTermRequest, term::State,
};
use hocba_testing::eventually;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use world::{SCHOOL, TERM, World, timestamp};

const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const PATIENCE: Duration = Duration::from_secs(20);

fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_else(|| format!("{status:?}"))
}

fn close(order: &str) -> CloseTermRequest {
    CloseTermRequest {
        name: TERM.into(),
        lock_order: format!("schools/{SCHOOL}/lockOrders/{order}"),
        request_id: format!("close-{order}"),
    }
}

fn window(order: &str, seconds: f32) -> OpenWindowRequest {
    OpenWindowRequest {
        name: TERM.into(),
        lock_order: format!("schools/{SCHOOL}/lockOrders/{order}"),
        end_time: Some(timestamp(seconds)),
        request_id: format!("window-{order}"),
    }
}

fn scope(dossier: &str) -> OpenScopeRequest {
    OpenScopeRequest {
        name: TERM.into(),
        dossier: format!("schools/{SCHOOL}/dossiers/{dossier}"),
        cells_digest: DIGEST.into(),
        end_time: Some(timestamp(600.0)),
        request_id: format!("scope-{dossier}"),
    }
}

#[tokio::test]
async fn get_term_shows_a_term_that_was_never_locked_as_open() {
    let world = World::start().await;
    let term = world.get_term().await.expect("a term");
    assert_eq!((term.state(), term.epoch, term.pending), (State::Open, 0, false));
}

#[tokio::test]
async fn close_term_installs_the_fence_seals_and_tells() {
    let world = World::start().await;
    assert_eq!(world.count_open_sessions().await, 3);
    let term = world.close(close("1")).await.expect("closed");
    assert_eq!(
        (term.state(), term.epoch, term.pending, term.sealed_session_count),
        (State::Closed, 1, false, 3)
    );
    assert!(world.write().await.is_err(), "the guard refuses writers");
    assert_eq!(world.count_open_sessions().await, 0);
    // The same call again, the same order in another call: one closing.
    assert_eq!(world.close(close("1")).await.expect("again"), term);
    let other = CloseTermRequest {
        request_id: "another".into(),
        ..close("1")
    };
    assert_eq!(world.close(other).await.expect("again").epoch, 1);
    let reused = CloseTermRequest {
        request_id: "close-1".into(),
        ..close("2")
    };
    assert_eq!(
        reason(&world.close(reused).await.expect_err("reused")),
        "REQUEST_ID_REUSED"
    );
    assert_eq!(world.close(close("2")).await.expect("a new order").epoch, 2);
    eventually("the archive knows", PATIENCE, || async {
        let closed = world.archive.events("term.closed");
        if closed.len() == 2 && closed[0].facts_json.contains("\"sealed_sessions\":3") {
            Ok(())
        } else {
            Err(closed)
        }
    })
    .await;
}

#[tokio::test]
async fn open_window_ends_by_itself_and_closes_with_a_new_epoch() {
    let world = World::start().await;
    let open = world
        .open_window(window("1", 60.0))
        .await
        .expect_err("never locked");
    assert_eq!(
        (open.code(), reason(&open).as_str()),
        (Code::FailedPrecondition, "TERM_OPEN")
    );
    world.close(close("1")).await.expect("closed");
    for seconds in [-1.0, 32.0 * 86400.0] {
        let out = world
            .open_window(window("2", seconds))
            .await
            .expect_err("out of range");
        assert_eq!(reason(&out), "END_OUT_OF_RANGE");
    }
    let term = world.open_window(window("3", 1.5)).await.expect("a window");
    assert_eq!((term.state(), term.epoch), (State::Window, 2));
    assert_eq!(world.write().await.expect("open"), 2);
    eventually("the window closes", PATIENCE, || async {
        match world.get_term().await {
            Ok(term) if term.state() == State::Closed && term.epoch == 3 && !term.pending => Ok(()),
            other => Err(other),
        }
    })
    .await;
    assert!(world.write().await.is_err());
}

#[tokio::test]
async fn open_scope_gives_two_epochs_and_is_used_once() {
    let world = World::start().await;
    assert_eq!(
        reason(&world.open_scope(scope("1")).await.expect_err("open")),
        "TERM_OPEN"
    );
    world.close(close("1")).await.expect("closed");
    let opened = world.open_scope(scope("1")).await.expect("a scope");
    assert_eq!((opened.open_epoch, opened.close_epoch), (2, 3));
    let again = OpenScopeRequest {
        request_id: "again".into(),
        ..scope("1")
    };
    assert_eq!(world.open_scope(again).await.expect("the same").open_epoch, 2);
    let mismatch = OpenScopeRequest {
        cells_digest: "0".repeat(64),
        request_id: "other".into(),
        ..scope("1")
    };
    assert_eq!(
        reason(&world.open_scope(mismatch).await.expect_err("other content")),
        "SCOPE_MISMATCH"
    );
    assert_eq!(world.use_scope(&opened).await.expect("written"), 2);
    assert!(world.use_scope(&opened).await.is_err(), "once");
    let report = ReportScopeUsedRequest {
        name: TERM.into(),
        dossier: opened.dossier.clone(),
        open_epoch: opened.open_epoch,
        request_id: "used-1".into(),
    };
    let term = world.report_scope_used(report.clone()).await.expect("told");
    assert_eq!((term.scopes.len(), term.epoch), (0, 3));
    world.report_scope_used(report.clone()).await.expect("told twice");
    let unknown = ReportScopeUsedRequest {
        open_epoch: 9,
        request_id: "used-9".into(),
        ..report
    };
    assert_eq!(
        reason(&world.report_scope_used(unknown).await.expect_err("unknown")),
        "SCOPE_UNKNOWN"
    );
    let used = OpenScopeRequest {
        request_id: "more".into(),
        ..scope("1")
    };
    assert_eq!(
        reason(&world.open_scope(used).await.expect_err("used")),
        "SCOPE_USED"
    );
    assert_eq!(world.close(close("2")).await.expect("closed").epoch, 4);
}

#[tokio::test]
async fn t3_a_change_whose_guard_is_away_is_pending_and_finished_by_itself() {
    let mut world = World::start().await;
    world.stop_guard().await;
    let pending = world.close(close("1")).await.expect_err("pending");
    assert_eq!(
        (pending.code(), reason(&pending).as_str()),
        (Code::Unavailable, "FENCE_PENDING")
    );
    let term = world.get_term().await.expect("a term");
    assert_eq!((term.state(), term.epoch, term.pending), (State::Closed, 1, true));
    assert_eq!(
        reason(&world.close(close("2")).await.expect_err("busy")),
        "TERM_BUSY"
    );
    world.start_guard().await;
    eventually("the fence is installed", PATIENCE, || async {
        match world.get_term().await {
            Ok(term) if !term.pending => Ok(()),
            other => Err(other),
        }
    })
    .await;
    assert!(world.write().await.is_err());
    assert_eq!(world.close(close("1")).await.expect("the end of it").epoch, 1);
}

#[tokio::test]
async fn t3_a_crash_between_decision_and_installation_is_resumed_at_the_start() {
    let mut world = World::start().await;
    world.stop_guard().await;
    world.close(close("1")).await.expect_err("pending");
    world.stop_lock().await;
    world.start_guard().await;
    assert_eq!(world.write().await.expect("nobody has installed anything yet"), 0);
    world.start_lock().await;
    eventually("the intent is resumed", PATIENCE, || async {
        match world.get_term().await {
            Ok(term) if term.state() == State::Closed && !term.pending => Ok(()),
            other => Err(other),
        }
    })
    .await;
    assert!(world.write().await.is_err());
}

#[tokio::test]
async fn t4_epochs_outlive_a_wiped_redis_and_a_restored_database() {
    let mut world = World::start().await;
    world.close(close("1")).await.expect("closed");
    world.open_window(window("2", 600.0)).await.expect("a window");
    world.wipe_redis().await;
    assert_eq!(world.close(close("3")).await.expect("closed").epoch, 3);
    // Lock's database is lost; the guard's fence is all there is.
    world.stop_lock().await;
    world.lose_lock_database().await;
    world.start_lock().await;
    eventually("the fence is taken over", PATIENCE, || async {
        match world.get_term().await {
            Ok(term) if term.state() == State::Closed && term.epoch == 4 && !term.pending => Ok(()),
            other => Err(other),
        }
    })
    .await;
    assert_eq!(world.close(close("5")).await.expect("closed").epoch, 5);
    // The guard's database is lost: it learns its fence again.
    world.stop_lock().await;
    world.lose_guard_database().await;
    assert_eq!(world.write().await.expect("forgotten"), 0);
    world.start_lock().await;
    eventually("the fence is installed again", PATIENCE, || async {
        match world.write().await {
            Err(_) => Ok(()),
            Ok(epoch) => Err(epoch),
        }
    })
    .await;
    assert_eq!(world.get_term().await.expect("a term").epoch, 5);
}

#[tokio::test]
async fn t5_a_dead_redis_delays_nobody_and_watchers_still_learn() {
    let world = World::start_without_redis().await;
    let mut watch = world.watch_term().await.expect("a watch");
    assert_eq!(
        watch.message().await.expect("a term").expect("a term").state(),
        State::Open
    );
    let start = std::time::Instant::now();
    world.close(close("1")).await.expect("closed");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(
        watch.message().await.expect("a term").expect("a term").state(),
        State::Closed
    );
}

#[tokio::test]
async fn watch_term_follows_over_redis_and_epochs_never_fall() {
    let world = World::start().await;
    let mut watch = world.watch_term().await.expect("a watch");
    let mut seen: Vec<Term> = vec![watch.message().await.expect("a term").expect("a term")];
    world.close(close("1")).await.expect("closed");
    world.open_window(window("2", 600.0)).await.expect("a window");
    while seen
        .last()
        .is_some_and(|term| term.state() != State::Window || term.pending)
    {
        seen.push(watch.message().await.expect("a term").expect("a term"));
    }
    assert!(seen.is_sorted_by_key(|term| term.epoch), "{seen:?}");
    eventually("the mirror has it", PATIENCE, || async {
        match world.mirrored().await {
            Some(2) => Ok(()),
            other => Err(other),
        }
    })
    .await;
}

#[tokio::test]
async fn get_term_shows_what_redis_last_heard_when_the_database_is_away() {
    let world = World::start().await;
    world.close(close("1")).await.expect("closed");
    eventually("the mirror has it", PATIENCE, || async {
        match world.mirrored().await {
            Some(1) => Ok(()),
            other => Err(other),
        }
    })
    .await;
    world.wire.cut();
    let term = world.get_term().await.expect("a term from the mirror");
    assert_eq!((term.state(), term.epoch), (State::Closed, 1));
    let close = world
        .close(close("2"))
        .await
        .expect_err("nothing is decided without the database");
    assert_eq!(close.code(), Code::Unavailable);
}

#[tokio::test]
async fn watch_term_ends_with_the_sign_in() {
    let world = World::start().await;
    let admin = world.identity.person(SCHOOL, &["system_admin"]);
    let request = admin.ask(WatchTermRequest { name: TERM.into() });
    let mut watch = world
        .public()
        .watch_term(request)
        .await
        .expect("a watch")
        .into_inner();
    watch.message().await.expect("a term").expect("a term");
    world.identity.tell(Kind::SignInEnded, &admin);
    let end = tokio::time::timeout(PATIENCE, watch.message())
        .await
        .expect("an end in time");
    assert_eq!(end.expect("an orderly end"), None);
}

#[tokio::test]
async fn a_probe_finds_the_service_serving_and_not_when_it_is_gone() {
    let mut world = World::start().await;
    eventually("the service is healthy", PATIENCE, || world.probe()).await;
    world.stop_lock().await;
    world.probe().await.expect_err("nobody is there");
}

#[tokio::test]
async fn strangers_are_refused() {
    let world = World::start().await;
    let as_gateway = world
        .internal_as("gateway")
        .close_term(close("1"))
        .await
        .expect_err("internal");
    assert_eq!(reason(&as_gateway), "INTERNAL_ONLY");
    let as_records = world
        .internal_as("records")
        .close_term(close("1"))
        .await
        .expect_err("no edge");
    assert_eq!(as_records.code(), Code::PermissionDenied);
    let teacher = world.identity.person(SCHOOL, &["homeroom_teacher"]);
    let teacher = world
        .internal_as("workflow")
        .close_term(teacher.ask(close("1")))
        .await;
    assert_eq!(reason(&teacher.expect_err("not the admin")), "PERMISSION_DENIED");
    let request = || GetTermRequest { name: TERM.into() };
    let nobody = world.public().get_term(request()).await.expect_err("nobody");
    assert_eq!(nobody.code(), Code::Unauthenticated);
    let other = world.identity.person("other", &["principal"]);
    let other = world
        .public()
        .get_term(other.ask(request()))
        .await
        .expect_err("another school");
    assert_eq!(reason(&other), "OTHER_SCHOOL");
    let other = world.identity.person("other", &["principal"]);
    let watch = world
        .public()
        .watch_term(other.ask(WatchTermRequest { name: TERM.into() }))
        .await;
    assert_eq!(reason(&watch.expect_err("another school")), "OTHER_SCHOOL");
    let fence = world
        .fence_as("workflow")
        .count_open_sessions(CountOpenSessionsRequest { term: TERM.into() })
        .await;
    assert_eq!(fence.expect_err("lock only").code(), Code::PermissionDenied);
    for bad in [
        CloseTermRequest {
            name: "schools/a".into(),
            ..close("1")
        },
        CloseTermRequest {
            lock_order: "schools/other/lockOrders/1".into(),
            ..close("1")
        },
        CloseTermRequest {
            request_id: String::new(),
            ..close("1")
        },
    ] {
        assert_eq!(
            reason(&world.close(bad).await.expect_err("malformed")),
            "BAD_REQUEST"
        );
    }
}
