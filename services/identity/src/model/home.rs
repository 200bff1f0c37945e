//! Where an account is at home: in a school, or in the deployment itself.

use super::slug::Slug;

/// The tenant an account and all its rows belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Home {
    /// A school: everybody but those below.
    School(Slug),
    /// The deployment: operators and district officers.
    Deployment,
}

impl Home {
    /// The value of `school_id` in the database; `_` is no slug, so no school can be called so.
    pub fn key(&self) -> &str {
        match self {
            Self::School(school) => school.as_str(),
            Self::Deployment => "_",
        }
    }

    /// The home of a `school_id`.
    pub fn of_key(key: &str) -> Self {
        Slug::parse(key).map_or(Self::Deployment, Self::School)
    }

    /// The school, when it is one.
    pub fn school(&self) -> Option<&Slug> {
        match self {
            Self::School(school) => Some(school),
            Self::Deployment => None,
        }
    }
}
