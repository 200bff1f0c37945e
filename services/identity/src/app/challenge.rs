//! BeginSignIn, BeginStepUp, and what makes a challenge ours.

use hocba_chassis::caller::Caller;
use hocba_policy::Resource;
use time::OffsetDateTime;

use super::account::load;
use crate::{
    error::{Error, Result},
    model::{
        act_token::{Digest, Purpose},
        challenge::{self as model, Challenge, LIFETIME, Stale, Usage},
    },
    state::State,
    store,
};

/// A challenge given out.
pub struct Begun {
    /// Its bytes.
    pub challenge: Vec<u8>,
    /// When it ends.
    pub expires_at: OffsetDateTime,
    /// The credentials that may answer, or that are there already.
    pub credentials: Vec<Vec<u8>>,
}

/// Answers a challenge for a sign-in, of whomever.
pub fn begin_sign_in(state: &State, caller: &Caller) -> Result<Begun> {
    const RPC: &str = "hocba.identity.v1.IdentityService/BeginSignIn";
    state.policy.authorize(caller, RPC, &Resource::deployment())?;
    give(state, &Usage::SignIn, Vec::new())
}

/// Answers a challenge for one act of the caller.
pub async fn begin_step_up(
    state: &State,
    caller: &Caller,
    purpose: Purpose,
    digest: Digest,
) -> Result<Begun> {
    const RPC: &str = "hocba.identity.v1.IdentityService/BeginStepUp";
    let id = caller.person()?.account;
    let (mut db, account) = load(state, caller, RPC, id).await?;
    let credentials = store::security_key::credentials(&mut db, &account.home, id).await?;
    let usage = Usage::StepUp {
        account: id,
        purpose,
        digest,
    };
    give(state, &usage, credentials)
}

/// Makes a challenge. Nothing is stored: it carries its end and our keyed digest.
pub fn give(state: &State, usage: &Usage, credentials: Vec<Vec<u8>>) -> Result<Begun> {
    let expires_at = state.clock.now() + LIFETIME;
    let nonce = state.vault.random()?;
    let message = model::message(usage, &nonce, expires_at.unix_timestamp());
    let challenge = Challenge::new(nonce, expires_at, state.vault.challenge_mac(&message)?);
    Ok(Begun {
        challenge: challenge.bytes(),
        expires_at,
        credentials,
    })
}

/// Judges a challenge that came back; whether it was answered before is seen when it is spent.
pub fn judge(state: &State, usage: &Usage, bytes: &[u8]) -> Result<()> {
    let challenge = Challenge::read(bytes).ok_or(Error::ChallengeInvalid(Stale::Unknown))?;
    let mac = state.vault.challenge_mac(&challenge.message(usage))?;
    challenge
        .judge(&mac, state.clock.now())
        .map_err(Error::ChallengeInvalid)
}
