//! What is acted on, as far as the policy must know.

use std::collections::BTreeSet;

/// A thing of a school, of an authority, or of the deployment, and how the caller relates to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resource {
    pub(crate) school: Option<String>,
    pub(crate) authority: Option<String>,
    pub(crate) relations: BTreeSet<String>,
}

impl Resource {
    /// A thing that belongs to no school.
    #[must_use]
    pub fn deployment() -> Self {
        Self::default()
    }

    /// A thing of this school.
    pub fn school(school: impl Into<String>) -> Self {
        Self {
            school: Some(school.into()),
            ..Self::default()
        }
    }

    /// Under this authority.
    #[must_use]
    pub fn authority(mut self, authority: impl Into<String>) -> Self {
        self.authority = Some(authority.into());
        self
    }

    /// The caller stands in this relation to it, as the app has proved: `self`, `teacher`, `homeroom`,
    /// `requester`, `owner`, `holder`, `participant`.
    #[must_use]
    pub fn relation(mut self, relation: &str) -> Self {
        self.relations.insert(relation.to_owned());
        self
    }

    /// The same, if `holds`.
    #[must_use]
    pub fn relation_if(self, relation: &str, holds: bool) -> Self {
        if holds { self.relation(relation) } else { self }
    }
}
