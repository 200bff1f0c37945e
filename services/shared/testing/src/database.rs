//! A database per test, cloned from a template that is migrated once per build of the migrations.

use std::{
    env, fs,
    path::{Path, PathBuf},
    str::FromStr as _,
};

use anyhow::Context as _;
use hocba_chassis::{migrate, run::Definition};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool, postgres::PgConnectOptions};
use uuid::Uuid;

/// The variable with the superuser URL of the test run's PostgreSQL.
pub const VARIABLE: &str = "HOCBA_TEST_POSTGRES";

/// A service's database for one test; dropped with the value.
#[derive(Debug)]
pub struct TestDatabase {
    superuser: PgConnectOptions,
    name: String,
    service: &'static str,
}

impl TestDatabase {
    /// A clone of the service's migrated template. The template's name carries a digest of the
    /// migrations, so that a changed migration makes a new one.
    pub async fn of(definition: &Definition) -> anyhow::Result<Self> {
        let url = env::var(VARIABLE)
            .with_context(|| format!("{VARIABLE} is not set: run the tests by `make test`"))?;
        let superuser = PgConnectOptions::from_str(&url)?;
        let template = template(&superuser, definition).await?;
        let name = format!("test_{}_{}", definition.name, Uuid::now_v7().simple());
        let mut admin = PgConnection::connect_with(&superuser).await?;
        execute(&mut admin, format!("create database {name} template {template}")).await?;
        admin.close().await?;
        Ok(Self {
            superuser,
            name,
            service: definition.name,
        })
    }

    /// The superuser's connections: for tests that play a database administrator.
    pub async fn superuser(&self) -> anyhow::Result<PgPool> {
        Ok(PgPool::connect_with(self.superuser.clone().database(&self.name)).await?)
    }

    /// The connections of the running service's login.
    pub async fn service(&self) -> anyhow::Result<PgPool> {
        Ok(PgPool::connect_with(PgConnectOptions::from_str(&self.url())?).await?)
    }

    /// The URL of the running service's login.
    #[must_use]
    pub fn url(&self) -> String {
        format!(
            "postgres://hocba_{}:test@{}:{}/{}",
            self.service,
            self.superuser.get_host(),
            self.superuser.get_port(),
            self.name
        )
    }

    /// The tables in which a value stands readable, as text or in bytes: what a thief of the database would find.
    pub async fn tables_with(&self, value: &str) -> anyhow::Result<Vec<String>> {
        let pool = self.superuser().await?;
        let tables: Vec<String> =
            sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public'")
                .fetch_all(&pool)
                .await?;
        let hex = data_encoding::HEXLOWER.encode(value.as_bytes());
        let mut found = Vec::new();
        for table in tables {
            let sql = format!(
                "select exists (select from {table} it where strpos(it::text, $1) > 0 or strpos(it::text, $2) > 0)"
            );
            let there: bool = sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(value)
                .bind(&hex)
                .fetch_one(&pool)
                .await?;
            if there {
                found.push(table);
            }
        }
        Ok(found)
    }

    /// Writes the URL into a file of `folder`, as services want it.
    pub fn url_file(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let path = folder.join(format!("{}.url", self.name));
        fs::write(&path, self.url())?;
        Ok(path)
    }
}

impl Drop for TestDatabase {
    /// Dropped by a thread of its own: the test's runtime may be going down already.
    fn drop(&mut self) {
        let (superuser, name) = (self.superuser.clone(), self.name.clone());
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .ok()?;
            runtime.block_on(async {
                let mut admin = PgConnection::connect_with(&superuser).await.ok()?;
                execute(&mut admin, format!("drop database if exists {name} with (force)"))
                    .await
                    .ok()
            })
        });
        if dropping.join().ok().flatten().is_none() {
            eprintln!("a test database was left behind");
        }
    }
}

/// Makes the template if it is not there; concurrent tests wait for the one that makes it.
async fn template(superuser: &PgConnectOptions, definition: &Definition) -> anyhow::Result<String> {
    let service = definition.name;
    let sums: String = definition
        .all_migrations()
        .iter()
        .flat_map(|migrator| migrator.iter())
        .map(|migration| data_encoding::HEXLOWER.encode(&migration.checksum))
        .collect();
    let sum = ring::digest::digest(&ring::digest::SHA256, sums.as_bytes());
    let sum = data_encoding::HEXLOWER.encode(sum.as_ref().get(..8).unwrap_or_default());
    let name = format!("template_{service}_{sum}");

    let mut admin = PgConnection::connect_with(superuser)
        .await
        .context("cannot reach the test PostgreSQL")?;
    execute(
        &mut admin,
        "select pg_advisory_lock(hashtext('hocba-testing'))".to_owned(),
    )
    .await?;
    let there = sqlx::query_scalar::<_, bool>("select exists (select from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut admin)
        .await?;
    if !there {
        make(&mut admin, superuser, definition, &name).await?;
    }
    admin.close().await?;
    Ok(name)
}

async fn make(
    admin: &mut PgConnection,
    superuser: &PgConnectOptions,
    definition: &Definition,
    name: &str,
) -> anyhow::Result<()> {
    let service = definition.name;
    let roles = [
        (format!("hocba_{service}_owner"), "nologin"),
        (format!("hocba_{service}_migrator"), "login password 'test'"),
        (format!("hocba_{service}"), "login password 'test'"),
    ];
    for (role, rights) in &roles {
        let there = sqlx::query_scalar::<_, bool>("select exists (select from pg_roles where rolname = $1)")
            .bind(role)
            .fetch_one(&mut *admin)
            .await?;
        let verb = if there { "alter" } else { "create" };
        execute(admin, format!("{verb} role {role} {rights}")).await?;
    }
    execute(
        admin,
        format!("grant hocba_{service}_owner to hocba_{service}_migrator"),
    )
    .await?;

    // Migrated under another name first: a half-made template is never taken for a whole one.
    let making = format!("{name}_making");
    execute(admin, format!("drop database if exists {making}")).await?;
    execute(
        admin,
        format!("create database {making} owner hocba_{service}_owner"),
    )
    .await?;
    let options = superuser.clone().database(&making);
    let mut inside = PgConnection::connect_with(&options).await?;
    execute(
        &mut inside,
        format!("alter schema public owner to hocba_{service}_owner"),
    )
    .await?;
    execute(&mut inside, "revoke all on schema public from public".to_owned()).await?;
    inside.close().await?;
    let url = format!(
        "postgres://hocba_{service}_migrator:test@{}:{}/{making}",
        superuser.get_host(),
        superuser.get_port()
    );
    migrate::apply(&url, service, &definition.all_migrations()).await?;
    execute(admin, format!("alter database {making} rename to {name}")).await
}

/// Runs a statement whose identifiers we made ourselves.
async fn execute(connection: &mut PgConnection, statement: String) -> anyhow::Result<()> {
    connection.execute(AssertSqlSafe(statement)).await?;
    Ok(())
}
