//! ListAccountSecurity, RecordSecurityCheck, ListSecurityChecks.

use std::collections::{BTreeMap, BTreeSet};

use hocba_chassis::{
    caller::{Caller, Role},
    clock,
};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    ask::{Begun, SealedAsk},
    event,
    school::authorized,
    standing,
};
use crate::{
    error::{Error, Result},
    model::{
        account::Account,
        attempt::Attempts,
        day,
        security::{self, Sign, Use, WINDOW},
        slug::Slug,
    },
    state::State,
    store::{self, security::Span},
    vault::sha256,
};

/// An account as its security looks now.
pub struct Looked {
    /// It.
    pub account: Account,
    /// Roles in force.
    pub roles: BTreeSet<Role>,
    /// How it is used.
    pub seen: Use,
    /// What calls for a look.
    pub signs: BTreeSet<Sign>,
}

/// A check in words.
pub struct Words {
    /// The check in words.
    pub note: String,
    /// What was found: account, sign and words.
    pub findings: Vec<(Uuid, Sign, String)>,
}

/// A check as it is shown.
pub struct Check {
    /// In which school.
    pub school: Slug,
    /// Its id.
    pub id: Uuid,
    /// How many accounts the school had.
    pub account_count: i32,
    /// Who checked.
    pub by: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// What was written.
    pub words: Words,
}

/// Lists a school's accounts as their security looks now.
pub async fn list_account_security(
    state: &State,
    caller: &Caller,
    school: Slug,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Looked>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListAccountSecurity";
    let home = authorized(state, caller, RPC, &school).await?;
    let mut db = state.begin(&home).await?;
    let now = state.clock.now();
    let accounts = store::account::list(&mut db, &home, after, limit).await?;
    let ids: Vec<_> = accounts.iter().map(|account| account.id).collect();
    let no_client = sha256(b"");
    let span = Span {
        since: now - WINDOW,
        now,
        today: day::of(now),
        no_client: &no_client,
    };
    let mut uses = store::security::uses(&mut db, &home, &ids, &span).await?;
    let mut standings = standing::of_many(&mut db, &home, &ids, span.today).await?;
    // Attempts are counted by keyed digests: only who knows what was tried finds them.
    let tried: Vec<_> = accounts.iter().flat_map(|account| keys(state, account)).collect();
    let failures = store::attempt::failures(&mut db, &tried, Attempts::forgotten_before(now)).await?;
    Ok(accounts
        .into_iter()
        .map(|account| {
            let seen = Use {
                last_sign_in_at: account.last_sign_in_at,
                second_factor: account.confirmed,
                failed_attempts: keys(state, &account)
                    .iter()
                    .filter_map(|key| failures.get(key))
                    .sum(),
                ..uses.remove(&account.id).unwrap_or_default()
            };
            Looked {
                roles: standings.remove(&account.id).unwrap_or_default().roles(),
                signs: seen.signs(now),
                seen,
                account,
            }
        })
        .collect())
}

fn keys(state: &State, account: &Account) -> [Vec<u8>; 2] {
    [
        state.vault.attempt_key("sign_in", &account.email),
        state.vault.attempt_key("step_up", &account.id.to_string()),
    ]
}

/// Records the board's check.
pub async fn record_security_check(
    state: &State,
    ask: SealedAsk<'_>,
    school: Slug,
    words: Words,
) -> Result<Check> {
    const RPC: &str = "hocba.identity.v1.IdentityService/RecordSecurityCheck";
    let by = ask.caller.person()?.account;
    let home = authorized(state, ask.caller, RPC, &school).await?;
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(id) => {
            let id = id.parse().map_err(|_| Error::Damaged("once.answer"))?;
            let mut db = state.begin(&home).await?;
            let found = store::security::list(&mut db, &school, Some(id), None, 1).await?;
            let there = found.into_iter().next().ok_or(Error::Damaged("security_check"))?;
            return open(state, &school, there);
        }
    };
    let id = clock::new_id();
    let findings = (0..).zip(&words.findings).map(|(place, (account, sign, note))| {
        Ok(security::Finding {
            account: *account,
            sign: *sign,
            note: state.vault.seal_words(&finding_place(&school, id, place), note)?,
        })
    });
    let check = security::Check {
        id,
        account_count: store::security::count_accounts(&mut tx, &school).await?,
        note: state.vault.seal_words(&name(&school, id), &words.note)?,
        by,
        at: state.clock.now(),
        findings: findings.collect::<Result<_>>()?,
    };
    store::security::insert(&mut tx, &school, &check).await?;
    let mut signs = BTreeMap::new();
    for finding in &check.findings {
        *signs.entry(finding.sign.as_str()).or_insert(0) += 1;
    }
    let facts = json!({ "accounts": check.account_count, "findings": signs });
    let subject = name(&school, id);
    event::put(
        state,
        &mut tx,
        &home,
        Some(by),
        subject,
        "security_check.recorded",
        facts,
    )
    .await?;
    ask.finish(tx, id).await?;
    Ok(Check {
        school,
        id,
        account_count: check.account_count,
        by,
        at: check.at,
        words,
    })
}

/// Lists a school's checks, the newest first.
pub async fn list_security_checks(
    state: &State,
    caller: &Caller,
    school: Slug,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Check>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListSecurityChecks";
    let home = authorized(state, caller, RPC, &school).await?;
    let mut db = state.begin(&home).await?;
    let found = store::security::list(&mut db, &school, None, before, limit).await?;
    found
        .into_iter()
        .map(|check| open(state, &school, check))
        .collect()
}

fn open(state: &State, school: &Slug, check: security::Check) -> Result<Check> {
    let findings = (0..).zip(check.findings).map(|(place, finding)| {
        let words = state
            .vault
            .open_words(&finding_place(school, check.id, place), &finding.note)?;
        Ok((finding.account, finding.sign, words))
    });
    Ok(Check {
        school: school.clone(),
        id: check.id,
        account_count: check.account_count,
        by: check.by,
        at: check.at,
        words: Words {
            findings: findings.collect::<Result<_>>()?,
            note: state.vault.open_words(&name(school, check.id), &check.note)?,
        },
    })
}

/// `schools/{school}/securityChecks/{security_check}`.
pub fn name(school: &Slug, id: Uuid) -> String {
    format!("schools/{school}/securityChecks/{id}")
}

fn finding_place(school: &Slug, id: Uuid, place: i32) -> String {
    format!("{}/findings/{place}", name(school, id))
}
