//! GetCertificate, ListCertificates, RevokeCertificate, GetTrustAnchors.

use hocba_chassis::{
    Caller, Failure, database,
    once::{self, Once},
    outbox, page,
};
use hocba_policy::Resource;
use hocba_proto::signing::{
    Certificate, GetTrustAnchorsResponse, ListCertificatesRequest, ListCertificatesResponse,
    RevokeCertificateRequest,
};

use crate::{Error, State, model::name::certificate as certificate_name, rpc, store, wire};

/// One certificate.
///
/// # Errors
/// See the contract.
pub async fn get_certificate(
    state: &State,
    caller: &Caller,
    school: &str,
    serial: &str,
) -> Result<Certificate, Error> {
    state
        .policy
        .authorize(caller, rpc::GET_CERTIFICATE, &Resource::school(school))?;
    let mut tx = database::begin(&state.pool, school).await?;
    let row = store::certificate::get(&mut tx, school, serial).await?;
    let row = row.ok_or(Error::CertificateUnknown)?;
    Ok(wire::certificate(school, row, state.clock.now()))
}

/// A page of the school's certificates.
///
/// # Errors
/// See the contract.
pub async fn list_certificates(
    state: &State,
    caller: &Caller,
    school: &str,
    request: &ListCertificatesRequest,
) -> Result<ListCertificatesResponse, Error> {
    state
        .policy
        .authorize(caller, rpc::LIST_CERTIFICATES, &Resource::school(school))?;
    let before = page::position(school, &request.page_token)?.unwrap_or_default();
    let size = page::size(request.page_size);
    let mut tx = database::begin(&state.pool, school).await?;
    let mut rows = store::certificate::page(&mut tx, school, &before, size + 1).await?;
    let next_page_token = match rows.get(usize::try_from(size).unwrap_or(usize::MAX) - 1) {
        Some(last) if rows.len() > usize::try_from(size).unwrap_or(usize::MAX) => {
            page::token(school, &last.serial)
        }
        Some(_) | None => String::new(),
    };
    rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    let now = state.clock.now();
    Ok(ListCertificatesResponse {
        certificates: rows
            .into_iter()
            .map(|row| wire::certificate(school, row, now))
            .collect(),
        next_page_token,
    })
}

/// Ends a certificate's force.
///
/// # Errors
/// See the contract.
pub async fn revoke_certificate(
    state: &State,
    caller: &Caller,
    (school, serial): (&str, &str),
    request: &RevokeCertificateRequest,
) -> Result<Certificate, Error> {
    const RPC: &str = rpc::REVOKE_CERTIFICATE;
    let person = caller.person()?;
    let now = state.clock.now();
    let mut tx = database::begin(&state.pool, school).await?;
    let row = store::certificate::get(&mut tx, school, serial).await?;
    let holds = row.as_ref().is_some_and(|row| row.account_id == person.account);
    let resource = Resource::school(school).relation_if("holder", holds);
    state.policy.authorize(caller, RPC, &resource)?;
    if !(1..=500).contains(&request.reason.chars().count()) {
        return Err(Failure::bad_request("reason", "từ 1 đến 500 kí tự").into());
    }
    let ticket = match once::begin(&mut tx, caller, RPC, &request.request_id, request, now).await? {
        Once::First(ticket) => ticket,
        Once::Again(answer) => return Ok(once::again(&answer)?),
    };
    let mut row = row.ok_or(Error::CertificateUnknown)?;
    let why = (person.account, now, request.reason.as_str());
    if !store::certificate::revoke(&mut tx, school, serial, why).await? {
        return Err(Error::CertificateRevoked);
    }
    row.revoked_at = Some(now);
    let event = outbox::Event {
        school: school.to_owned(),
        subject: certificate_name(school, serial),
        kind: "certificate.revoked".to_owned(),
        facts: serde_json::json!({ "kind": row.kind }),
        actor: caller.subject(),
    };
    outbox::put(&mut tx, &event, now).await?;
    let answer = wire::certificate(school, row, now);
    once::finish(&mut tx, &ticket, &answer).await?;
    tx.commit().await?;
    Ok(answer)
}

/// The deployment's authority.
///
/// # Errors
/// See the contract.
pub fn get_trust_anchors(state: &State, caller: &Caller) -> Result<GetTrustAnchorsResponse, Error> {
    state
        .policy
        .authorize(caller, rpc::GET_TRUST_ANCHORS, &Resource::deployment())?;
    Ok(GetTrustAnchorsResponse {
        root_pem: state.authority.root_pem.clone(),
        issuing_pem: state.authority.issuing_pem.clone(),
    })
}
