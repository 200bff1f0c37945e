//! Waiting for a fact instead of sleeping.

use std::{future::Future, time::Duration};

use anyhow::bail;
use tokio::time::Instant;

/// How long between two looks.
const STEP: Duration = Duration::from_millis(50);

/// Looks until `look` answers something; on time-out the error says `what` and the last reason why not.
pub async fn until<T, F, Fut>(what: &str, limit: Duration, mut look: F) -> anyhow::Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<T>>,
{
    let end = Instant::now() + limit;
    loop {
        match look().await {
            Ok(found) => return Ok(found),
            Err(reason) if Instant::now() >= end => {
                bail!("{what}: not within {} s: {reason:#}", limit.as_secs())
            }
            Err(_) => tokio::time::sleep(STEP).await,
        }
    }
}
