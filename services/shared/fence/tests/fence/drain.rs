//! T1 and T3: writers in flight and the installation.

use hocba_fence::{Error, Installed, PATIENCE, Refusal, State, check};
use hocba_testing::eventually;
use sqlx::Executor as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crate::world::{fence, later, put, rows, term, until_waiting, world, write};

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

/// A writer should take the fence first. One that holds what the seal wants before it asks for the fence
/// costs a deadlock, which PostgreSQL ends; the lock is granted all the same.
#[tokio::test]
async fn t3_a_writer_in_the_wrong_order_does_not_keep_the_lock_from_being_granted() {
    let w = world().await;
    for (closed, opened) in [(1, 2), (3, 4)] {
        let mut writer = w.pool.begin().await.expect("a transaction");
        writer
            .execute("select from session for update")
            .await
            .expect("the row");
        let pool = w.pool.clone();
        let installing = tokio::spawn(async move { put(&pool, &fence(closed, State::Closed)).await });
        eventually("the seal waits for the row", Duration::from_secs(5), || async {
            let waiting: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity
                 where wait_event_type = 'Lock' and datname = current_database()",
            )
            .fetch_one(&w.superuser)
            .await
            .expect("activity");
            if waiting > 0 { Ok(()) } else { Err(waiting) }
        })
        .await;
        let checked = check(&mut writer, &term()).await;
        drop(writer);
        let installed = installing.await.expect("installed");
        assert_eq!(installed.sealed_sessions, 1, "after {checked:?}");
        put(&w.pool, &fence(opened, State::Window(later()))).await;
    }
}
