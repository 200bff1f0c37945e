//! The places of signatures and their order.

use std::fmt;

/// Whose place: in the order of signing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A subject's teacher (A7.1); the code in lower case.
    Subject(String),
    /// The homeroom teacher (A8.3).
    Homeroom,
    /// The principal.
    Principal,
    /// The school's seal.
    Seal,
}

impl Kind {
    /// By its id: `subject-to` (code in lower case), `homeroom`, `principal`, `seal`.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        match id {
            "homeroom" => Some(Self::Homeroom),
            "principal" => Some(Self::Principal),
            "seal" => Some(Self::Seal),
            _ => {
                let code = id.strip_prefix("subject-")?;
                let plain = (1..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase());
                plain.then(|| Self::Subject(code.to_owned()))
            }
        }
    }

    /// Whether this place covers one section alone.
    #[must_use]
    pub const fn covers_own_section_only(&self) -> bool {
        match self {
            Self::Subject(_) => true,
            Self::Homeroom | Self::Principal | Self::Seal => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject(code) => write!(f, "subject-{code}"),
            Self::Homeroom => f.write_str("homeroom"),
            Self::Principal => f.write_str("principal"),
            Self::Seal => f.write_str("seal"),
        }
    }
}
