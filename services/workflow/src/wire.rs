//! Model to messages, and names out of them.

use hocba_chassis::{
    Failure,
    clock::{from_timestamp, to_timestamp},
    name::{self, parse},
};
use hocba_proto::{
    types::{CellKey, CellMark, CellValue, Semester},
    workflow::{self, ChecklistItem, DossierAct, DossierChange, LockOrderAct, dossier, lock_order, review},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    app::{dossier::File, lock_order::Order, task::Task},
    model::{
        dossier::{Change, Step, Value},
        lock_order::{Kind, LockOrder},
        review::Review,
    },
};

/// A school's id.
///
/// # Errors
/// BAD_REQUEST.
pub fn school(field: &str, text: &str) -> Result<String, Failure> {
    let [school] = parse(field, "schools/{school}", text)?;
    Ok(school)
}

/// A child's school and id, by a pattern such as `schools/{school}/dossiers/{dossier}`.
///
/// # Errors
/// BAD_REQUEST.
pub fn child(pattern: &str, text: &str) -> Result<(String, Uuid), Failure> {
    let [school, id] = parse("name", pattern, text)?;
    Ok((school, name::id("name", &id)?))
}

/// A class of this school.
///
/// # Errors
/// BAD_REQUEST.
pub fn class(school: &str, text: &str) -> Result<String, Failure> {
    let pattern = "schools/{school}/years/{year}/classes/{class}";
    let [its_school, ..] = parse::<3>("review.class", pattern, text)?;
    if its_school == school {
        Ok(text.to_owned())
    } else {
        Err(Failure::bad_request("review.class", "phải là lớp của trường"))
    }
}

/// What is ordered, whole and of this school.
///
/// # Errors
/// BAD_REQUEST with all violations.
pub fn order(school: &str, given: workflow::LockOrder) -> Result<Order, Failure> {
    let kind = match given.kind() {
        lock_order::Kind::LockMarks => Kind::LockMarks,
        lock_order::Kind::UnlockMarks => Kind::UnlockMarks,
        lock_order::Kind::LockBooks => Kind::LockBooks,
        lock_order::Kind::Unspecified => {
            return Err(Failure::bad_request("lock_order.kind", "không được trống"));
        }
    };
    let [its_school, year] = parse("lock_order.year", "schools/{school}/years/{year}", &given.year)?;
    if its_school != school {
        return Err(Failure::bad_request(
            "lock_order.year",
            "phải là năm học của trường",
        ));
    }
    let semester = match given.semester() {
        Semester::One => Some("semester1".to_owned()),
        Semester::Two => Some("semester2".to_owned()),
        Semester::Unspecified => None,
    };
    if (kind == Kind::LockBooks) != semester.is_none() {
        let words = "có với lệnh về điểm, không có với lệnh về học bạ";
        return Err(Failure::bad_request("lock_order.semester", words));
    }
    let end_at = given.end_time.as_ref().and_then(from_timestamp);
    if (kind == Kind::UnlockMarks) != end_at.is_some() {
        let words = "chỉ có với lệnh mở khoá";
        return Err(Failure::bad_request("lock_order.end_time", words));
    }
    Ok(Order {
        kind,
        year,
        semester,
        end_at: end_at.map(|end| end.replace_nanosecond(0).unwrap_or(end)),
        number: given.number,
        reason: given.reason,
    })
}

fn order_act(account: Option<Uuid>, at: Option<OffsetDateTime>, by: Option<&String>) -> Option<LockOrderAct> {
    Some(LockOrderAct {
        account: format!("accounts/{}", account?),
        time: at.map(to_timestamp),
        delegation: by.cloned().unwrap_or_default(),
    })
}

/// An order.
#[must_use]
pub fn lock_order(school: &str, order: &LockOrder) -> workflow::LockOrder {
    let kind = match Kind::parse(&order.kind) {
        Some(Kind::LockMarks) => lock_order::Kind::LockMarks,
        Some(Kind::UnlockMarks) => lock_order::Kind::UnlockMarks,
        Some(Kind::LockBooks) => lock_order::Kind::LockBooks,
        None => lock_order::Kind::Unspecified,
    };
    let state = match order.state.as_str() {
        "proposed" => lock_order::State::Proposed,
        "approved" => lock_order::State::Approved,
        "refused" => lock_order::State::Refused,
        "executing" => lock_order::State::Executing,
        "executed" => lock_order::State::Executed,
        "failed" => lock_order::State::Failed,
        _ => lock_order::State::Unspecified,
    };
    let semester = match order.semester.as_deref() {
        Some("semester1") => Semester::One,
        Some(_) => Semester::Two,
        None => Semester::Unspecified,
    };
    let decision = order_act(
        order.decided_by,
        order.decided_at,
        order.decided_delegation.as_ref(),
    );
    let execution = order_act(
        order.executed_by,
        order.executed_at,
        order.executed_delegation.as_ref(),
    );
    workflow::LockOrder {
        name: order.name(school),
        kind: kind.into(),
        year: format!("schools/{school}/years/{}", order.year),
        semester: semester.into(),
        end_time: order.end_at.map(to_timestamp),
        number: order.number.clone(),
        reason: order.reason.clone(),
        digest: order.digest(school),
        state: state.into(),
        proposal: order_act(Some(order.proposed_by), Some(order.proposed_at), None),
        decision,
        execution,
        refusal: order.refusal.clone().unwrap_or_default(),
        epoch: order.epoch.unwrap_or_default(),
        sealed_session_count: order.sealed_sessions.unwrap_or_default(),
        failure: order.failure.clone().unwrap_or_default(),
        next_attempt_time: order.next_attempt_at.map(to_timestamp),
    }
}

/// A review.
#[must_use]
pub fn review(school: &str, it: &Review) -> workflow::Review {
    let state = match it.state.as_str() {
        "open" => review::State::Open,
        "approved" => review::State::Approved,
        "returned" => review::State::Returned,
        _ => review::State::Unspecified,
    };
    workflow::Review {
        name: it.name(school),
        class: it.class.clone(),
        state: state.into(),
        digest: it.digest(school),
        creator: format!("accounts/{}", it.created_by),
        create_time: Some(to_timestamp(it.created_at)),
        decider: it
            .decided_by
            .map(|account| format!("accounts/{account}"))
            .unwrap_or_default(),
        decide_time: it.decided_at.map(to_timestamp),
        note: it.note.clone(),
        recorded: it.decided_by.is_some() && it.tell_at.is_none(),
    }
}

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
pub fn wire_value(value: &Value) -> CellValue {
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

/// What a new dossier asks for.
///
/// # Errors
/// BAD_REQUEST.
pub fn changes(given: Vec<DossierChange>) -> Result<Vec<(CellKey, Value)>, Failure> {
    if !(1..=100).contains(&given.len()) {
        return Err(Failure::bad_request("dossier.changes", "từ 1 đến 100 ô"));
    }
    let mut changes: Vec<(CellKey, Value)> = Vec::with_capacity(given.len());
    for change in given {
        let key = change
            .key
            .ok_or_else(|| Failure::bad_request("dossier.changes.key", "không được trống"))?;
        let new = value(change.new_value.unwrap_or_default());
        if new.mark.is_empty() {
            return Err(Failure::bad_request(
                "dossier.changes.new_value",
                "không được trống",
            ));
        }
        if changes.iter().any(|(known, _)| *known == key) {
            return Err(Failure::bad_request("dossier.changes", "một ô được ghi hai lần"));
        }
        changes.push((key, new));
    }
    Ok(changes)
}

/// A dossier with its witnesses and checklist.
#[must_use]
pub fn dossier(school: &str, file: File) -> workflow::Dossier {
    let it = file.dossier;
    let state = match it.state {
        Step::Draft => dossier::State::Draft,
        Step::Submitted => dossier::State::Submitted,
        Step::Consented => dossier::State::Consented,
        Step::Permitted => dossier::State::Permitted,
        Step::Applied => dossier::State::Applied,
        Step::Refused => dossier::State::Refused,
        Step::Withdrawn => dossier::State::Withdrawn,
    };
    let track = match it.track.as_deref() {
        Some("normal") => dossier::Track::Normal,
        Some(_) => dossier::Track::Late,
        None => dossier::Track::Unspecified,
    };
    let decision = it.decided_by.map(|account| DossierAct {
        account: format!("accounts/{account}"),
        capacity: "principal".to_owned(),
        time: it.decided_at.map(to_timestamp),
        delegation: it.decided_delegation.clone().unwrap_or_default(),
    });
    let attestations = file.attestations.into_iter().map(|attestation| DossierAct {
        account: format!("accounts/{}", attestation.account),
        capacity: attestation.capacity,
        time: Some(to_timestamp(attestation.at)),
        delegation: attestation.delegation.unwrap_or_default(),
    });
    let checklist = file.checklist.into_iter().map(|item| ChecklistItem {
        number: item.number,
        document: item.document,
        kind: item.kind,
        signed_slots: item.signed_slots,
        proof: item.proof,
        closer: item
            .closed_by
            .map(|account| format!("accounts/{account}"))
            .unwrap_or_default(),
        close_time: item.closed_at.map(to_timestamp),
    });
    workflow::Dossier {
        name: it.name(school),
        requester: format!("accounts/{}", it.requester),
        class: it.class,
        changes: it
            .changes
            .iter()
            .map(|change| DossierChange {
                key: Some(key(change)),
                new_value: Some(wire_value(&change.new)),
                old_value: Some(wire_value(&change.old)),
                old_digest: change.old_digest.clone(),
            })
            .collect(),
        reason: it.reason,
        evidence: it.evidence,
        last_day: it.last_day,
        track: track.into(),
        digest: it.digest.unwrap_or_default(),
        state: state.into(),
        decision,
        decision_reason: it.decision_reason,
        attestations: attestations.collect(),
        permit_expire_time: it.permit_expires_at.map(to_timestamp),
        receipt: it.receipt.unwrap_or_default(),
        checklist: checklist.collect(),
        create_time: Some(to_timestamp(it.created_at)),
        submit_time: it.submitted_at.map(to_timestamp),
        apply_time: it.applied_at.map(to_timestamp),
    }
}

/// A task.
#[must_use]
pub fn task(task: Task) -> workflow::Task {
    workflow::Task {
        kind: task.kind.to_owned(),
        resource: task.resource,
        since: Some(to_timestamp(task.since)),
    }
}
