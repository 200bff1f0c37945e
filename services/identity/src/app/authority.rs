//! CreateAuthority, GetAuthority.

use hocba_chassis::caller::Caller;
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;

use super::{
    ask::{Ask, Begun},
    event,
};
use crate::{
    error::{Error, Result},
    model::{authority::Authority, home::Home, slug::Slug},
    state::State,
    store,
};

/// Sets up an authority.
pub async fn create_authority<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Authority, M>,
    id: Slug,
    display_name: String,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/CreateAuthority";
    let by = ask.caller.person()?.account;
    state
        .policy
        .authorize(ask.caller, RPC, &Resource::deployment().authority(id.as_str()))?;
    let mut tx = match ask.begin(state, &Home::Deployment, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let authority = Authority {
        id,
        display_name,
        created_at: state.clock.now(),
    };
    store::authority::insert(&mut tx, &authority, by).await?;
    let subject = format!("authorities/{}", authority.id);
    event::put(
        state,
        &mut tx,
        &Home::Deployment,
        Some(by),
        subject,
        "authority.created",
        json!({}),
    )
    .await?;
    ask.finish(tx, authority).await
}

/// Answers an authority.
pub async fn get_authority(state: &State, caller: &Caller, id: Slug) -> Result<Authority> {
    const RPC: &str = "hocba.identity.v1.IdentityService/GetAuthority";
    state
        .policy
        .authorize(caller, RPC, &Resource::deployment().authority(id.as_str()))?;
    let mut db = state.begin(&Home::Deployment).await?;
    store::authority::find(&mut db, &id)
        .await?
        .ok_or(Error::AuthorityUnknown)
}
