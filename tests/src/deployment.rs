//! One deployment: its folder, secrets, addresses, and the environment of each node.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::anyhow;
use data_encoding::HEXLOWER;
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _},
};

use crate::{
    files,
    node::{End, Node},
    pki::Pki,
    postgres::{self, Postgres},
    process::Program,
    processes::Processes,
    redis::Redis,
    state::State,
};

/// A deployment under a folder.
#[derive(Debug)]
pub struct Deployment {
    /// The folder: state, secrets, certificates, logs.
    pub home: PathBuf,
    /// Addresses and passwords.
    pub state: State,
    /// Certificates.
    pub pki: Pki,
    /// What runs.
    pub processes: Processes,
    /// The databases.
    pub postgres: Postgres,
    /// The mirror.
    pub redis: Redis,
    /// Who takes part; the others are as if they were dead.
    pub nodes: Vec<Node>,
    /// Where spans go instead of nowhere.
    pub traces: Option<SocketAddr>,
    /// Addresses of wires laid between nodes; without one the way is direct.
    pub wires: BTreeMap<(Node, End), SocketAddr>,
    /// Settings added to or replaced in a node's environment.
    pub settings: BTreeMap<(Node, String), String>,
}

impl Deployment {
    /// Opens the deployment in `home`, making state, certificates and secrets where they are missing.
    pub fn open(home: &Path, outlive_us: bool) -> anyhow::Result<Self> {
        fs::create_dir_all(home)?;
        let home = &home.canonicalize()?;
        let kept = home.join("state.json");
        let state = if kept.exists() {
            State::read(&kept)?
        } else {
            let state = State::new(postgres_folder(home)?)?;
            state.write(&kept)?;
            state
        };
        let deployment = Self {
            pki: Pki::at(&home.join("pki"))?,
            processes: Processes::at(&home.join("log"), outlive_us)?,
            postgres: Postgres::at(
                &state.postgres_folder,
                state.postgres_port,
                state.password("postgres")?,
            )?,
            redis: Redis::at(&home.join("redis"), state.redis_port, state.password("redis")?)?,
            nodes: Node::ALL.to_vec(),
            traces: None,
            wires: BTreeMap::new(),
            settings: BTreeMap::new(),
            home: home.clone(),
            state,
        };
        files::private_folder(&deployment.secrets())?;
        deployment.make_secrets()?;
        Ok(deployment)
    }

    /// Remembers that something was made that is made once.
    pub fn done(&mut self, what: &str) -> anyhow::Result<()> {
        self.state.done.insert(what.to_owned());
        self.state.write(&self.home.join("state.json"))
    }

    /// The folder of secret files.
    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.home.join("secrets")
    }

    /// A secret file.
    #[must_use]
    pub fn secret(&self, name: &str) -> String {
        self.secrets().join(name).display().to_string()
    }

    /// The folder of archive's files.
    #[must_use]
    pub fn objects(&self) -> PathBuf {
        self.home.join("objects")
    }

    /// The way from a node to an end: through its wire when one is laid.
    pub fn way(&self, from: Node, to: End) -> anyhow::Result<SocketAddr> {
        if let Some(wire) = self.wires.get(&(from, to)) {
            return Ok(*wire);
        }
        match to {
            End::Node(node) => self.state.address(node),
            End::Postgres => Ok(self.postgres.address()),
            End::Redis => Ok(self.redis.address()),
        }
    }

    /// The program of a node: `serve`, or another subcommand.
    pub fn program(&self, node: Node, arguments: &[&str]) -> anyhow::Result<Program> {
        let name = match arguments.first() {
            None | Some(&"serve") => node.name().to_owned(),
            Some(subcommand) => format!("{node}-{subcommand}"),
        };
        Ok(Program {
            path: files::program(&node.program())?,
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            environment: self.environment(node)?,
            user: None,
            log: self.processes.log(&name),
            name,
        })
    }

    /// The whole environment of a node.
    pub fn environment(&self, node: Node) -> anyhow::Result<BTreeMap<String, String>> {
        let mut all = BTreeMap::new();
        let mut set = |name: &str, value: String| all.insert(name.to_owned(), value);
        set("HOCBA_LISTEN", self.state.address(node)?.to_string());
        set(
            "HOCBA_TLS_CERT",
            self.pki.certificate(node.name()).display().to_string(),
        );
        set("HOCBA_TLS_KEY", self.pki.key(node.name()).display().to_string());
        set("HOCBA_TLS_CA", self.pki.ca().display().to_string());
        set("HOCBA_LOG", "info".to_owned());
        set("HOCBA_DRAIN_SECONDS", "3".to_owned());
        if let Some(traces) = self.traces {
            set("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{traces}"));
            // Tests and the demo look for a span soon after it ended.
            set("OTEL_BSP_SCHEDULE_DELAY", "200".to_owned());
        }
        // Only the addresses it may call: whoever needs another one stops at once.
        for to in node.calls() {
            set(&to.address_variable(), self.way(node, to.into())?.to_string());
        }
        if node.is_service() {
            // Addresses change with wires, so the files are written at each start.
            let address = self.way(node, End::Postgres)?;
            for (variable, role) in [
                ("HOCBA_DATABASE_URL_FILE", node.role()),
                ("HOCBA_MIGRATOR_DATABASE_URL_FILE", node.migrator()),
            ] {
                let url = postgres::url(&role, self.state.password(&role)?, address, &node.database());
                let file = format!("{role}.url");
                files::write_secret(&self.secrets().join(&file), url.as_bytes())?;
                set(variable, self.secret(&file));
            }
        }
        for (name, value) in self.own_settings(node)? {
            set(&name, value);
        }
        for ((of, name), value) in &self.settings {
            if *of == node {
                set(name, value.clone());
            }
        }
        Ok(all)
    }

    /// What only one node needs.
    fn own_settings(&self, node: Node) -> anyhow::Result<Vec<(String, String)>> {
        let mut own: Vec<(&str, String)> = Vec::new();
        match node {
            Node::Identity => {
                own.push(("HOCBA_TOKEN_KEY_FILES", self.secret("token.key")));
                own.push(("HOCBA_MASTER_KEY_FILE", self.secret("identity-master.key")));
                let port = self.state.address(Node::Gateway)?.port();
                own.push(("HOCBA_WEBAUTHN_RP_ID", "localhost".to_owned()));
                own.push(("HOCBA_WEBAUTHN_ORIGINS", format!("https://localhost:{port}")));
            }
            Node::Records => own.push(("HOCBA_MASTER_KEY_FILE", self.secret("records-master.key"))),
            Node::Workflow => own.push(("HOCBA_MASTER_KEY_FILE", self.secret("workflow-master.key"))),
            Node::Signing => own.push(("HOCBA_CA_DIR", self.authority().display().to_string())),
            Node::Archive => {
                own.push(("HOCBA_OBJECTS_DIR", self.objects().display().to_string()));
                own.push(("HOCBA_MASTER_KEY_FILE", self.secret("archive-master.key")));
                own.push(("HOCBA_LOG_KEY_FILE", self.secret("log.key")));
                own.push((
                    "HOCBA_TRUST_ANCHORS_FILE",
                    self.trust_anchors().display().to_string(),
                ));
            }
            Node::Lock => {
                let url = self.redis.url_at(self.way(node, End::Redis)?);
                files::write_secret(&self.secrets().join("redis.url"), url.as_bytes())?;
                own.push(("HOCBA_REDIS_URL_FILE", self.secret("redis.url")));
            }
            Node::Gateway => {
                own.push((
                    "HOCBA_EDGE_CERT",
                    self.pki.certificate("edge").display().to_string(),
                ));
                own.push(("HOCBA_EDGE_KEY", self.pki.key("edge").display().to_string()));
            }
        }
        Ok(own
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect())
    }

    /// The folder of the authority of signatures.
    fn authority(&self) -> PathBuf {
        self.secrets().join("ca")
    }

    /// The authority whose signatures on books are trusted, PEM.
    #[must_use]
    pub fn trust_anchors(&self) -> PathBuf {
        self.authority().join("root.pem")
    }

    /// The public key of the log, lower hex.
    pub fn log_key(&self) -> anyhow::Result<String> {
        let pkcs8 = fs::read(self.secrets().join("log.key"))?;
        let key = Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| anyhow!("log.key is no key"))?;
        Ok(HEXLOWER.encode(key.public_key().as_ref()))
    }

    /// Keys that are made once and stay.
    fn make_secrets(&self) -> anyhow::Result<()> {
        self.make_secret("token.key", ed25519)?;
        self.make_secret("log.key", ed25519)?;
        files::private_folder(&self.objects())?;
        for service in ["identity", "records", "archive", "workflow"] {
            self.make_secret(&format!("{service}-master.key"), || {
                Ok(files::random::<32>()?.to_vec())
            })?;
        }
        Ok(())
    }

    fn make_secret(&self, name: &str, make: impl FnOnce() -> anyhow::Result<Vec<u8>>) -> anyhow::Result<()> {
        let path = self.secrets().join(name);
        if path.exists() {
            Ok(())
        } else {
            files::write_secret(&path, &make()?)
        }
    }
}

/// A new Ed25519 key, PKCS#8 DER.
fn ed25519() -> anyhow::Result<Vec<u8>> {
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| anyhow!("no randomness"))?;
    Ok(key.as_ref().to_vec())
}

/// Where PostgreSQL's data can lie: in the deployment's folder, or beside it when the server's user cannot
/// reach that (the home of root, say).
fn postgres_folder(home: &Path) -> anyhow::Result<PathBuf> {
    let inside = home.join("pg");
    // Sockets lie there too, and their paths may have 107 bytes.
    if Postgres::can_live_in(home) && inside.as_os_str().len() < 80 {
        return Ok(inside);
    }
    let outside = tempfile::Builder::new().prefix("hocba-pg-").tempdir_in("/tmp")?;
    Ok(outside.keep())
}
