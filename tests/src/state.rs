//! What a deployment remembers between two starts: addresses and passwords.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::Path,
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::{files, node::Node};

/// Addresses and passwords, kept in `state.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    /// Where each node listens.
    pub nodes: BTreeMap<String, SocketAddr>,
    /// PostgreSQL's port on loopback.
    pub postgres_port: u16,
    /// Redis' port on loopback.
    pub redis_port: u16,
    /// Where spans are received.
    pub traces: SocketAddr,
    /// Where PostgreSQL's data lies.
    pub postgres_folder: std::path::PathBuf,
    /// Password of each database role, of Redis' user (`redis`) and of the operator (`operator`).
    pub passwords: BTreeMap<String, String>,
    /// What is made once and is made already.
    #[serde(default)]
    pub done: BTreeSet<String>,
}

impl State {
    /// New addresses and passwords.
    pub fn new(postgres_folder: std::path::PathBuf) -> anyhow::Result<Self> {
        let mut nodes = BTreeMap::new();
        let mut passwords = BTreeMap::new();
        for node in Node::ALL {
            nodes.insert(node.name().to_owned(), files::free_address()?);
            if node.is_service() {
                for role in [node.role(), node.migrator()] {
                    passwords.insert(role, files::password()?);
                }
            }
        }
        for name in ["postgres", "redis", "operator"] {
            passwords.insert(name.to_owned(), files::password()?);
        }
        Ok(Self {
            nodes,
            postgres_port: files::free_address()?.port(),
            redis_port: files::free_address()?.port(),
            traces: files::free_address()?,
            postgres_folder,
            passwords,
            done: BTreeSet::new(),
        })
    }

    /// Reads a kept state.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
    }

    /// Keeps it.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let beside = path.with_extension("json.new");
        files::write_secret(&beside, &serde_json::to_vec_pretty(self)?)?;
        fs::rename(&beside, path)?;
        Ok(())
    }

    /// Where a node listens.
    pub fn address(&self, node: Node) -> anyhow::Result<SocketAddr> {
        self.nodes
            .get(node.name())
            .copied()
            .with_context(|| format!("no address of {node}"))
    }

    /// The password of a role.
    pub fn password(&self, role: &str) -> anyhow::Result<&str> {
        self.passwords
            .get(role)
            .map(String::as_str)
            .with_context(|| format!("no password of {role}"))
    }
}

impl Node {
    /// The database.
    #[must_use]
    pub fn database(self) -> String {
        format!("hocba_{}", self.name())
    }

    /// The service's login in the database.
    #[must_use]
    pub fn role(self) -> String {
        self.database()
    }

    /// The login that migrates.
    #[must_use]
    pub fn migrator(self) -> String {
        format!("hocba_{}_migrator", self.name())
    }
}
