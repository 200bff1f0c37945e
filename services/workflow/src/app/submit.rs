//! AttachEvidence, SubmitDossier: until here the requester may change the file (A5.2a, A5.2b).

use prost::Message;
use uuid::Uuid;

use super::{
    Ask, begin,
    dossier::{open, save},
    keep, peer,
};
use crate::{
    error::Error,
    model::{
        course::{self, Command},
        dossier::File,
    },
    state::State,
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
    let mut file = open(state, &mut tx, ask.caller, "AttachEvidence", (school, id)).await?;
    if let Ok(ticket) = begin(state, &mut tx, &ask, "AttachEvidence").await? {
        let prefix = format!("schools/{school}/evidence/");
        let attach = Command::Attach(evidence.clone());
        let next = course::apply(file.clone(), state.clock.now(), attach)?;
        if !evidence.starts_with(&prefix) || !peer::has_evidence(state, ask.caller, &evidence).await? {
            return Err(Error::EvidenceUnknown);
        }
        file = save(state, &mut tx, ask.caller.subject(), school, &file, next).await?;
        keep(&mut tx, &ticket, id).await?;
    }
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
    let mut file = open(state, &mut tx, ask.caller, "SubmitDossier", (school, id)).await?;
    if let Ok(ticket) = begin(state, &mut tx, &ask, "SubmitDossier").await? {
        let related = peer::related(state, ask.caller, school, &file.dossier).await?;
        let submit = Command::Submit {
            today: state.clock.today(),
            signed: related.iter().any(|document| !document.signed_slots.is_empty()),
            school: school.to_owned(),
        };
        let next = course::apply(file.clone(), state.clock.now(), submit)?;
        file = save(state, &mut tx, ask.caller.subject(), school, &file, next).await?;
        keep(&mut tx, &ticket, id).await?;
    }
    tx.commit().await?;
    Ok(file)
}
