//! Three answers.

use std::fmt;

/// What a check says. In order of weight: the worst of several is the answer for the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Everything was checked and holds.
    Valid,
    /// Something could not be checked.
    Unchecked,
    /// Something does not hold.
    Invalid,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "valid",
            Self::Unchecked => "could not be checked",
            Self::Invalid => "invalid",
        })
    }
}

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: a slot, a file, a part of a package.
    pub about: String,
    /// The answer.
    pub verdict: Verdict,
    /// Why, without personal values; for a valid one, what it stands on.
    pub detail: String,
}

impl Finding {
    /// A finding.
    #[must_use]
    pub fn new(about: impl Into<String>, verdict: Verdict, detail: impl Into<String>) -> Self {
        Self {
            about: about.into(),
            verdict,
            detail: detail.into(),
        }
    }
}

/// The answer for the whole: the worst; `Unchecked` when nothing was looked at.
#[must_use]
pub fn overall(findings: &[Finding]) -> Verdict {
    findings
        .iter()
        .map(|finding| finding.verdict)
        .max()
        .unwrap_or(Verdict::Unchecked)
}
