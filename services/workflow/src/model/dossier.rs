//! Corrections: what is asked for, by which rules, and who must say yes (A5).

use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use super::lines;

/// How long a permit lasts: the requester applies it the same day.
pub const PERMIT: Duration = Duration::hours(12);

/// A value as the wire has it: mark is ASSESSED, ABSENT, EXEMPT or NOT_ASSESSED.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    /// What kind.
    pub mark: String,
    /// The level.
    pub level: String,
    /// The score.
    pub score: Option<i32>,
    /// The comment.
    pub comment: String,
}

/// One cell's change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    /// The school year's id.
    pub year: String,
    /// The pupil's id.
    pub pupil: String,
    /// The item.
    pub item: String,
    /// The period's id.
    pub period: String,
    /// SHA-256 of the sealed cell that is replaced, lower hex.
    pub old_digest: String,
    /// What stood there.
    pub old: Value,
    /// What shall stand there.
    pub new: Value,
}

/// A dossier as stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dossier {
    /// Its id.
    pub id: Uuid,
    /// Its key, wrapped: what it says and what was said to it stands sealed.
    pub data_key: Vec<u8>,
    /// Who asks.
    pub requester: Uuid,
    /// The class's name.
    pub class: String,
    /// What shall change.
    pub changes: Vec<Change>,
    /// Why.
    pub reason: String,
    /// Evidence, ascending.
    pub evidence: Vec<String>,
    /// The last day of the normal track.
    pub last_day: String,
    /// `normal`, `late`.
    pub track: Option<String>,
    /// What the tokens bind.
    pub digest: Option<String>,
    /// Its step.
    pub state: Step,
    /// Who decided.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<OffsetDateTime>,
    /// The token of the consent.
    pub decided_token: Option<String>,
    /// By which delegation.
    pub decided_delegation: Option<String>,
    /// The principal's words.
    pub decision_reason: String,
    /// Which round of witnesses.
    pub round: i32,
    /// Until when the permit lasts.
    pub permit_expires_at: Option<OffsetDateTime>,
    /// The receipt.
    pub receipt: Option<String>,
    /// When it was applied.
    pub applied_at: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was submitted.
    pub submitted_at: Option<OffsetDateTime>,
}

/// A dossier with its witnesses and its checklist.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct File {
    /// The dossier.
    pub dossier: Dossier,
    /// The witnesses.
    pub attestations: Vec<Attestation>,
    /// What is to be followed up.
    pub checklist: Vec<ChecklistItem>,
}

/// The steps of a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Being prepared.
    Draft,
    /// Waits for the principal.
    Submitted,
    /// Waits for the witnesses.
    Consented,
    /// Waits for the requester.
    Permitted,
    /// The requester applied it; records has not answered yet.
    Applying,
    /// Done.
    Applied,
    /// The principal said no.
    Refused,
    /// Taken back.
    Withdrawn,
    /// Its permit ran out.
    Expired,
}

impl Step {
    const ALL: [Self; 9] = [
        Self::Draft,
        Self::Submitted,
        Self::Consented,
        Self::Permitted,
        Self::Applying,
        Self::Applied,
        Self::Refused,
        Self::Withdrawn,
        Self::Expired,
    ];

    /// As in SQL.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Consented => "consented",
            Self::Permitted => "permitted",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    /// The step of an id.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.id() == id)
    }

    /// Whether the requester may still take it back.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Draft | Self::Submitted | Self::Consented | Self::Permitted => true,
            Self::Applying | Self::Applied | Self::Refused | Self::Withdrawn | Self::Expired => false,
        }
    }
}

impl Dossier {
    /// `schools/{school}/dossiers/{dossier}`.
    #[must_use]
    pub fn name(&self, school: &str) -> String {
        Self::name_of(school, self.id)
    }

    /// The same of an id.
    #[must_use]
    pub fn name_of(school: &str, id: Uuid) -> String {
        format!("schools/{school}/dossiers/{id}")
    }

    /// The dossier's digest, as `CorrectionPermit` of hocba.records.v1 defines it; records computes the same.
    #[must_use]
    pub fn content_digest(&self, school: &str) -> String {
        let (name, requester) = (self.name(school), format!("accounts/{}", self.requester));
        let count = self.changes.len().to_string();
        let changes: Vec<String> = self.changes.iter().map(Change::line).collect();
        let mut all = vec!["hocba-dossier-v1", &name, &requester, &count];
        all.extend(changes.iter().chain(&self.evidence).map(String::as_str));
        lines::bound(&all)
    }

    /// The term its cells belong to.
    #[must_use]
    pub fn term(&self, school: &str) -> Option<String> {
        let first = self.changes.first()?;
        let semester = match first.period.as_str() {
            "mid1" | "end1" => "semester1",
            _ => "semester2",
        };
        Some(format!(
            "schools/{school}/years/{}/terms/marks-{semester}",
            first.year
        ))
    }

    /// The pupils whose cells it changes, each once, with the year.
    #[must_use]
    pub fn pupils(&self) -> Vec<(String, String)> {
        let mut pupils: Vec<_> = self
            .changes
            .iter()
            .map(|it| (it.year.clone(), it.pupil.clone()))
            .collect();
        pupils.sort();
        pupils.dedup();
        pupils
    }
}

impl Change {
    fn line(&self) -> String {
        let score = self.new.score.map(|score| score.to_string()).unwrap_or_default();
        format!(
            "{}|{}|{}|{}|{}|{}|{}|{score}|{}",
            self.year,
            self.pupil,
            self.item,
            self.period,
            self.old_digest,
            self.new.mark,
            self.new.level,
            lines::hex(self.new.comment.as_bytes()),
        )
    }
}

/// Whether a submission is late: after the last day, or when a book that holds the cells was signed (A5.2b).
#[must_use]
pub fn is_late(last_day: &str, today: Date, signed: bool) -> bool {
    // Days are written so that their order is that of the text.
    signed || (!last_day.is_empty() && today.to_string().as_str() > last_day)
}

/// The capacities of the three witnesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Capacity {
    /// A representative of the management board.
    ManagementBoard,
    /// The database-management board.
    WorkingGroup,
    /// Who asks.
    Requester,
}

impl Capacity {
    /// All three.
    pub const ALL: [Self; 3] = [Self::ManagementBoard, Self::WorkingGroup, Self::Requester];

    /// As on the wire and in SQL.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::ManagementBoard => "management_board",
            Self::WorkingGroup => "working_group",
            Self::Requester => "requester",
        }
    }

    /// The capacity of an id.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capacity| capacity.id() == id)
    }
}

/// A witness's word.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attestation {
    /// In which capacity.
    pub capacity: String,
    /// Who.
    pub account: Uuid,
    /// The act token.
    pub token: String,
    /// By which delegation.
    pub delegation: Option<String>,
    /// When.
    pub at: OffsetDateTime,
}

/// An item of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChecklistItem {
    /// From 1.
    pub number: i32,
    /// The document.
    pub document: String,
    /// What kind.
    pub kind: String,
    /// Slots that carried a signature.
    pub signed_slots: Vec<String>,
    /// How it was settled.
    pub proof: String,
    /// Who settled it.
    pub closed_by: Option<Uuid>,
    /// When.
    pub closed_at: Option<OffsetDateTime>,
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a5_2b_the_day_after_the_last_is_late_and_so_is_a_signed_book() {
        assert!(!is_late("2026-01-05", date!(2026 - 01 - 05), false));
        assert!(is_late("2026-01-05", date!(2026 - 01 - 06), false));
        assert!(is_late("2026-12-31", date!(2026 - 01 - 06), true));
        assert!(!is_late("", date!(2026 - 01 - 06), false));
    }
}
