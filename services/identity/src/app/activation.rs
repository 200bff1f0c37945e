//! ActivateAccount, ConfirmTotp: the owner's two first steps.

use data_encoding::BASE32_NOPAD;
use hocba_chassis::caller::Caller;
use hocba_policy::Resource;
use serde_json::json;
use uuid::Uuid;

use super::{attempt, event, factor, password::owner, sign_in::prove};
use crate::{
    error::{Error, Result},
    model::{
        account::State as AccountState,
        activation::canonical,
        email::Email,
        factor::Given,
        home::Home,
        password::{Owner, Password, Weakness},
        totp,
    },
    state::State,
    store,
    vault::sha256,
};

/// The use a code is spent on at the confirmation.
const CODE_USE: &str = "confirm";

/// The second factor, shown once.
pub struct SecondFactor {
    /// The secret in base32.
    pub secret: String,
    /// The same for a QR code.
    pub uri: String,
}

/// Sets the first password by an activation code.
pub async fn activate_account(
    state: &State,
    caller: &Caller,
    email: Email,
    code: &str,
    password: &str,
) -> Result<SecondFactor> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ActivateAccount";
    state.policy.authorize(caller, RPC, &Resource::deployment())?;
    // Before the code is touched: a weak password must not use it up.
    let chosen = Password::choose(password, &Owner::of(&email)).map_err(weak)?;
    let admitted = attempt::admit(state, "activate", email.as_str()).await?;
    // Hashed whether or not the code is good: the time taken tells nothing.
    let hash = state.hashing.hash(chosen, state.vault.random()?).await?;
    let secret: [u8; totp::SECRET_LENGTH] = state.vault.random()?;

    let mut db = state.begin(&Home::Deployment).await?;
    let (home, id) = store::account::find_by_email(&mut db, &email)
        .await?
        .ok_or(Error::ActivationRefused)?;
    drop(db);
    let mut tx = state.begin(&home).await?;
    let now = state.clock.now();
    let account = store::account::lock(&mut tx, &home, id)
        .await?
        .ok_or(Error::ActivationRefused)?;
    let stored = store::activation::lock(&mut tx, &home, id)
        .await?
        .ok_or(Error::ActivationRefused)?;
    let given = sha256(canonical(code).as_bytes());
    // Digests may be compared plainly: what is learnt by the time taken is of the digest, not of the code.
    if given != stored.digest || !stored.usable(now) || account.state != AccountState::Pending {
        return Err(Error::ActivationRefused);
    }
    // Names and school are looked at now only: who has the code may know them.
    if let Err(weakness) = Password::choose(password, &owner(&mut tx, &account).await?) {
        store::attempt::clear(&mut tx, admitted.key()).await?;
        tx.commit().await?;
        return Err(weak(weakness));
    }
    store::activation::spend(&mut tx, &home, id, now).await?;
    let sealed = state.vault.seal_totp(id, &secret)?;
    store::account::set_secrets(&mut tx, &home, id, &hash, &sealed).await?;
    store::attempt::clear(&mut tx, admitted.key()).await?;
    event::put(
        state,
        &mut tx,
        &home,
        Some(id),
        event::account_name(id),
        "account.code_used",
        json!({}),
    )
    .await?;
    tx.commit().await?;
    let secret = BASE32_NOPAD.encode(&secret);
    let uri = totp::uri(&secret, email.as_str());
    Ok(SecondFactor { secret, uri })
}

/// Confirms the second factor; the account becomes active.
pub async fn confirm_totp(
    state: &State,
    caller: &Caller,
    email: Email,
    password: &str,
    code: &str,
) -> Result<Uuid> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ConfirmTotp";
    state.policy.authorize(caller, RPC, &Resource::deployment())?;
    let admitted = attempt::admit(state, "sign_in", email.as_str()).await?;
    let proof = prove(state, &email, password, &Given::Code(code.to_owned()))
        .await?
        .ok_or(Error::SignInRefused)?;
    let Some(factor) = proof.factor else {
        return Err(Error::SignInRefused);
    };
    let (home, id) = (proof.home, proof.account);
    let mut tx = state.begin(&home).await?;
    let now = state.clock.now();
    let account = store::account::lock(&mut tx, &home, id)
        .await?
        .ok_or(Error::SignInRefused)?;
    match account.state {
        AccountState::Suspended => return Err(Error::AccountSuspended),
        AccountState::Pending | AccountState::Active => {}
    }
    let mut tx = factor::spend(state, tx, &home, id, &factor, CODE_USE, now).await?;
    // Confirming again changes nothing: the first answer may have been lost.
    if account.state == AccountState::Pending {
        store::account::activate(&mut tx, &home, id, now).await?;
        event::put(
            state,
            &mut tx,
            &home,
            Some(id),
            event::account_name(id),
            "account.activated",
            json!({}),
        )
        .await?;
    }
    store::attempt::clear(&mut tx, admitted.key()).await?;
    tx.commit().await?;
    Ok(id)
}

fn weak(weakness: Weakness) -> Error {
    Error::PasswordWeak {
        field: "password",
        what: weakness.describe(),
    }
}
