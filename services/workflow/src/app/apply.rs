//! ApplyDossier: records writes the permitted versions; in a locked term the dossier's scope is opened for it
//! (A5.2c). What must be followed up is written down with it (A5.2d).

use hocba_chassis::{Caller, clock::to_timestamp};
use hocba_proto::{
    lock::{OpenScopeRequest, ReportScopeUsedRequest},
    records::{
        ApplyCorrectionRequest, ApplyCorrectionResponse, CellChange, CorrectionPermit, PermitToken,
        ScopeEpochs,
    },
};
use prost::Message;
use tonic::Status;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use super::{
    Ask, begin,
    dossier::{open, save},
    keep, peer,
};
use crate::{
    cell,
    error::Error,
    model::{
        course::{self, Command, Effect, Related},
        dossier::{Attestation, File},
    },
    state::State,
};

/// ApplyDossier.
///
/// # Errors
/// See the contract.
pub async fn apply_dossier<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, id): (&str, Uuid),
) -> Result<File, Error> {
    let mut tx = state.begin(school).await?;
    let before = open(state, &mut tx, ask.caller, "ApplyDossier", (school, id)).await?;
    let next = course::apply(before.clone(), state.clock.now(), Command::Apply)?;
    if !next.1.contains(&Effect::Correct) {
        return Ok(next.0);
    }
    // That it was begun is written first: after a crash only records knows whether it wrote. No lock is held while
    // peers work: what they do is repeatable, and so is this call.
    let begun = save(state, &mut tx, ask.caller.subject(), school, &before, next).await?;
    tx.commit().await?;
    let related = peer::related(state, ask.caller, school, &begun.dossier).await?;
    let outcome = correct(state, ask.caller, school, &begun).await?;
    let command = match &outcome {
        Outcome::Written(applied) => Command::Corrected {
            receipt: applied.receipt.clone(),
            at: applied
                .seal_time
                .as_ref()
                .and_then(hocba_chassis::clock::from_timestamp),
            related: related
                .into_iter()
                .map(|it| Related {
                    document: it.document,
                    kind: it.kind,
                    signed_slots: it.signed_slots,
                })
                .collect(),
        },
        Outcome::Declined(_) => Command::Declined,
    };

    let mut tx = state.begin(school).await?;
    let file = open(state, &mut tx, ask.caller, "ApplyDossier", (school, id)).await?;
    let next = course::apply(file.clone(), state.clock.now(), command)?;
    let file = save(state, &mut tx, ask.caller.subject(), school, &file, next).await?;
    if let Outcome::Declined(error) = outcome {
        tx.commit().await?;
        return Err(error);
    }
    if let Ok(ticket) = begin(state, &mut tx, &ask, "ApplyDossier").await? {
        keep(&mut tx, &ticket, id).await?;
    }
    tx.commit().await?;
    Ok(file)
}

/// What records answered for good.
enum Outcome {
    Written(ApplyCorrectionResponse),
    /// Nothing was written, and nothing will be for this dossier as it stands.
    Declined(Error),
}

/// Records' refusal: one that will never change, or one that says nothing about what was written.
fn refused(status: &Status) -> Result<Outcome, Error> {
    let info = status.get_details_error_info();
    let what = |what: &str| {
        info.as_ref()
            .is_some_and(|info| info.metadata.get("what").is_some_and(|it| it == what))
    };
    let error = hocba_chassis::Failure::from_peer("records", status).into();
    match peer::reason(status).as_str() {
        "PERMIT_INVALID" if what("expired") => Ok(Outcome::Declined(Error::PermitExpired)),
        "PERMIT_INVALID" | "CELL_CHANGED" => Ok(Outcome::Declined(error)),
        _ => Err(error),
    }
}

/// Lets records write: without a scope while the term is open, with the dossier's own when it is locked.
async fn correct(state: &State, caller: &Caller, school: &str, file: &File) -> Result<Outcome, Error> {
    let dossier = &file.dossier;
    let mut ask = application(school, file)?;
    match peer::apply(state, caller, ask.clone()).await {
        Ok(applied) => return Ok(Outcome::Written(applied)),
        Err(status) if peer::reason(&status) == "TERM_LOCKED" => {}
        Err(status) => return refused(&status),
    }
    let term = dossier
        .term(school)
        .ok_or(Error::Damaged("a dossier without cells"))?;
    let scope = OpenScopeRequest {
        name: term.clone(),
        dossier: dossier.name(school),
        cells_digest: dossier.digest.clone().unwrap_or_default(),
        // The permit's end, so that who asks again after a crash asks for the same.
        end_time: dossier.permit_expires_at.map(to_timestamp),
        request_id: format!("{}-{}", dossier.id, dossier.round),
    };
    let scope = peer::open_scope(state, caller, scope).await?;
    // Another question than the one without a scope, and the same whenever it is asked.
    ask.request_id.push_str("-scope");
    ask.scope = Some(ScopeEpochs {
        open_epoch: scope.open_epoch,
        close_epoch: scope.close_epoch,
    });
    let applied = match peer::apply(state, caller, ask).await {
        Ok(applied) => applied,
        Err(status) => return refused(&status),
    };
    let used = ReportScopeUsedRequest {
        name: term,
        dossier: dossier.name(school),
        open_epoch: scope.open_epoch,
        request_id: format!("{}-{}-used", dossier.id, dossier.round),
    };
    peer::report_scope(state, caller, used).await;
    Ok(Outcome::Written(applied))
}

/// What records judges by itself.
fn application(school: &str, file: &File) -> Result<ApplyCorrectionRequest, Error> {
    let dossier = &file.dossier;
    let missing = Error::Damaged("a permitted dossier without consent");
    let (Some(token), Some(decided_at)) = (&dossier.decided_token, dossier.decided_at) else {
        return Err(missing);
    };
    let attestation = |it: &Attestation| PermitToken {
        token: it.token.clone(),
        receive_time: Some(to_timestamp(it.at)),
        capacity: it.capacity.clone(),
    };
    Ok(ApplyCorrectionRequest {
        dossier: dossier.name(school),
        changes: dossier
            .changes
            .iter()
            .map(|change| CellChange {
                key: Some(cell::key(change)),
                old_digest: change.old_digest.clone(),
                new_value: Some(cell::wire(&change.new)),
            })
            .collect(),
        permit: Some(CorrectionPermit {
            requester: format!("accounts/{}", dossier.requester),
            evidence: dossier.evidence.clone(),
            consent: Some(PermitToken {
                token: token.clone(),
                receive_time: Some(to_timestamp(decided_at)),
                capacity: "principal".to_owned(),
            }),
            attestations: file.attestations.iter().map(attestation).collect(),
            expire_time: dossier.permit_expires_at.map(to_timestamp),
        }),
        scope: None,
        // One application of this dossier, whoever repeats it.
        request_id: format!("apply-{}", dossier.id),
    })
}
