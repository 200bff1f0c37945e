//! Where sealed bytes belong: whose key seals them, and the name they are bound to.

use std::fmt;

use uuid::Uuid;

use super::name::{DocumentName, PackageName};

/// Whose key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A pupil's: all versions of all years.
    Pupil(Uuid),
    /// The school's: what belongs to no one pupil.
    School,
}

impl fmt::Display for Owner {
    /// As in SQL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pupil(pupil) => write!(f, "pupils/{pupil}"),
            Self::School => f.write_str("school"),
        }
    }
}

/// A part of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The signed statement.
    Statement,
    /// Everything else, as a tar.
    Bag,
}

/// The place of some bytes: what is sealed for one opens in no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// School id.
    pub school: String,
    /// Whose key.
    pub owner: Owner,
    /// What the bytes are bound to.
    pub name: String,
}

impl Place {
    /// A version of a pupil's book.
    #[must_use]
    pub fn document(name: &DocumentName) -> Self {
        Self {
            school: name.school.clone(),
            owner: Owner::Pupil(name.pupil),
            name: name.to_string(),
        }
    }

    /// An evidence file. A dossier may concern several pupils, and the file comes before the dossier.
    #[must_use]
    pub fn evidence(school: &str, sha256: &str) -> Self {
        Self {
            school: school.to_owned(),
            owner: Owner::School,
            name: format!("schools/{school}/evidence/{sha256}"),
        }
    }

    /// A part of a class's package.
    #[must_use]
    pub fn package(name: &PackageName, part: Part) -> Self {
        let part = match part {
            Part::Statement => "statement",
            Part::Bag => "bag",
        };
        Self {
            school: name.school.clone(),
            owner: Owner::School,
            name: format!("{name}/{part}"),
        }
    }
}
