//! Approvals of a class's results (A6.5).

use time::OffsetDateTime;
use uuid::Uuid;

use super::lines;

/// A review as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Its id.
    pub id: Uuid,
    /// The class's name.
    pub class: String,
    /// `open`, `approved`, `returned`.
    pub state: String,
    /// Who asked.
    pub created_by: Uuid,
    /// When.
    pub created_at: OffsetDateTime,
    /// Who decided.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<OffsetDateTime>,
    /// Why it was returned.
    pub note: String,
    /// When the archive is told next.
    pub tell_at: Option<OffsetDateTime>,
}

impl Review {
    /// `schools/{school}/reviews/{review}`.
    #[must_use]
    pub fn name(&self, school: &str) -> String {
        Self::name_of(school, self.id)
    }

    /// The same of an id.
    #[must_use]
    pub fn name_of(school: &str, id: Uuid) -> String {
        format!("schools/{school}/reviews/{id}")
    }

    /// What the act token of the decision binds.
    #[must_use]
    pub fn digest(&self, school: &str) -> String {
        lines::bound(&["hocba-review-v1", &self.name(school), &self.class])
    }
}
