//! CreateGroup, UpdateGroup, CloseGroup, GetGroup, ListGroups.

use std::collections::BTreeSet;

use hocba_chassis::{caller::Caller, clock};
use prost::Message;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    ask::{Ask, Begun},
    event, member,
    school::authorized,
};
use crate::{
    error::{Error, Result},
    model::{
        day,
        home::Home,
        slug::Slug,
        staff_group::{Group, Kind, Shape},
    },
    state::State,
    store,
};

/// A group with its place, as it is shown.
pub struct Placed {
    /// In which school.
    pub school: Slug,
    /// It.
    pub group: Group,
}

/// Sets up a group.
pub async fn create_group<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    school: Slug,
    kind: Kind,
    shape: Shape,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/CreateGroup";
    let by = ask.caller.person()?.account;
    let home = authorized(state, ask.caller, RPC, &school).await?;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let now = state.clock.now();
    member::lock(&mut tx, &home, &Vec::from_iter(shape.members.iter().copied())).await?;
    let group = Group {
        id: clock::new_id(),
        kind,
        display_name: shape.display_name,
        head: shape.head,
        members: shape.members,
        etag: 1,
        created_at: now,
        closed_at: None,
    };
    store::staff_group::insert(&mut tx, &school, &group, by).await?;
    for account in &group.members {
        let member = (clock::new_id(), *account);
        store::staff_group::join(&mut tx, &school, group.id, member, (by, now)).await?;
    }
    let facts = json!({ "kind": kind.as_str(), "members": group.members.len() });
    tell(state, &mut tx, (&school, group.id), by, "group.created", facts).await?;
    ask.finish(tx, Placed { school, group }).await
}

/// Changes name, head and members; roles held by the group go and come with the membership.
pub async fn update_group<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    (school, id): (Slug, Uuid),
    shape: Shape,
    etag: i64,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/UpdateGroup";
    let by = ask.caller.person()?.account;
    let home = authorized(state, ask.caller, RPC, &school).await?;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let now = state.clock.now();
    let before = locked(&mut tx, &school, id).await?;
    if before.closed_at.is_some() {
        return Err(Error::GroupClosed);
    }
    let join: Vec<_> = shape.members.difference(&before.members).copied().collect();
    let leave: Vec<_> = before.members.difference(&shape.members).copied().collect();
    let everything = i64::from(i32::MAX);
    let roles = store::staff_group_role::list(&mut tx, &school, id, None, None, everything).await?;
    let today = day::of(now);
    let gives = roles.iter().any(|role| role.may_count(today));
    // Joining a group that holds a role is being granted it: nobody does that to oneself.
    if gives && join.contains(&by) {
        return Err(Error::OwnAccount);
    }
    let touched = BTreeSet::from_iter(join.iter().chain(&leave).copied());
    member::lock(&mut tx, &home, &Vec::from_iter(touched.iter().copied())).await?;
    if !store::staff_group::change(&mut tx, &school, id, &shape, etag).await? {
        return Err(Error::EtagMismatch);
    }
    store::staff_group::leave(&mut tx, &school, id, &leave, (by, now)).await?;
    for account in &join {
        store::staff_group::join(&mut tx, &school, id, (clock::new_id(), *account), (by, now)).await?;
    }
    let names = |who: &[Uuid]| who.iter().copied().map(event::account_name).collect::<Vec<_>>();
    let facts = json!({ "left": names(&leave), "joined": names(&join) });
    tell(state, &mut tx, (&school, id), by, "group.changed", facts).await?;
    let group = find(&mut tx, &school, id).await?;
    if gives {
        member::told(&mut tx, &home, touched, now).await?;
    }
    ask.finish(tx, Placed { school, group }).await
}

/// Closes a group and ends its roles; closing what is closed changes nothing.
pub async fn close_group<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    school: Slug,
    id: Uuid,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/CloseGroup";
    let by = ask.caller.person()?.account;
    let home = authorized(state, ask.caller, RPC, &school).await?;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let now = state.clock.now();
    let before = locked(&mut tx, &school, id).await?;
    if before.closed_at.is_none() {
        let who = Vec::from_iter(before.members.iter().copied());
        member::lock(&mut tx, &home, &who).await?;
        let ended = store::staff_group_role::revoke(&mut tx, &school, id, None, (by, now)).await?;
        store::staff_group::leave(&mut tx, &school, id, &who, (by, now)).await?;
        store::staff_group::close(&mut tx, &school, id, (by, now)).await?;
        let facts = json!({ "members": who.len(), "ended_roles": ended });
        tell(state, &mut tx, (&school, id), by, "group.closed", facts).await?;
        if ended > 0 {
            member::told(&mut tx, &home, who, now).await?;
        }
    }
    let group = find(&mut tx, &school, id).await?;
    ask.finish(tx, Placed { school, group }).await
}

/// Answers a group.
pub async fn get_group(state: &State, caller: &Caller, school: Slug, id: Uuid) -> Result<Placed> {
    const RPC: &str = "hocba.identity.v1.IdentityService/GetGroup";
    let home = authorized(state, caller, RPC, &school).await?;
    let mut db = state.begin(&home).await?;
    let group = find(&mut db, &school, id).await?;
    Ok(Placed { school, group })
}

/// Lists a school's groups, closed ones included.
pub async fn list_groups(
    state: &State,
    caller: &Caller,
    school: Slug,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Placed>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListGroups";
    let home = authorized(state, caller, RPC, &school).await?;
    let mut db = state.begin(&home).await?;
    let groups = store::staff_group::list(&mut db, &school, None, after, limit).await?;
    let placed = |group| Placed {
        school: school.clone(),
        group,
    };
    Ok(groups.into_iter().map(placed).collect())
}

/// Reads a group that nobody else changes until the transaction ends.
pub async fn locked(db: &mut PgConnection, school: &Slug, id: Uuid) -> Result<Group> {
    if !store::staff_group::lock(db, school, id).await? {
        return Err(Error::GroupUnknown);
    }
    find(db, school, id).await
}

/// Reads a group.
pub async fn find(db: &mut PgConnection, school: &Slug, id: Uuid) -> Result<Group> {
    let found = store::staff_group::list(db, school, Some(id), None, 1).await?;
    found.into_iter().next().ok_or(Error::GroupUnknown)
}

/// Writes the event of a group in the effect's transaction.
pub async fn tell(
    state: &State,
    db: &mut PgConnection,
    (school, id): (&Slug, Uuid),
    by: Uuid,
    kind: &'static str,
    facts: Value,
) -> Result<()> {
    let home = Home::School(school.clone());
    event::put(state, db, &home, Some(by), name(school, id), kind, facts).await
}

/// `schools/{school}/groups/{group}`.
pub fn name(school: &Slug, id: Uuid) -> String {
    format!("schools/{school}/groups/{id}")
}
