//! Sign-ins on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    RefreshSignInRequest, SignInRequest, SignInResponse, SignOutRequest, SignOutResponse,
};
use tonic::{Request, Response};

use super::{Answer, form::Form, name};
use crate::{
    app::{self, event, sign_in::Tokens},
    model::{email::Email, text},
    state::State,
};

/// SignIn.
pub async fn sign_in(state: &State, request: Request<SignInRequest>) -> Answer<SignInResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let email = form.take("email", Email::parse(&request.email));
    let client = form.take("client", text::optional(&request.client, 100));
    let (email, client) = form.finish(email.zip(client))?;
    let tokens = app::sign_in::sign_in(
        state,
        &caller,
        email,
        &request.password,
        &request.totp_code,
        &client,
    )
    .await?;
    Ok(Response::new(wire(tokens)))
}

/// RefreshSignIn.
pub async fn refresh_sign_in(
    state: &State,
    request: Request<RefreshSignInRequest>,
) -> Answer<SignInResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let client = form.take("client", text::optional(&request.client, 100));
    let client = form.finish(client)?;
    let tokens = app::sign_in::refresh_sign_in(state, &caller, &request.refresh_token, &client).await?;
    Ok(Response::new(wire(tokens)))
}

/// SignOut.
pub async fn sign_out(state: &State, request: Request<SignOutRequest>) -> Answer<SignOutResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let named = match request.name.as_str() {
        "" => Some(None),
        name => form.take("name", name::of_account(name, "signIns")).map(Some),
    };
    let named = form.finish(named)?;
    let ended = app::sign_in::sign_out(state, &caller, named, request.everywhere).await?;
    Ok(Response::new(SignOutResponse {
        ended_count: i32::try_from(ended).unwrap_or(i32::MAX),
    }))
}

fn wire(tokens: Tokens) -> SignInResponse {
    SignInResponse {
        name: event::sign_in_name(tokens.account, tokens.sign_in),
        access_token: tokens.access,
        access_expire_time: Some(to_timestamp(tokens.access_expires_at)),
        refresh_token: tokens.refresh,
        refresh_expire_time: Some(to_timestamp(tokens.expires_at)),
        account: event::account_name(tokens.account),
        roles: tokens.roles.into_iter().map(str::to_owned).collect(),
    }
}
