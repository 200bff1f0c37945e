//! `hocba-<service> migrate`: brings the schema up to this build, as the owner role.

use std::{path::PathBuf, str::FromStr as _};

use anyhow::Context as _;
use clap::Parser;
use sqlx::{ConnectOptions as _, Connection as _, migrate::Migrator, postgres::PgConnectOptions};

use crate::config;

/// Versions 0001 to 0099: what every service has.
pub static CHASSIS: Migrator = sqlx::migrate!("./migrations");

/// Settings of `migrate`.
#[derive(Debug, Parser)]
pub struct Config {
    /// A file with the database URL of the migrator's login.
    #[arg(long, env = "HOCBA_MIGRATOR_DATABASE_URL_FILE")]
    pub migrator_database_url_file: PathBuf,
}

/// Applies `migrations` in order to the database of the URL in the file.
pub async fn run(service: &str, migrations: &[&Migrator], config: &Config) -> anyhow::Result<()> {
    apply(
        &config::read_secret(&config.migrator_database_url_file)?,
        service,
        migrations,
    )
    .await
}

/// Applies `migrations` in order. Every object belongs to the owner role; shared migrations grant to the
/// role named by the setting `hocba.service_role`.
pub async fn apply(url: &str, service: &str, migrations: &[&Migrator]) -> anyhow::Result<()> {
    let mut connection = PgConnectOptions::from_str(url)
        .context("the database URL does not parse")?
        .connect()
        .await
        .context("cannot connect to the database")?;
    let (owner, login) = (format!("hocba_{service}_owner"), format!("hocba_{service}"));
    sqlx::query("select set_config('role', $1, false), set_config('hocba.service_role', $2, false)")
        .bind(&owner)
        .bind(&login)
        .execute(&mut connection)
        .await
        .with_context(|| format!("cannot become {owner}"))?;
    for migrator in migrations {
        // One table of applied versions serves chassis, fence and service: each sees the others' rows.
        let mut migrator = Migrator {
            migrations: migrator.migrations.clone(),
            ..Migrator::DEFAULT
        };
        migrator.set_ignore_missing(true);
        migrator
            .run(&mut connection)
            .await
            .context("a migration failed")?;
    }
    connection.close().await?;
    Ok(())
}
