//! Waiting for a condition instead of sleeping.

use std::{fmt::Debug, future::Future, time::Duration};

/// Asks `probe` until it answers `Ok`, at most for `patience`; then panics with the last state it saw.
///
/// # Panics
/// When the condition does not come true in time.
#[expect(clippy::panic, reason = "a test helper: the panic is the test's failure")]
pub async fn eventually<T, S: Debug, F, Fut>(what: &str, patience: Duration, mut probe: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, S>>,
{
    let end = tokio::time::Instant::now() + patience;
    loop {
        match probe().await {
            Ok(value) => return value,
            Err(state) if tokio::time::Instant::now() >= end => {
                panic!("{what} did not come true within {patience:?}; last seen: {state:?}")
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
