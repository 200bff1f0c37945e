//! Everything a deployment leaves on disks and sends away.

use std::{collections::BTreeMap, fmt, fs, io::ErrorKind, path::Path};

use anyhow::Context as _;
use hocba_cluster::{Cluster, Node};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Where bytes were found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(String);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Place {
    /// Of its text, such as `files of records`.
    pub(crate) fn parse(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Shows everything there is, piece by piece.
pub(crate) async fn scan(cluster: &Cluster, mut see: impl FnMut(&Place, &[u8])) -> anyhow::Result<()> {
    let deployment = &cluster.deployment;
    let url = deployment.postgres.superuser_url("postgres");
    let mut admin = PgConnection::connect(&url).await?;
    sqlx::raw_sql("checkpoint").execute(&mut admin).await?;
    let names: Vec<(String, String)> = sqlx::query_as("select oid::text, datname::text from pg_database")
        .fetch_all(&mut admin)
        .await?;
    admin.close().await?;
    let names: BTreeMap<String, String> = names.into_iter().collect();

    // As raw bytes: heap, indexes, TOAST, the write-ahead log.
    let data = deployment.postgres.data();
    files(&data, &mut |path, bytes| {
        let mut parts = path
            .strip_prefix(&data)?
            .iter()
            .map(|part| part.to_string_lossy());
        let place = match (parts.next().as_deref(), parts.next()) {
            (Some("base"), Some(oid)) => {
                let name = names.get(oid.as_ref()).map(String::as_str).unwrap_or_default();
                format!("files of {}", name.trim_start_matches("hocba_"))
            }
            (Some("pg_wal"), _) => "write-ahead log".to_owned(),
            _ => "other files of PostgreSQL".to_owned(),
        };
        see(&Place(place), bytes);
        Ok(())
    })?;
    // TOAST may be compressed: every row as text besides, where bytes are hex.
    for node in Node::SERVICES {
        let place = Place(format!("rows of {node}"));
        rows(&mut cluster.superuser(node).await?, |row| {
            see(&place, row.as_bytes())
        })
        .await?;
    }
    for (name, folder) in [
        ("redis", deployment.home.join("redis")),
        ("objects", deployment.objects()),
    ] {
        files(&folder, &mut |_, bytes| {
            see(&Place(name.to_owned()), bytes);
            Ok(())
        })?;
    }
    files(&deployment.home.join("log"), &mut |path, bytes| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        see(&Place(format!("log of {name}")), bytes);
        Ok(())
    })?;
    see(
        &Place("spans".to_owned()),
        &serde_json::to_vec(&cluster.traces.spans())?,
    );
    Ok(())
}

/// Every row of every table.
async fn rows(connection: &mut PgConnection, mut see: impl FnMut(&str)) -> anyhow::Result<()> {
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public'")
            .fetch_all(&mut *connection)
            .await?;
    for table in tables {
        // Names of our own migrations.
        let sql = format!("select it::text from {table} it");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(&mut *connection)
            .await?;
        rows.iter().for_each(|row| see(row));
    }
    Ok(())
}

/// Every file below a folder with its bytes. The databases go on while they are read: a file that PostgreSQL or Redis
/// takes away meanwhile (a temporary one, a recycled segment) is read no more, as nobody else could read it either.
pub(crate) fn files(
    folder: &Path,
    see: &mut dyn FnMut(&Path, &[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, see)?;
        } else if let Some(bytes) = bytes(&path)? {
            see(&path, &bytes)?;
        }
    }
    Ok(())
}

fn bytes(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    // A socket has no bytes.
    if !path.is_file() {
        return Ok(None);
    }
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}
