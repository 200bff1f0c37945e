//! Act tokens on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{StepUpRequest, StepUpResponse};
use tonic::{Request, Response};

use super::{Answer, account::role, form::Form, security_key::factor};
use crate::{
    app,
    error::Error,
    model::act_token::{Digest, Purpose},
    state::State,
};

/// StepUp.
pub async fn step_up(state: &State, request: Request<StepUpRequest>) -> Answer<StepUpResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let digest = form.take("digest", Digest::parse(&request.digest));
    let role = form.take("role", role(&request.role));
    let factor = factor(&mut form, &request.totp_code, request.assertion);
    let ((digest, role), factor) = form.finish(digest.zip(role).zip(factor))?;
    let purpose = Purpose::parse(&request.purpose).ok_or(Error::PurposeUnknown)?;
    let given = app::step_up::step_up(state, &caller, purpose, digest, role, &factor).await?;
    Ok(Response::new(StepUpResponse {
        act_token: given.token,
        expire_time: Some(to_timestamp(given.expires_at)),
        premises: given.premises,
        delegation: given.delegation.unwrap_or_default(),
    }))
}
