//! CreateSchool, GetSchool, ListSchools.

use hocba_chassis::caller::Caller;
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;

use super::{
    ask::{Ask, Begun},
    event,
};
use crate::{
    error::{Error, Result},
    model::{home::Home, school::School, slug::Slug},
    state::State,
    store,
};

/// What a school is created from.
pub struct NewSchool {
    /// The id it shall have.
    pub id: Slug,
    /// The authority it belongs to.
    pub authority: Slug,
    /// The ministry's code.
    pub code: String,
    /// Name as printed.
    pub display_name: String,
    /// Commune as printed.
    pub commune: String,
    /// Province as printed.
    pub province: String,
}

/// Sets up a school.
pub async fn create_school<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, School, M>,
    new: NewSchool,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/CreateSchool";
    let by = ask.caller.person()?.account;
    let resource = Resource::school(new.id.as_str()).authority(new.authority.as_str());
    state.policy.authorize(ask.caller, RPC, &resource)?;
    let home = Home::School(new.id.clone());
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let school = School {
        id: new.id,
        authority: new.authority,
        code: new.code,
        display_name: new.display_name,
        commune: new.commune,
        province: new.province,
        created_at: state.clock.now(),
    };
    store::school::insert(&mut tx, &school, by).await?;
    let facts = json!({ "authority": format!("authorities/{}", school.authority) });
    event::put(
        state,
        &mut tx,
        &home,
        Some(by),
        format!("schools/{}", school.id),
        "school.created",
        facts,
    )
    .await?;
    ask.finish(tx, school).await
}

/// Answers a school.
pub async fn get_school(state: &State, caller: &Caller, id: Slug) -> Result<School> {
    const RPC: &str = "hocba.identity.v1.IdentityService/GetSchool";
    let mut db = state.begin(&Home::School(id.clone())).await?;
    let school = store::school::find(&mut db, &id).await?;
    state
        .policy
        .authorize(caller, RPC, &resource_of(&id, school.as_ref()))?;
    school.ok_or(Error::SchoolUnknown)
}

/// Lists the schools of an authority, or all.
pub async fn list_schools(
    state: &State,
    caller: &Caller,
    authority: Option<Slug>,
    after: &str,
    limit: i64,
) -> Result<Vec<School>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListSchools";
    let resource = match &authority {
        Some(authority) => Resource::deployment().authority(authority.as_str()),
        None => Resource::deployment(),
    };
    state.policy.authorize(caller, RPC, &resource)?;
    let mut db = state.begin(&Home::Deployment).await?;
    store::school::list(&mut db, authority.as_ref(), after, limit).await
}

/// The resource the policy judges for a school, known or not.
pub fn resource_of(id: &Slug, school: Option<&School>) -> Resource {
    let resource = Resource::school(id.as_str());
    match school {
        Some(school) => resource.authority(school.authority.as_str()),
        None => resource,
    }
}

/// The tenant of a school in which the caller may call this.
pub async fn authorized(state: &State, caller: &Caller, rpc: &str, school: &Slug) -> Result<Home> {
    let home = Home::School(school.clone());
    let mut db = state.begin(&home).await?;
    let resource = resource_of_home(&mut db, &home).await?;
    state.policy.authorize(caller, rpc, &resource)?;
    Ok(home)
}

/// The resource the policy judges for a tenant.
pub async fn resource_of_home(db: &mut PgConnection, home: &Home) -> Result<Resource> {
    match home {
        Home::School(id) => {
            let school = store::school::find(db, id).await?;
            Ok(resource_of(id, school.as_ref()))
        }
        Home::Deployment => Ok(Resource::deployment()),
    }
}
