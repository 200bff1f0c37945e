//! Every row is checked again, whoever connects.

use hocba_fence::{Refusal, State};
use sqlx::Executor as _;

use crate::world::{fence, later, put, rows, world};

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
