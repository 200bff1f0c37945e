//! What a key is for.

use std::fmt;

use hocba_evidence::Kind;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A person's own signature.
    Personal,
    /// The school's seal.
    Seal,
}

impl KeyKind {
    /// By its id.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        match id {
            "personal" => Some(Self::Personal),
            "seal" => Some(Self::Seal),
            _ => None,
        }
    }

    /// The key that signs in a slot.
    #[must_use]
    pub const fn of_slot(slot: &Kind) -> Self {
        match slot {
            Kind::Subject(_) | Kind::Homeroom | Kind::Principal => Self::Personal,
            Kind::Seal => Self::Seal,
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Personal => "personal",
            Self::Seal => "seal",
        })
    }
}

/// The title of a person's certificate: the highest role at issue.
#[must_use]
pub fn title(roles: &[String]) -> &'static str {
    let has = |role: &str| roles.iter().any(|it| it == role);
    if has("principal") {
        "principal"
    } else if has("vice_principal") {
        "vice_principal"
    } else if has("subject_teacher") || has("homeroom_teacher") {
        "teacher"
    } else {
        "staff"
    }
}

/// The role that a signature claims in a slot (SignerRoleV2).
#[must_use]
pub const fn claimed_role(slot: &Kind) -> &'static str {
    match slot {
        Kind::Subject(_) => "subject_teacher",
        Kind::Homeroom => "homeroom_teacher",
        Kind::Principal => "principal",
        Kind::Seal => "school_seal",
    }
}
