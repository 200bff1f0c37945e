//! ChangePassword, and what a password must not be made of.

use data_encoding::HEXLOWER;
use hocba_chassis::{act_token, caller::Caller};
use serde_json::json;
use sqlx::PgConnection;

use super::{account::load, attempt, event, sign_in};
use crate::{
    error::{Error, Result},
    model::{
        account::{Account, State as AccountState},
        email::Email,
        password::{Owner, Password},
        sign_in::{EndCause, Which},
    },
    state::State,
    store,
    vault::sha256,
};

/// The purpose of the act token.
const PURPOSE: &str = "password.change";

/// Changes the own password; answers how many other sign-ins ended.
pub async fn change_password(
    state: &State,
    caller: &Caller,
    old: &str,
    new: &str,
    act_token: &str,
) -> Result<usize> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ChangePassword";
    let person = caller.person()?;
    let id = person.account;
    let (mut db, account) = load(state, caller, RPC, id).await?;
    let owner = owner(&mut db, &account).await?;
    let home = account.home;
    let credentials = store::account::credentials(&mut db, &home, id)
        .await?
        .ok_or(Error::AccountUnknown)?;
    drop(db);
    let digest = HEXLOWER.encode(&sha256(event::account_name(id).as_bytes()));
    let act = state
        .tokens
        .verify_act(act_token, PURPOSE, &digest, person)
        .await?;
    let new = Password::choose(new, &owner).map_err(|weakness| Error::PasswordWeak {
        field: "new_password",
        what: weakness.describe(),
    })?;
    let admitted = attempt::admit(state, "password", &id.to_string()).await?;
    if !state
        .hashing
        .verify(Password::given(old), credentials.password_hash)
        .await?
    {
        return Err(Error::PasswordWrong);
    }
    let hash = state.hashing.hash(new, state.vault.random()?).await?;

    let mut tx = state.begin(&home).await?;
    let now = state.clock.now();
    let account = store::account::lock(&mut tx, &home, id)
        .await?
        .ok_or(Error::AccountUnknown)?;
    match account.state {
        AccountState::Active => {}
        AccountState::Pending | AccountState::Suspended => return Err(Error::AccountSuspended),
    }
    if !store::sign_in::lock_open(&mut tx, &home, id, person.sign_in, now).await? {
        return Err(Error::SignInOver);
    }
    act_token::spend(&mut tx, &act, now).await?;
    store::account::set_password(&mut tx, &home, id, &hash).await?;
    store::attempt::clear(&mut tx, admitted.key()).await?;
    let subject = event::account_name(id);
    event::put(
        state,
        &mut tx,
        &home,
        Some(id),
        subject,
        "password.changed",
        json!({}),
    )
    .await?;
    let others = Which::Others(person.sign_in);
    let ended = sign_in::end(
        state,
        &mut tx,
        &home,
        id,
        others,
        EndCause::PasswordChanged,
        Some(id),
    )
    .await?;
    tx.commit().await?;
    sign_in::forget(state, &ended);
    Ok(ended.len())
}

/// What is known of an account's owner.
pub async fn owner(db: &mut PgConnection, account: &Account) -> Result<Owner> {
    let email = Email::parse(&account.email).map_err(|_| Error::Damaged("email"))?;
    let owner = Owner::of(&email).called(&account.display_name);
    let school = match account.home.school() {
        Some(school) => store::school::find(db, school).await?,
        None => None,
    };
    Ok(match school {
        Some(school) => owner.called(&school.display_name).called(&school.commune),
        None => owner,
    })
}
