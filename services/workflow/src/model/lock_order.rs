//! Orders to lock and unlock (A6.3, A10.2, A11.1).

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::lines;

/// The longest an unlocking lasts.
pub const LONGEST: Duration = Duration::days(31);

/// What an order does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Locks the marks of a semester.
    LockMarks,
    /// Unlocks them for a time.
    UnlockMarks,
    /// Locks the books of the year.
    LockBooks,
}

impl Kind {
    const ALL: [Self; 3] = [Self::LockMarks, Self::UnlockMarks, Self::LockBooks];

    /// As in SQL and in digests.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::LockMarks => "lock_marks",
            Self::UnlockMarks => "unlock_marks",
            Self::LockBooks => "lock_books",
        }
    }

    /// The kind of an id.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }
}

/// An order as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockOrder {
    /// Its id.
    pub id: Uuid,
    /// The school year's id.
    pub year: String,
    /// What it does.
    pub kind: String,
    /// `semester1`, `semester2`; none for books.
    pub semester: Option<String>,
    /// When an unlocking ends.
    pub end_at: Option<OffsetDateTime>,
    /// The number in the register of decisions.
    pub number: String,
    /// Why.
    pub reason: String,
    /// `proposed`, `approved`, `refused`, `executing`, `executed`, `failed`.
    pub state: String,
    /// Who proposed it.
    pub proposed_by: Uuid,
    /// When.
    pub proposed_at: OffsetDateTime,
    /// Who decided it.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<OffsetDateTime>,
    /// By which delegation.
    pub decided_delegation: Option<String>,
    /// Why it was refused.
    pub refusal: Option<String>,
    /// Who executed it.
    pub executed_by: Option<Uuid>,
    /// When.
    pub executed_at: Option<OffsetDateTime>,
    /// By which delegation.
    pub executed_delegation: Option<String>,
    /// The term's epoch by it.
    pub epoch: Option<i64>,
    /// Sessions the locking sealed.
    pub sealed_sessions: Option<i32>,
    /// Why the lock refused it.
    pub failure: Option<String>,
    /// When an unfinished execution is tried next.
    pub next_attempt_at: Option<OffsetDateTime>,
}

impl LockOrder {
    /// `schools/{school}/lockOrders/{order}`.
    #[must_use]
    pub fn name(&self, school: &str) -> String {
        format!("schools/{school}/lockOrders/{}", self.id)
    }

    /// The term it is about.
    #[must_use]
    pub fn term(&self, school: &str) -> String {
        let term = match &self.semester {
            Some(semester) => format!("marks-{semester}"),
            None => "books".to_owned(),
        };
        format!("schools/{school}/years/{}/terms/{term}", self.year)
    }

    /// What the act tokens of decision and execution bind.
    #[must_use]
    pub fn digest(&self, school: &str) -> String {
        let end = self
            .end_at
            .map(|end| end.unix_timestamp().to_string())
            .unwrap_or_default();
        lines::bound(&[
            "hocba-lock-order-v1",
            &self.name(school),
            &self.kind,
            &format!("schools/{school}/years/{}", self.year),
            self.semester.as_deref().unwrap_or_default(),
            &end,
            &self.number,
            &self.reason,
        ])
    }
}

/// Whether an unlocking may end then.
#[must_use]
pub fn may_end(end: OffsetDateTime, now: OffsetDateTime) -> bool {
    end > now && end <= now + LONGEST
}
