//! T2 and T4: installing, sealing, listing.

use hocba_fence::{Error, Fence, Installed, Semester, State, Term, install, list, state};
use sqlx::Executor as _;
use std::time::Duration;
use time::OffsetDateTime;

use crate::world::{Sealing, fence, later, put, rows, term, world};

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
