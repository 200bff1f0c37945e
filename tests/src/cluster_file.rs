//! `cluster.json`: a deployment for programs that know nothing of this crate, such as `hocbactl`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{boot, deployment::Deployment, files, node::Node, person::Login};

/// What the file says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClusterFile {
    /// The gateway, `host:port`.
    pub gateway: String,
    /// The authority outsiders trust, PEM.
    pub ca_file: PathBuf,
    /// The first operator.
    pub operator: Login,
    /// The demo school's people; `hocbactl` adds them.
    #[serde(default)]
    pub accounts: Vec<Login>,
    /// Databases, traces, and what others added.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl ClusterFile {
    /// Where the file lies.
    #[must_use]
    pub fn path(deployment: &Deployment) -> PathBuf {
        deployment.home.join("cluster.json")
    }

    /// Reads the file.
    pub fn read(deployment: &Deployment) -> anyhow::Result<Self> {
        read(&Self::path(deployment))
    }

    /// Writes where everything is, keeping what others added.
    pub fn write(deployment: &Deployment) -> anyhow::Result<Self> {
        let path = Self::path(deployment);
        let kept = path.exists().then(|| read(&path)).transpose()?;
        let (accounts, mut rest) = kept.map(|kept| (kept.accounts, kept.rest)).unwrap_or_default();
        let databases: Map<String, Value> = Node::SERVICES
            .into_iter()
            .map(|node| {
                (
                    node.name().to_owned(),
                    json!(deployment.postgres.superuser_url(&node.database())),
                )
            })
            .collect();
        let traces = format!("http://{}", deployment.state.traces);
        for (name, value) in [
            ("superuser", json!(deployment.postgres.superuser_url("postgres"))),
            ("databases", Value::Object(databases)),
            ("trust_anchors", json!(deployment.trust_anchors())),
            ("log_key", json!(deployment.log_key()?)),
            ("redis", json!(deployment.redis.url())),
            ("otlp", json!({ "endpoint": traces, "spans": spans(deployment) })),
        ] {
            rest.insert(name.to_owned(), value);
        }
        let file = Self {
            gateway: deployment.state.address(Node::Gateway)?.to_string(),
            ca_file: deployment.pki.edge_ca(),
            operator: boot::operator(deployment)?,
            accounts,
            rest,
        };
        let beside = path.with_extension("json.new");
        files::write_secret(&beside, &serde_json::to_vec_pretty(&file)?)?;
        fs::rename(beside, path)?;
        Ok(file)
    }

    /// The login with this key.
    pub fn login(&self, key: &str) -> anyhow::Result<&Login> {
        self.accounts
            .iter()
            .find(|login| login.key == key)
            .with_context(|| format!("no login «{key}»"))
    }
}

/// Where received spans are kept, one JSON object a line.
#[must_use]
pub fn spans(deployment: &Deployment) -> PathBuf {
    deployment.home.join("spans.jsonl")
}

/// Lets `hocbactl` make the demo school.
pub fn load_demo_school(deployment: &Deployment) -> anyhow::Result<ClusterFile> {
    demo(deployment, &["load"])
}

/// Lets `hocbactl` play the year of the demo school's class; what it leaves lies in `out`.
pub fn play_demo(deployment: &Deployment, out: &Path) -> anyhow::Result<ClusterFile> {
    demo(deployment, &["play", "--out", &out.to_string_lossy()])
}

fn demo(deployment: &Deployment, part: &[&str]) -> anyhow::Result<ClusterFile> {
    let output = Command::new(files::program("hocbactl")?)
        .args(["demo", "--cluster"])
        .arg(ClusterFile::path(deployment))
        .args(part)
        .current_dir(files::repository())
        .output()?;
    if !output.status.success() {
        bail!(
            "hocbactl demo {part:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    ClusterFile::read(deployment)
}

fn read(path: &Path) -> anyhow::Result<ClusterFile> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
}
