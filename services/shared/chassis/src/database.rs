//! The service's PostgreSQL: pool, the school of a transaction, retries of lost races.

use std::{future::Future, path::Path, str::FromStr as _, time::Duration};

use anyhow::Context as _;
use sqlx::{
    PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::config;

/// A pool by the URL in a file.
pub async fn connect(url_file: &Path, most: u32, name: &str) -> anyhow::Result<PgPool> {
    let options = PgConnectOptions::from_str(&config::read_secret(url_file)?)
        .context("the database URL does not parse")?
        .application_name(&format!("hocba-{name}"))
        // A statement nobody waits for any more must not hold locks for ever.
        .options([
            ("statement_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "60s"),
            // Our statements go by keys: one plan fits every value, and making five of each for every connection first
            // costs more than running them (half as many sheets sealed a second again without).
            ("plan_cache_mode", "force_generic_plan"),
        ]);
    Ok(PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy_with(options))
}

/// Begins a transaction of one school: row-level security shows this school's rows and no other's.
pub async fn begin(pool: &PgPool, school: &str) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut tx = pool.begin().await?;
    sqlx::query!("select set_config('hocba.school', $1, true)", school)
        .fetch_one(&mut *tx)
        .await?;
    Ok(tx)
}

/// Runs work again when PostgreSQL says that it lost a race (serialization failure, deadlock): three times at most.
pub async fn retry<T, E, F, Fut>(mut work: F) -> Result<T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: LostRace,
{
    for _ in 0..2 {
        match work().await {
            Err(error) if error.is_lost_race() => tokio::task::yield_now().await,
            done => return done,
        }
    }
    work().await
}

/// Whether trying the whole transaction again may help.
pub trait LostRace {
    /// True for serialization failures and deadlocks.
    fn is_lost_race(&self) -> bool;
}

impl LostRace for sqlx::Error {
    fn is_lost_race(&self) -> bool {
        self.as_database_error()
            .and_then(|error| error.code())
            .is_some_and(|code| code == "40001" || code == "40P01")
    }
}

/// The name of the constraint an error broke: named constraints become domain errors where the query stands.
#[must_use]
pub fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|error| error.constraint())
}
