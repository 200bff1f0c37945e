//! Correction dossiers on the wire.

use std::mem::take;

use hocba_chassis::{Caller, Failure, clock::to_timestamp};
use hocba_proto::{
    types::CellKey,
    workflow::{
        self as wire, ApplyDossierRequest, AttachEvidenceRequest, AttestDossierRequest, ChecklistItem,
        CloseChecklistItemRequest, ConsentDossierRequest, CreateDossierRequest, DossierAct, DossierChange,
        GetDossierRequest, ListDossiersRequest, RefuseDossierRequest, SubmitDossierRequest,
        WithdrawDossierRequest, dossier as parts,
    },
};
use tonic::{Request, Response};

use super::{Answer, name};
use crate::{
    app::{self, Ask},
    cell,
    model::dossier::{Capacity, File, Step, Value},
    state::State,
};

const DOSSIER: &str = "schools/{school}/dossiers/{dossier}";

pub(super) async fn create_dossier(
    state: &State,
    request: Request<CreateDossierRequest>,
) -> Answer<wire::Dossier> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let school = name::school("parent", &request.parent)?;
    let given = request.dossier.clone().unwrap_or_default();
    let wanted = (given.reason, changes(given.changes)?);
    let ask = Ask::of(&caller, &request.request_id, &request);
    let file = app::dossier::create_dossier(state, ask, &school, wanted).await?;
    Ok(Response::new(answer(&school, file)))
}

pub(super) async fn attach_evidence(
    state: &State,
    request: Request<AttachEvidenceRequest>,
) -> Answer<wire::Dossier> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, id) = name::child(DOSSIER, &request.name)?;
    let (ask, evidence) = (
        Ask::of(&caller, &request.request_id, &request),
        request.evidence.clone(),
    );
    let file = app::submit::attach_evidence(state, ask, (&school, id), evidence).await?;
    Ok(Response::new(answer(&school, file)))
}

pub(super) async fn submit_dossier(
    state: &State,
    request: Request<SubmitDossierRequest>,
) -> Answer<wire::Dossier> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, id) = name::child(DOSSIER, &request.name)?;
    let ask = Ask::of(&caller, &request.request_id, &request);
    let file = app::submit::submit_dossier(state, ask, (&school, id)).await?;
    Ok(Response::new(answer(&school, file)))
}

pub(super) async fn consent_dossier(
    state: &State,
    request: Request<ConsentDossierRequest>,
) -> Answer<wire::Dossier> {
    let caller = Caller::of(&request)?;
    let mut request = request.into_inner();
    let token = take(&mut request.act_token);
    let (school, id) = name::child(DOSSIER, &request.name)?;
    let (ask, said) = (
        Ask::of(&caller, &request.request_id, &request),
        (request.reason.clone(), token.as_str()),
    );
    let file = app::dossier::consent_dossier(state, ask, (&school, id), said).await?;
    Ok(Response::new(answer(&school, file)))
}

pub(super) async fn refuse_dossier(
    state: &State,
    request: Request<RefuseDossierRequest>,
) -> Answer<wire::Dossier> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, id) = name::child(DOSSIER, &request.name)?;
    let (ask, reason) = (
        Ask::of(&caller, &request.request_id, &request),
        request.reason.clone(),
    );
    let file = app::dossier::refuse_dossier(state, ask, (&school, id), reason).await?;
    Ok(Response::new(answer(&school, file)))
}

pub(super) async fn attest_dossier(
    state: &State,
    request: Request<AttestDossierRequest>,
) -> Answer<wire::Dossier> {
    let caller = Caller::of(&request)?;
    let mut request = request.into_inner();
    let token = take(&mut request.act_token);
    let (school, id) = name::child(DOSSIER, &request.name)?;
    let capacity = Capacity::parse(&request.capacity).ok_or_else(|| {
        let words = "phải là management_board, working_group hoặc requester";
        Failure::bad_request("capacity", words)
    })?;
    let ask = Ask::of(&caller, &request.request_id, &request);
    let said = (capacity, token.as_str());
    let file = app::dossier::attest_dossier(state, ask, (&school, id), said).await?;
    Ok(Response::new(answer(&school, file)))
}

pub(super) async fn apply_dossier(
    state: &State,
    request: Request<ApplyDossierRequest>,
) -> Answer<wire::Dossier> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, id) = name::child(DOSSIER, &request.name)?;
    let ask = Ask::of(&caller, &request.request_id, &request);
    let file = app::apply::apply_dossier(state, ask, (&school, id)).await?;
    Ok(Response::new(answer(&school, file)))
}

pub(super) async fn withdraw_dossier(
    state: &State,
    request: Request<WithdrawDossierRequest>,
) -> Answer<wire::Dossier> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, id) = name::child(DOSSIER, &request.name)?;
    let ask = Ask::of(&caller, &request.request_id, &request);
    let file = app::dossier::withdraw_dossier(state, ask, (&school, id)).await?;
    Ok(Response::new(answer(&school, file)))
}

pub(super) async fn get_dossier(state: &State, request: Request<GetDossierRequest>) -> Answer<wire::Dossier> {
    let caller = Caller::of(&request)?;
    let (school, id) = name::child(DOSSIER, &request.get_ref().name)?;
    let file = app::dossier::get_dossier(state, &caller, &school, id).await?;
    Ok(Response::new(answer(&school, file)))
}

pub(super) async fn list_dossiers(
    state: &State,
    request: Request<ListDossiersRequest>,
) -> Answer<wire::ListDossiersResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let school = name::school("parent", &request.parent)?;
    let page = (request.page_size, request.page_token.as_str());
    let (files, next_page_token) = app::dossier::list_dossiers(state, &caller, &school, page).await?;
    Ok(Response::new(wire::ListDossiersResponse {
        dossiers: files.into_iter().map(|file| answer(&school, file)).collect(),
        next_page_token,
    }))
}

pub(super) async fn close_checklist_item(
    state: &State,
    request: Request<CloseChecklistItemRequest>,
) -> Answer<wire::Dossier> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, id) = name::child(DOSSIER, &request.name)?;
    let (ask, item) = (
        Ask::of(&caller, &request.request_id, &request),
        (request.number, request.proof.clone()),
    );
    let file = app::dossier::close_checklist_item(state, ask, (&school, id), item).await?;
    Ok(Response::new(answer(&school, file)))
}

/// What a new dossier asks for.
fn changes(given: Vec<DossierChange>) -> Result<Vec<(CellKey, Value)>, Failure> {
    if !(1..=100).contains(&given.len()) {
        return Err(Failure::bad_request("dossier.changes", "từ 1 đến 100 ô"));
    }
    let mut changes: Vec<(CellKey, Value)> = Vec::with_capacity(given.len());
    for change in given {
        let key = change
            .key
            .ok_or_else(|| Failure::bad_request("dossier.changes.key", "không được trống"))?;
        let new = cell::value(change.new_value.unwrap_or_default());
        if new.mark.is_empty() {
            return Err(Failure::bad_request(
                "dossier.changes.new_value",
                "không được trống",
            ));
        }
        if changes.iter().any(|(known, _)| *known == key) {
            return Err(Failure::bad_request("dossier.changes", "một ô được ghi hai lần"));
        }
        changes.push((key, new));
    }
    Ok(changes)
}

/// A dossier with its witnesses and checklist.
fn answer(school: &str, file: File) -> wire::Dossier {
    let it = file.dossier;
    let state = match it.state {
        Step::Draft => parts::State::Draft,
        Step::Submitted => parts::State::Submitted,
        Step::Consented => parts::State::Consented,
        Step::Permitted => parts::State::Permitted,
        Step::Applying => parts::State::Applying,
        Step::Applied => parts::State::Applied,
        Step::Refused => parts::State::Refused,
        Step::Withdrawn => parts::State::Withdrawn,
        Step::Expired => parts::State::Expired,
    };
    let track = match it.track.as_deref() {
        Some("normal") => parts::Track::Normal,
        Some(_) => parts::Track::Late,
        None => parts::Track::Unspecified,
    };
    let decision = it.decided_by.map(|account| DossierAct {
        account: format!("accounts/{account}"),
        capacity: "principal".to_owned(),
        time: it.decided_at.map(to_timestamp),
        delegation: it.decided_delegation.clone().unwrap_or_default(),
    });
    let attestations = file.attestations.into_iter().map(|attestation| DossierAct {
        account: format!("accounts/{}", attestation.account),
        capacity: attestation.capacity,
        time: Some(to_timestamp(attestation.at)),
        delegation: attestation.delegation.unwrap_or_default(),
    });
    let checklist = file.checklist.into_iter().map(|item| ChecklistItem {
        number: item.number,
        document: item.document,
        kind: item.kind,
        signed_slots: item.signed_slots,
        proof: item.proof,
        closer: item
            .closed_by
            .map(|account| format!("accounts/{account}"))
            .unwrap_or_default(),
        close_time: item.closed_at.map(to_timestamp),
    });
    wire::Dossier {
        name: it.name(school),
        requester: format!("accounts/{}", it.requester),
        class: it.class,
        changes: it
            .changes
            .iter()
            .map(|change| DossierChange {
                key: Some(cell::key(change)),
                new_value: Some(cell::wire(&change.new)),
                old_value: Some(cell::wire(&change.old)),
                old_digest: change.old_digest.clone(),
            })
            .collect(),
        reason: it.reason,
        evidence: it.evidence,
        last_day: it.last_day,
        track: track.into(),
        digest: it.digest.unwrap_or_default(),
        state: state.into(),
        decision,
        decision_reason: it.decision_reason,
        attestations: attestations.collect(),
        permit_expire_time: it.permit_expires_at.map(to_timestamp),
        receipt: it.receipt.unwrap_or_default(),
        checklist: checklist.collect(),
        create_time: Some(to_timestamp(it.created_at)),
        submit_time: it.submitted_at.map(to_timestamp),
        apply_time: it.applied_at.map(to_timestamp),
    }
}
