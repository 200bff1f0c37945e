//! argon2id on threads of its own: a rush of sign-ins queues here instead of taking all memory (19 MiB each) and
//! all cores from everybody else. Few threads that stay, not a pool that lends any: the allocator keeps what each
//! thread once used.

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::SaltString,
};
use tokio::sync::{Semaphore, oneshot};

use crate::{config::HashingConfig, error::Error, model::password::Password};

/// How long a sign-in waits for its turn before it is told to come again.
const PATIENCE: Duration = Duration::from_secs(5);

type Work = Box<dyn FnOnce() + Send>;

/// The threads.
#[derive(Clone)]
pub struct Hashing {
    turns: Arc<Semaphore>,
    work: mpsc::Sender<Work>,
    argon: Argon2<'static>,
    /// The hash of a password nobody has: compared when there is no account, so that time tells nothing.
    nobody: Arc<str>,
}

impl Hashing {
    /// Threads as many as configured, hashing at the configured cost.
    pub fn new(config: &HashingConfig) -> anyhow::Result<Self> {
        let params = Params::new(config.argon2_memory_kib, config.argon2_passes, 1, None)
            .map_err(|e| anyhow::anyhow!("argon2 parameters: {e}"))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon, b"nobody", &[7; 16]).map_err(|e| anyhow::anyhow!("argon2: {e}"))?;
        let (work, todo) = mpsc::channel();
        let todo = Arc::new(Mutex::new(todo));
        for number in 0..config.hashing_threads {
            let todo = Arc::clone(&todo);
            thread::Builder::new()
                .name(format!("hashing-{number}"))
                .spawn(move || labour(&todo))?;
        }
        Ok(Self {
            turns: Arc::new(Semaphore::new(config.hashing_threads)),
            work,
            argon,
            nobody: nobody.into(),
        })
    }

    /// Hashes a password that is to be stored.
    pub async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<String, Error> {
        let argon = self.argon.clone();
        self.turn(move || hash(&argon, password.as_bytes(), &salt))
            .await?
            .map_err(|_| Error::Hashing)
    }

    /// Whether a password fits a stored hash; without a hash it takes as long and fits nothing.
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<bool, Error> {
        let (argon, nobody) = (self.argon.clone(), Arc::clone(&self.nobody));
        self.turn(move || {
            let known = stored.is_some();
            let text = stored.as_deref().unwrap_or(&nobody);
            // The stored text carries its own parameters: a change of cost leaves old passwords valid.
            let fits = PasswordHash::new(text)
                .and_then(|parsed| argon.verify_password(password.as_bytes(), &parsed))
                .is_ok();
            known && fits
        })
        .await
    }

    async fn turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let waiting = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = waiting else {
            return Err(Error::Busy);
        };
        let (tell, told) = oneshot::channel();
        let work = move || {
            let _turn = turn;
            // Who asked may have gone.
            drop(tell.send(work()));
        };
        self.work.send(Box::new(work)).map_err(|_| Error::Hashing)?;
        told.await.map_err(|_| Error::Hashing)
    }
}

/// Works until nobody can ask any more.
fn labour(todo: &Mutex<mpsc::Receiver<Work>>) {
    loop {
        let next = todo.lock().map(|todo| todo.recv());
        let Ok(Ok(work)) = next else { return };
        work();
    }
}

fn hash(argon: &Argon2<'_>, password: &[u8], salt: &[u8]) -> argon2::password_hash::Result<String> {
    let salt = SaltString::encode_b64(salt)?;
    Ok(argon.hash_password(password, &salt)?.to_string())
}
