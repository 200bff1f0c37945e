//! A whole deployment for one test: real binaries, and every wire in the test's hands.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use crate::{
    boot,
    cluster_file::{self, ClusterFile},
    deployment::Deployment,
    edge, files, launcher,
    node::{End, Node},
    person::{Login, Person, TOKEN_USE},
    traces::Traces,
    wait,
    wire::Wire,
};

/// What a test wants of its cluster.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who takes part; the others are as if they were dead.
    pub nodes: Vec<Node>,
    /// Settings added to a node's environment.
    pub settings: BTreeMap<(Node, String), String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            nodes: Node::ALL.to_vec(),
            settings: BTreeMap::new(),
        }
    }
}

/// A running deployment. Dropping it kills everything and removes its folder; while panicking it shows
/// the ends of all logs first.
#[derive(Debug)]
pub struct Cluster {
    /// Folder, addresses, secrets.
    pub deployment: Deployment,
    /// Spans of all nodes.
    pub traces: Traces,
    wires: BTreeMap<(Node, End), Wire>,
    channel: Channel,
    own: Option<Own>,
}

/// What goes with a cluster that is one test's own.
#[derive(Debug)]
struct Own {
    receiver: JoinHandle<()>,
    _folder: TempDir,
}

/// The variable that names the folder of the cluster that a run's tests share; `hocba-dev with-databases` sets it
/// and stops what was started there.
pub const SHARED: &str = "HOCBA_TEST_CLUSTER";

impl Cluster {
    /// Boots one and waits until it serves.
    pub async fn boot(options: Options) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("hocba-cluster-")
            .tempdir_in("/tmp")?;
        launcher::open_to_others(folder.path())?;
        let mut deployment = Deployment::open(folder.path(), false)?;
        deployment.nodes = options.nodes;
        deployment.settings = options.settings;
        deployment.traces = Some(deployment.state.traces);

        let mut wires = BTreeMap::new();
        for (from, to) in edges() {
            let wire = Wire::to(deployment.way(from, to)?).await?;
            wires.insert((from, to), wire);
        }
        deployment.wires = wires.iter().map(|(ends, wire)| (*ends, wire.address())).collect();

        let traces = Traces::default();
        let receiver = tokio::spawn({
            let traces = traces.clone();
            let address = deployment.state.traces;
            async move {
                if let Err(error) = traces.serve(address).await {
                    eprintln!("no spans will be received: {error:#}");
                }
            }
        });
        let channel = edge::channel(
            deployment.state.address(Node::Gateway)?,
            &deployment.pki.edge_ca(),
        )?;
        // From here on a failure drops the cluster, which kills what was started.
        let mut cluster = Self {
            deployment,
            traces,
            wires,
            channel,
            own: Some(Own {
                receiver,
                _folder: folder,
            }),
        };
        boot::boot(&mut cluster.deployment, |_| ()).await?;
        Ok(cluster)
    }

    /// The cluster that the tests of one run share, each in a school of its own; the first of them boots it. It has
    /// no wires and nobody may kill anything in it.
    pub async fn shared() -> anyhow::Result<Self> {
        let home =
            env::var(SHARED).with_context(|| format!("{SHARED} is not set: run the tests by `make test`"))?;
        let home = PathBuf::from(home);
        fs::create_dir_all(&home)?;
        launcher::open_to_others(&home)?;
        let lock = turn(&home)?;
        let mut deployment = Deployment::open(&home, true)?;
        if !boot::is_up(&deployment).await {
            boot::boot(&mut deployment, |_| ()).await?;
        }
        drop(lock);
        let channel = edge::channel(
            deployment.state.address(Node::Gateway)?,
            &deployment.pki.edge_ca(),
        )?;
        Ok(Self {
            deployment,
            traces: Traces::default(),
            wires: BTreeMap::new(),
            channel,
            own: None,
        })
    }

    /// The operator, signed in. In a shared cluster one sign-in serves all tests: a code of the second factor is good
    /// once, and they would wait for each other.
    pub async fn signed_in_operator(&self) -> anyhow::Result<Person> {
        let login = self.operator()?;
        if self.own.is_some() {
            return self.sign_in(&login).await;
        }
        let home = &self.deployment.home;
        let _lock = turn(home)?;
        let kept = home.join("operator.token");
        let age = fs::metadata(&kept)
            .ok()
            .and_then(|kept| kept.modified().ok()?.elapsed().ok());
        if age.is_some_and(|age| age < TOKEN_USE) {
            return Ok(Person::with(&self.channel, login, fs::read_to_string(&kept)?));
        }
        let person = self.sign_in(&login).await?;
        files::write_secret(&kept, person.token.as_bytes())?;
        Ok(person)
    }

    /// A channel to the gateway.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// The first operator's secrets.
    pub fn operator(&self) -> anyhow::Result<Login> {
        boot::operator(&self.deployment)
    }

    /// Makes the demo school, and answers its people's secrets.
    pub fn demo_school(&self) -> anyhow::Result<ClusterFile> {
        ClusterFile::write(&self.deployment)?;
        cluster_file::load_demo_school(&self.deployment)
    }

    /// Signs somebody in.
    pub async fn sign_in(&self, login: &Login) -> anyhow::Result<Person> {
        Person::sign_in(&self.channel, login).await
    }

    /// The wire between two ends.
    pub fn wire(&self, from: Node, to: impl Into<End>) -> anyhow::Result<&Wire> {
        let to = to.into();
        self.wires
            .get(&(from, to))
            .with_context(|| format!("no wire from {from} to {to}"))
    }

    /// Kills a process as a power cut would.
    pub async fn kill(&self, end: impl Into<End>) -> anyhow::Result<()> {
        self.deployment.processes.kill(&end.into().to_string()).await
    }

    /// Starts a killed process again.
    pub async fn start(&self, end: impl Into<End>) -> anyhow::Result<()> {
        boot::start(&self.deployment, end.into()).await
    }

    /// Waits until everything serves.
    pub async fn healthy(&self) -> anyhow::Result<()> {
        boot::healthy(&self.deployment).await
    }

    /// A superuser's connection to a service's database: what a database administrator could do.
    pub async fn superuser(&self, node: Node) -> anyhow::Result<PgConnection> {
        let url = self.deployment.postgres.superuser_url(&node.database());
        Ok(PgConnection::connect(&url).await?)
    }

    /// Waits for a fact; on time-out the error carries the ends of all logs.
    pub async fn eventually<T, F, Fut>(&self, what: &str, limit: Duration, look: F) -> anyhow::Result<T>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = anyhow::Result<T>>,
    {
        wait::until(what, limit, look)
            .await
            .with_context(|| boot::tails(&self.deployment, 10))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() && self.own.is_some() {
            eprintln!("{}", boot::tails(&self.deployment, 20));
        }
        // A shared cluster is stopped by whoever gave its folder.
        let Some(own) = &self.own else { return };
        own.receiver.abort();
        for name in self.deployment.processes.running() {
            // QUIT ends PostgreSQL at once but lets it give its shared memory back.
            let signal = if name == "postgres" { "QUIT" } else { "KILL" };
            if let Some(pid) = self.deployment.processes.pid(&name)
                && let Err(error) = pid.signal(signal)
            {
                eprintln!("{name} may still run: {error:#}");
            }
        }
    }
}

/// One test's turn in a shared folder; over when the answer is dropped.
fn turn(home: &Path) -> anyhow::Result<fs::File> {
    let lock = fs::File::create(home.join("turn.lock"))?;
    lock.lock()?;
    Ok(lock)
}

/// Every wire of a deployment.
fn edges() -> Vec<(Node, End)> {
    let mut all = Vec::new();
    for from in Node::ALL {
        all.extend(from.calls().into_iter().map(|to| (from, to.into())));
        if from.is_service() {
            all.push((from, End::Postgres));
        }
    }
    all.push((Node::Lock, End::Redis));
    all
}
