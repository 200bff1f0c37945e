//! Roles, databases and migrations of every service.

use std::{collections::BTreeMap, path::Path, process::Command};

use anyhow::{Context, bail};
use sqlx::{Connection, PgConnection};

use crate::{files, node::Node, postgres::Postgres, state::State};

/// Runs the provisioning script for each service, as superuser, and sets the passwords of its logins.
pub async fn provision(postgres: &Postgres, state: &State) -> anyhow::Result<()> {
    let script = files::repository().join("services/shared/chassis/provision.sql");
    for node in Node::SERVICES {
        run_script(&postgres.superuser_url("postgres"), &script, node)
            .with_context(|| format!("cannot provision {node}"))?;
    }
    let mut connection = PgConnection::connect(&postgres.superuser_url("postgres")).await?;
    for node in Node::SERVICES {
        for role in [node.role(), node.migrator()] {
            // Role names and passwords are ours: letters, digits and underscores.
            let sql = format!(
                "alter role {role} with login password '{}'",
                state.password(&role)?
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
                .execute(&mut connection)
                .await?;
        }
    }
    connection.close().await?;
    Ok(())
}

fn run_script(url: &str, script: &Path, node: Node) -> anyhow::Result<()> {
    let environment: BTreeMap<&str, &str> = BTreeMap::from([("PGOPTIONS", "-c client_min_messages=warning")]);
    let output = Command::new("psql")
        .args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-v",
            &format!("service={node}"),
            "-f",
        ])
        .arg(script)
        .arg(url)
        .envs(environment)
        .output()
        .context("psql is not installed: apt-get install postgresql-client")?;
    if !output.status.success() {
        bail!("psql: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
