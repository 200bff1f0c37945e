//! CreateIntegrator, ListIntegrators, RevokeIntegrator, SignInIntegrator.

use std::collections::BTreeSet;

use hocba_chassis::{
    caller::{Caller, Role},
    clock,
    token::{AccessClaims, ISSUER},
};
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use time::{Date, OffsetDateTime, Time, UtcOffset};
use uuid::Uuid;

use super::{
    ask::{Ask, Begun},
    event,
    school::resource_of_home,
};
use crate::{
    assertion::Assertion,
    error::{Error, Result},
    model::{
        account_event::Kind,
        assertion::LEEWAY,
        day,
        home::Home,
        integrator::{FieldGroup, Integrator, PublicKey, fits},
        sign_in::ACCESS_LIFETIME,
        slug::Slug,
    },
    state::State,
    store,
};

/// What an integrator is created from.
pub struct NewIntegrator {
    /// Of which school.
    pub school: Slug,
    /// Which system.
    pub display_name: String,
    /// Its key.
    pub key: PublicKey,
    /// What it may read.
    pub groups: BTreeSet<FieldGroup>,
    /// First day; none means today.
    pub start: Option<Date>,
    /// Last day.
    pub end: Date,
}

/// An integrator with its place and day, as it is shown.
pub struct Placed {
    /// Of which school.
    pub school: Slug,
    /// It.
    pub integrator: Integrator,
    /// The day on which it is judged.
    pub today: Date,
}

/// An access token of a system.
pub struct Access {
    /// The token.
    pub token: String,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

/// Registers a system.
pub async fn create_integrator<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    new: NewIntegrator,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/CreateIntegrator";
    let by = ask.caller.person()?.account;
    let home = Home::School(new.school.clone());
    authorize(state, ask.caller, RPC, &home).await?;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    store::school::find(&mut tx, &new.school)
        .await?
        .ok_or(Error::SchoolUnknown)?;
    let now = state.clock.now();
    let today = day::of(now);
    let integrator = Integrator {
        id: clock::new_id(),
        display_name: new.display_name,
        key: new.key,
        groups: new.groups,
        start: new.start.unwrap_or(today),
        end: new.end,
        created_by: by,
        created_at: now,
        revoked_at: None,
        last_sign_in_at: None,
    };
    if !fits(integrator.start, integrator.end) {
        return Err(Error::GrantTooLong);
    }
    store::integrator::insert(&mut tx, &new.school, &integrator).await?;
    let groups: Vec<&str> = integrator.groups.iter().map(|group| group.as_str()).collect();
    let facts = json!({
        "field_groups": groups,
        "key_algorithm": integrator.key.algorithm(),
        "start_date": day::text(integrator.start),
        "end_date": day::text(integrator.end),
    });
    let subject = name(&new.school, integrator.id);
    event::put(
        state,
        &mut tx,
        &home,
        Some(by),
        subject,
        "integrator.created",
        facts,
    )
    .await?;
    let placed = Placed {
        school: new.school,
        integrator,
        today,
    };
    ask.finish(tx, placed).await
}

/// Lists a school's integrators, those that ended included.
pub async fn list_integrators(
    state: &State,
    caller: &Caller,
    school: Slug,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Integrator>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListIntegrators";
    let home = Home::School(school.clone());
    authorize(state, caller, RPC, &home).await?;
    let mut db = state.begin(&home).await?;
    store::integrator::list(&mut db, &school, after, limit).await
}

/// Takes the grant back; its tokens are refused by every service within seconds. Taking back what is taken changes
/// nothing.
pub async fn revoke_integrator<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Placed, M>,
    school: Slug,
    id: Uuid,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/RevokeIntegrator";
    let by = ask.caller.person()?.account;
    let home = Home::School(school.clone());
    authorize(state, ask.caller, RPC, &home).await?;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let now = state.clock.now();
    let revoked = store::integrator::revoke(&mut tx, &school, id, by, now).await?;
    let integrator = store::integrator::lock(&mut tx, &school, id)
        .await?
        .ok_or(Error::IntegratorUnknown)?;
    if revoked {
        let subject = name(&school, id);
        event::put(
            state,
            &mut tx,
            &home,
            Some(by),
            subject,
            "integrator.revoked",
            json!({}),
        )
        .await?;
        // To the feed it is an account that is suspended for good.
        store::account_event::put(&mut tx, &home, Kind::AccountSuspended, id, None, now).await?;
    }
    let today = day::of(now);
    let answer = ask
        .finish(
            tx,
            Placed {
                school,
                integrator,
                today,
            },
        )
        .await?;
    state.tokens.set_suspended(id, true);
    Ok(answer)
}

/// Signs a system in by its assertion. `client` reads the client's name.
pub async fn sign_in_integrator(
    state: &State,
    caller: &Caller,
    assertion: &str,
    client: fn(&str) -> std::result::Result<(Slug, Uuid), &'static str>,
) -> Result<Access> {
    const RPC: &str = "hocba.identity.v1.IdentityService/SignInIntegrator";
    state.policy.authorize(caller, RPC, &Resource::deployment())?;
    // An unknown client and a wrong key are one answer: nobody learns which systems a school has.
    let refused = || Error::ClientAssertionRefused("signature");
    let assertion = Assertion::read(assertion).ok_or_else(refused)?;
    let named = assertion.claims.client().ok_or_else(refused)?;
    let (school, id) = client(named).map_err(|_| refused())?;
    let home = Home::School(school.clone());
    let mut tx = state.begin(&home).await?;
    let integrator = store::integrator::lock(&mut tx, &school, id)
        .await?
        .filter(|it| assertion.is_signed_by(&it.key))
        .ok_or_else(refused)?;
    let now = state.clock.now();
    assertion
        .claims
        .judge(ISSUER, now)
        .map_err(Error::ClientAssertionRefused)?;
    if !integrator.in_force(day::of(now)) {
        return Err(Error::GrantNotInForce);
    }
    let ends_at = assertion.claims.ends_at().ok_or_else(refused)?;
    if !store::integrator::spend(&mut tx, &school, id, &assertion.claims.jti, ends_at + LEEWAY).await? {
        return Err(Error::ClientAssertionReplayed);
    }
    store::integrator::signed_in(&mut tx, &school, id, now).await?;
    let subject = name(&school, id);
    event::put(
        state,
        &mut tx,
        &home,
        None,
        subject,
        "integrator.signed_in",
        json!({}),
    )
    .await?;
    let expires_at = (now + ACCESS_LIFETIME).min(end_of(integrator.end));
    let token = state.keys.access(&AccessClaims {
        iss: ISSUER.to_owned(),
        sub: id.to_string(),
        sid: clock::new_id().to_string(),
        school: Some(school.to_string()),
        authority: None,
        roles: vec![Role::Integrator.as_str().to_owned()],
        grant: integrator
            .groups
            .iter()
            .map(|group| group.as_str().to_owned())
            .collect(),
        act: Default::default(),
        iat: now.unix_timestamp(),
        exp: expires_at.unix_timestamp(),
        jti: clock::new_id().to_string(),
    })?;
    tx.commit().await?;
    Ok(Access { token, expires_at })
}

async fn authorize(state: &State, caller: &Caller, rpc: &str, home: &Home) -> Result<()> {
    let mut db = state.begin(home).await?;
    let resource = resource_of_home(&mut db, home).await?;
    state.policy.authorize(caller, rpc, &resource)?;
    Ok(())
}

/// The instant a day ends in Việt Nam.
fn end_of(day: Date) -> OffsetDateTime {
    let offset = UtcOffset::from_hms(7, 0, 0).unwrap_or(UtcOffset::UTC);
    let next = day.next_day().unwrap_or(day);
    next.with_time(Time::MIDNIGHT).assume_offset(offset)
}

/// `schools/{school}/integrators/{integrator}`: also the client id.
pub fn name(school: &Slug, id: Uuid) -> String {
    format!("schools/{school}/integrators/{id}")
}
