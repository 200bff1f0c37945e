//! Networks on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{CreateNetworkRequest, ListNetworksRequest, ListNetworksResponse, Network};
use tonic::{Request, Response};

use super::{Answer, form::Form, name, paging::Paging};
use crate::{
    app::{self, ask::Ask},
    model::{network as model, slug::Slug, text},
    state::State,
};

/// CreateNetwork.
pub async fn create_network(state: &State, request: Request<CreateNetworkRequest>) -> Answer<Network> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let given = request.network.clone().unwrap_or_default();
    let mut form = Form::default();
    let school = form.take("parent", name::school(&request.parent));
    let cidr = form.take("network.cidr", model::parse(&given.cidr));
    let display_name = form.take("network.display_name", text::optional(&given.display_name, 200));
    let ((school, cidr), display_name) = form.finish(school.zip(cidr).zip(display_name))?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(
        app::network::create_network(state, ask, school, cidr, display_name).await?,
    ))
}

/// ListNetworks.
pub async fn list_networks(
    state: &State,
    request: Request<ListNetworksRequest>,
) -> Answer<ListNetworksResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, paging) = Paging::of(
        "ListNetworks",
        (&request.parent, name::school),
        request.page_size,
        &request.page_token,
    )?;
    let after = paging.after_id()?;
    let found = app::network::list_networks(state, &caller, school.clone(), after, paging.limit()).await?;
    let (found, next_page_token) = paging.cut(found, |network| network.id.to_string());
    let networks = found
        .into_iter()
        .map(|network| wire((school.clone(), network)))
        .collect();
    Ok(Response::new(ListNetworksResponse {
        networks,
        next_page_token,
    }))
}

fn wire((school, network): (Slug, model::Network)) -> Network {
    Network {
        name: format!("schools/{school}/networks/{}", network.id),
        cidr: network.cidr.to_string(),
        display_name: network.display_name,
        create_time: Some(to_timestamp(network.created_at)),
    }
}
