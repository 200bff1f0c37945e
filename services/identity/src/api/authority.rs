//! Authorities on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{Authority, CreateAuthorityRequest, GetAuthorityRequest};
use tonic::{Request, Response};

use super::{Answer, form::Form, name};
use crate::{
    app::{self, ask::Ask},
    model::{authority as model, slug::Slug, text},
    state::State,
};

/// CreateAuthority.
pub async fn create_authority(state: &State, request: Request<CreateAuthorityRequest>) -> Answer<Authority> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let given = request.authority.clone().unwrap_or_default();
    let mut form = Form::default();
    let id = form.take("authority_id", Slug::parse(&request.authority_id));
    let display_name = form.take("authority.display_name", text::required(&given.display_name, 200));
    let (id, display_name) = form.finish(id.zip(display_name))?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(
        app::authority::create_authority(state, ask, id, display_name).await?,
    ))
}

/// GetAuthority.
pub async fn get_authority(state: &State, request: Request<GetAuthorityRequest>) -> Answer<Authority> {
    let caller = Caller::of(&request)?;
    let mut form = Form::default();
    let id = form.take("name", name::authority(&request.get_ref().name));
    let id = form.finish(id)?;
    Ok(Response::new(wire(
        app::authority::get_authority(state, &caller, id).await?,
    )))
}

fn wire(authority: model::Authority) -> Authority {
    Authority {
        name: format!("authorities/{}", authority.id),
        display_name: authority.display_name,
        create_time: Some(to_timestamp(authority.created_at)),
    }
}
