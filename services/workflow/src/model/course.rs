//! The one function that moves a dossier. Sans I/O: [`apply`] takes the file, the time and a command and answers the
//! next file and what is to be done; who calls it saves the file first and acts afterwards. Whether the tokens are
//! real is judged before; whether the persons may act here and now is judged nowhere else.

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::dossier::{Attestation, Capacity, ChecklistItem, File, PERMIT, Step, is_late};

/// A person's act with a second factor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Act {
    /// Who.
    pub account: Uuid,
    /// The act token.
    pub token: String,
    /// The digest the token is over.
    pub digest: String,
    /// By which delegation.
    pub delegation: Option<String>,
}

/// A document that holds what was corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Its name.
    pub document: String,
    /// What kind.
    pub kind: String,
    /// Slots that carried a signature.
    pub signed_slots: Vec<String>,
}

/// What may happen to a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A file that the archive holds is added.
    Attach(String),
    /// The requester submits.
    Submit {
        /// The day of the school.
        today: Date,
        /// Whether a book that holds the cells is signed.
        signed: bool,
        /// The school's id, which the digest covers.
        school: String,
    },
    /// The principal consents.
    Consent(Act, String),
    /// The principal refuses.
    Refuse(Uuid, String),
    /// A witness attests.
    Attest(Capacity, Act),
    /// The requester applies: records is asked once this is saved.
    Apply,
    /// Records wrote the new versions.
    Corrected {
        /// The receipt.
        receipt: String,
        /// When it was sealed.
        at: Option<OffsetDateTime>,
        /// What must be followed up.
        related: Vec<Related>,
    },
    /// Records says that it did not write and never will for this dossier as it stands.
    Declined,
    /// The requester takes it back.
    Withdraw,
    /// Time has passed: a permit may have run out.
    Tick,
    /// An item of the checklist is settled.
    CloseItem {
        /// Which.
        number: i32,
        /// How.
        proof: String,
        /// By whom.
        by: Uuid,
    },
}

/// What is to be done after the file is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Tell the school's log.
    Tell(&'static str),
    /// Ask records to write.
    Correct,
}

/// Why a command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not at this step.
    #[error("the dossier is {0}")]
    State(&'static str),
    /// No evidence.
    #[error("evidence missing")]
    EvidenceMissing,
    /// The requester decides nothing, and nobody witnesses twice.
    #[error("same person")]
    SamePerson,
    /// Late, and the principal gives no reason.
    #[error("reason required")]
    ReasonRequired,
    /// The requester witnesses as the requester and as nothing else; nobody else does.
    #[error("wrong capacity")]
    WrongCapacity,
    /// The token is over another content.
    #[error("a token over other content")]
    OtherContent,
    /// The permit ran out.
    #[error("permit expired")]
    PermitExpired,
    /// No such open item.
    #[error("checklist item unknown")]
    ItemUnknown,
}

/// The next file and what is to be done.
pub type Move = (File, Vec<Effect>);

/// What a command makes of a dossier at a moment. What was done already is answered again without effect.
///
/// # Errors
/// The refusal; the file is then what it was.
pub fn apply(file: File, now: OffsetDateTime, command: Command) -> Result<Move, Refusal> {
    match command {
        Command::Attach(evidence) => attach(file, evidence),
        Command::Submit {
            today,
            signed,
            school,
        } => submit(file, now, (today, signed), &school),
        Command::Consent(act, reason) => consent(file, now, act, reason),
        Command::Refuse(by, reason) => refuse(file, now, by, reason),
        Command::Attest(capacity, act) => attest(file, now, capacity, act),
        Command::Apply => begin(file, now),
        Command::Corrected { receipt, at, related } => corrected(file, receipt, at.unwrap_or(now), related),
        Command::Declined => Ok(declined(file, now)),
        Command::Withdraw => withdraw(file),
        Command::Tick => Ok(tick(file, now)),
        Command::CloseItem { number, proof, by } => close_item(file, now, number, proof, by),
    }
}

fn at(file: &File, step: Step) -> Result<(), Refusal> {
    if file.dossier.state == step {
        Ok(())
    } else {
        Err(Refusal::State(file.dossier.state.id()))
    }
}

fn told(file: File, what: &'static str) -> Move {
    (file, vec![Effect::Tell(what)])
}

fn attach(mut file: File, evidence: String) -> Result<Move, Refusal> {
    at(&file, Step::Draft)?;
    if !file.dossier.evidence.contains(&evidence) {
        file.dossier.evidence.push(evidence);
        file.dossier.evidence.sort();
    }
    Ok(told(file, "evidence_attached"))
}

fn submit(
    mut file: File,
    now: OffsetDateTime,
    (today, signed): (Date, bool),
    school: &str,
) -> Result<Move, Refusal> {
    at(&file, Step::Draft)?;
    let dossier = &mut file.dossier;
    if dossier.evidence.is_empty() {
        return Err(Refusal::EvidenceMissing);
    }
    let late = is_late(&dossier.last_day, today, signed);
    dossier.track = Some(if late { "late" } else { "normal" }.to_owned());
    dossier.digest = Some(dossier.content_digest(school));
    dossier.state = Step::Submitted;
    dossier.submitted_at = Some(now);
    Ok(told(file, "submitted"))
}

fn consent(mut file: File, now: OffsetDateTime, act: Act, reason: String) -> Result<Move, Refusal> {
    at(&file, Step::Submitted)?;
    let dossier = &mut file.dossier;
    if act.account == dossier.requester {
        return Err(Refusal::SamePerson);
    }
    if dossier.track.as_deref() == Some("late") && reason.trim().is_empty() {
        return Err(Refusal::ReasonRequired);
    }
    if dossier.digest.as_deref() != Some(act.digest.as_str()) {
        return Err(Refusal::OtherContent);
    }
    dossier.state = Step::Consented;
    dossier.decided_by = Some(act.account);
    dossier.decided_at = Some(now);
    dossier.decided_token = Some(act.token);
    dossier.decided_delegation = act.delegation;
    dossier.decision_reason = reason;
    Ok(told(file, "consented"))
}

fn refuse(mut file: File, now: OffsetDateTime, by: Uuid, reason: String) -> Result<Move, Refusal> {
    at(&file, Step::Submitted)?;
    let dossier = &mut file.dossier;
    if by == dossier.requester {
        return Err(Refusal::SamePerson);
    }
    dossier.state = Step::Refused;
    dossier.decided_by = Some(by);
    dossier.decided_at = Some(now);
    dossier.decision_reason = reason;
    Ok(told(file, "refused"))
}

/// The third witness makes the permit. The principal who consented may be the board's representative.
fn attest(mut file: File, now: OffsetDateTime, capacity: Capacity, act: Act) -> Result<Move, Refusal> {
    at(&file, Step::Consented)?;
    let requester = act.account == file.dossier.requester;
    if (capacity == Capacity::Requester) != requester {
        return Err(Refusal::WrongCapacity);
    }
    let consenter = Some(act.account) == file.dossier.decided_by;
    let taken = |it: &Attestation| it.account == act.account || it.capacity == capacity.id();
    if file.attestations.iter().any(taken) || (consenter && capacity != Capacity::ManagementBoard) {
        return Err(Refusal::SamePerson);
    }
    if file.dossier.digest.as_deref() != Some(act.digest.as_str()) {
        return Err(Refusal::OtherContent);
    }
    file.attestations.push(Attestation {
        capacity: capacity.id().to_owned(),
        account: act.account,
        token: act.token,
        delegation: act.delegation,
        at: now,
    });
    if file.attestations.len() == Capacity::ALL.len() {
        file.dossier.state = Step::Permitted;
        file.dossier.permit_expires_at = Some(now + PERMIT);
    }
    let what = match capacity {
        Capacity::ManagementBoard => "attested_by_management_board",
        Capacity::WorkingGroup => "attested_by_working_group",
        Capacity::Requester => "attested_by_requester",
    };
    Ok(told(file, what))
}

/// Begun is not done: from here on only records says whether it wrote. Asking it again is harmless.
fn begin(mut file: File, now: OffsetDateTime) -> Result<Move, Refusal> {
    match file.dossier.state {
        Step::Applied => return Ok((file, vec![])),
        Step::Applying => {}
        Step::Permitted if !has_ended(&file, now) => file.dossier.state = Step::Applying,
        Step::Permitted | Step::Expired => return Err(Refusal::PermitExpired),
        other @ (Step::Draft | Step::Submitted | Step::Consented | Step::Refused | Step::Withdrawn) => {
            return Err(Refusal::State(other.id()));
        }
    }
    Ok((file, vec![Effect::Correct]))
}

fn corrected(
    mut file: File,
    receipt: String,
    at_time: OffsetDateTime,
    related: Vec<Related>,
) -> Result<Move, Refusal> {
    if file.dossier.state == Step::Applied {
        return Ok((file, vec![]));
    }
    at(&file, Step::Applying)?;
    file.dossier.state = Step::Applied;
    file.dossier.receipt = Some(receipt);
    file.dossier.applied_at = Some(at_time);
    let item = |(number, it): (i32, Related)| ChecklistItem {
        number,
        document: it.document,
        kind: it.kind,
        signed_slots: it.signed_slots,
        proof: String::new(),
        closed_by: None,
        closed_at: None,
    };
    file.checklist = (1..).zip(related).map(item).collect();
    Ok(told(file, "applied"))
}

fn has_ended(file: &File, now: OffsetDateTime) -> bool {
    file.dossier.permit_expires_at.is_none_or(|end| end <= now)
}

fn expired(mut file: File) -> Move {
    file.dossier.state = Step::Expired;
    told(file, "expired")
}

/// Who applies may take the dossier back then, or let the permit run out.
fn declined(mut file: File, now: OffsetDateTime) -> Move {
    if file.dossier.state != Step::Applying {
        return (file, vec![]);
    }
    if has_ended(&file, now) {
        return expired(file);
    }
    file.dossier.state = Step::Permitted;
    (file, vec![])
}

/// What was begun does not end by the clock: records may have written.
fn tick(file: File, now: OffsetDateTime) -> Move {
    if file.dossier.state == Step::Permitted && has_ended(&file, now) {
        expired(file)
    } else {
        (file, vec![])
    }
}

fn withdraw(mut file: File) -> Result<Move, Refusal> {
    if !file.dossier.state.is_open() {
        return Err(Refusal::State(file.dossier.state.id()));
    }
    file.dossier.state = Step::Withdrawn;
    Ok(told(file, "withdrawn"))
}

fn close_item(
    mut file: File,
    now: OffsetDateTime,
    number: i32,
    proof: String,
    by: Uuid,
) -> Result<Move, Refusal> {
    at(&file, Step::Applied)?;
    let item = file
        .checklist
        .iter_mut()
        .find(|it| it.number == number && it.closed_by.is_none())
        .ok_or(Refusal::ItemUnknown)?;
    item.proof = proof;
    item.closed_by = Some(by);
    item.closed_at = Some(now);
    Ok(told(file, "checklist_item_closed"))
}
