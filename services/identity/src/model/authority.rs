//! Authorities: who runs schools.

use time::OffsetDateTime;

use super::slug::Slug;

/// A district or province.
#[derive(Debug, Clone)]
pub struct Authority {
    /// Its id.
    pub id: Slug,
    /// Name as printed.
    pub display_name: String,
    /// When it was set up.
    pub created_at: OffsetDateTime,
}
