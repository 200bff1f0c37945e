//! The wrong fences: what would happen without ours.

use hocba_fence::{Refusal, State};
use sqlx::Executor as _;

use crate::world::{World, fence, later, put, until_waiting, world};

/// The same dance for every way to read the fence: the writer asks while an installer holds the lock and has
/// not committed. Answers whether the writer believed the term open.
async fn believes_open_behind_an_installer(w: &World, ask: &'static str) -> bool {
    let mut installer = hocba_chassis::database::begin(&w.superuser, "s")
        .await
        .expect("a transaction");
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
