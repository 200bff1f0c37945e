//! Passwords on the wire.

use hocba_chassis::caller::Caller;
use hocba_proto::identity::{ChangePasswordRequest, ChangePasswordResponse};
use tonic::{Request, Response};

use super::Answer;
use crate::{app, state::State};

/// ChangePassword.
pub async fn change_password(
    state: &State,
    request: Request<ChangePasswordRequest>,
) -> Answer<ChangePasswordResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let ended = app::password::change_password(
        state,
        &caller,
        &request.old_password,
        &request.new_password,
        &request.act_token,
    )
    .await?;
    Ok(Response::new(ChangePasswordResponse {
        ended_count: i32::try_from(ended).unwrap_or(i32::MAX),
    }))
}
