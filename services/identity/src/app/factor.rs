//! The second factor of a person, a code or a security key: first it is checked, then it is spent in the
//! transaction of what it is given for.

use serde_json::json;
use sqlx::{PgConnection, Postgres, Transaction};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{challenge, event};
use crate::{
    error::{Error, Result},
    model::{
        account::Credentials,
        challenge::{Stale, Usage},
        factor::{Given, Proved, Wrong},
        home::Home,
        security_key::counts_on,
        totp,
        webauthn::Flaw,
    },
    state::State,
    store,
    vault::sha256,
};

/// Judges the challenge that a key's answer carries, before anything is said of an account. An answer that
/// does not read passes here: `check` says what is wrong with it.
pub fn fresh(state: &State, given: &Given, usage: &Usage) -> Result<()> {
    match given {
        Given::Code(_) => Ok(()),
        Given::Key(assertion) => match assertion.challenge(&state.relying_party) {
            Ok(bytes) => challenge::judge(state, usage, &bytes),
            Err(_) => Ok(()),
        },
    }
}

/// Checks a factor without spending it. The challenge of a key's answer was judged by `fresh`.
pub async fn check(
    state: &State,
    db: &mut PgConnection,
    credentials: &Credentials,
    given: &Given,
) -> Result<std::result::Result<Proved, Wrong>> {
    match given {
        Given::Code(code) => {
            let step = match &credentials.totp_sealed {
                Some(sealed) => {
                    let secret = state.vault.open_totp(credentials.id, sealed)?;
                    totp::matching_step(&secret, code.trim(), state.clock.now().unix_timestamp())
                }
                None => None,
            };
            Ok(step.map(|step| Proved::Code { step }).ok_or(Wrong::Code))
        }
        Given::Key(assertion) => {
            let challenge = match assertion.challenge(&state.relying_party) {
                Ok(challenge) => challenge,
                Err(flaw) => return Ok(Err(Wrong::Key(flaw))),
            };
            let (home, id) = (&credentials.home, credentials.id);
            let key = store::security_key::find_credential(db, home, id, &assertion.credential_id).await?;
            let Some(key) = key else {
                return Ok(Err(Wrong::Key(Flaw::Credential)));
            };
            Ok(match assertion.verify(&key, &state.relying_party) {
                Ok(count) => Ok(Proved::Key {
                    id: key.id,
                    count,
                    challenge,
                }),
                Err(flaw) => Err(Wrong::Key(flaw)),
            })
        }
    }
}

/// Spends a factor on a use, in the transaction that holds the account's lock. A key whose counter went back
/// ends the transaction with nothing but the word of it.
pub async fn spend(
    state: &State,
    mut tx: Transaction<'static, Postgres>,
    home: &Home,
    account: Uuid,
    proved: &Proved,
    code_use: &str,
    now: OffsetDateTime,
) -> Result<Transaction<'static, Postgres>> {
    match proved {
        Proved::Code { step } => {
            if !store::totp::spend(&mut tx, home, account, *step, code_use, now).await? {
                return Err(Error::TotpCodeUsed);
            }
        }
        Proved::Key { id, count, challenge } => {
            let before = store::security_key::lock_count(&mut tx, home, account, *id)
                .await?
                .ok_or(Error::AssertionRefused(Flaw::Credential))?;
            if !store::challenge::spend(&mut tx, home, account, &sha256(challenge), now).await? {
                return Err(Error::ChallengeInvalid(Stale::Used));
            }
            if !counts_on(before, *count) {
                let facts = json!({ "before": before, "now": count });
                let subject = event::security_key_name(account, *id);
                event::put(
                    state,
                    &mut tx,
                    home,
                    Some(account),
                    subject,
                    "security_key.counter_back",
                    facts,
                )
                .await?;
                tx.commit().await?;
                return Err(Error::SecurityKeyCounter);
            }
            store::security_key::used(&mut tx, home, *id, *count, now).await?;
        }
    }
    Ok(tx)
}
