//! The places of signatures and their order.

pub use hocba_evidence::Kind;
use time::OffsetDateTime;

/// A stored signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The `ds:Signature` element, byte for byte.
    pub xml: Vec<u8>,
    /// What was signed, lower hex.
    pub content_digest: String,
    /// Who, `accounts/{id}`.
    pub by: String,
    /// When it was stored.
    pub at: OffsetDateTime,
}

/// A place of a document and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Whose place.
    pub kind: Kind,
    /// Who must sign; empty when any holder of the role may.
    pub signer: String,
    /// SHA-256 of the section it signs; empty where it signs more than one.
    pub section: String,
    /// The signature.
    pub signature: Option<Signature>,
}

/// Why a slot cannot be signed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReady {
    /// The document has no such slot.
    Unknown,
    /// This slot comes first.
    Missing(Kind),
    /// The board has not approved.
    Approval,
}

/// Whether a slot may be signed now. Homeroom follows all subjects, the principal follows homeroom and the
/// board's approval (A6.5), the seal follows the principal.
///
/// # Errors
/// What is missing.
pub fn ready(slots: &[Slot], kind: &Kind, approved: bool) -> Result<(), NotReady> {
    if !slots.iter().any(|slot| slot.kind == *kind) {
        return Err(NotReady::Unknown);
    }
    let before = |slot: &&Slot| slot.signature.is_none() && slot.kind < *kind;
    match kind {
        Kind::Subject(_) => Ok(()),
        Kind::Homeroom | Kind::Principal | Kind::Seal => {
            if let Some(slot) = slots.iter().find(before) {
                return Err(NotReady::Missing(slot.kind.clone()));
            }
            if *kind == Kind::Principal && !approved {
                return Err(NotReady::Approval);
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(signed: &[&str]) -> Vec<Slot> {
        ["subject-to", "subject-tv", "homeroom", "principal", "seal"]
            .into_iter()
            .map(|id| Slot {
                kind: Kind::parse(id).unwrap(),
                signer: String::new(),
                section: String::new(),
                signature: signed.contains(&id).then(|| Signature {
                    xml: vec![],
                    content_digest: String::new(),
                    by: String::new(),
                    at: OffsetDateTime::UNIX_EPOCH,
                }),
            })
            .collect()
    }

    #[test]
    fn each_waits_for_those_before() {
        let ask =
            |signed: &[&str], kind, approved| ready(&slots(signed), &Kind::parse(kind).unwrap(), approved);
        let missing = |kind| Err(NotReady::Missing(Kind::parse(kind).unwrap()));
        assert_eq!(ask(&[], "subject-tv", false), Ok(()));
        assert_eq!(ask(&["subject-to"], "homeroom", false), missing("subject-tv"));
        assert_eq!(ask(&["subject-to", "subject-tv"], "homeroom", false), Ok(()));
        let three = ["subject-to", "subject-tv", "homeroom"];
        assert_eq!(ask(&three, "principal", false), Err(NotReady::Approval));
        assert_eq!(ask(&three, "principal", true), Ok(()));
        assert_eq!(ask(&three, "seal", true), missing("principal"));
        assert_eq!(ask(&three, "subject-nn", true), Err(NotReady::Unknown));
        assert_eq!(Kind::parse("subject-T O"), None);
    }
}
