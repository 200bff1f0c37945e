//! Heads and members on the wire: each once, the head among them.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{form::Form, name};

/// Reads the names of members, each once, at least `least` and at most `most`.
pub fn members<'a>(
    form: &mut Form,
    field: &str,
    given: impl ExactSizeIterator<Item = &'a str>,
    (least, most): (usize, usize),
) -> Option<BTreeSet<Uuid>> {
    let count = given.len();
    if count < least || count > most {
        form.note(field, "must hold neither too few nor too many");
        return None;
    }
    let mut all = BTreeSet::new();
    for text in given {
        let account = form.take(field, name::account(text))?;
        if !all.insert(account) {
            form.note(field, "must name nobody twice");
            return None;
        }
    }
    Some(all)
}

/// Reads the name of a head, who must be one of the members.
pub fn head(form: &mut Form, field: &str, given: &str, members: &BTreeSet<Uuid>) -> Option<Uuid> {
    let head = form.take(field, name::account(given))?;
    if !members.contains(&head) {
        form.note(field, "must be one of the members");
        return None;
    }
    Some(head)
}
