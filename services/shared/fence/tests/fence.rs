//! The fence against a real PostgreSQL: T1 to T4, and the wrong fences it must not be.
#![expect(clippy::expect_used, reason = "a test's helpers may fail the test")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use hocba_chassis::{Failure, run::Definition};
use hocba_fence::{
    Closing, Error, Fence, Guard, Installed, Kind, PATIENCE, Refusal, Scope, Semester, State, Term, check,
    install, list, state, use_scope,
};
use hocba_testing::{TestDatabase, eventually};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};
use time::OffsetDateTime;

const DEFINITION: Definition = Definition {
    name: "fence",
    migrations: &[&hocba_fence::MIGRATIONS],
};
const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const DOSSIER: &str = "schools/s/dossiers/1";

/// A guarded table as records has them.
const TABLE: &str = "
    create table cell (
        school_id text not null, year_id text not null, period text not null,
        value text not null, epoch bigint not null
    );
    create trigger cell_fence before insert or update or delete on cell
        for each row execute function fence_guard('marks');
    create trigger cell_no_truncate before truncate on cell
        for each statement execute function fence_no_truncate();
    grant select, insert, update, delete on cell to hocba_fence;
";

struct World {
    _database: TestDatabase,
    pool: PgPool,
    superuser: PgPool,
}

async fn world() -> World {
    let database = TestDatabase::of(&DEFINITION).await.expect("a database");
    let superuser = database.superuser().await.expect("a superuser");
    superuser.execute(TABLE).await.expect("the guarded table");
    let pool = database.service().await.expect("a service");
    World {
        _database: database,
        pool,
        superuser,
    }
}

/// Seals one row when told to, or fails.
struct Sealing {
    fails: bool,
}

impl Guard for Sealing {
    fn guards(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Marks(_))
    }

    async fn seal(&self, conn: &mut PgConnection, closing: Closing<'_>) -> Result<u32, Failure> {
        sqlx::query("insert into cell values ('s', '2025-2026', 'mid1', 'sealed', $1)")
            .bind(closing.epoch)
            .execute(conn)
            .await?;
        if self.fails {
            Err(Failure::internal("the guard fails"))
        } else {
            Ok(1)
        }
    }

    async fn open_sessions(&self, _: &mut PgConnection, _: &Term) -> Result<u32, Failure> {
        Ok(0)
    }
}

fn term() -> Term {
    Term::marks("s", "2025-2026", Semester::One)
}

fn fence(epoch: i64, state: State) -> Fence {
    Fence {
        term: term(),
        epoch,
        state,
        scopes: vec![],
        lock_order: "schools/s/lockOrders/1".into(),
    }
}

fn scope(open_epoch: i64, end_at: OffsetDateTime) -> Scope {
    Scope {
        dossier: DOSSIER.into(),
        cells_digest: DIGEST.into(),
        open_epoch,
        end_at,
    }
}

fn later() -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::from_secs(600)
}

async fn put(pool: &PgPool, fence: &Fence) -> Installed {
    install(pool, &Sealing { fails: false }, fence)
        .await
        .expect("installed")
}

async fn write(conn: &mut PgConnection, value: &str) -> Result<i64, Error> {
    let mut tx = conn.begin().await?;
    let epoch = check(&mut tx, &term()).await?;
    sqlx::query("insert into cell values ('s', '2025-2026', 'end1', $1, $2)")
        .bind(value)
        .bind(epoch)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(epoch)
}

async fn rows(pool: &PgPool, epoch: i64) -> i64 {
    sqlx::query_scalar("select count(*) from cell where epoch = $1")
        .bind(epoch)
        .fetch_one(pool)
        .await
        .expect("rows")
}

/// Waits until somebody waits for an advisory lock.
async fn until_waiting(pool: &PgPool) {
    eventually(
        "somebody waits for the advisory lock",
        Duration::from_secs(5),
        || async {
            let waiting: i64 = sqlx::query_scalar(
                "select count(*) from pg_locks where locktype = 'advisory' and not granted
             and database = (select oid from pg_database where datname = current_database())",
            )
            .fetch_one(pool)
            .await
            .expect("locks");
            if waiting > 0 { Ok(()) } else { Err(waiting) }
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t1_no_row_of_a_lower_epoch_commits_after_the_installation_and_t3_writers_do_not_starve_it() {
    let w = world().await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let (pool, stop) = (w.pool.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut conn = pool.acquire().await.expect("a connection");
                let (mut written, mut refused) = (0, 0);
                while !stop.load(Ordering::Relaxed) {
                    match write(&mut conn, "w").await {
                        Ok(_) => written += 1,
                        Err(Error::Refused(Refusal::TermLocked { .. })) => refused += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
                (written, refused)
            })
        })
        .collect();
    for round in 0..5 {
        let (closed, opened) = (2 * round + 1, 2 * round + 2);
        eventually("the writers write", Duration::from_secs(5), || async {
            match rows(&w.superuser, closed - 1).await {
                0..20 => Err("few rows"),
                _ => Ok(()),
            }
        })
        .await;
        let start = Instant::now();
        put(&w.pool, &fence(closed, State::Closed)).await;
        assert!(
            start.elapsed() < PATIENCE,
            "writers held the lock up for {:?}",
            start.elapsed()
        );
        let behind = rows(&w.superuser, closed - 1).await;
        // Writers go on trying for a while; whatever they try now is refused.
        for _ in 0..20 {
            assert!(matches!(
                write(&mut w.pool.acquire().await.expect("a connection"), "late").await,
                Err(Error::Refused(Refusal::TermLocked { .. }))
            ));
        }
        assert_eq!(
            rows(&w.superuser, closed - 1).await,
            behind,
            "a row below epoch {closed} came later"
        );
        put(&w.pool, &fence(opened, State::Window(later()))).await;
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        let (written, refused) = writer.await.expect("a writer");
        assert!(written > 0 && refused > 0, "{written} written, {refused} refused");
    }
}

/// The same dance for every way to read the fence: the writer asks while an installer holds the lock and has
/// not committed. Answers whether the writer believed the term open.
async fn believes_open_behind_an_installer(w: &World, ask: &'static str) -> bool {
    let mut installer = w.superuser.begin().await.expect("a transaction");
    installer
        .execute("select * from fence_install_begin('s', '2025-2026/marks-semester1', 9, '5s')")
        .await
        .expect("begin");
    installer
        .execute(
            "select fence_install_finish('s', '2025-2026/marks-semester1', 9, 'closed', null, '', '{}', '{}', '{}', '{}')",
        )
        .await
        .expect("finish");
    let pool = w.superuser.clone();
    let writer = tokio::spawn(async move {
        let mut tx = pool.begin().await.expect("a transaction");
        sqlx::query_scalar::<_, bool>(ask).fetch_one(&mut *tx).await
    });
    until_waiting(&w.superuser).await;
    installer.commit().await.expect("commit");
    matches!(writer.await.expect("the writer"), Ok(true))
}

#[tokio::test]
async fn t1_the_fence_is_read_after_the_lock_not_with_it() {
    let w = world().await;
    put(&w.pool, &fence(1, State::Window(later()))).await;
    // The wrong fence: lock and check in one statement see the old snapshot. This proves the dance.
    assert!(
        believes_open_behind_an_installer(
            &w,
            "select state <> 'closed' from term_fence,
                 lateral (select pg_advisory_xact_lock_shared(1717530211, fence_key(school_id, term))) as held
             where school_id = 's' and term = '2025-2026/marks-semester1'",
        )
        .await
    );
    let w = world().await;
    put(&w.pool, &fence(1, State::Window(later()))).await;
    assert!(
        !believes_open_behind_an_installer(
            &w,
            "select fence_check('s', '2025-2026/marks-semester1') is not null"
        )
        .await
    );
}

#[tokio::test]
async fn t1_an_installation_waits_for_the_writer_in_flight() {
    let w = world().await;
    let mut writer = w.pool.begin().await.expect("a transaction");
    assert_eq!(check(&mut writer, &term()).await.expect("open"), 0);
    let pool = w.pool.clone();
    let installing = tokio::spawn(async move { put(&pool, &fence(1, State::Closed)).await });
    until_waiting(&w.superuser).await;
    assert!(!installing.is_finished());
    sqlx::query("insert into cell values ('s', '2025-2026', 'mid1', 'in flight', 0)")
        .execute(&mut *writer)
        .await
        .expect("still open");
    writer.commit().await.expect("commit");
    assert_eq!(
        installing.await.expect("installed"),
        Installed {
            epoch: 1,
            changed: true,
            sealed_sessions: 1
        }
    );
}

/// The other wrong fences: reading the flag, or locking the fence's row FOR KEY SHARE, holds nobody up. The
/// lock is acknowledged while the writer is still in flight.
#[tokio::test]
async fn t1_reading_or_key_sharing_the_fence_would_not_hold_the_installer() {
    for lock in ["", "for key share"] {
        let w = world().await;
        put(&w.pool, &fence(1, State::Window(later()))).await;
        let mut writer = w.superuser.begin().await.expect("a transaction");
        let ask = format!("select state <> 'closed' from term_fence where school_id = 's' {lock}");
        let open: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(ask))
            .fetch_one(&mut *writer)
            .await
            .expect("the fence");
        assert!(open);
        assert!(
            put(&w.pool, &fence(2, State::Closed)).await.changed,
            "{lock}: acknowledged"
        );
        // What saves us even then is the trigger.
        let late = sqlx::query("insert into cell values ('s', '2025-2026', 'end1', 'late', 1)")
            .execute(&mut *writer);
        let refusal = Refusal::of(&late.await.expect_err("refused"));
        assert!(
            matches!(refusal, Some(Refusal::TermLocked { epoch: 2, .. })),
            "{lock}: {refusal:?}"
        );
    }
}

#[tokio::test]
async fn t1_other_isolation_levels_are_refused() {
    let w = world().await;
    for level in ["repeatable read", "serializable"] {
        let mut conn = w.superuser.acquire().await.expect("a connection");
        conn.execute(sqlx::AssertSqlSafe(format!("begin isolation level {level}")))
            .await
            .expect("begin");
        assert!(
            matches!(
                check(&mut conn, &term()).await,
                Err(Error::Refused(Refusal::Isolation))
            ),
            "{level}"
        );
        conn.execute("rollback").await.expect("rollback");
        conn.execute(sqlx::AssertSqlSafe(format!("begin isolation level {level}")))
            .await
            .expect("begin");
        let plain = conn
            .execute("insert into cell values ('s', '2025-2026', 'mid1', 'x', 0)")
            .await;
        let refusal = Refusal::of(&plain.expect_err("refused"));
        assert_eq!(refusal, Some(Refusal::Isolation), "{level}");
        conn.execute("rollback").await.expect("rollback");
    }
}

#[tokio::test]
async fn t3_a_writer_that_hangs_is_ended_and_the_lock_is_granted() {
    let w = world().await;
    let mut hanging = w.pool.begin().await.expect("a transaction");
    check(&mut hanging, &term()).await.expect("open");
    let start = Instant::now();
    put(&w.pool, &fence(1, State::Closed)).await;
    assert!(start.elapsed() < PATIENCE + Duration::from_secs(1));
    assert!(
        sqlx::query("select 1").execute(&mut *hanging).await.is_err(),
        "the writer was ended"
    );
}

#[tokio::test]
async fn a_superuser_writes_nothing_into_a_locked_term() {
    let w = world().await;
    w.superuser
        .execute("insert into cell (school_id, year_id, period, value) values ('s', '2025-2026', 'mid1', 'before')")
        .await
        .expect("open, and the epoch is filled in");
    assert_eq!(rows(&w.superuser, 0).await, 1);
    put(&w.pool, &fence(1, State::Closed)).await;
    for statement in [
        "insert into cell values ('s', '2025-2026', 'end1', 'x', 1)",
        "insert into cell (school_id, year_id, period, value) values ('s', '2025-2026', 'mid1', 'x')",
        "update cell set value = 'x'",
        "update cell set period = 'mid2'",
        "delete from cell",
    ] {
        let error = w.superuser.execute(statement).await.expect_err(statement);
        assert!(
            matches!(Refusal::of(&error), Some(Refusal::TermLocked { epoch: 1, .. })),
            "{statement}: {error}"
        );
    }
    assert!(w.superuser.execute("truncate cell").await.is_err());
    // Other terms, other schools: open.
    w.superuser
        .execute("insert into cell values ('s', '2025-2026', 'mid2', 'x', 0)")
        .await
        .expect("semester 2");
    w.superuser
        .execute("insert into cell values ('t', '2025-2026', 'mid1', 'x', 0)")
        .await
        .expect("another school");
}

#[tokio::test]
async fn a_row_of_another_epoch_than_the_one_in_force_is_refused() {
    let w = world().await;
    put(&w.pool, &fence(1, State::Closed)).await;
    put(&w.pool, &fence(2, State::Window(later()))).await;
    let stale = w
        .superuser
        .execute("insert into cell values ('s', '2025-2026', 'end1', 'x', 1)")
        .await;
    assert_eq!(Refusal::of(&stale.expect_err("stale")), Some(Refusal::EpochStale));
    w.superuser
        .execute("insert into cell values ('s', '2025-2026', 'end1', 'x', 2)")
        .await
        .expect("in force");
}

#[tokio::test]
async fn t2_the_seal_and_the_fence_are_one_transaction() {
    let w = world().await;
    let failed = install(&w.pool, &Sealing { fails: true }, &fence(1, State::Closed)).await;
    assert!(matches!(failed, Err(Error::Guard(_))));
    assert_eq!(rows(&w.superuser, 0).await, 0, "the seal went with the fence");
    assert!(list(&w.pool, None, 10).await.expect("a list").is_empty());
    let done = put(&w.pool, &fence(1, State::Closed)).await;
    assert_eq!(
        done,
        Installed {
            epoch: 1,
            changed: true,
            sealed_sessions: 1
        }
    );
    assert_eq!(
        rows(&w.superuser, 0).await,
        1,
        "sealed under the epoch before the closing"
    );
    // Behind a closed fence nothing is open; after a window that ended by itself there may be.
    assert_eq!(put(&w.pool, &fence(2, State::Closed)).await.sealed_sessions, 0);
    put(
        &w.pool,
        &fence(
            3,
            State::Window(OffsetDateTime::now_utc() - Duration::from_secs(1)),
        ),
    )
    .await;
    assert_eq!(put(&w.pool, &fence(4, State::Closed)).await.sealed_sessions, 1);
    assert_eq!(rows(&w.superuser, 3).await, 1);
}

#[tokio::test]
async fn t4_a_fence_only_rises_and_repeating_changes_nothing() {
    let w = world().await;
    put(&w.pool, &fence(5, State::Closed)).await;
    for lower in [5, 4, 1] {
        let again = put(&w.pool, &fence(lower, State::Window(later()))).await;
        assert_eq!(
            again,
            Installed {
                epoch: 5,
                changed: false,
                sealed_sessions: 0
            }
        );
    }
    let mut tx = hocba_chassis::database::begin(&w.pool, "s")
        .await
        .expect("a transaction");
    assert_eq!(state(&mut tx, &term()).await.expect("a state"), (5, false));
    drop(tx);
    for statement in [
        "update term_fence set epoch = 4",
        "delete from term_fence",
        "truncate term_fence cascade",
    ] {
        assert!(w.superuser.execute(statement).await.is_err(), "{statement}");
        assert!(w.pool.execute(statement).await.is_err(), "{statement}");
    }
    assert!(
        w.pool
            .execute("update term_fence set state = 'open'")
            .await
            .is_err(),
        "not the service's to write"
    );
}

#[tokio::test]
async fn a_window_ends_by_itself() {
    let w = world().await;
    put(&w.pool, &fence(1, State::Closed)).await;
    put(
        &w.pool,
        &fence(
            2,
            State::Window(OffsetDateTime::now_utc() + Duration::from_millis(700)),
        ),
    )
    .await;
    let mut conn = w.pool.acquire().await.expect("a connection");
    assert_eq!(write(&mut conn, "in the window").await.expect("open"), 2);
    eventually("the window ends", Duration::from_secs(5), || async {
        match write(&mut w.pool.acquire().await.expect("a connection"), "late").await {
            Err(Error::Refused(Refusal::TermLocked { epoch: 2, .. })) => Ok(()),
            other => Err(other),
        }
    })
    .await;
}

#[tokio::test]
async fn a_scope_is_used_once_for_its_dossier_and_moves_the_fence_with_the_cells() {
    let w = world().await;
    put(
        &w.pool,
        &Fence {
            scopes: vec![scope(1, later())],
            ..fence(1, State::Closed)
        },
    )
    .await;
    let insert =
        "insert into cell (school_id, year_id, period, value) values ('s', '2025-2026', 'end1', 'corrected')";
    let try_use = async |dossier: &str, digest: &str, epoch: i64| {
        let mut tx = w.pool.begin().await.expect("a transaction");
        use_scope(&mut tx, &term(), dossier, digest, epoch).await
    };
    assert!(matches!(
        try_use("schools/s/dossiers/2", DIGEST, 1).await,
        Err(Error::Refused(Refusal::ScopeUnknown))
    ));
    assert!(matches!(
        try_use(DOSSIER, DIGEST, 3).await,
        Err(Error::Refused(Refusal::ScopeUnknown))
    ));
    assert!(matches!(
        try_use(DOSSIER, &"0".repeat(64), 1).await,
        Err(Error::Refused(Refusal::ScopeMismatch))
    ));
    // A crash half-way leaves neither the cells nor the use.
    let mut crashed = w.pool.begin().await.expect("a transaction");
    use_scope(&mut crashed, &term(), DOSSIER, DIGEST, 1)
        .await
        .expect("the scope");
    crashed.execute(insert).await.expect("a cell");
    crashed.rollback().await.expect("rollback");

    let mut tx = w.pool.begin().await.expect("a transaction");
    assert_eq!(
        use_scope(&mut tx, &term(), DOSSIER, DIGEST, 1)
            .await
            .expect("the scope"),
        1
    );
    tx.execute(insert).await.expect("a cell");
    tx.commit().await.expect("commit");
    assert_eq!(rows(&w.superuser, 1).await, 1);
    let mut tx = hocba_chassis::database::begin(&w.pool, "s")
        .await
        .expect("a transaction");
    assert_eq!(state(&mut tx, &term()).await.expect("a state"), (2, false));
    drop(tx);
    assert!(matches!(
        try_use(DOSSIER, DIGEST, 1).await,
        Err(Error::Refused(Refusal::ScopeUsed))
    ));
    assert!(
        w.superuser.execute(insert).await.is_err(),
        "closed for everybody else, and afterwards"
    );
    assert!(
        list(&w.pool, None, 10).await.expect("a list")[0]
            .scopes
            .is_empty()
    );
}

#[tokio::test]
async fn a_scope_ends_by_time_and_by_a_closing() {
    let w = world().await;
    let past = OffsetDateTime::now_utc() - Duration::from_secs(1);
    let both = vec![
        scope(1, past),
        Scope {
            dossier: "schools/s/dossiers/2".into(),
            ..scope(3, later())
        },
    ];
    put(
        &w.pool,
        &Fence {
            scopes: both.clone(),
            ..fence(3, State::Closed)
        },
    )
    .await;
    let listed = list(&w.pool, None, 10).await.expect("a list");
    assert_eq!(listed[0].scopes.len(), 2);
    assert_eq!(listed[0].scopes[1].dossier, both[1].dossier);
    let mut tx = w.pool.begin().await.expect("a transaction");
    let ended = use_scope(&mut tx, &term(), DOSSIER, DIGEST, 1).await;
    assert!(matches!(ended, Err(Error::Refused(Refusal::ScopeEnded))));
    drop(tx);
    put(&w.pool, &fence(5, State::Closed)).await;
    let mut tx = w.pool.begin().await.expect("a transaction");
    let void = use_scope(&mut tx, &term(), "schools/s/dossiers/2", DIGEST, 3).await;
    assert!(matches!(void, Err(Error::Refused(Refusal::ScopeEnded))));
}

#[tokio::test]
async fn fences_of_all_schools_are_listed_in_order() {
    let w = world().await;
    for (school, year) in [("b", "2025-2026"), ("a", "2026-2027"), ("a", "2025-2026")] {
        put(
            &w.pool,
            &Fence {
                term: Term::marks(school, year, Semester::Two),
                ..fence(1, State::Closed)
            },
        )
        .await;
    }
    let first = list(&w.pool, None, 2).await.expect("a page");
    let rest = list(&w.pool, Some(&first[1].term), 2).await.expect("a page");
    let names: Vec<_> = first
        .iter()
        .chain(&rest)
        .map(|fence| format!("{} {}", fence.term.school(), fence.term.year()))
        .collect();
    assert_eq!(names, ["a 2025-2026", "a 2026-2027", "b 2025-2026"]);
}

#[tokio::test]
async fn a_database_guards_its_own_terms_only() {
    let w = world().await;
    let books = Fence {
        term: Term::books("s", "2025-2026"),
        ..fence(1, State::Closed)
    };
    assert!(matches!(
        install(&w.pool, &Sealing { fails: false }, &books).await,
        Err(Error::NotGuarded(_))
    ));
}
