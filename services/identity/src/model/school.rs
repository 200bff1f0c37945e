//! Schools.

use time::OffsetDateTime;

use super::slug::Slug;

/// A school.
#[derive(Debug, Clone)]
pub struct School {
    /// Its id.
    pub id: Slug,
    /// The authority it belongs to.
    pub authority: Slug,
    /// The ministry's code.
    pub code: String,
    /// Name as printed.
    pub display_name: String,
    /// Commune as printed.
    pub commune: String,
    /// Province as printed.
    pub province: String,
    /// When it was set up.
    pub created_at: OffsetDateTime,
}
