//! Throttling around what proves a person. Counted before the proof, in a transaction of its own: a
//! refusal rolls back everything else, but never this.

use crate::{
    error::{Error, Result},
    model::{attempt::Attempts, home::Home},
    state::State,
    store,
};

/// What an attempt was admitted under.
pub struct Admitted {
    key: Vec<u8>,
}

impl Admitted {
    /// The key to clear in the transaction of the success.
    pub fn key(&self) -> &[u8] {
        &self.key
    }
}

/// Admits one attempt of a kind on something, or says how long to wait.
pub async fn admit(state: &State, kind: &str, what: &str) -> Result<Admitted> {
    let key = state.vault.attempt_key(kind, what);
    let now = state.clock.now();
    let mut tx = state.begin(&Home::Deployment).await?;
    let before = store::attempt::lock(&mut tx, &key, now).await?;
    let admitted = Attempts::admit(before, now).map_err(|wait| Error::AttemptsThrottled { wait })?;
    store::attempt::put(&mut tx, &key, admitted).await?;
    tx.commit().await?;
    Ok(Admitted { key })
}
