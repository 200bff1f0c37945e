//! Sign-ins on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    ListSignInsRequest, ListSignInsResponse, RefreshSignInRequest, SignIn, SignInRequest, SignInResponse,
    SignOutRequest, SignOutResponse, sign_in as wire_sign_in,
};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Answer, form::Form, name, paging::Paging, security_key::factor};
use crate::{
    app::{self, event, sign_in::Tokens},
    model::{
        email::Email,
        sign_in::{EndCause, Stay},
        text,
    },
    state::State,
};

/// SignIn.
pub async fn sign_in(state: &State, request: Request<SignInRequest>) -> Answer<SignInResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let email = form.take("email", Email::parse(&request.email));
    let client = form.take("client", text::optional(&request.client, 100));
    let factor = factor(&mut form, &request.totp_code, request.assertion);
    let ((email, client), factor) = form.finish(email.zip(client).zip(factor))?;
    let tokens = app::sign_in::sign_in(state, &caller, email, &request.password, &factor, &client).await?;
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

/// ListSignIns.
pub async fn list_sign_ins(
    state: &State,
    request: Request<ListSignInsRequest>,
) -> Answer<ListSignInsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (account, paging) = Paging::of(
        "ListSignIns",
        (&request.parent, name::account),
        request.page_size,
        &request.page_token,
    )?;
    let before = paging.after_id()?;
    let found = app::sign_in::list_sign_ins(state, &caller, account, before, paging.limit()).await?;
    let (found, next_page_token) = paging.cut(found, |stay| stay.id.to_string());
    let current = caller.person.as_ref().map(|person| person.sign_in);
    let sign_ins = found
        .into_iter()
        .map(|stay| SignIn {
            current: current == Some(stay.id),
            ..wire_stay(account, stay)
        })
        .collect();
    Ok(Response::new(ListSignInsResponse {
        sign_ins,
        next_page_token,
    }))
}

fn wire_stay(account: Uuid, stay: Stay) -> SignIn {
    let cause = match stay.end.map(|(_, cause)| cause) {
        None => wire_sign_in::EndCause::Unspecified,
        Some(EndCause::SignedOut) => wire_sign_in::EndCause::SignedOut,
        Some(EndCause::TokenReused) => wire_sign_in::EndCause::TokenReused,
        Some(EndCause::Suspended) => wire_sign_in::EndCause::Suspended,
        Some(EndCause::Expired) => wire_sign_in::EndCause::Expired,
        Some(EndCause::PasswordChanged) => wire_sign_in::EndCause::PasswordChanged,
        Some(EndCause::Recovered) => wire_sign_in::EndCause::Recovered,
    };
    SignIn {
        name: event::sign_in_name(account, stay.id),
        start_time: Some(to_timestamp(stay.started_at)),
        last_use_time: Some(to_timestamp(stay.last_used_at)),
        end_time: stay.end.map(|(at, _)| to_timestamp(at)),
        end_cause: cause.into(),
        user_agent: stay.user_agent,
        address: stay.address,
        premises: stay.premises,
        security_key: stay.security_key,
        parallel: stay.parallel,
        shared_device: stay.shared_device,
        current: false,
    }
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
