//! Reads what a refusal says: its reason for programs, its words for people.

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The machine-readable reason, or the code's name where there is none.
#[must_use]
pub fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .map_or_else(|| format!("{:?}", status.code()), |info| info.reason)
}

/// The article under which the policy refused, if it did.
#[must_use]
pub fn article(status: &Status) -> Option<String> {
    status
        .get_details_error_info()
        .and_then(|info| info.metadata.get("article").cloned())
}

/// One line for a person: Vietnamese words when given, then reason and facts.
#[must_use]
pub fn words(status: &Status) -> String {
    let said = status
        .get_details_localized_message()
        .map_or_else(|| status.message().to_owned(), |message| message.message);
    let facts = status
        .get_details_error_info()
        .map(|info| {
            let mut facts: Vec<_> = info.metadata.iter().map(|(k, v)| format!("{k}={v}")).collect();
            facts.sort();
            facts.join(" ")
        })
        .unwrap_or_default();
    let fields = status
        .get_details_bad_request()
        .map(|bad| {
            bad.field_violations
                .iter()
                .map(|v| format!("\n  {}: {}", v.field, v.description))
                .collect::<String>()
        })
        .unwrap_or_default();
    format!("{said} [{} {facts}]{fields}", reason(status))
}

/// Whether trying again may help without a change.
#[must_use]
pub fn is_passing(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::Aborted | Code::DeadlineExceeded
    )
}
