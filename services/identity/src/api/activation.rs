//! Activation on the wire.

use hocba_chassis::caller::Caller;
use hocba_proto::identity::{
    ActivateAccountRequest, ActivateAccountResponse, ConfirmTotpRequest, ConfirmTotpResponse,
};
use tonic::{Request, Response};

use super::{Answer, form::Form};
use crate::{app, app::event, model::email::Email, state::State};

/// ActivateAccount.
pub async fn activate_account(
    state: &State,
    request: Request<ActivateAccountRequest>,
) -> Answer<ActivateAccountResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let email = form.take("email", Email::parse(&request.email));
    let email = form.finish(email)?;
    let factor =
        app::activation::activate_account(state, &caller, email, &request.activation_code, &request.password)
            .await?;
    Ok(Response::new(ActivateAccountResponse {
        totp_secret: factor.secret,
        totp_uri: factor.uri,
    }))
}

/// ConfirmTotp.
pub async fn confirm_totp(
    state: &State,
    request: Request<ConfirmTotpRequest>,
) -> Answer<ConfirmTotpResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let email = form.take("email", Email::parse(&request.email));
    let email = form.finish(email)?;
    let account =
        app::activation::confirm_totp(state, &caller, email, &request.password, &request.totp_code).await?;
    Ok(Response::new(ConfirmTotpResponse {
        account: event::account_name(account),
    }))
}
