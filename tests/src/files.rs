//! Where things lie, and how secrets are written.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{Read, Seek, SeekFrom, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, anyhow};
use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};

/// The repository this program was built from.
#[must_use]
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_path_buf()
}

/// The folder of the built programs: beside ours.
pub fn programs() -> anyhow::Result<PathBuf> {
    let own = env::current_exe().context("cannot find the own program")?;
    let folder = own.parent().context("the own program has no folder")?;
    // Test programs lie one folder deeper than binaries.
    let folder = if folder.ends_with("deps") {
        folder.parent().context("target folder")?
    } else {
        folder
    };
    Ok(folder.to_path_buf())
}

/// The path of a built program; says what to do when it is missing.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let path = programs()?.join(name);
    anyhow::ensure!(
        path.is_file(),
        "{} is not built: run `cargo build --workspace`",
        path.display()
    );
    Ok(path)
}

/// Ports that no kernel of ours gives to an outgoing connection: one that is free now stays free until we bind it.
const QUIET_PORTS: std::ops::Range<u16> = 15_000..32_000;

/// What this process was given already.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A loopback address nobody listens on now, each time another.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    const TRIES: usize = 100;
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..TRIES {
        let mut number = [0; 2];
        SystemRandom::new()
            .fill(&mut number)
            .map_err(|_| anyhow!("no randomness"))?;
        let port = QUIET_PORTS.start + u16::from_be_bytes(number) % (QUIET_PORTS.end - QUIET_PORTS.start);
        if !given.insert(port) {
            continue;
        }
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return Ok(listener.local_addr()?);
        }
    }
    anyhow::bail!("no free port on loopback in {QUIET_PORTS:?}")
}

/// Makes a folder only its owner can read.
pub fn private_folder(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    Ok(())
}

/// Writes a file only its owner can read.
pub fn write_secret(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(content)?;
    Ok(())
}

/// Random bytes.
pub fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow::anyhow!("no randomness"))?;
    Ok(bytes)
}

/// A random password without characters that need quoting anywhere.
pub fn password() -> anyhow::Result<String> {
    Ok(HEXLOWER.encode(&random::<16>()?))
}

/// The last lines of a log, to show beside a failure.
#[must_use]
pub fn tail(path: &Path, lines: usize) -> String {
    const MOST: u64 = 64 * 1024;
    let read = || -> std::io::Result<String> {
        let mut file = fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(MOST)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    match read() {
        Ok(text) => {
            let all: Vec<&str> = text.lines().collect();
            let from = all.len().saturating_sub(lines);
            all.get(from..).unwrap_or_default().join("\n")
        }
        Err(error) => format!("({}: {error})", path.display()),
    }
}
