//! Names of signing's resources.

use std::fmt;

use uuid::Uuid;

/// A resource of a school with an id of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The school's id.
    pub school: String,
    collection: &'static str,
    /// The resource's id.
    pub id: Uuid,
}

impl Name {
    /// `schools/{school}/certificateAuthorizations/{id}`.
    #[must_use]
    pub fn authorization(school: &str, id: Uuid) -> Self {
        Self::of(school, "certificateAuthorizations", id)
    }

    /// `schools/{school}/ceremonies/{id}`.
    #[must_use]
    pub fn ceremony(school: &str, id: Uuid) -> Self {
        Self::of(school, "ceremonies", id)
    }

    fn of(school: &str, collection: &'static str, id: Uuid) -> Self {
        Self {
            school: school.to_owned(),
            collection,
            id,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "schools/{}/{}/{}", self.school, self.collection, self.id)
    }
}

/// `schools/{school}/certificates/{serial}`.
#[must_use]
pub fn certificate(school: &str, serial: &str) -> String {
    format!("schools/{school}/certificates/{serial}")
}
