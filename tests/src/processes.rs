//! The processes of one deployment, by name: pid files and logs in one folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Child,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use crate::process::{Pid, Program};

/// How long a program may take to drain.
const DRAIN: Duration = Duration::from_secs(20);

/// Processes by name.
#[derive(Debug)]
pub struct Processes {
    folder: PathBuf,
    outlive_us: bool,
    children: Mutex<BTreeMap<String, Child>>,
}

impl Processes {
    /// Keeps logs and pid files in `folder`. Processes that outlive us get a process group of their own;
    /// the others stay in ours, so that whoever kills a test's group kills them too.
    pub fn at(folder: &Path, outlive_us: bool) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            outlive_us,
            children: Mutex::default(),
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
    pub fn start(&self, program: &Program) -> anyhow::Result<()> {
        if self.pid(&program.name).is_none() {
            let child = program.start(&self.pid_file(&program.name), self.outlive_us)?;
            self.children().insert(program.name.clone(), child);
        }
        Ok(())
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
        // A dead child stays a zombie until somebody waits for it, and PostgreSQL takes the zombie of its
        // predecessor for a living server.
        if let Some(Err(error)) = self.children().remove(name).map(|mut child| child.wait()) {
            tracing::debug!(%error, name, "cannot wait for a child");
        }
        if let Err(error) = fs::remove_file(self.pid_file(name)) {
            tracing::trace!(%error, name, "no pid file");
        }
    }

    fn children(&self) -> MutexGuard<'_, BTreeMap<String, Child>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pid_file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.pid"))
    }
}
