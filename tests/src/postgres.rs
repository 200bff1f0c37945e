//! A private PostgreSQL server.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use sqlx::{Connection, PgConnection};

use crate::{
    files,
    process::{Pid, Program, User},
    wait,
};

/// The superuser's name.
const SUPERUSER: &str = "postgres";

/// A server's place and secrets. Starting and stopping it is the caller's.
#[derive(Debug, Clone)]
pub struct Postgres {
    folder: PathBuf,
    port: u16,
    password: String,
    user: Option<User>,
}

impl Postgres {
    /// A server with its data under `folder`; initialises it when there is none. As root it runs as the
    /// system's `postgres` user, since initdb refuses root.
    pub fn at(folder: &Path, port: u16, password: &str) -> anyhow::Result<Self> {
        let user = if User::own_uid()? == 0 {
            Some(User::named(SUPERUSER)?)
        } else {
            None
        };
        let server = Self {
            folder: folder.to_path_buf(),
            port,
            password: password.to_owned(),
            user,
        };
        if !server.data().join("PG_VERSION").exists() {
            server.initialise()?;
        }
        Ok(server)
    }

    /// Whether the folder could hold the data of a server that runs as another user.
    #[must_use]
    pub fn can_live_in(folder: &Path) -> bool {
        let Ok(uid) = User::own_uid() else { return false };
        if uid != 0 {
            return true;
        }
        let test = Command::new("runuser")
            .args(["-u", SUPERUSER, "--", "test", "-x"])
            .arg(folder)
            .current_dir("/")
            .stderr(Stdio::null())
            .status();
        matches!(test, Ok(status) if status.success())
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// The superuser's URL of a database.
    #[must_use]
    pub fn superuser_url(&self, database: &str) -> String {
        url(SUPERUSER, &self.password, self.address(), database)
    }

    /// The server program.
    pub fn program(&self, log: &Path) -> anyhow::Result<Program> {
        let data = self.data();
        Ok(Program {
            name: "postgres".to_owned(),
            path: server_programs()?.join("postgres"),
            arguments: [
                "-D",
                &data.to_string_lossy(),
                "-p",
                &self.port.to_string(),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                &format!("unix_socket_directories={}", self.folder.display()),
                "-c",
                "max_connections=300",
                "-c",
                "timezone=UTC",
            ]
            .map(str::to_owned)
            .to_vec(),
            environment: BTreeMap::from([("LC_ALL".to_owned(), "C.UTF-8".to_owned())]),
            user: self.user,
            log: log.to_path_buf(),
        })
    }

    /// Waits until the server answers.
    pub async fn answers(&self) -> anyhow::Result<()> {
        let url = self.superuser_url("postgres");
        wait::until("PostgreSQL answers", Duration::from_secs(30), || async {
            PgConnection::connect(&url).await?.close().await?;
            Ok(())
        })
        .await
    }

    /// Stops a server: open connections are ended, data is written.
    pub async fn stop(pid: Pid) -> anyhow::Result<()> {
        pid.stop("INT", Duration::from_secs(20)).await
    }

    /// The folder of its data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn initialise(&self) -> anyhow::Result<()> {
        files::private_folder(&self.folder)?;
        let secret = self.folder.join("superuser");
        files::write_secret(&secret, self.password.as_bytes())?;
        if let Some(user) = self.user {
            for path in [&self.folder, &secret] {
                chown(path, Some(user.uid), Some(user.gid))?;
            }
        }
        // The log stays ours: the server's user could not open a file in our folders.
        let log = self.folder.join("initdb.log");
        let initdb = Program {
            name: "initdb".to_owned(),
            path: server_programs()?.join("initdb"),
            arguments: [
                "-D",
                &self.data().to_string_lossy(),
                "-U",
                SUPERUSER,
                "-A",
                "scram-sha-256",
                "--pwfile",
                &secret.to_string_lossy(),
                "-E",
                "UTF8",
                "--no-sync",
            ]
            .map(str::to_owned)
            .to_vec(),
            environment: BTreeMap::from([("LC_ALL".to_owned(), "C.UTF-8".to_owned())]),
            user: self.user,
            log,
        };
        initdb.run()?;
        fs::remove_file(&secret)?;
        Ok(())
    }
}

/// A PostgreSQL URL over TCP.
#[must_use]
pub fn url(user: &str, password: &str, address: SocketAddr, database: &str) -> String {
    format!("postgres://{user}:{password}@{address}/{database}")
}

/// The folder of the newest installed server's programs.
fn server_programs() -> anyhow::Result<PathBuf> {
    let root = Path::new("/usr/lib/postgresql");
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(root)
        .context("PostgreSQL's server is not installed: apt-get install postgresql")?
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs.join("initdb").is_file().then_some((version, programs))
        })
        .collect();
    found.sort();
    match found.pop() {
        Some((_, programs)) => Ok(programs),
        None => bail!(
            "no PostgreSQL server under {}: apt-get install postgresql",
            root.display()
        ),
    }
}
