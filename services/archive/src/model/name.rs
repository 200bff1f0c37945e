//! Names of the archive's resources.

use std::fmt;

use uuid::Uuid;

/// `schools/{school}/years/{year}/classes/{class}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassName {
    /// School id.
    pub school: String,
    /// Year id.
    pub year: String,
    /// Class id.
    pub class: String,
}

impl fmt::Display for ClassName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { school, year, class } = self;
        write!(f, "schools/{school}/years/{year}/classes/{class}")
    }
}

/// `schools/{school}/years/{year}/pupils/{pupil}/documents/{version}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocumentName {
    /// School id.
    pub school: String,
    /// Year id.
    pub year: String,
    /// The pupil.
    pub pupil: Uuid,
    /// From 1.
    pub version: i32,
}

impl fmt::Display for DocumentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            school,
            year,
            pupil,
            version,
        } = self;
        write!(
            f,
            "schools/{school}/years/{year}/pupils/{pupil}/documents/{version}"
        )
    }
}

/// `schools/{school}/packages/{package}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageName {
    /// School id.
    pub school: String,
    /// The package.
    pub id: Uuid,
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "schools/{}/packages/{}", self.school, self.id)
    }
}

/// What can be signed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signable {
    /// A year document.
    Document(DocumentName),
    /// A package's statement.
    Package(PackageName),
}

impl Signable {
    /// The school.
    #[must_use]
    pub fn school(&self) -> &str {
        match self {
            Self::Document(name) => &name.school,
            Self::Package(name) => &name.school,
        }
    }
}

impl fmt::Display for Signable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(name) => name.fmt(f),
            Self::Package(name) => name.fmt(f),
        }
    }
}

/// A log: a school's, or `_`, the deployment's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogName(String);

impl LogName {
    /// The deployment's.
    pub const DEPLOYMENT: &'static str = "_";

    /// By school id; empty for the deployment's.
    #[must_use]
    pub fn of(school: &str) -> Self {
        Self(
            if school.is_empty() {
                Self::DEPLOYMENT
            } else {
                school
            }
            .to_owned(),
        )
    }

    /// Its key in SQL and in the note's first line.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0
    }

    /// The school, unless it is the deployment's.
    #[must_use]
    pub fn school(&self) -> Option<&str> {
        (self.0 != Self::DEPLOYMENT).then_some(&self.0)
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.school() {
            Some(school) => write!(f, "schools/{school}/log"),
            None => f.write_str("log"),
        }
    }
}
