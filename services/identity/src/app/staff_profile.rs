//! GetStaffProfile, UpdateStaffProfile, ListIncompleteStaff.

use std::collections::BTreeMap;

use hocba_chassis::caller::Caller;
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    account::load,
    ask::{Begun, SealedAsk},
    event,
    school::authorized,
};
use crate::{
    error::{Error, Result},
    model::{
        home::Home,
        slug::Slug,
        staff_profile::{FIELDS, StaffProfile, missing},
    },
    state::State,
    store::{self, staff_profile::Sealed},
};

/// A profile with whose it is, as it is shown.
pub struct Seen {
    /// Whose.
    pub account: Uuid,
    /// The facts.
    pub profile: StaffProfile,
    /// Rises with every change; 0 while nothing was ever entered.
    pub etag: i64,
    /// When it was last changed.
    pub updated_at: Option<OffsetDateTime>,
}

/// A person of whom something is missing.
pub struct Incomplete {
    /// Whose.
    pub account: Uuid,
    /// Full name as printed.
    pub display_name: String,
    /// Names of the missing fields.
    pub missing: Vec<&'static str>,
}

/// Answers a profile.
pub async fn get_staff_profile(state: &State, caller: &Caller, account: Uuid) -> Result<Seen> {
    const RPC: &str = "hocba.identity.v1.IdentityService/GetStaffProfile";
    let (mut db, found) = load(state, caller, RPC, account).await?;
    see(state, &mut db, &found.home, account).await
}

/// Replaces a profile.
pub async fn update_staff_profile(
    state: &State,
    ask: SealedAsk<'_>,
    account: Uuid,
    profile: StaffProfile,
    etag: i64,
) -> Result<Seen> {
    const RPC: &str = "hocba.identity.v1.IdentityService/UpdateStaffProfile";
    let by = ask.caller.person()?.account;
    let (db, found) = load(state, ask.caller, RPC, account).await?;
    let home = found.home;
    drop(db);
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(_) => {
            let mut db = state.begin(&home).await?;
            return see(state, &mut db, &home, account).await;
        }
    };
    let now = state.clock.now();
    // Two first entries meet at the account's lock: the second sees the first.
    store::account::lock(&mut tx, &home, account)
        .await?
        .ok_or(Error::AccountUnknown)?;
    let before = see(state, &mut tx, &home, account).await?;
    if before.etag != etag {
        return Err(Error::EtagMismatch);
    }
    let texts = profile.texts();
    let owner = event::account_name(account);
    let there = store::staff_profile::find(&mut tx, &home, account).await?;
    let (key, wrapped_key) = match there {
        Some(there) => (
            state.vault.staff().open(&owner, &there.wrapped_key)?,
            there.wrapped_key,
        ),
        None => state.vault.staff().make(&owner)?,
    };
    let plain = serde_json::to_vec(&texts).map_err(|_| Error::Damaged("staff profile"))?;
    let sealed = Sealed {
        wrapped_key,
        sealed: key.seal(&place(account), &plain)?,
        filled: texts.keys().map(|field| (*field).to_owned()).collect(),
        etag: etag + 1,
        updated_at: now,
    };
    let kept = if etag == 0 {
        store::staff_profile::insert(&mut tx, &home, account, &sealed, by).await?
    } else {
        store::staff_profile::update(&mut tx, &home, account, &sealed, by).await?
    };
    if !kept {
        return Err(Error::EtagMismatch);
    }
    // Names of fields, never a value.
    let facts = json!({ "changed": profile.changed(&before.profile) });
    event::put(
        state,
        &mut tx,
        &home,
        Some(by),
        owner,
        "staff_profile.changed",
        facts,
    )
    .await?;
    ask.finish(tx, account).await?;
    Ok(Seen {
        account,
        profile,
        etag: sealed.etag,
        updated_at: Some(now),
    })
}

/// Lists the people of a school of whom something is missing.
pub async fn list_incomplete_staff(
    state: &State,
    caller: &Caller,
    school: Slug,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Incomplete>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListIncompleteStaff";
    let home = authorized(state, caller, RPC, &school).await?;
    let mut db = state.begin(&home).await?;
    let fields = FIELDS.map(str::to_owned);
    let found = store::staff_profile::incomplete(&mut db, &school, &fields, after, limit).await?;
    Ok(found
        .into_iter()
        .map(|person| Incomplete {
            account: person.account,
            display_name: person.display_name,
            missing: missing(&person.filled),
        })
        .collect())
}

/// Reads and opens a profile; of whom nothing was entered it is empty.
async fn see(state: &State, db: &mut PgConnection, home: &Home, account: Uuid) -> Result<Seen> {
    let Some(there) = store::staff_profile::find(db, home, account).await? else {
        return Ok(Seen {
            account,
            profile: StaffProfile::default(),
            etag: 0,
            updated_at: None,
        });
    };
    let key = state
        .vault
        .staff()
        .open(&event::account_name(account), &there.wrapped_key)?;
    let plain = key.open(&place(account), &there.sealed)?;
    let texts: BTreeMap<String, String> =
        serde_json::from_slice(&plain).map_err(|_| Error::Damaged("staff_profile.sealed"))?;
    Ok(Seen {
        account,
        profile: StaffProfile::of_texts(&texts).map_err(Error::Damaged)?,
        etag: there.etag,
        updated_at: Some(there.updated_at),
    })
}

/// `accounts/{account}/staffProfile`.
pub fn place(account: Uuid) -> String {
    format!("accounts/{account}/staffProfile")
}
