//! What knows no school by design, each with its reason. The lists are complete: what is not on them is probed
//! as if nothing may cross, and what is on them must still be there and as it is described.

/// Tables whose rows belong to no school.
pub(crate) const WITHOUT_SCHOOL: [(&str, &[&str], &str); 7] = [
    (
        "*",
        &["once", "feed_cursor"],
        "remembered answers go by caller and request; a cursor is the feed's",
    ),
    (
        "*",
        &["outbox"],
        "the relay carries all schools' events to the archive in order; an event holds no personal value",
    ),
    ("*", &["act_token_use"], "a spent act token is spent everywhere"),
    (
        "identity",
        &["authority", "school"],
        "the directory of schools itself",
    ),
    (
        "identity",
        &["attempt"],
        "throttled keys are digests of addresses and e-mails, before anybody is known",
    ),
    (
        "records",
        &["place"],
        "the country's register of provinces and communes, which operators import",
    ),
    (
        "identity",
        &["account_event_counter"],
        "one row: the feed's last number",
    ),
];

/// Unique keys over all schools: a clash tells that the key is taken, and no more.
pub(crate) const GLOBAL_KEYS: [(&str, &str, &str); 4] = [
    (
        "identity",
        "account",
        "an e-mail signs in to one account of the deployment; ids are random",
    ),
    (
        "identity",
        "refresh_token",
        "a refresh token finds its school by its digest, which nobody guesses",
    ),
    (
        "identity",
        "account_event",
        "the feed is one sequence over all schools",
    ),
    (
        "signing",
        "certificate",
        "a serial number is the authority's, and random",
    ),
];

/// Functions that run as the owner and look at all schools.
#[derive(Debug)]
pub(crate) struct Crossing {
    pub(crate) database: &'static str,
    pub(crate) function: &'static str,
    /// Its whole answer, column by column: ids, kinds and times.
    pub(crate) gives: &'static [&'static str],
    /// Whether it changes rows of any school.
    pub(crate) changes: bool,
    pub(crate) reason: &'static str,
}

const fn reads(
    database: &'static str,
    function: &'static str,
    gives: &'static [&'static str],
    reason: &'static str,
) -> Crossing {
    Crossing {
        database,
        function,
        gives,
        changes: false,
        reason,
    }
}

const fn changes(
    database: &'static str,
    function: &'static str,
    gives: &'static [&'static str],
    reason: &'static str,
) -> Crossing {
    Crossing {
        database,
        function,
        gives,
        changes: true,
        reason,
    }
}

pub(crate) const CROSSINGS: &[Crossing] = &[
    reads(
        "identity",
        "account_find",
        &["out_school", "out_id"],
        "signing in begins with an e-mail alone",
    ),
    reads(
        "identity",
        "account_locate",
        &["account_locate"],
        "an account's name does not hold its school",
    ),
    reads(
        "identity",
        "refresh_token_locate",
        &["refresh_token_locate"],
        "a refresh token does not hold its school",
    ),
    reads(
        "identity",
        "sign_ins_lapsed",
        &["out_school", "out_id"],
        "the sweeper ends sign-ins school by school",
    ),
    reads(
        "identity",
        "roles_lapsed",
        &["out_school"],
        "the sweeper tells ended roles school by school",
    ),
    reads(
        "identity",
        "account_events_after",
        &[
            "out_seq",
            "out_school",
            "out_kind",
            "out_account",
            "out_sign_in",
            "out_at",
        ],
        "the feed of ended sign-ins that every service follows",
    ),
    changes(
        "identity",
        "account_events_forget",
        &["account_events_forget"],
        "old lines of the feed are forgotten for all schools at once",
    ),
    reads(
        "identity",
        "recoveries_lapsed",
        &["out_school", "out_id"],
        "the sweeper ends recoveries school by school",
    ),
    changes(
        "identity",
        "assertion_uses_forget",
        &["assertion_uses_forget"],
        "ids of assertions that have ended are forgotten for all schools at once",
    ),
    reads(
        "records",
        "change_heads",
        &["out_school", "out_last"],
        "one question a second wakes the watches of all schools: their newest numbers",
    ),
    reads(
        "records",
        "schools_to_ask_for",
        &["out_school"],
        "which schools' authority is asked for in the background",
    ),
    reads(
        "records",
        "schools_of_authority",
        &["out_school"],
        "an officer's schools, each of which is then read for itself",
    ),
    reads(
        "records",
        "sessions_to_end",
        &["out_school", "out_session"],
        "the sweeper and the feed end sessions school by school",
    ),
    changes(
        "records",
        "hold_sessions",
        &["hold_sessions"],
        "a suspended account's sessions are held wherever they are",
    ),
    changes(
        "workflow",
        "lock_orders_to_finish",
        &["out_school", "out_order"],
        "what was begun is claimed and finished school by school",
    ),
    changes(
        "workflow",
        "reviews_to_tell",
        &["out_school", "out_review"],
        "what was decided is claimed and told school by school",
    ),
    reads(
        "lock",
        "term_list",
        &["out_school", "out_term"],
        "the resumer drives what is due school by school",
    ),
    reads(
        "archive",
        "log_waiting",
        &["log_waiting"],
        "the log's writer goes school by school",
    ),
    reads(
        "*",
        "fence_check",
        &["fence_check"],
        "the epoch of a term, or that it is locked; triggers ask for rows a superuser restores",
    ),
    reads(
        "*",
        "fence_row_epoch",
        &["fence_row_epoch"],
        "as fence_check, which it asks",
    ),
    reads(
        "*",
        "fence_list",
        &[
            "out_school",
            "out_term",
            "out_epoch",
            "out_state",
            "out_window_end",
            "out_lock_order",
            "out_scopes",
        ],
        "the lock service compares the fences of all schools after a restart",
    ),
];

/// The exception for a function.
pub(crate) fn crossing(database: &str, function: &str) -> Option<&'static Crossing> {
    CROSSINGS
        .iter()
        .find(|one| (one.database == database || one.database == "*") && one.function == function)
}

/// Whether a unique key of the table is over all schools.
pub(crate) fn has_global_key(database: &str, table: &str) -> bool {
    GLOBAL_KEYS
        .iter()
        .any(|(of, name, _)| *of == database && *name == table)
}

/// Whether the table belongs to no school.
pub(crate) fn is_without_school(database: &str, table: &str) -> bool {
    WITHOUT_SCHOOL
        .iter()
        .any(|(of, tables, _)| (*of == database || *of == "*") && tables.contains(&table))
}
