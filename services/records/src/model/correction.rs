//! A correction: what a dossier replaces, and the permit that allows it (A5).

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

use super::cell::Value;

/// One cell's change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The pupil.
    pub pupil: Uuid,
    /// The item.
    pub item: String,
    /// SHA-256 of the sealed cell that is replaced.
    pub old: Vec<u8>,
    /// What shall stand there.
    pub value: Value,
}

/// What a permit's digest covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The dossier's name.
    pub dossier: &'a str,
    /// `accounts/{account}`.
    pub requester: &'a str,
    /// The school year's id.
    pub year: &'a str,
    /// The period's id.
    pub period: &'a str,
    /// The changes, in the dossier's order.
    pub changes: &'a [Change],
    /// The evidence, ascending.
    pub evidence: &'a [String],
}

impl Subject<'_> {
    /// The dossier's digest, as the contract's `CorrectionPermit` defines it.
    #[must_use]
    pub fn digest(&self) -> String {
        let count = self.changes.len();
        let mut text = format!(
            "hocba-dossier-v1\n{}\n{}\n{count}\n",
            self.dossier, self.requester
        );
        for change in self.changes {
            let value = &change.value;
            let score = value.score.map(|score| score.to_string()).unwrap_or_default();
            let comment = HEXLOWER.encode(digest(&SHA256, value.comment.as_bytes()).as_ref());
            text.push_str(&format!(
                "{}|{}|{}|{}|{}|{}|{}|{score}|{comment}\n",
                self.year,
                change.pupil,
                change.item,
                self.period,
                HEXLOWER.encode(&change.old),
                value.mark.id(),
                value.level,
            ));
        }
        for evidence in self.evidence {
            text.push_str(evidence);
            text.push('\n');
        }
        HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
    }
}

/// In which capacity somebody gave a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capacity {
    /// The principal's consent.
    Principal,
    /// A representative of the management board.
    ManagementBoard,
    /// The database-management board.
    WorkingGroup,
    /// Who asked for the correction.
    Requester,
}

impl Capacity {
    /// The capacity of an id.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        match id {
            "principal" => Some(Self::Principal),
            "management_board" => Some(Self::ManagementBoard),
            "working_group" => Some(Self::WorkingGroup),
            "requester" => Some(Self::Requester),
            _ => None,
        }
    }
}

/// Whether these are the three witnesses: one of each capacity, three people. The principal who consented may be
/// the board's representative; nobody else counts twice.
#[must_use]
pub fn are_witnesses(attestations: &[(Capacity, Uuid)]) -> bool {
    let of = |capacity| {
        let mut found = attestations.iter().filter(move |(it, _)| *it == capacity);
        found
            .next()
            .map(|(_, account)| *account)
            .filter(|_| found.next().is_none())
    };
    match (
        of(Capacity::ManagementBoard),
        of(Capacity::WorkingGroup),
        of(Capacity::Requester),
    ) {
        (Some(board), Some(group), Some(requester)) => {
            attestations.len() == 3 && board != group && board != requester && group != requester
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cell::Mark;

    #[test]
    fn a5_1_three_witnesses_are_three_people() {
        let [a, b, c] = [1, 2, 3].map(Uuid::from_u128);
        use Capacity::{ManagementBoard, Principal, Requester, WorkingGroup};
        assert!(are_witnesses(&[
            (Requester, a),
            (WorkingGroup, b),
            (ManagementBoard, c)
        ]));
        assert!(!are_witnesses(&[
            (Requester, a),
            (WorkingGroup, a),
            (ManagementBoard, c)
        ]));
        assert!(!are_witnesses(&[(Requester, a), (WorkingGroup, b)]));
        assert!(!are_witnesses(&[
            (Requester, a),
            (WorkingGroup, b),
            (WorkingGroup, c)
        ]));
        assert!(!are_witnesses(&[
            (Requester, a),
            (WorkingGroup, b),
            (Principal, c)
        ]));
        assert!(!are_witnesses(&[
            (Requester, a),
            (WorkingGroup, b),
            (ManagementBoard, c),
            (ManagementBoard, c)
        ]));
    }

    #[test]
    fn the_digest_names_every_part() {
        let changes = [Change {
            pupil: Uuid::nil(),
            item: "TO".into(),
            old: vec![1, 2],
            value: Value {
                mark: Mark::Assessed,
                level: "T".into(),
                score: Some(9),
                comment: String::new(),
            },
        }];
        let subject = Subject {
            dossier: "schools/a/dossiers/d",
            requester: "accounts/r",
            year: "2025-2026",
            period: "mid2",
            changes: &changes,
            evidence: &["schools/a/evidence/e".to_owned()],
        };
        let text = "hocba-dossier-v1\nschools/a/dossiers/d\naccounts/r\n1\n\
            2025-2026|00000000-0000-0000-0000-000000000000|TO|mid2|0102|ASSESSED|T|9|\
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nschools/a/evidence/e\n";
        assert_eq!(
            subject.digest(),
            HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
        );
    }
}
