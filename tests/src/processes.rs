//! The processes of one deployment, by name: pid files and logs in one folder.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::process::{Pid, Program};

/// How long a program may take to drain.
const DRAIN: Duration = Duration::from_secs(20);

/// Processes by name.
#[derive(Debug, Clone)]
pub struct Processes {
    folder: PathBuf,
    outlive_us: bool,
}

impl Processes {
    /// Keeps logs and pid files in `folder`. Processes that outlive us get a process group of their own;
    /// the others stay in ours, so that whoever kills a test's group kills them too.
    pub fn at(folder: &Path, outlive_us: bool) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            outlive_us,
        })
    }

    /// The log of a process.
    #[must_use]
    pub fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// The living process of a name.
    #[must_use]
    pub fn pid(&self, name: &str) -> Option<Pid> {
        Pid::of_file(&self.pid_file(name))
    }

    /// When the living process of a name was started.
    #[must_use]
    pub fn since(&self, name: &str) -> Option<SystemTime> {
        self.pid(name)?;
        fs::metadata(self.pid_file(name)).ok()?.modified().ok()
    }

    /// Starts a program unless it runs already.
    pub fn start(&self, program: &Program) -> anyhow::Result<Pid> {
        match self.pid(&program.name) {
            Some(pid) => Ok(pid),
            None => program.detach(&self.pid_file(&program.name), self.outlive_us),
        }
    }

    /// Asks a process to stop, waits, and forgets it.
    pub async fn stop(&self, name: &str) -> anyhow::Result<()> {
        if let Some(pid) = self.pid(name) {
            // PostgreSQL's "fast" shutdown is INT; TERM would wait for every client to leave.
            let signal = if name == "postgres" { "INT" } else { "TERM" };
            pid.stop(signal, DRAIN).await?;
        }
        self.forget(name);
        Ok(())
    }

    /// Kills a process at once, as a power cut would.
    pub async fn kill(&self, name: &str) -> anyhow::Result<()> {
        if let Some(pid) = self.pid(name) {
            pid.stop("KILL", DRAIN).await?;
        }
        self.forget(name);
        Ok(())
    }

    /// The names of all that run.
    #[must_use]
    pub fn running(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".pid")?.to_owned()))
            .filter(|name| self.pid(name).is_some())
            .collect();
        names.sort();
        names
    }

    fn forget(&self, name: &str) {
        if let Err(error) = fs::remove_file(self.pid_file(name)) {
            tracing::trace!(%error, name, "no pid file");
        }
    }

    fn pid_file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.pid"))
    }
}
