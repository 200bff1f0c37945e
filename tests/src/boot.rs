//! From nothing to a healthy deployment.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::{
    deployment::Deployment,
    edge, files,
    node::{End, Node},
    person::Login,
    provision, wait,
};

/// How long all nodes together may take to serve.
const HEALTHY_WITHIN: Duration = Duration::from_secs(60);

/// The first operator's e-mail.
pub const OPERATOR: &str = "operator@hocba.example";

/// Starts what does not run, makes what is missing, and waits until everything serves.
pub async fn boot(deployment: &mut Deployment, say: impl Fn(&str)) -> anyhow::Result<()> {
    say("PostgreSQL and Redis");
    start(deployment, End::Postgres).await?;
    start(deployment, End::Redis).await?;
    if !deployment.state.done.contains("provision") {
        say("roles and databases");
        provision::provision(&deployment.postgres, &deployment.state).await?;
        deployment.done("provision")?;
    }
    say("migrations");
    for node in deployment.nodes.iter().filter(|node| node.is_service()) {
        deployment.program(*node, &["migrate"])?.run()?;
    }
    // The archive verifies by it, whoever signs.
    let judges = [Node::Signing, Node::Archive];
    if judges.iter().any(|node| deployment.nodes.contains(node)) && !deployment.state.done.contains("init-ca")
    {
        say("certificate authority of signatures");
        deployment.program(Node::Signing, &["init-ca"])?.run()?;
        deployment.done("init-ca")?;
    }
    say("services and gateway");
    for node in &deployment.nodes {
        start(deployment, (*node).into()).await?;
    }
    healthy(deployment).await?;
    if deployment.nodes.contains(&Node::Identity) && !operator_file(deployment).exists() {
        say("first operator");
        bootstrap(deployment)?;
    }
    Ok(())
}

/// Starts one process unless it runs; databases are waited for.
pub async fn start(deployment: &Deployment, end: End) -> anyhow::Result<()> {
    let processes = &deployment.processes;
    match end {
        End::Node(node) => {
            processes.start(&deployment.program(node, &["serve"])?)?;
        }
        End::Postgres => {
            let mut postgres = deployment.postgres.program(&processes.log("postgres"))?;
            // A school's year in a minute: tables are looked at while they grow (see docs/performance.md). Not for
            // the tests' many small databases: so short a pause lets DROP DATABASE wait for a minute.
            let naptime = ["-c", "autovacuum_naptime=5s"].map(str::to_owned);
            postgres.arguments.extend(naptime);
            processes.start(&postgres)?;
            with_log(deployment, "postgres", deployment.postgres.answers().await)?;
        }
        End::Redis => {
            processes.start(&deployment.redis.program(&processes.log("redis"))?)?;
            with_log(deployment, "redis", deployment.redis.answers().await)?;
        }
    }
    Ok(())
}

/// Whether everything runs and serves.
pub async fn is_up(deployment: &Deployment) -> bool {
    deployment
        .nodes
        .iter()
        .all(|node| deployment.processes.pid(node.name()).is_some())
        && ask_health(deployment)
            .await
            .is_ok_and(|health| serve(deployment, &health))
}

/// Whether all that take part serve.
fn serve(deployment: &Deployment, health: &edge::Health) -> bool {
    let services = deployment.nodes.iter().filter(|node| node.is_service());
    services.into_iter().all(|node| {
        health
            .services
            .get(node.name())
            .is_some_and(|state| state == "serving")
    })
}

/// Waits until the gateway says that every service serves; a failure shows the logs of those that do not.
pub async fn healthy(deployment: &Deployment) -> anyhow::Result<()> {
    let waited = wait::until("every service serves", HEALTHY_WITHIN, || async {
        let dead = |node: &&Node| deployment.processes.pid(node.name()).is_none();
        if let Some(dead) = deployment.nodes.iter().find(dead) {
            // Not worth waiting for: it said why in its log.
            return Ok(Err(*dead));
        }
        let health = ask_health(deployment).await?;
        anyhow::ensure!(serve(deployment, &health), "{:?}", health.services);
        Ok(Ok(()))
    })
    .await;
    match waited {
        Ok(Ok(())) => Ok(()),
        Ok(Err(dead)) => bail!(
            "{dead} ended:\n{}",
            files::tail(&deployment.processes.log(dead.name()), 30)
        ),
        Err(error) => Err(error.context(tails(deployment, 15))),
    }
}

/// The health page.
pub async fn ask_health(deployment: &Deployment) -> anyhow::Result<edge::Health> {
    edge::health(
        deployment.state.address(Node::Gateway)?,
        &deployment.pki.edge_ca(),
    )
    .await
}

/// Stops everything, the edge first, the databases last.
pub async fn stop(deployment: &Deployment) -> anyhow::Result<()> {
    for node in Node::ALL.into_iter().rev() {
        deployment.processes.stop(node.name()).await?;
    }
    for name in ["redis", "postgres", "traces"] {
        deployment.processes.stop(name).await?;
    }
    Ok(())
}

/// The ends of all logs.
#[must_use]
pub fn tails(deployment: &Deployment, lines: usize) -> String {
    Node::ALL
        .into_iter()
        .map(Node::name)
        .chain(["postgres", "redis"])
        .map(|name| {
            format!(
                "--- {name}\n{}\n",
                files::tail(&deployment.processes.log(name), lines)
            )
        })
        .collect()
}

fn with_log<T>(deployment: &Deployment, name: &str, result: anyhow::Result<T>) -> anyhow::Result<T> {
    result.with_context(|| files::tail(&deployment.processes.log(name), 20))
}

/// What `hocba-identity bootstrap` leaves.
#[derive(Deserialize)]
struct Bootstrapped {
    email: String,
    password: String,
    totp_secret: String,
    #[serde(default)]
    account: String,
}

fn operator_file(deployment: &Deployment) -> PathBuf {
    deployment.secrets().join("operator.json")
}

fn bootstrap(deployment: &Deployment) -> anyhow::Result<()> {
    let file = operator_file(deployment);
    let out = file.display().to_string();
    deployment
        .program(Node::Identity, &["bootstrap", "--email", OPERATOR, "--out", &out])?
        .run()
}

/// The first operator.
pub fn operator(deployment: &Deployment) -> anyhow::Result<Login> {
    let file = operator_file(deployment);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let made: Bootstrapped = serde_json::from_str(&text).context("the operator's file")?;
    Ok(Login {
        key: "operator".to_owned(),
        email: made.email,
        password: made.password,
        totp_secret: made.totp_secret,
        account: made.account,
        ..Login::default()
    })
}
