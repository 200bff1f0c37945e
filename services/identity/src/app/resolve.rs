//! ResolveAccounts, ResolveSchool: what documents print.

use hocba_chassis::caller::Caller;
use hocba_policy::Resource;
use uuid::Uuid;

use super::account::{Seen, see};
use crate::{
    error::{Error, Result},
    model::{home::Home, school::School, slug::Slug},
    state::State,
    store,
};

/// Answers the accounts that exist.
pub async fn resolve_accounts(state: &State, caller: &Caller, ids: &[Uuid]) -> Result<Vec<Seen>> {
    const RPC: &str = "hocba.identity.v1.IdentityInternalService/ResolveAccounts";
    state.policy.authorize(caller, RPC, &Resource::deployment())?;
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        let mut db = state.begin(&Home::Deployment).await?;
        let Some(home) = store::account::locate(&mut db, *id).await? else {
            continue;
        };
        drop(db);
        // A person of a school is told of nobody elsewhere (A1), whoever carries the question.
        let asks_from = caller.person.as_ref().and_then(|person| person.school.as_deref());
        if asks_from.is_some_and(|school| school != home.key()) {
            continue;
        }
        let mut db = state.begin(&home).await?;
        if let Some(account) = store::account::find(&mut db, &home, *id).await? {
            all.push(see(state, &mut db, account).await?);
        }
    }
    Ok(all)
}

/// Answers a school.
pub async fn resolve_school(state: &State, caller: &Caller, id: Slug) -> Result<School> {
    const RPC: &str = "hocba.identity.v1.IdentityInternalService/ResolveSchool";
    state
        .policy
        .authorize(caller, RPC, &Resource::school(id.as_str()))?;
    let mut db = state.begin(&Home::School(id.clone())).await?;
    store::school::find(&mut db, &id)
        .await?
        .ok_or(Error::SchoolUnknown)
}
