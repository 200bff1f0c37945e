//! The contract's messages: names in, terms out.

use hocba_chassis::{
    Failure,
    clock::{from_timestamp, to_timestamp},
};
use hocba_proto::lock;
use time::OffsetDateTime;

use crate::{
    guard::scope_to_wire,
    model::{
        name::TermName,
        term::{Mode, Term},
    },
};

/// A term's name in a request.
pub(crate) fn name(field: &str, name: &str) -> Result<TermName, Failure> {
    TermName::parse(name)
        .ok_or_else(|| Failure::bad_request(field, "phải có dạng schools/{school}/years/{year}/terms/{term}"))
}

/// The name of what causes a change, of the term's own school.
pub(crate) fn cause(term: &TermName, field: &str, collection: &str, name: &str) -> Result<(), Failure> {
    if term.owns(collection, name) {
        return Ok(());
    }
    Err(Failure::bad_request(
        field,
        format!("phải có dạng schools/{}/{collection}/{{id}}", term.school()),
    ))
}

/// An instant in a request.
pub(crate) fn instant(field: &str, at: Option<&prost_types::Timestamp>) -> Result<OffsetDateTime, Failure> {
    let at = at
        .and_then(from_timestamp)
        .ok_or_else(|| Failure::bad_request(field, "phải là một thời điểm"))?;
    // PostgreSQL keeps microseconds.
    Ok(at.replace_nanosecond(at.nanosecond() / 1000 * 1000).unwrap_or(at))
}

/// A request_id that must not be empty.
pub(crate) fn request_id(id: &str) -> Result<(), Failure> {
    if id.is_empty() {
        Err(Failure::bad_request("request_id", "không được trống"))
    } else {
        Ok(())
    }
}

/// A SHA-256 in lower hex.
pub(crate) fn digest(field: &str, hex: &str) -> Result<(), Failure> {
    if hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(());
    }
    Err(Failure::bad_request(field, "phải là SHA-256 dạng hex chữ thường"))
}

/// A term as the contract shows it at a moment.
#[must_use]
pub fn term(name: &TermName, term: &Term, now: OffsetDateTime) -> lock::Term {
    let latest = term.latest();
    let (state, window_end) = match latest.map(|standing| standing.mode) {
        None => (lock::term::State::Open, None),
        Some(Mode::Window(end)) if now < end => (lock::term::State::Window, Some(end)),
        Some(Mode::Window(_) | Mode::Closed) => (lock::term::State::Closed, None),
    };
    lock::Term {
        name: name.to_string(),
        state: state.into(),
        epoch: term.last_epoch,
        window_end_time: window_end.map(to_timestamp),
        scopes: term
            .scopes
            .values()
            .filter(|scope| scope.is_open(now))
            .map(|scope| scope_to_wire(name, scope))
            .collect(),
        lock_order: latest
            .map(|standing| standing.lock_order.clone())
            .unwrap_or_default(),
        update_time: latest.map(|standing| to_timestamp(standing.changed_at)),
        pending: term.intent.is_some(),
        sealed_session_count: latest.map_or(0, |standing| {
            i32::try_from(standing.sealed_sessions).unwrap_or(i32::MAX)
        }),
    }
}
