//! The contract's cells and a dossier's: the shape that records and people share.

use hocba_proto::types::{CellKey, CellMark, CellValue};

use crate::model::dossier::{Change, Value};

/// A value from the wire.
#[must_use]
pub fn value(value: CellValue) -> Value {
    let mark = match value.mark() {
        CellMark::Unspecified => "",
        CellMark::Assessed => "ASSESSED",
        CellMark::Absent => "ABSENT",
        CellMark::Exempt => "EXEMPT",
        CellMark::NotAssessed => "NOT_ASSESSED",
    };
    Value {
        mark: mark.to_owned(),
        level: value.level,
        score: value.score,
        comment: value.comment,
    }
}

/// A value for the wire.
#[must_use]
pub fn wire(value: &Value) -> CellValue {
    let mark = match value.mark.as_str() {
        "ASSESSED" => CellMark::Assessed,
        "ABSENT" => CellMark::Absent,
        "EXEMPT" => CellMark::Exempt,
        "NOT_ASSESSED" => CellMark::NotAssessed,
        _ => CellMark::Unspecified,
    };
    CellValue {
        mark: mark.into(),
        level: value.level.clone(),
        score: value.score,
        comment: value.comment.clone(),
    }
}

/// A cell's address.
#[must_use]
pub fn key(change: &Change) -> CellKey {
    CellKey {
        year: change.year.clone(),
        pupil: change.pupil.clone(),
        item: change.item.clone(),
        period: change.period.clone(),
    }
}
