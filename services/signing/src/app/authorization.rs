//! AuthorizeCertificate.

use hocba_chassis::{
    Caller, act_token,
    clock::new_id,
    database,
    once::{self, Once},
    outbox,
};
use hocba_policy::Resource;
use hocba_proto::signing::{AuthorizeCertificateRequest, CertificateAuthorization};
use uuid::Uuid;

use crate::{
    Error, State,
    app::peer,
    model::{digest, kind::KeyKind, name::Name},
    rpc,
    store::{self, authorization::Row},
    wire,
};

/// The principal's decision.
///
/// # Errors
/// See the contract.
pub async fn authorize_certificate(
    state: &State,
    caller: &Caller,
    school: &str,
    account: Uuid,
    kind: KeyKind,
    request: &AuthorizeCertificateRequest,
) -> Result<CertificateAuthorization, Error> {
    const RPC: &str = rpc::AUTHORIZE_CERTIFICATE;
    state.policy.authorize(caller, RPC, &Resource::school(school))?;
    let person = caller.person()?;
    let now = state.clock.now();
    // The token is no part of what is repeated: a second click has a new one.
    let body = AuthorizeCertificateRequest {
        act_token: String::new(),
        ..request.clone()
    };
    let mut tx = database::begin(&state.pool, school).await?;
    let ticket = match once::begin(&mut tx, caller, RPC, &request.request_id, &body, now).await? {
        Once::First(ticket) => ticket,
        Once::Again(answer) => return Ok(once::again(&answer)?),
    };
    let digest = digest::authorize(school, account, kind);
    let act = state
        .tokens
        .verify_act(&request.act_token, "certificate.authorize", &digest, person)
        .await?;
    if act.role != hocba_chassis::Role::Principal {
        return Err(act_token::invalid().meta("what", "role").into());
    }
    peer::account(state, caller, school, account).await?;
    act_token::spend(&mut tx, &act, now).await?;
    let row = Row {
        id: new_id(),
        account_id: account,
        kind: kind.to_string(),
        authorized_by: person.account,
        delegation: act.delegation,
        authorized_at: now,
        serial: None,
    };
    store::authorization::insert(&mut tx, school, &row).await?;
    let event = outbox::Event {
        school: school.to_owned(),
        subject: Name::authorization(school, row.id).to_string(),
        kind: "certificate.authorized".to_owned(),
        facts: serde_json::json!({
            "account": format!("accounts/{account}"), "kind": row.kind, "delegation": row.delegation,
        }),
        actor: caller.subject(),
    };
    outbox::put(&mut tx, &event, now).await?;
    let answer = wire::authorization(school, &row);
    once::finish(&mut tx, &ticket, &answer).await?;
    tx.commit().await?;
    Ok(answer)
}
