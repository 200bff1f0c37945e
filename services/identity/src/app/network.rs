//! CreateNetwork, ListNetworks.

use hocba_chassis::{caller::Caller, clock};
use ipnet::IpNet;
use prost::Message;
use serde_json::json;
use uuid::Uuid;

use super::{
    ask::{Ask, Begun},
    event,
    school::resource_of_home,
};
use crate::{
    error::{Error, Result},
    model::{home::Home, network::Network, slug::Slug},
    state::State,
    store,
};

/// Registers a network of the premises.
pub async fn create_network<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, (Slug, Network), M>,
    school: Slug,
    cidr: IpNet,
    display_name: String,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/CreateNetwork";
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
    store::school::find(&mut tx, &school)
        .await?
        .ok_or(Error::SchoolUnknown)?;
    let network = Network {
        id: clock::new_id(),
        cidr,
        display_name,
        created_at: state.clock.now(),
    };
    store::network::insert(&mut tx, &school, &network, by).await?;
    let subject = format!("schools/{school}/networks/{}", network.id);
    let facts = json!({ "prefix_length": network.cidr.prefix_len() });
    event::put(state, &mut tx, &home, Some(by), subject, "network.created", facts).await?;
    ask.finish(tx, (school, network)).await
}

/// Lists a school's networks.
pub async fn list_networks(
    state: &State,
    caller: &Caller,
    school: Slug,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Network>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListNetworks";
    let home = Home::School(school.clone());
    let mut db = state.begin(&home).await?;
    state
        .policy
        .authorize(caller, RPC, &resource_of_home(&mut db, &home).await?)?;
    store::network::list(&mut db, &school, after, limit).await
}
