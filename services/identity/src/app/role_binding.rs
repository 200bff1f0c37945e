//! GrantRole, RevokeRole, ListRoleBindings.

use hocba_chassis::{
    caller::{Caller, Person, Role},
    clock,
};
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{
    account::load,
    ask::{Ask, Begun},
    event,
};
use crate::{
    error::{Error, Result},
    model::{
        account::Account,
        account_event::Kind,
        day,
        home::Home,
        role_binding::{self as rule, NewBinding, RoleBinding},
    },
    state::State,
    store,
};

/// A binding with its place and day, as it is shown.
pub struct Placed {
    /// Its tenant.
    pub home: Home,
    /// It.
    pub binding: RoleBinding,
    /// The day on which it is judged.
    pub today: Date,
}

/// Grants a role.
pub async fn grant_role<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    account: Uuid,
    new: NewBinding,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/GrantRole";
    let person = ask.caller.person()?;
    let (_, found) = load(state, ask.caller, RPC, account).await?;
    not_own(person, account)?;
    may_give_here(person, &found.home, new.role)?;
    let mut tx = match ask.begin(state, &found.home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let locked = store::account::lock(&mut tx, &found.home, account)
        .await?
        .ok_or(Error::AccountUnknown)?;
    let binding = give(state, &mut tx, Some(person.account), &locked, new).await?;
    store::account_event::put(
        &mut tx,
        &found.home,
        Kind::RolesChanged,
        account,
        None,
        binding.granted_at,
    )
    .await?;
    let today = day::of(binding.granted_at);
    let placed = Placed {
        home: found.home,
        binding,
        today,
    };
    ask.finish(tx, placed).await
}

/// Takes a role back; taking back what is taken changes nothing.
pub async fn revoke_role<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    account: Uuid,
    id: Uuid,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/RevokeRole";
    let person = ask.caller.person()?;
    let (mut db, found) = load(state, ask.caller, RPC, account).await?;
    let home = found.home;
    let binding = store::role_binding::find(&mut db, &home, account, id)
        .await?
        .ok_or(Error::RoleBindingUnknown)?;
    drop(db);
    not_own(person, account)?;
    gives(person, binding.role)?;
    alone(binding.role)?;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let now = state.clock.now();
    store::account::lock(&mut tx, &home, account)
        .await?
        .ok_or(Error::AccountUnknown)?;
    if take(state, &mut tx, person.account, &home, &binding, now).await? {
        store::account_event::put(&mut tx, &home, Kind::RolesChanged, account, None, now).await?;
    }
    let binding = store::role_binding::find(&mut tx, &home, account, id)
        .await?
        .ok_or(Error::RoleBindingUnknown)?;
    let today = day::of(now);
    ask.finish(tx, Placed { home, binding, today }).await
}

/// Lists an account's roles, those that ended included.
pub async fn list_role_bindings(
    state: &State,
    caller: &Caller,
    account: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Placed>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListRoleBindings";
    let (mut db, found) = load(state, caller, RPC, account).await?;
    let today = day::of(state.clock.now());
    let bindings = store::role_binding::list(&mut db, &found.home, account, after, limit).await?;
    let placed = |binding| Placed {
        home: found.home.clone(),
        binding,
        today,
    };
    Ok(bindings.into_iter().map(placed).collect())
}

/// Gives a role in the transaction that holds the account's lock; the caller was judged before.
pub async fn give(
    state: &State,
    db: &mut PgConnection,
    by: Option<Uuid>,
    account: &Account,
    new: NewBinding,
) -> Result<RoleBinding> {
    let now = state.clock.now();
    let binding = RoleBinding {
        id: clock::new_id(),
        account: account.id,
        role: new.role,
        start: new.start.unwrap_or_else(|| day::of(now)),
        end: new.end,
        decision: new.decision,
        duty: new.duty,
        granted_by: by,
        granted_at: now,
        revoked_at: None,
        working_group: None,
    };
    let before = store::role_binding::list(db, &account.home, account.id, None, i64::from(i32::MAX)).await?;
    if let Some(there) = before
        .iter()
        .find(|b| b.role == binding.role && b.overlaps(binding.start, binding.end))
    {
        let name = format!("accounts/{}/roleBindings/{}", account.id, there.id);
        return Err(Error::RoleBindingExists { binding: name });
    }
    keep(state, db, by, &account.home, &binding).await?;
    Ok(binding)
}

/// Writes a binding that was decided, and tells it.
pub async fn keep(
    state: &State,
    db: &mut PgConnection,
    by: Option<Uuid>,
    home: &Home,
    binding: &RoleBinding,
) -> Result<()> {
    store::role_binding::insert(db, home, binding).await?;
    let facts = json!({
        "role": binding.role.as_str(),
        "binding": binding.id,
        "start_date": day::text(binding.start),
        "end_date": binding.end.map(day::text),
    });
    let subject = event::account_name(binding.account);
    event::put(state, db, home, by, subject, "role.granted", facts).await
}

/// Takes a binding back and tells it; false when it was taken back before.
pub async fn take(
    state: &State,
    db: &mut PgConnection,
    by: Uuid,
    home: &Home,
    binding: &RoleBinding,
    now: OffsetDateTime,
) -> Result<bool> {
    if !store::role_binding::revoke(db, home, binding.id, by, now).await? {
        return Ok(false);
    }
    let facts = json!({ "role": binding.role.as_str(), "binding": binding.id });
    let subject = event::account_name(binding.account);
    event::put(state, db, home, Some(by), subject, "role.revoked", facts).await?;
    Ok(true)
}

/// Whether a person may give this in that tenant.
pub fn may_give_here(person: &Person, home: &Home, role: Role) -> Result<()> {
    gives(person, role)?;
    if rule::of_deployment(role) != home.school().is_none() {
        return Err(Error::RoleNotGrantable(role.as_str()));
    }
    alone(role)
}

/// A role that follows from a decision about a whole body is not given or taken by itself.
pub fn alone(role: Role) -> Result<()> {
    if rule::by_decision(role) {
        Err(Error::DecisionRequired)
    } else {
        Ok(())
    }
}

/// Whether a person gives and takes this role.
pub fn gives(person: &Person, role: Role) -> Result<()> {
    if person.roles.iter().any(|giver| rule::may_give(*giver, role)) {
        return Ok(());
    }
    Err(Error::RoleNotGrantable(role.as_str()))
}

fn not_own(person: &Person, account: Uuid) -> Result<()> {
    if person.account == account {
        Err(Error::OwnAccount)
    } else {
        Ok(())
    }
}
