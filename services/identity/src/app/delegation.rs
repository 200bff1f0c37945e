//! CreateDelegation, RevokeDelegation, ListDelegations.

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
    event,
    school::resource_of_home,
    standing,
};
use crate::{
    error::{Error, Result},
    model::{account_event::Kind, day, delegation::Delegation, home::Home, slug::Slug},
    state::State,
    store,
};

/// What a delegation is created from.
pub struct NewDelegation {
    /// In which school.
    pub school: Slug,
    /// Who shall act.
    pub delegate: Uuid,
    /// First day; none means today.
    pub start: Option<Date>,
    /// Last day.
    pub end: Date,
    /// Number of the written order.
    pub decision_number: String,
}

/// A delegation with its place and day, as it is shown.
pub struct Placed {
    /// In which school.
    pub school: Slug,
    /// It.
    pub delegation: Delegation,
    /// The day on which it is judged.
    pub today: Date,
}

/// Lets a vice principal act as principal for a time.
pub async fn create_delegation<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    new: NewDelegation,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/CreateDelegation";
    let by = ask.caller.person()?.account;
    let home = Home::School(new.school.clone());
    let mut db = state.begin(&home).await?;
    state
        .policy
        .authorize(ask.caller, RPC, &resource_of_home(&mut db, &home).await?)?;
    drop(db);
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    store::delegation::lock_school(&mut tx, &new.school).await?;
    let now = state.clock.now();
    let today = day::of(now);
    in_person(&mut tx, &home, by, today).await?;
    store::account::find(&mut tx, &home, new.delegate)
        .await?
        .ok_or(Error::AccountUnknown)?;
    if !standing::of(&mut tx, &home, new.delegate, today)
        .await?
        .own
        .contains(&Role::VicePrincipal)
    {
        return Err(Error::DelegateNotVicePrincipal);
    }
    let start = new.start.unwrap_or(today);
    if !store::delegation::overlapping(&mut tx, &new.school, start, new.end)
        .await?
        .is_empty()
    {
        return Err(Error::DelegationOverlaps);
    }
    let delegation = Delegation {
        id: clock::new_id(),
        delegator: by,
        delegate: new.delegate,
        start,
        end: new.end,
        decision_number: new.decision_number,
        created_at: now,
        revoked_at: None,
        people_fit: true,
    };
    store::delegation::insert(&mut tx, &new.school, &delegation).await?;
    let facts = json!({
        "delegate": event::account_name(delegation.delegate),
        "start_date": day::text(delegation.start),
        "end_date": day::text(delegation.end),
    });
    let subject = format!("schools/{}/delegations/{}", new.school, delegation.id);
    event::put(
        state,
        &mut tx,
        &home,
        Some(by),
        subject,
        "delegation.created",
        facts,
    )
    .await?;
    store::account_event::put(&mut tx, &home, Kind::RolesChanged, delegation.delegate, None, now).await?;
    ask.finish(
        tx,
        Placed {
            school: new.school,
            delegation,
            today,
        },
    )
    .await
}

/// Takes a delegation back at once; taking back what is taken changes nothing.
pub async fn revoke_delegation<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    school: Slug,
    id: Uuid,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/RevokeDelegation";
    let by = ask.caller.person()?.account;
    let home = Home::School(school.clone());
    let mut db = state.begin(&home).await?;
    state
        .policy
        .authorize(ask.caller, RPC, &resource_of_home(&mut db, &home).await?)?;
    drop(db);
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let now = state.clock.now();
    let today = day::of(now);
    in_person(&mut tx, &home, by, today).await?;
    let revoked = store::delegation::revoke(&mut tx, &school, id, by, now).await?;
    let found = store::delegation::list(&mut tx, &school, Some(id), None, today, 1).await?;
    let delegation = found.into_iter().next().ok_or(Error::DelegationUnknown)?;
    if revoked {
        let subject = format!("schools/{school}/delegations/{id}");
        event::put(
            state,
            &mut tx,
            &home,
            Some(by),
            subject,
            "delegation.revoked",
            json!({}),
        )
        .await?;
        store::account_event::put(&mut tx, &home, Kind::RolesChanged, delegation.delegate, None, now).await?;
    }
    ask.finish(
        tx,
        Placed {
            school,
            delegation,
            today,
        },
    )
    .await
}

/// Lists a school's delegations, those that ended included.
pub async fn list_delegations(
    state: &State,
    caller: &Caller,
    school: Slug,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Delegation>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListDelegations";
    let home = Home::School(school.clone());
    let mut db = state.begin(&home).await?;
    state
        .policy
        .authorize(caller, RPC, &resource_of_home(&mut db, &home).await?)?;
    store::delegation::list(&mut db, &school, None, after, day::of(state.clock.now()), limit).await
}

/// Who acts for the principal may do much, but not pass it on.
async fn in_person(db: &mut PgConnection, home: &Home, account: Uuid, today: Date) -> Result<()> {
    if standing::of(db, home, account, today)
        .await?
        .own
        .contains(&Role::Principal)
    {
        return Ok(());
    }
    Err(Error::DelegatorNotPrincipal)
}
