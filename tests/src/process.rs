//! Processes we start: detached ones with a pid file (development), children (tests).

use std::{
    collections::BTreeMap,
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};

use crate::{files, wait};

/// Something to run.
#[derive(Debug, Clone)]
pub struct Program {
    /// The name in messages, log and pid file.
    pub name: String,
    /// The executable.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its whole environment beside `PATH`, `HOME` and `TZ`.
    pub environment: BTreeMap<String, String>,
    /// The system user it runs as, when not ours.
    pub user: Option<User>,
    /// Its log file; standard output and error go there.
    pub log: PathBuf,
}

/// A system user.
#[derive(Debug, Clone, Copy)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

impl User {
    /// Looks a user up by name.
    pub fn named(name: &str) -> anyhow::Result<Self> {
        let all = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        for line in all.lines() {
            let mut fields = line.split(':');
            if fields.next() == Some(name) {
                let uid = fields.nth(1).and_then(|field| field.parse().ok());
                let gid = fields.next().and_then(|field| field.parse().ok());
                if let (Some(uid), Some(gid)) = (uid, gid) {
                    return Ok(Self { uid, gid });
                }
            }
        }
        bail!("no system user «{name}»: install PostgreSQL's server package")
    }

    /// Our own effective user id.
    pub fn own_uid() -> anyhow::Result<u32> {
        use std::os::unix::fs::MetadataExt;
        Ok(fs::metadata("/proc/self").context("no /proc")?.uid())
    }
}

impl Program {
    /// The command, with a clean environment, so that a variable of the caller's shell changes nothing.
    pub fn command(&self) -> anyhow::Result<Command> {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("cannot open {}", self.log.display()))?;
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::null());
        for kept in ["PATH", "HOME", "TZ"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command
            .envs(&self.environment)
            .stdout(log.try_clone()?)
            .stderr(log);
        if let Some(user) = self.user {
            command.uid(user.uid).gid(user.gid);
        }
        Ok(command)
    }

    /// Runs to the end; a failure shows the end of the log.
    pub fn run(&self) -> anyhow::Result<()> {
        let status = self
            .command()?
            .status()
            .with_context(|| format!("cannot start {}", self.path.display()))?;
        if !status.success() {
            bail!(
                "{} ended with {status}:\n{}",
                self.name,
                files::tail(&self.log, 30)
            );
        }
        Ok(())
    }

    /// Starts a process and writes its pid file. In a process group of its own it outlives us and does not
    /// hear a Ctrl-C at the launcher's terminal.
    pub fn start(&self, pid_file: &Path, own_group: bool) -> anyhow::Result<Child> {
        let mut command = self.command()?;
        if own_group {
            command.process_group(0);
        }
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", self.path.display()))?;
        let pid = Pid(child.id());
        fs::write(
            pid_file,
            format!("{}\n{}\n", pid.0, pid.started().unwrap_or_default()),
        )?;
        Ok(child)
    }
}

/// A process id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pid(pub u32);

impl Pid {
    /// The living process of a pid file; nothing when it has ended, or when the id now belongs to another.
    #[must_use]
    pub fn of_file(pid_file: &Path) -> Option<Self> {
        let text = fs::read_to_string(pid_file).ok()?;
        let mut lines = text.lines();
        let pid = Self(lines.next()?.parse().ok()?);
        let started = lines.next()?;
        (pid.is_alive() && pid.started().as_deref() == Some(started)).then_some(pid)
    }

    /// Whether it runs (a zombie does not).
    #[must_use]
    pub fn is_alive(self) -> bool {
        matches!(self.stat_fields().first().map(String::as_str), Some(state) if state != "Z" && state != "X")
    }

    /// When it started, in clock ticks since boot: with the id this names a process for ever.
    #[must_use]
    pub fn started(self) -> Option<String> {
        self.stat_fields().get(19).cloned()
    }

    /// The fields of `/proc/<pid>/stat` from the state on.
    fn stat_fields(self) -> Vec<String> {
        let Ok(stat) = fs::read_to_string(format!("/proc/{}/stat", self.0)) else {
            return Vec::new();
        };
        let Some((_, rest)) = stat.rsplit_once(") ") else {
            return Vec::new();
        };
        rest.split_whitespace().map(str::to_owned).collect()
    }

    /// Sends a signal by name (`TERM`, `INT`, `KILL`, `STOP`, `CONT`).
    pub fn signal(self, name: &str) -> anyhow::Result<()> {
        // The shell's own `kill`: always there, and no unsafe code here.
        let status = Command::new("/bin/sh")
            .args(["-c", &format!("kill -{name} {}", self.0)])
            .stderr(Stdio::null())
            .status()?;
        if !status.success() && self.is_alive() {
            bail!("cannot send {name} to process {}", self.0);
        }
        Ok(())
    }

    /// Asks it to stop and waits; after the limit it is killed.
    pub async fn stop(self, signal: &str, limit: Duration) -> anyhow::Result<()> {
        self.signal(signal)?;
        let gone = || async {
            anyhow::ensure!(!self.is_alive(), "process {} still runs", self.0);
            Ok(())
        };
        if wait::until("stop", limit, gone).await.is_err() {
            self.signal("KILL")?;
            wait::until("kill", Duration::from_secs(10), gone).await?;
        }
        Ok(())
    }
}
