//! CreateWorkingGroup, UpdateWorkingGroup, EndWorkingGroup, GetWorkingGroup, ListWorkingGroups.

use std::collections::BTreeSet;

use hocba_chassis::{
    caller::{Caller, Role},
    clock,
};
use prost::Message;
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{
    ask::{Ask, Begun},
    event, member, role_binding,
    school::authorized,
};
use crate::{
    error::{Error, Result},
    model::{
        day,
        home::Home,
        role_binding::{Decision, RoleBinding},
        slug::Slug,
        working_group::{Member, State as GroupState, WorkingGroup, replace},
    },
    state::State,
    store,
};

/// What a working group is created from.
pub struct NewWorkingGroup {
    /// In which school.
    pub school: Slug,
    /// The decision.
    pub decision: Decision,
    /// First day; none means today.
    pub start: Option<Date>,
    /// Last day.
    pub end: Date,
    /// Who is in it.
    pub people: People,
}

/// Head and members, as a decision names them.
pub struct People {
    /// The head: one of the members.
    pub head: Uuid,
    /// All of them, each once.
    pub members: Vec<Member>,
}

/// What a further decision changes.
pub struct Change {
    /// In which school.
    pub school: Slug,
    /// Which working group.
    pub id: Uuid,
    /// The further decision.
    pub decision: Decision,
    /// Who is in it from now on.
    pub people: People,
    /// The etag that was read.
    pub etag: i64,
}

/// A working group with its place and day, as it is shown.
pub struct Placed {
    /// In which school.
    pub school: Slug,
    /// It.
    pub group: WorkingGroup,
    /// The day on which it is judged.
    pub today: Date,
}

/// Sets up a working group; its members' roles follow in the same transaction.
pub async fn create_working_group<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    new: NewWorkingGroup,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/CreateWorkingGroup";
    let by = ask.caller.person()?.account;
    let home = authorized(state, ask.caller, RPC, &new.school).await?;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let now = state.clock.now();
    let today = day::of(now);
    let People { head, members } = new.people;
    let who: BTreeSet<_> = members.iter().map(|member| member.account).collect();
    not_the_decider(by, &who)?;
    member::lock(&mut tx, &home, &Vec::from_iter(who.iter().copied())).await?;
    let group = WorkingGroup {
        id: clock::new_id(),
        decision: new.decision,
        start: new.start.unwrap_or(today),
        end: new.end,
        head,
        members,
        etag: 1,
        created_by: by,
        created_at: now,
        ended_at: None,
    };
    store::working_group::insert(&mut tx, &new.school, &group).await?;
    for member in &group.members {
        let binding = binding(&group, member, &group.decision, group.start, (by, now));
        role_binding::keep(state, &mut tx, Some(by), &home, &binding).await?;
    }
    let facts = json!({
        "members": group.members.len(),
        "start_date": day::text(group.start),
        "end_date": day::text(group.end),
    });
    tell(
        state,
        &mut tx,
        (&new.school, group.id),
        by,
        "working_group.created",
        facts,
    )
    .await?;
    member::told(&mut tx, &home, who, now).await?;
    ask.finish(
        tx,
        Placed {
            school: new.school,
            group,
            today,
        },
    )
    .await
}

/// Replaces the members by a further decision.
pub async fn update_working_group<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    change: Change,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/UpdateWorkingGroup";
    let by = ask.caller.person()?.account;
    let school = change.school;
    let home = authorized(state, ask.caller, RPC, &school).await?;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let now = state.clock.now();
    let today = day::of(now);
    let before = locked(&mut tx, &school, change.id).await?;
    if before.state(today) == GroupState::Ended {
        return Err(Error::WorkingGroupEnded);
    }
    let People { head, members } = change.people;
    if !store::working_group::change(&mut tx, &school, change.id, head, change.etag).await? {
        return Err(Error::EtagMismatch);
    }
    let (leave, join) = replace(&before.members, &members);
    not_the_decider(by, &join.iter().map(|member| member.account).collect())?;
    let touched: BTreeSet<_> = leave.iter().chain(&join).map(|member| member.account).collect();
    member::lock(&mut tx, &home, &Vec::from_iter(touched.iter().copied())).await?;
    for held in store::role_binding::of_working_group(&mut tx, &school, change.id).await? {
        if leave.iter().any(|member| member.account == held.account) {
            role_binding::take(state, &mut tx, by, &home, &held, now).await?;
        }
    }
    for member in &join {
        let start = before.start.max(today);
        let binding = binding(&before, member, &change.decision, start, (by, now));
        role_binding::keep(state, &mut tx, Some(by), &home, &binding).await?;
    }
    let facts = json!({
        "left": leave.len(),
        "joined": join.len(),
        "decision_date": change.decision.date.map(day::text),
    });
    tell(
        state,
        &mut tx,
        (&school, change.id),
        by,
        "working_group.changed",
        facts,
    )
    .await?;
    let group = find(&mut tx, &school, change.id).await?;
    member::told(&mut tx, &home, touched, now).await?;
    ask.finish(tx, Placed { school, group, today }).await
}

/// Ends a working group and its members' roles; ending what has ended changes nothing.
pub async fn end_working_group<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    school: Slug,
    id: Uuid,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/EndWorkingGroup";
    let by = ask.caller.person()?.account;
    let home = authorized(state, ask.caller, RPC, &school).await?;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let now = state.clock.now();
    let today = day::of(now);
    let before = locked(&mut tx, &school, id).await?;
    if before.state(today) != GroupState::Ended {
        let who: BTreeSet<_> = before.members.iter().map(|member| member.account).collect();
        member::lock(&mut tx, &home, &Vec::from_iter(who.iter().copied())).await?;
        let held = store::role_binding::of_working_group(&mut tx, &school, id).await?;
        store::working_group::end(&mut tx, &school, id, by, now).await?;
        for binding in &held {
            role_binding::take(state, &mut tx, by, &home, binding, now).await?;
        }
        let facts = json!({ "members": held.len() });
        tell(state, &mut tx, (&school, id), by, "working_group.ended", facts).await?;
        member::told(&mut tx, &home, who, now).await?;
    }
    let group = find(&mut tx, &school, id).await?;
    ask.finish(tx, Placed { school, group, today }).await
}

/// Answers a working group.
pub async fn get_working_group(state: &State, caller: &Caller, school: Slug, id: Uuid) -> Result<Placed> {
    const RPC: &str = "hocba.identity.v1.IdentityService/GetWorkingGroup";
    let home = authorized(state, caller, RPC, &school).await?;
    let mut db = state.begin(&home).await?;
    let group = find(&mut db, &school, id).await?;
    let today = day::of(state.clock.now());
    Ok(Placed { school, group, today })
}

/// Lists a school's working groups, those that ended included.
pub async fn list_working_groups(
    state: &State,
    caller: &Caller,
    school: Slug,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Placed>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListWorkingGroups";
    let home = authorized(state, caller, RPC, &school).await?;
    let mut db = state.begin(&home).await?;
    let today = day::of(state.clock.now());
    let groups = store::working_group::list(&mut db, &school, None, after, limit).await?;
    let placed = |group| Placed {
        school: school.clone(),
        group,
        today,
    };
    Ok(groups.into_iter().map(placed).collect())
}

/// The role a member holds by a decision: as long as the group, from `start` on.
fn binding(
    group: &WorkingGroup,
    member: &Member,
    decision: &Decision,
    start: Date,
    (by, now): (Uuid, OffsetDateTime),
) -> RoleBinding {
    RoleBinding {
        id: clock::new_id(),
        account: member.account,
        role: Role::WorkingGroup,
        start,
        end: Some(group.end),
        decision: Some(decision.clone()),
        duty: member.duty.clone(),
        granted_by: Some(by),
        granted_at: now,
        revoked_at: None,
        working_group: Some(group.id),
    }
}

/// Rights come downwards: who decides takes none by it. Membership is the role, and the role proposes what the principal
/// decides (the year's lock, A11.1) and witnesses what the principal consented to (A5.1): the principal in the own group
/// would stand on both sides. Articles 6.1 and 11.1 speak of two; leading the group needs no membership.
fn not_the_decider(by: Uuid, who: &BTreeSet<Uuid>) -> Result<()> {
    if who.contains(&by) {
        Err(Error::OwnAccount)
    } else {
        Ok(())
    }
}

async fn locked(db: &mut PgConnection, school: &Slug, id: Uuid) -> Result<WorkingGroup> {
    if !store::working_group::lock(db, school, id).await? {
        return Err(Error::WorkingGroupUnknown);
    }
    find(db, school, id).await
}

async fn find(db: &mut PgConnection, school: &Slug, id: Uuid) -> Result<WorkingGroup> {
    let found = store::working_group::list(db, school, Some(id), None, 1).await?;
    found.into_iter().next().ok_or(Error::WorkingGroupUnknown)
}

async fn tell(
    state: &State,
    db: &mut PgConnection,
    (school, id): (&Slug, Uuid),
    by: Uuid,
    kind: &'static str,
    facts: Value,
) -> Result<()> {
    let subject = format!("schools/{school}/workingGroups/{id}");
    let home = Home::School(school.clone());
    event::put(state, db, &home, Some(by), subject, kind, facts).await
}
