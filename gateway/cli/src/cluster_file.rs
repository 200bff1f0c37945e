//! `.run/cluster.json`: where a development cluster is and who may sign in.

use std::{fs, path::Path};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What the launcher wrote, and what the demo adds to it. Fields we do not know are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClusterFile {
    /// The gateway's address, `host:port`.
    pub gateway: String,
    /// The PEM file of the authority that signed the gateway's certificate.
    pub ca_file: String,
    /// The first operator.
    pub operator: Login,
    /// The authority whose signatures on books are trusted, PEM.
    #[serde(default)]
    pub trust_anchors: String,
    /// The public key of the log, hex.
    #[serde(default)]
    pub log_key: String,
    /// Superuser URL of each service's database, for tests that play a database administrator.
    #[serde(default)]
    pub databases: Map<String, Value>,
    /// The demo school's people, by a short key such as `principal`.
    #[serde(default)]
    pub accounts: Vec<Login>,
    /// Everything else the launcher wrote.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// One person's secrets: development only.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Login {
    /// A short key to find the person by: `operator`, `principal`, `admin`, `clerk`, `teacher-29`.
    #[serde(default)]
    pub key: String,
    /// E-mail address: the sign-in name.
    pub email: String,
    /// Password.
    pub password: String,
    /// TOTP secret, base32.
    pub totp_secret: String,
    /// `accounts/{id}` once known.
    #[serde(default)]
    pub account: String,
    /// Full name.
    #[serde(default)]
    pub display_name: String,
    /// The passphrase that opens the personal key, once made.
    #[serde(default)]
    pub signing_secret: String,
    /// The passphrase that opens the school's seal key, for the clerk.
    #[serde(default)]
    pub seal_secret: String,
}

impl ClusterFile {
    /// Reads the file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("không đọc được {}: hãy chạy `make up` trước", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is not a cluster file", path.display()))
    }

    /// Writes the file back whole, so that a reader never sees half of it.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let beside = path.with_extension("json.new");
        fs::write(&beside, serde_json::to_string_pretty(self)?)?;
        fs::rename(&beside, path).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The login with this key.
    pub fn login(&self, key: &str) -> anyhow::Result<&Login> {
        self.accounts
            .iter()
            .find(|login| login.key == key)
            .with_context(|| {
                format!("cluster file has no login «{key}»: hãy chạy `hocbactl demo load` trước")
            })
    }

    /// The same, to add secrets.
    pub fn login_mut(&mut self, key: &str) -> anyhow::Result<&mut Login> {
        self.accounts
            .iter_mut()
            .find(|login| login.key == key)
            .with_context(|| format!("cluster file has no login «{key}»"))
    }

    /// The login of an account.
    pub fn login_of(&self, account: &str) -> anyhow::Result<&Login> {
        self.accounts
            .iter()
            .find(|login| login.account == account)
            .with_context(|| format!("cluster file has no login of {account}"))
    }
}
