//! StartRecovery, ApproveRecovery, CancelRecovery, ListRecoveries: two people let in a third.

use hocba_chassis::{
    act_token,
    caller::{Caller, Role},
    clock,
};
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    account::load,
    ask::{Ask, Begun},
    event,
    school::resource_of_home,
    sign_in, standing,
};
use crate::{
    error::{Error, Result},
    model::{
        account::{Account, State as AccountState},
        activation, day,
        home::Home,
        recovery::{CODE_LIFETIME, Helper, LIFETIME, Recovery, State as Stand, may_recover},
        sign_in::{EndCause, Which},
    },
    state::State,
    store,
    vault::sha256,
};

/// A recovery with the caller's half of the code, shown once.
#[derive(Clone)]
pub struct Halved {
    /// The recovery.
    pub recovery: Recovery,
    /// The half; none in a repeat.
    pub half: Option<String>,
    /// Where it stands is judged at this instant.
    pub now: OffsetDateTime,
    /// Until when the code may be used, once it is approved.
    pub code_expires_at: Option<OffsetDateTime>,
}

/// Begins to let a person back in.
pub async fn start_recovery<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Halved, M>,
    account: Uuid,
    cause: String,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/StartRecovery";
    let by = ask.caller.person()?.account;
    let (db, found) = load(state, ask.caller, RPC, account).await?;
    drop(db);
    if by == account {
        return Err(Error::OwnAccount);
    }
    let home = found.home;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    lock(&mut tx, &home, account).await?;
    let now = state.clock.now();
    if let Some(open) = store::recovery::find_open(&mut tx, &home, account).await? {
        match open.state_at(now) {
            Stand::Expired => expire(state, &mut tx, &home, open.id, now).await?,
            Stand::Open | Stand::Approved | Stand::Cancelled => {
                return Err(Error::RecoveryOpen {
                    recovery: open.name(),
                });
            }
        }
    }
    let recovery = Recovery {
        id: clock::new_id(),
        account,
        cause,
        state: Stand::Open,
        starter: by,
        started_at: now,
        expires_at: now + LIFETIME,
        decider: None,
        decided_at: None,
    };
    store::recovery::insert(&mut tx, &home, &recovery).await?;
    event::put(
        state,
        &mut tx,
        &home,
        Some(by),
        recovery.name(),
        "recovery.started",
        json!({}),
    )
    .await?;
    let without = Halved {
        recovery,
        half: None,
        now,
        code_expires_at: None,
    };
    let half = activation::half(&state.vault.recovery_half(without.recovery.id));
    let with = Halved {
        half: Some(half),
        ..without.clone()
    };
    ask.finish_secret(tx, with, without).await
}

/// Approves another person's recovery: everything that proved the account's owner ends.
pub async fn approve_recovery<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Halved, M>,
    account: Uuid,
    id: Uuid,
    act_token: &str,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ApproveRecovery";
    let person = ask.caller.person()?;
    let by = person.account;
    let (db, found) = load(state, ask.caller, RPC, account).await?;
    drop(db);
    if by == account {
        return Err(Error::OwnAccount);
    }
    let home = found.home;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    lock(&mut tx, &home, account).await?;
    let now = state.clock.now();
    let recovery = open(&mut tx, &home, account, id, now).await?;
    fits(&mut tx, &home, &recovery, by, now).await?;
    let act = state
        .tokens
        .verify_act(act_token, "recovery.approve", &recovery.digest(), person)
        .await?;
    if !matches!(
        act.role,
        Role::SystemAdmin | Role::Principal | Role::VicePrincipal | Role::Operator
    ) {
        return Err(act_token::invalid().meta("what", "role").into());
    }
    act_token::spend(&mut tx, &act, now).await?;
    store::recovery::decide(&mut tx, &home, id, Stand::Approved, Some(by), now).await?;
    store::account::forget_secrets(&mut tx, &home, account).await?;
    let keys = store::security_key::remove(&mut tx, &home, account, None, now).await?;
    let first = activation::half(&state.vault.recovery_half(id));
    let second = activation::half(&state.vault.random::<{ activation::HALF }>()?);
    let code = activation::canonical(&activation::whole(&first, &second));
    let code_expires_at = now + CODE_LIFETIME;
    store::activation::put(
        &mut tx,
        &home,
        account,
        &sha256(code.as_bytes()),
        now,
        code_expires_at,
    )
    .await?;
    let facts = json!({
        "starter": event::account_name(recovery.starter),
        "act_token": act.id,
        "removed_security_keys": keys.len(),
    });
    event::put(
        state,
        &mut tx,
        &home,
        Some(by),
        recovery.name(),
        "recovery.approved",
        facts,
    )
    .await?;
    let ended = sign_in::end(
        state,
        &mut tx,
        &home,
        account,
        Which::All,
        EndCause::Recovered,
        Some(by),
    )
    .await?;
    let without = Halved {
        recovery: Recovery {
            state: Stand::Approved,
            decider: Some(by),
            decided_at: Some(now),
            ..recovery
        },
        half: None,
        now,
        code_expires_at: Some(code_expires_at),
    };
    let with = Halved {
        half: Some(second),
        ..without.clone()
    };
    let answer = ask.finish_secret(tx, with, without).await?;
    sign_in::forget(state, &ended);
    Ok(answer)
}

/// Ends a recovery before its approval.
pub async fn cancel_recovery<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, (Recovery, OffsetDateTime), M>,
    account: Uuid,
    id: Uuid,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/CancelRecovery";
    let by = ask.caller.person()?.account;
    let (db, found) = load(state, ask.caller, RPC, account).await?;
    drop(db);
    let home = found.home;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    store::account::lock(&mut tx, &home, account)
        .await?
        .ok_or(Error::AccountUnknown)?;
    let now = state.clock.now();
    let recovery = open(&mut tx, &home, account, id, now).await?;
    store::recovery::decide(&mut tx, &home, id, Stand::Cancelled, Some(by), now).await?;
    event::put(
        state,
        &mut tx,
        &home,
        Some(by),
        recovery.name(),
        "recovery.cancelled",
        json!({}),
    )
    .await?;
    let recovery = Recovery {
        state: Stand::Cancelled,
        decider: Some(by),
        decided_at: Some(now),
        ..recovery
    };
    ask.finish(tx, (recovery, now)).await
}

/// Lists a home's recoveries.
pub async fn list_recoveries(
    state: &State,
    caller: &Caller,
    home: &Home,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<(Recovery, OffsetDateTime)>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListRecoveries";
    let mut db = state.begin(home).await?;
    state
        .policy
        .authorize(caller, RPC, &resource_of_home(&mut db, home).await?)?;
    let now = state.clock.now();
    let found = store::recovery::list(&mut db, home, before, limit).await?;
    Ok(found.into_iter().map(|recovery| (recovery, now)).collect())
}

/// Expires an open one whose time is over, and tells it, unless it ended meanwhile.
pub async fn expire(
    state: &State,
    db: &mut PgConnection,
    home: &Home,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<()> {
    if let Some(account) = store::recovery::expire(db, home, id, now).await? {
        let name = format!("accounts/{account}/recoveries/{id}");
        event::put(state, db, home, None, name, "recovery.expired", json!({})).await?;
    }
    Ok(())
}

/// Locks the account, which must be one that somebody was in: a new one is let in by CreateAccount.
async fn lock(db: &mut PgConnection, home: &Home, id: Uuid) -> Result<Account> {
    let account = store::account::lock(db, home, id)
        .await?
        .ok_or(Error::AccountUnknown)?;
    match account.state {
        AccountState::Active => Ok(account),
        AccountState::Pending if store::recovery::ever(db, home, id).await? => Ok(account),
        AccountState::Pending | AccountState::Suspended => Err(Error::AccountState(account.state)),
    }
}

async fn open(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Recovery> {
    let recovery = store::recovery::find(db, home, account, id)
        .await?
        .ok_or(Error::RecoveryUnknown)?;
    match recovery.state_at(now) {
        Stand::Open => Ok(recovery),
        over @ (Stand::Approved | Stand::Cancelled | Stand::Expired) => Err(Error::RecoveryOver(over)),
    }
}

/// Whether the starter and this person are the right two.
async fn fits(
    db: &mut PgConnection,
    home: &Home,
    recovery: &Recovery,
    by: Uuid,
    now: OffsetDateTime,
) -> Result<()> {
    let today = day::of(now);
    let principal = standing::of(db, home, recovery.account, today)
        .await?
        .own
        .contains(&Role::Principal);
    let only_principal = principal
        && !store::role_binding::others_hold(db, home, recovery.account, Role::Principal, today).await?;
    let starter_home = store::account::locate(db, recovery.starter)
        .await?
        .ok_or(Error::Damaged("starter"))?;
    let approver_home = store::account::locate(db, by)
        .await?
        .ok_or(Error::AccountUnknown)?;
    let starter = Helper {
        account: recovery.starter,
        home: &starter_home,
    };
    let approver = Helper {
        account: by,
        home: &approver_home,
    };
    may_recover(home, only_principal, &starter, &approver).map_err(Error::RecoveryPair)
}
