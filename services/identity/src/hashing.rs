//! argon2id in a bounded blocking pool: a rush of sign-ins queues here instead of taking all memory
//! (19 MiB each) and all cores from everybody else.

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::SaltString,
};
use tokio::sync::Semaphore;

use crate::{config::HashingConfig, error::Error, model::password::Password};

/// How long a sign-in waits for its turn before it is told to come again.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pool.
#[derive(Clone)]
pub struct Hashing {
    turns: Arc<Semaphore>,
    argon: Argon2<'static>,
    /// The hash of a password nobody has: compared when there is no account, so that time tells nothing.
    nobody: Arc<str>,
}

impl Hashing {
    /// A pool with the configured cost.
    pub fn new(config: &HashingConfig) -> anyhow::Result<Self> {
        let params = Params::new(config.argon2_memory_kib, config.argon2_passes, 1, None)
            .map_err(|e| anyhow::anyhow!("argon2 parameters: {e}"))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon, b"nobody", &[7; 16]).map_err(|e| anyhow::anyhow!("argon2: {e}"))?;
        Ok(Self {
            turns: Arc::new(Semaphore::new(config.hashing_threads)),
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
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        })
        .await
        .map_err(|_| Error::Hashing)
    }
}

fn hash(argon: &Argon2<'_>, password: &[u8], salt: &[u8]) -> argon2::password_hash::Result<String> {
    let salt = SaltString::encode_b64(salt)?;
    Ok(argon.hash_password(password, &salt)?.to_string())
}
