//! The development cluster under `.run/`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::Context;

use crate::{
    boot, cluster,
    cluster_file::{self, ClusterFile},
    deployment::Deployment,
    files,
    node::Node,
    person::Login,
    postgres::Postgres,
    process::Program,
    processes::Processes,
    redis::Redis,
    state::State,
};

/// `.run/` of the repository.
#[must_use]
pub fn home() -> PathBuf {
    files::repository().join(".run")
}

/// Brings everything up, or only these nodes; what runs already stays.
pub async fn up(fresh: bool, only: &[Node]) -> anyhow::Result<()> {
    let began = Instant::now();
    let home = home();
    fs::create_dir_all(&home)?;
    // Two launchers at once would start everything twice.
    let lock = fs::File::create(home.join("launcher.lock"))?;
    lock.try_lock().context("another hocba-dev is at work")?;
    if fresh {
        down().await?;
        clear(&home)?;
    }
    let mut deployment = Deployment::open(&home, true)?;
    if !only.is_empty() {
        deployment.nodes = only.to_vec();
    }
    let all_up = stop_outdated(&deployment).await? && boot::is_up(&deployment).await;
    if all_up {
        eprintln!("hocba: already up");
    } else {
        receive_traces(&deployment)?;
        deployment.traces = Some(deployment.state.traces);
        boot::boot(&mut deployment, |step| eprintln!("hocba: {step} …")).await?;
    }
    let file = ClusterFile::write(&deployment)?;
    if only.is_empty() && file.accounts.is_empty() {
        eprintln!("hocba: demo school …");
        cluster_file::load_demo_school(&deployment)?;
    }
    print_addresses(&deployment)?;
    eprintln!("hocba: up in {:.1} s", began.elapsed().as_secs_f32());
    Ok(())
}

/// Stops everything.
pub async fn down() -> anyhow::Result<()> {
    let home = home();
    if !home.join("state.json").exists() {
        eprintln!("hocba: nothing runs");
        return Ok(());
    }
    let deployment = Deployment::open(&home, true)?;
    boot::stop(&deployment).await?;
    let left = deployment.processes.running();
    anyhow::ensure!(left.is_empty(), "still running: {left:?}");
    eprintln!("hocba: down");
    Ok(())
}

/// Shows what runs; false when something does not serve.
pub async fn status() -> anyhow::Result<bool> {
    let home = home();
    anyhow::ensure!(home.join("state.json").exists(), "nothing here: `make up` first");
    let deployment = Deployment::open(&home, true)?;
    let health = boot::ask_health(&deployment).await;
    let services = health
        .as_ref()
        .map(|health| health.services.clone())
        .unwrap_or_default();
    for node in Node::ALL {
        let process = deployment.processes.pid(node.name());
        let state = match (process, node) {
            (None, _) => "not running".to_owned(),
            (Some(_), Node::Gateway) => health
                .as_ref()
                .map_or_else(|error| format!("{error:#}"), |health| health.status.clone()),
            (Some(_), _) => services
                .get(node.name())
                .cloned()
                .unwrap_or_else(|| "unknown".to_owned()),
        };
        line(
            node.name(),
            process.map(|pid| pid.0),
            &deployment.state.address(node)?.to_string(),
            &state,
        );
    }
    for (name, address) in [
        ("postgres", deployment.postgres.address()),
        ("redis", deployment.redis.address()),
        ("traces", deployment.state.traces),
    ] {
        let process = deployment.processes.pid(name);
        let state = if process.is_some() {
            "running"
        } else {
            "not running"
        };
        line(name, process.map(|pid| pid.0), &address.to_string(), state);
    }
    Ok(health.is_ok_and(|health| health.status == "serving"))
}

fn line(name: &str, pid: Option<u32>, address: &str, state: &str) {
    let pid = pid.map(|pid| pid.to_string()).unwrap_or_default();
    eprintln!("{name:<10} {pid:>8}  {address:<22} {state}");
}

/// Follows the log of one process, or of all.
pub fn logs(name: Option<&str>) -> anyhow::Result<()> {
    let processes = Processes::at(&home().join("log"), true)?;
    let files: Vec<PathBuf> = match name {
        Some(name) => vec![processes.log(name)],
        None => Node::ALL
            .into_iter()
            .map(|node| processes.log(node.name()))
            .collect(),
    };
    let status = Command::new("tail")
        .args(["-n", "40", "-F"])
        .args(files)
        .status()?;
    anyhow::ensure!(status.success(), "tail ended with {status}");
    Ok(())
}

/// Runs a command with a PostgreSQL and a Redis of its own, named in its environment, and answers its exit code.
/// Tests that share a cluster boot it in a folder of ours; it is stopped with the rest.
pub async fn with_databases(command: &[String]) -> anyhow::Result<i32> {
    let (program, arguments) = command.split_first().context("no command")?;
    let folder = tempfile::Builder::new()
        .prefix("hocba-test-")
        .tempdir_in("/tmp")?;
    open_to_others(folder.path())?;
    let postgres = Postgres::at(
        &folder.path().join("pg"),
        files::free_address()?.port(),
        &files::password()?,
    )?;
    let redis = Redis::at(
        &folder.path().join("redis"),
        files::free_address()?.port(),
        &files::password()?,
    )?;
    let processes = Processes::at(&folder.path().join("log"), true)?;
    let shared = folder.path().join("cluster");
    let ran = async {
        processes.start(&postgres.program(&processes.log("postgres"))?)?;
        processes.start(&redis.program(&processes.log("redis"))?)?;
        postgres
            .answers()
            .await
            .with_context(|| files::tail(&processes.log("postgres"), 20))?;
        redis
            .answers()
            .await
            .with_context(|| files::tail(&processes.log("redis"), 20))?;
        let mut child = tokio::process::Command::new(program)
            .args(arguments)
            .env("HOCBA_TEST_POSTGRES", postgres.superuser_url("postgres"))
            .env("HOCBA_TEST_REDIS", redis.url())
            .env(cluster::SHARED, &shared)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let status = tokio::select! {
            status = child.wait() => status?,
            // The terminal sends Ctrl-C to the child too: wait for it, then clean up.
            interrupted = tokio::signal::ctrl_c() => { interrupted?; child.wait().await? }
        };
        anyhow::Ok(status.code().unwrap_or(1))
    }
    .await;
    if shared.join("state.json").exists() {
        boot::stop(&Deployment::open(&shared, true)?).await?;
    }
    processes.stop("redis").await?;
    processes.stop("postgres").await?;
    ran
}

/// Lets other system users pass through a folder, so that PostgreSQL's user reaches its own below.
pub fn open_to_others(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o711))?;
    Ok(())
}

/// Stops nodes whose program was built after they started; true when there were none.
async fn stop_outdated(deployment: &Deployment) -> anyhow::Result<bool> {
    let mut none = true;
    for node in Node::ALL {
        let Some(started) = deployment.processes.since(node.name()) else {
            continue;
        };
        let built = fs::metadata(files::program(&node.program())?)?.modified()?;
        if built > started {
            eprintln!("hocba: {node} was built anew, restarting it …");
            deployment.processes.stop(node.name()).await?;
            none = false;
        }
    }
    Ok(none)
}

/// The receiver of spans, a process of its own: its file is what the demo reads a trace from.
fn receive_traces(deployment: &Deployment) -> anyhow::Result<()> {
    let receiver = Program {
        name: "traces".to_owned(),
        path: std::env::current_exe()?,
        arguments: vec![
            "receive-traces".to_owned(),
            deployment.state.traces.to_string(),
            cluster_file::spans(deployment).display().to_string(),
        ],
        environment: BTreeMap::new(),
        user: None,
        log: deployment.processes.log("traces"),
    };
    deployment.processes.start(&receiver)?;
    Ok(())
}

fn print_addresses(deployment: &Deployment) -> anyhow::Result<()> {
    for node in Node::ALL {
        eprintln!("{:<10} {}", node.name(), deployment.state.address(node)?);
    }
    eprintln!("{:<10} {}", "postgres", deployment.postgres.address());
    eprintln!("{:<10} {}", "redis", deployment.redis.address());
    let file = ClusterFile::read(deployment)?;
    for login in std::iter::once(&file.operator).chain(&file.accounts) {
        let Login {
            key,
            email,
            password,
            totp_secret,
            ..
        } = login;
        eprintln!("login {key:<18} {email:<36} password {password:<40} TOTP {totp_secret}");
    }
    eprintln!(
        "everything, for programs: {}",
        ClusterFile::path(deployment).display()
    );
    Ok(())
}

/// Forgets a deployment that does not run, its data included.
fn clear(home: &Path) -> anyhow::Result<()> {
    if let Ok(state) = State::read(&home.join("state.json"))
        && !state.postgres_folder.starts_with(home)
        && state.postgres_folder.exists()
    {
        fs::remove_dir_all(&state.postgres_folder)?;
    }
    for entry in fs::read_dir(home)? {
        let entry = entry?;
        if entry.file_name() == "launcher.lock" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
