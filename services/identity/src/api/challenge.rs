//! Challenges on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{AssertionOptions, BeginSignInRequest, BeginStepUpRequest};
use tonic::{Request, Response};

use super::{Answer, form::Form};
use crate::{
    app::{self, challenge::Begun},
    error::Error,
    model::act_token::{Digest, Purpose},
    state::State,
};

/// BeginSignIn.
pub fn begin_sign_in(state: &State, request: &Request<BeginSignInRequest>) -> Answer<AssertionOptions> {
    let caller = Caller::of(request)?;
    let begun = app::challenge::begin_sign_in(state, &caller)?;
    Ok(Response::new(wire(state, begun)))
}

/// BeginStepUp.
pub async fn begin_step_up(state: &State, request: Request<BeginStepUpRequest>) -> Answer<AssertionOptions> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let digest = form.take("digest", Digest::parse(&request.digest));
    let digest = form.finish(digest)?;
    let purpose = Purpose::parse(&request.purpose).ok_or(Error::PurposeUnknown)?;
    let begun = app::challenge::begin_step_up(state, &caller, purpose, digest).await?;
    Ok(Response::new(wire(state, begun)))
}

fn wire(state: &State, begun: Begun) -> AssertionOptions {
    AssertionOptions {
        challenge: begun.challenge,
        rp_id: state.relying_party.id().to_owned(),
        allow_credentials: begun.credentials,
        expire_time: Some(to_timestamp(begun.expires_at)),
    }
}
