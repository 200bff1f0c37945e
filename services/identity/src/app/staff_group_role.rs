//! GrantGroupRole, RevokeGroupRole, ListGroupRoleBindings.

use hocba_chassis::{
    caller::{Caller, Role},
    clock,
};
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

use super::{
    ask::{Ask, Begun},
    member, role_binding,
    school::authorized,
    staff_group::{find, locked, name, tell},
};
use crate::{
    error::{Error, Result},
    model::{day, slug::Slug, staff_group::GroupRole},
    state::State,
    store,
};

/// What a grant asks for.
pub struct NewGroupRole {
    /// Which role.
    pub role: Role,
    /// First day; none means today.
    pub start: Option<Date>,
    /// Last day; none is without end.
    pub end: Option<Date>,
}

/// A group's role with its place and day, as it is shown.
pub struct Placed {
    /// In which school.
    pub school: Slug,
    /// Whose.
    pub group: Uuid,
    /// It.
    pub role: GroupRole,
    /// The day on which it is judged.
    pub today: Date,
}

/// Grants a role to everybody of a group, as long as they are members.
pub async fn grant_group_role<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    (school, group): (Slug, Uuid),
    new: NewGroupRole,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/GrantGroupRole";
    let person = ask.caller.person()?;
    let by = person.account;
    let home = authorized(state, ask.caller, RPC, &school).await?;
    role_binding::may_give_here(person, &home, new.role)?;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let now = state.clock.now();
    let today = day::of(now);
    let whose = locked(&mut tx, &school, group).await?;
    if whose.closed_at.is_some() {
        return Err(Error::GroupClosed);
    }
    if whose.members.contains(&by) {
        return Err(Error::OwnAccount);
    }
    let role = GroupRole {
        id: clock::new_id(),
        role: new.role,
        start: new.start.unwrap_or(today),
        end: new.end,
        granted_by: by,
        granted_at: now,
        revoked_at: None,
    };
    let everything = i64::from(i32::MAX);
    let before = store::staff_group_role::list(&mut tx, &school, group, None, None, everything).await?;
    let same = |there: &&GroupRole| there.role == role.role && there.overlaps(role.start, role.end);
    if let Some(there) = before.iter().find(same) {
        let binding = format!("{}/roleBindings/{}", name(&school, group), there.id);
        return Err(Error::RoleBindingExists { binding });
    }
    let who = Vec::from_iter(whose.members);
    member::lock(&mut tx, &home, &who).await?;
    store::staff_group_role::insert(&mut tx, &school, group, &role).await?;
    let facts = json!({
        "role": role.role.as_str(),
        "binding": role.id,
        "start_date": day::text(role.start),
        "end_date": role.end.map(day::text),
        "members": who.len(),
    });
    tell(state, &mut tx, (&school, group), by, "group.role_granted", facts).await?;
    member::told(&mut tx, &home, who, now).await?;
    let placed = Placed {
        school,
        group,
        role,
        today,
    };
    ask.finish(tx, placed).await
}

/// Takes a role back from a group; taking back what is taken changes nothing.
pub async fn revoke_group_role<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    school: Slug,
    group: Uuid,
    id: Uuid,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/RevokeGroupRole";
    let person = ask.caller.person()?;
    let by = person.account;
    let home = authorized(state, ask.caller, RPC, &school).await?;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let now = state.clock.now();
    let whose = locked(&mut tx, &school, group).await?;
    let binding = one(&mut tx, &school, group, id).await?;
    role_binding::gives(person, binding.role)?;
    let who = Vec::from_iter(whose.members);
    member::lock(&mut tx, &home, &who).await?;
    if store::staff_group_role::revoke(&mut tx, &school, group, Some(id), (by, now)).await? > 0 {
        let facts = json!({ "role": binding.role.as_str(), "binding": id, "members": who.len() });
        tell(state, &mut tx, (&school, group), by, "group.role_revoked", facts).await?;
        member::told(&mut tx, &home, who, now).await?;
    }
    let placed = Placed {
        role: one(&mut tx, &school, group, id).await?,
        school,
        group,
        today: day::of(now),
    };
    ask.finish(tx, placed).await
}

/// Lists a group's roles, those that ended included.
pub async fn list_group_role_bindings(
    state: &State,
    caller: &Caller,
    (school, group): (Slug, Uuid),
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Placed>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListGroupRoleBindings";
    let home = authorized(state, caller, RPC, &school).await?;
    let mut db = state.begin(&home).await?;
    find(&mut db, &school, group).await?;
    let roles = store::staff_group_role::list(&mut db, &school, group, None, after, limit).await?;
    let today = day::of(state.clock.now());
    let placed = |role| Placed {
        school: school.clone(),
        group,
        role,
        today,
    };
    Ok(roles.into_iter().map(placed).collect())
}

async fn one(db: &mut PgConnection, school: &Slug, group: Uuid, id: Uuid) -> Result<GroupRole> {
    let found = store::staff_group_role::list(db, school, group, Some(id), None, 1).await?;
    found.into_iter().next().ok_or(Error::RoleBindingUnknown)
}
