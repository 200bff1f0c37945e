//! BeginSecurityKey, CreateSecurityKey, ListSecurityKeys, RemoveSecurityKey.

use data_encoding::HEXLOWER;
use hocba_chassis::{act_token, caller::Caller, clock};
use prost::Message;
use serde_json::json;
use uuid::Uuid;

use super::{
    account::load,
    ask::{Ask, Begun},
    challenge, event,
};
use crate::{
    curve,
    error::{Error, Result},
    model::{
        challenge::{Stale, Usage},
        security_key::{MOST, SecurityKey},
        webauthn::{Flaw, registration},
    },
    state::State,
    store,
    vault::sha256,
};

/// A registration as it came.
pub struct New<'a> {
    /// What its owner calls it.
    pub display_name: String,
    /// clientDataJSON.
    pub client_data_json: &'a [u8],
    /// attestationObject.
    pub attestation_object: &'a [u8],
    /// The act token over it.
    pub act_token: &'a str,
}

/// Answers a challenge for a registration; the user handle is the caller's account.
pub async fn begin_security_key(state: &State, caller: &Caller) -> Result<(Uuid, challenge::Begun)> {
    const RPC: &str = "hocba.identity.v1.IdentityService/BeginSecurityKey";
    let id = caller.person()?.account;
    let (mut db, account) = load(state, caller, RPC, id).await?;
    let credentials = store::security_key::credentials(&mut db, &account.home, id).await?;
    Ok((
        id,
        challenge::give(state, &Usage::Register { account: id }, credentials)?,
    ))
}

/// Registers a key of the own account.
pub async fn create_security_key<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, SecurityKey, M>,
    account: Uuid,
    new: New<'_>,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/CreateSecurityKey";
    let person = ask.caller.person()?;
    let (db, found) = load(state, ask.caller, RPC, account).await?;
    drop(db);
    let home = found.home;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let answered = registration::read(new.client_data_json, new.attestation_object, &state.relying_party)
        .map_err(Error::AttestationInvalid)?;
    challenge::judge(state, &Usage::Register { account }, &answered.challenge)?;
    if !curve::is_point(&answered.public_key) {
        return Err(Error::AttestationInvalid(Flaw::PublicKey));
    }
    let digest = HEXLOWER.encode(&sha256(new.attestation_object));
    let act = state
        .tokens
        .verify_act(new.act_token, "security_key.add", &digest, person)
        .await?;
    store::account::lock(&mut tx, &home, account)
        .await?
        .ok_or(Error::AccountUnknown)?;
    let there = store::security_key::credentials(&mut tx, &home, account).await?;
    if there.len() >= MOST {
        return Err(Error::SecurityKeyLimit);
    }
    let now = state.clock.now();
    if !store::challenge::spend(&mut tx, &home, account, &sha256(&answered.challenge), now).await? {
        return Err(Error::ChallengeInvalid(Stale::Used));
    }
    act_token::spend(&mut tx, &act, now).await?;
    let key = SecurityKey {
        id: clock::new_id(),
        account,
        credential_id: answered.credential_id,
        public_key: answered.public_key,
        sign_count: answered.sign_count,
        synced: answered.synced,
        display_name: new.display_name,
        created_at: now,
        last_used_at: None,
        removed_at: None,
    };
    store::security_key::insert(&mut tx, &home, &key).await?;
    let subject = event::security_key_name(account, key.id);
    let facts = json!({ "synced": key.synced });
    event::put(
        state,
        &mut tx,
        &home,
        Some(account),
        subject,
        "security_key.added",
        facts,
    )
    .await?;
    ask.finish(tx, key).await
}

/// Lists an account's keys, those out of use included.
pub async fn list_security_keys(
    state: &State,
    caller: &Caller,
    account: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SecurityKey>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListSecurityKeys";
    let (mut db, found) = load(state, caller, RPC, account).await?;
    store::security_key::list(&mut db, &found.home, account, after, limit).await
}

/// Takes a key of the own account out of use; taking out what is out changes nothing.
pub async fn remove_security_key<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, SecurityKey, M>,
    account: Uuid,
    id: Uuid,
    act_token: &str,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/RemoveSecurityKey";
    let person = ask.caller.person()?;
    let (db, found) = load(state, ask.caller, RPC, account).await?;
    drop(db);
    let home = found.home;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let subject = event::security_key_name(account, id);
    store::security_key::find(&mut tx, &home, account, id)
        .await?
        .ok_or(Error::SecurityKeyUnknown)?;
    let digest = HEXLOWER.encode(&sha256(subject.as_bytes()));
    let act = state
        .tokens
        .verify_act(act_token, "security_key.remove", &digest, person)
        .await?;
    let now = state.clock.now();
    act_token::spend(&mut tx, &act, now).await?;
    if !store::security_key::remove(&mut tx, &home, account, Some(id), now)
        .await?
        .is_empty()
    {
        event::put(
            state,
            &mut tx,
            &home,
            Some(account),
            subject,
            "security_key.removed",
            json!({}),
        )
        .await?;
    }
    let key = store::security_key::find(&mut tx, &home, account, id)
        .await?
        .ok_or(Error::SecurityKeyUnknown)?;
    ask.finish(tx, key).await
}
