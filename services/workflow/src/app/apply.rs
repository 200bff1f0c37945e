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
use time::Duration;
use uuid::Uuid;

use super::{
    Ask, begin,
    dossier::{File, event, file, open},
    keep, peer,
};
use crate::{
    cell,
    error::Error,
    model::dossier::{Attestation, ChecklistItem, Step},
    state::State,
    store,
};

/// How long a scope stays open: the application follows at once.
const SCOPE: Duration = Duration::minutes(10);

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
    let dossier = open(state, &mut tx, ask.caller, "ApplyDossier", (school, id)).await?;
    let before = file(state, &mut tx, school, dossier).await?;
    // No lock is held while peers work: what they do is repeatable, and so is this call.
    tx.rollback().await?;
    match before.dossier.state {
        Step::Applied => return Ok(before),
        Step::Permitted => {}
        other => return Err(Error::DossierState(other.id())),
    }
    let now = state.clock.now();
    if before.dossier.permit_expires_at.is_none_or(|end| end <= now) {
        return Err(Error::PermitExpired);
    }
    let related = peer::related(state, ask.caller, school, &before.dossier).await?;
    let applied = correct(state, ask.caller, school, &before).await?;

    let mut tx = state.begin(school).await?;
    let mut dossier = open(state, &mut tx, ask.caller, "ApplyDossier", (school, id)).await?;
    if dossier.state != Step::Applied {
        dossier.state = Step::Applied;
        dossier.receipt = Some(applied.receipt);
        dossier.applied_at = applied
            .seal_time
            .as_ref()
            .and_then(hocba_chassis::clock::from_timestamp);
        store::dossier::step(&mut tx, &state.seals, school, &dossier).await?;
        for (number, document) in (1..).zip(related) {
            let item = ChecklistItem {
                number,
                document: document.document,
                kind: document.kind,
                signed_slots: document.signed_slots,
                proof: String::new(),
                closed_by: None,
                closed_at: None,
            };
            store::dossier::add_item(&mut tx, school, id, &item).await?;
        }
        event(state, &mut tx, ask.caller, school, &dossier, "applied").await?;
        if let Ok(ticket) = begin(state, &mut tx, &ask, "ApplyDossier").await? {
            keep(&mut tx, &ticket, id).await?;
        }
    }
    let file = file(state, &mut tx, school, dossier).await?;
    tx.commit().await?;
    Ok(file)
}

/// Lets records write: without a scope while the term is open, with the dossier's own when it is locked.
async fn correct(
    state: &State,
    caller: &Caller,
    school: &str,
    file: &File,
) -> Result<ApplyCorrectionResponse, Error> {
    let dossier = &file.dossier;
    let mut ask = application(school, file)?;
    match peer::apply(state, caller, ask.clone()).await {
        Ok(applied) => return Ok(applied),
        Err(status) if peer::reason(&status) == "TERM_LOCKED" => {}
        Err(status) => return Err(hocba_chassis::Failure::from_peer("records", &status).into()),
    }
    let term = dossier
        .term(school)
        .ok_or(Error::Damaged("a dossier without cells"))?;
    let scope = OpenScopeRequest {
        name: term.clone(),
        dossier: dossier.name(school),
        cells_digest: dossier.digest.clone().unwrap_or_default(),
        end_time: Some(to_timestamp(state.clock.now() + SCOPE)),
        request_id: format!("{}-{}", dossier.id, dossier.round),
    };
    let scope = peer::open_scope(state, caller, scope).await?;
    ask.scope = Some(ScopeEpochs {
        open_epoch: scope.open_epoch,
        close_epoch: scope.close_epoch,
    });
    let applied = peer::apply(state, caller, ask)
        .await
        .map_err(|status| hocba_chassis::Failure::from_peer("records", &status))?;
    let used = ReportScopeUsedRequest {
        name: term,
        dossier: dossier.name(school),
        open_epoch: scope.open_epoch,
        request_id: format!("{}-{}-used", dossier.id, dossier.round),
    };
    peer::report_scope(state, caller, used).await;
    Ok(applied)
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
