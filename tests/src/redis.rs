//! A private Redis server: durable, no default user, and one user that may do what the lock service does.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow};

use crate::{files, process::Program, wait};

/// A server's place and secrets.
#[derive(Debug, Clone)]
pub struct Redis {
    folder: PathBuf,
    port: u16,
    password: String,
}

impl Redis {
    /// A server with its data under `folder`.
    pub fn at(folder: &Path, port: u16, password: &str) -> anyhow::Result<Self> {
        files::private_folder(folder)?;
        let server = Self {
            folder: folder.to_path_buf(),
            port,
            password: password.to_owned(),
        };
        // Only `hocba:*` keys and channels, and no command that reads or empties the whole store.
        let users = format!(
            "user default off\nuser lock on >{password} ~hocba:* &hocba:* -@all +@read +@write \
             +@scripting +@transaction +@pubsub +@connection -@dangerous\n"
        );
        files::write_secret(&server.folder.join("users.acl"), users.as_bytes())?;
        let configuration = format!(
            "bind 127.0.0.1\nport {port}\nprotected-mode yes\ndir {folder}\naclfile {folder}/users.acl\n\
             appendonly yes\nappendfsync always\nsave \"\"\nmaxmemory-policy noeviction\ndaemonize no\n",
            folder = server.folder.display()
        );
        fs::write(server.folder.join("redis.conf"), configuration)?;
        Ok(server)
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// The URL for a client that reaches the server at `address`.
    #[must_use]
    pub fn url_at(&self, address: SocketAddr) -> String {
        format!("redis://lock:{}@{address}/", self.password)
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(self.address())
    }

    /// The server program.
    pub fn program(&self, log: &Path) -> anyhow::Result<Program> {
        let path = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"]
            .into_iter()
            .map(PathBuf::from)
            .find(|path| path.is_file())
            .ok_or_else(|| anyhow!("Redis is not installed: apt-get install redis-server"))?;
        Ok(Program {
            name: "redis".to_owned(),
            path,
            arguments: vec![self.folder.join("redis.conf").display().to_string()],
            environment: BTreeMap::new(),
            user: None,
            log: log.to_path_buf(),
        })
    }

    /// Waits until the server answers its user.
    pub async fn answers(&self) -> anyhow::Result<()> {
        let client = redis::Client::open(self.url()).context("Redis URL")?;
        wait::until("Redis answers", Duration::from_secs(20), || async {
            let mut connection = client.get_multiplexed_async_connection().await?;
            redis::cmd("PING").query_async::<String>(&mut connection).await?;
            Ok(())
        })
        .await
    }
}
