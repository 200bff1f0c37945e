//! AttachEvidence, SubmitDossier: until here the requester may change the file (A5.2a, A5.2b).

use prost::Message;
use uuid::Uuid;

use super::{
    Ask, begin,
    dossier::{File, at, event, file, open},
    keep, peer,
};
use crate::{
    error::Error,
    model::dossier::{Step, is_late},
    state::State,
    store,
};

/// AttachEvidence.
///
/// # Errors
/// See the contract.
pub async fn attach_evidence<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, id): (&str, Uuid),
    evidence: String,
) -> Result<File, Error> {
    let mut tx = state.begin(school).await?;
    let mut dossier = open(state, &mut tx, ask.caller, "AttachEvidence", (school, id)).await?;
    if let Ok(ticket) = begin(state, &mut tx, &ask, "AttachEvidence").await? {
        at(&dossier, Step::Draft)?;
        let prefix = format!("schools/{school}/evidence/");
        if !evidence.starts_with(&prefix) || !peer::has_evidence(state, ask.caller, &evidence).await? {
            return Err(Error::EvidenceUnknown);
        }
        if !dossier.evidence.contains(&evidence) {
            dossier.evidence.push(evidence);
            dossier.evidence.sort();
        }
        store::dossier::step(&mut tx, &state.seals, school, &dossier).await?;
        event(state, &mut tx, ask.caller, school, &dossier, "evidence_attached").await?;
        keep(&mut tx, &ticket, id).await?;
    }
    let file = file(state, &mut tx, school, dossier).await?;
    tx.commit().await?;
    Ok(file)
}

/// SubmitDossier: the track is fixed by today and by what is signed.
///
/// # Errors
/// See the contract.
pub async fn submit_dossier<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, id): (&str, Uuid),
) -> Result<File, Error> {
    let mut tx = state.begin(school).await?;
    let mut dossier = open(state, &mut tx, ask.caller, "SubmitDossier", (school, id)).await?;
    if let Ok(ticket) = begin(state, &mut tx, &ask, "SubmitDossier").await? {
        at(&dossier, Step::Draft)?;
        if dossier.evidence.is_empty() {
            return Err(Error::EvidenceMissing);
        }
        let related = peer::related(state, ask.caller, school, &dossier).await?;
        let signed = related.iter().any(|document| !document.signed_slots.is_empty());
        let late = is_late(&dossier.last_day, state.clock.today(), signed);
        dossier.track = Some(if late { "late" } else { "normal" }.to_owned());
        dossier.digest = Some(dossier.content_digest(school));
        dossier.state = Step::Submitted;
        dossier.submitted_at = Some(state.clock.now());
        store::dossier::step(&mut tx, &state.seals, school, &dossier).await?;
        event(state, &mut tx, ask.caller, school, &dossier, "submitted").await?;
        keep(&mut tx, &ticket, id).await?;
    }
    let file = file(state, &mut tx, school, dossier).await?;
    tx.commit().await?;
    Ok(file)
}
