//! BatchAuthorizeCertificates.

use hocba_chassis::{
    Caller, Role, act_token,
    clock::new_id,
    database,
    once::{self, Once},
    outbox,
};
use hocba_policy::Resource;
use hocba_proto::signing::{BatchAuthorizeCertificatesRequest, BatchAuthorizeCertificatesResponse};
use uuid::Uuid;

use crate::{
    Error, State,
    app::peer,
    model::{digest, kind::KeyKind, name::Name},
    rpc,
    store::{self, authorization::Row},
    wire,
};

/// The principal's decision: all of the list or nothing.
///
/// # Errors
/// See the contract.
pub async fn batch_authorize_certificates(
    state: &State,
    caller: &Caller,
    school: &str,
    grants: &[(Uuid, KeyKind)],
    request: &BatchAuthorizeCertificatesRequest,
) -> Result<BatchAuthorizeCertificatesResponse, Error> {
    const RPC: &str = rpc::BATCH_AUTHORIZE_CERTIFICATES;
    state.policy.authorize(caller, RPC, &Resource::school(school))?;
    let person = caller.person()?;
    let now = state.clock.now();
    // The token is no part of what is repeated: a second click has a new one.
    let body = BatchAuthorizeCertificatesRequest {
        act_token: String::new(),
        ..request.clone()
    };
    let mut tx = database::begin(&state.pool, school).await?;
    let ticket = match once::begin(&mut tx, caller, RPC, &request.request_id, &body, now).await? {
        Once::First(ticket) => ticket,
        Once::Again(answer) => return Ok(once::again(&answer)?),
    };
    let digest = digest::authorize(school, grants);
    let act = state
        .tokens
        .verify_act(&request.act_token, "certificate.authorize", &digest, person)
        .await?;
    if act.role != Role::Principal {
        return Err(act_token::invalid().meta("what", "role").into());
    }
    let mut accounts: Vec<Uuid> = grants.iter().map(|(account, _)| *account).collect();
    accounts.sort();
    accounts.dedup();
    peer::accounts(state, caller, school, &accounts).await?;
    act_token::spend(&mut tx, &act, now).await?;
    let mut answer = BatchAuthorizeCertificatesResponse::default();
    for (account, kind) in grants {
        let row = Row {
            id: new_id(),
            account_id: *account,
            kind: kind.to_string(),
            authorized_by: person.account,
            delegation: act.delegation.clone(),
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
        answer
            .certificate_authorizations
            .push(wire::authorization(school, &row));
    }
    once::finish(&mut tx, &ticket, &answer).await?;
    tx.commit().await?;
    Ok(answer)
}
