//! Security keys on the wire, and the second factor as requests carry it.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    Assertion, BeginSecurityKeyRequest, CreateSecurityKeyRequest, ListSecurityKeysRequest,
    ListSecurityKeysResponse, RemoveSecurityKeyRequest, SecurityKey, SecurityKeyOptions,
};
use tonic::{Request, Response};

use super::{Answer, form::Form, name, paging::Paging};
use crate::{
    app::{self, ask::Ask, event, security_key::New},
    model::{factor::Given, security_key as model, text, webauthn::assertion},
    state::State,
};

/// BeginSecurityKey.
pub async fn begin_security_key(
    state: &State,
    request: Request<BeginSecurityKeyRequest>,
) -> Answer<SecurityKeyOptions> {
    let caller = Caller::of(&request)?;
    let (account, begun) = app::security_key::begin_security_key(state, &caller).await?;
    Ok(Response::new(SecurityKeyOptions {
        challenge: begun.challenge,
        rp_id: state.relying_party.id().to_owned(),
        user_handle: account.as_bytes().to_vec(),
        exclude_credentials: begun.credentials,
        expire_time: Some(to_timestamp(begun.expires_at)),
    }))
}

/// CreateSecurityKey.
pub async fn create_security_key(
    state: &State,
    request: Request<CreateSecurityKeyRequest>,
) -> Answer<SecurityKey> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let given = request.security_key.clone().unwrap_or_default();
    let mut form = Form::default();
    let account = form.take("parent", name::account(&request.parent));
    let display_name = form.take(
        "security_key.display_name",
        text::optional(&given.display_name, 100),
    );
    let (account, display_name) = form.finish(account.zip(display_name))?;
    let new = New {
        display_name,
        client_data_json: &request.client_data_json,
        attestation_object: &request.attestation_object,
        act_token: &request.act_token,
    };
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(
        app::security_key::create_security_key(state, ask, account, new).await?,
    ))
}

/// ListSecurityKeys.
pub async fn list_security_keys(
    state: &State,
    request: Request<ListSecurityKeysRequest>,
) -> Answer<ListSecurityKeysResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (account, paging) = Paging::of(
        "ListSecurityKeys",
        (&request.parent, name::account),
        request.page_size,
        &request.page_token,
    )?;
    let after = paging.after_id()?;
    let found = app::security_key::list_security_keys(state, &caller, account, after, paging.limit()).await?;
    let (found, next_page_token) = paging.cut(found, |key| key.id.to_string());
    Ok(Response::new(ListSecurityKeysResponse {
        security_keys: found.into_iter().map(wire).collect(),
        next_page_token,
    }))
}

/// RemoveSecurityKey.
pub async fn remove_security_key(
    state: &State,
    request: Request<RemoveSecurityKeyRequest>,
) -> Answer<SecurityKey> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let named = form.take("name", name::of_account(&request.name, "securityKeys"));
    let (account, id) = form.finish(named)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(
        app::security_key::remove_security_key(state, ask, account, id, &request.act_token).await?,
    ))
}

/// Reads the second factor: a code, or a key's answer instead of one.
pub fn factor(form: &mut Form, code: &str, answer: Option<Assertion>) -> Option<Given> {
    match answer {
        None => Some(Given::Code(code.to_owned())),
        Some(_) if !code.is_empty() => {
            form.note("assertion", "must not come beside totp_code");
            None
        }
        Some(answer) => Some(Given::Key(Box::new(assertion::Assertion {
            credential_id: answer.credential_id,
            client_data_json: answer.client_data_json,
            authenticator_data: answer.authenticator_data,
            signature: answer.signature,
            user_handle: answer.user_handle,
        }))),
    }
}

fn wire(key: model::SecurityKey) -> SecurityKey {
    SecurityKey {
        name: event::security_key_name(key.account, key.id),
        display_name: key.display_name,
        create_time: Some(to_timestamp(key.created_at)),
        last_use_time: key.last_used_at.map(to_timestamp),
        remove_time: key.removed_at.map(to_timestamp),
        synced: key.synced,
    }
}
