//! Windows and scopes.

use hocba_fence::{Error, Fence, Refusal, Scope, State, list, state, use_scope};
use hocba_testing::eventually;
use sqlx::Executor as _;
use std::time::Duration;
use time::OffsetDateTime;

use crate::world::{DIGEST, DOSSIER, fence, later, put, rows, scope, term, world, write};

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
        let mut tx = hocba_chassis::database::begin(&w.pool, "s")
            .await
            .expect("a transaction");
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
    let mut crashed = hocba_chassis::database::begin(&w.pool, "s")
        .await
        .expect("a transaction");
    use_scope(&mut crashed, &term(), DOSSIER, DIGEST, 1)
        .await
        .expect("the scope");
    crashed.execute(insert).await.expect("a cell");
    crashed.rollback().await.expect("rollback");

    let mut tx = hocba_chassis::database::begin(&w.pool, "s")
        .await
        .expect("a transaction");
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
    let mut tx = hocba_chassis::database::begin(&w.pool, "s")
        .await
        .expect("a transaction");
    let ended = use_scope(&mut tx, &term(), DOSSIER, DIGEST, 1).await;
    assert!(matches!(ended, Err(Error::Refused(Refusal::ScopeEnded))));
    drop(tx);
    put(&w.pool, &fence(5, State::Closed)).await;
    let mut tx = hocba_chassis::database::begin(&w.pool, "s")
        .await
        .expect("a transaction");
    let void = use_scope(&mut tx, &term(), "schools/s/dossiers/2", DIGEST, 3).await;
    assert!(matches!(void, Err(Error::Refused(Refusal::ScopeEnded))));
}
