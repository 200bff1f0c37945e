//! The security of accounts on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    AccountSecurity, ListAccountSecurityRequest, ListAccountSecurityResponse, ListSecurityChecksRequest,
    ListSecurityChecksResponse, RecordSecurityCheckRequest, SecurityCheck,
    account_security::Sign as WireSign, security_check::Finding,
};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Answer, form::Form, name, paging::Paging};
use crate::{
    app::{
        self,
        ask::SealedAsk,
        event,
        security::{Check, Looked, Words},
        standing,
    },
    model::{account::State as AccountState, security::Sign, text},
    state::State,
};

/// How many accounts that share a client are named.
const MOST_SHARED: usize = 20;
/// How many findings a check may hold.
const MOST_FINDINGS: usize = 500;

/// ListAccountSecurity.
pub async fn list_account_security(
    state: &State,
    request: Request<ListAccountSecurityRequest>,
) -> Answer<ListAccountSecurityResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, paging) = Paging::of(
        "ListAccountSecurity",
        (&request.parent, name::school),
        request.page_size,
        &request.page_token,
    )?;
    let (after, limit) = (paging.after_id()?, paging.limit());
    let found = app::security::list_account_security(state, &caller, school, after, limit).await?;
    let (found, next_page_token) = paging.cut(found, |looked| looked.account.id.to_string());
    Ok(Response::new(ListAccountSecurityResponse {
        accounts: found.into_iter().map(wire_account).collect(),
        next_page_token,
    }))
}

/// RecordSecurityCheck.
pub async fn record_security_check(
    state: &State,
    request: Request<RecordSecurityCheckRequest>,
) -> Answer<SecurityCheck> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let school = form.take("parent", name::school(&request.parent));
    let words = read(&mut form, &request.security_check.clone().unwrap_or_default());
    let (school, words) = form.finish(school.zip(words))?;
    let body = state.vault.body(&request);
    let ask = SealedAsk::of(&caller, &body, &request.request_id);
    let check = app::security::record_security_check(state, ask, school, words).await?;
    Ok(Response::new(wire_check(check)))
}

fn read(form: &mut Form, given: &SecurityCheck) -> Option<Words> {
    const FINDINGS: &str = "security_check.findings";
    let note = form.take("security_check.note", text::lines(&given.note, 2000));
    if given.findings.len() > MOST_FINDINGS {
        form.note(FINDINGS, "must be at most 500");
    }
    if given.findings.is_empty() && note.as_ref().is_some_and(String::is_empty) {
        form.note("security_check.note", "must not be empty where nothing was found");
    }
    let findings: Option<Vec<_>> = given
        .findings
        .iter()
        .map(|finding| read_finding(form, finding))
        .collect();
    Some(Words {
        note: note?,
        findings: findings?,
    })
}

fn read_finding(form: &mut Form, given: &Finding) -> Option<(Uuid, Sign, String)> {
    let account = form.take("security_check.findings.account", name::account(&given.account));
    let sign = form.take("security_check.findings.sign", sign(given.sign()));
    let note = text::lines(&given.note, 1000).and_then(text::some);
    let note = form.take("security_check.findings.note", note);
    Some((account?, sign?, note?))
}

fn sign(given: WireSign) -> Result<Sign, &'static str> {
    match given {
        WireSign::Unspecified => Err("must be given"),
        WireSign::NeverUsed => Ok(Sign::NeverUsed),
        WireSign::NoSecondFactor => Ok(Sign::NoSecondFactor),
        WireSign::ParallelClients => Ok(Sign::ParallelClients),
        WireSign::SharedClient => Ok(Sign::SharedClient),
        WireSign::FailedAttempts => Ok(Sign::FailedAttempts),
        WireSign::RoleUnused => Ok(Sign::RoleUnused),
    }
}

/// ListSecurityChecks.
pub async fn list_security_checks(
    state: &State,
    request: Request<ListSecurityChecksRequest>,
) -> Answer<ListSecurityChecksResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, paging) = Paging::of(
        "ListSecurityChecks",
        (&request.parent, name::school),
        request.page_size,
        &request.page_token,
    )?;
    let (before, limit) = (paging.after_id()?, paging.limit());
    let found = app::security::list_security_checks(state, &caller, school, before, limit).await?;
    let (found, next_page_token) = paging.cut(found, |check| check.id.to_string());
    Ok(Response::new(ListSecurityChecksResponse {
        security_checks: found.into_iter().map(wire_check).collect(),
        next_page_token,
    }))
}

fn wire_account(looked: Looked) -> AccountSecurity {
    let seen = looked.seen;
    let count = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
    let shared = seen.shared_with.into_iter().take(MOST_SHARED);
    AccountSecurity {
        account: event::account_name(looked.account.id),
        display_name: looked.account.display_name,
        roles: standing::ids(&looked.roles)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        suspended: looked.account.state == AccountState::Suspended,
        last_sign_in_time: seen.last_sign_in_at.map(to_timestamp),
        second_factor: seen.second_factor,
        open_sign_ins: count(seen.open_sign_ins),
        open_clients: count(seen.open_clients),
        shared_with: shared.map(event::account_name).collect(),
        failed_attempts: count(seen.failed_attempts.into()),
        signs: looked
            .signs
            .into_iter()
            .map(|sign| wire_sign(sign).into())
            .collect(),
    }
}

fn wire_sign(sign: Sign) -> WireSign {
    match sign {
        Sign::NeverUsed => WireSign::NeverUsed,
        Sign::NoSecondFactor => WireSign::NoSecondFactor,
        Sign::ParallelClients => WireSign::ParallelClients,
        Sign::SharedClient => WireSign::SharedClient,
        Sign::FailedAttempts => WireSign::FailedAttempts,
        Sign::RoleUnused => WireSign::RoleUnused,
    }
}

fn wire_check(check: Check) -> SecurityCheck {
    let finding = |(account, sign, note)| Finding {
        account: event::account_name(account),
        sign: wire_sign(sign).into(),
        note,
    };
    SecurityCheck {
        name: app::security::name(&check.school, check.id),
        findings: check.words.findings.into_iter().map(finding).collect(),
        note: check.words.note,
        checker: event::account_name(check.by),
        check_time: Some(to_timestamp(check.at)),
        account_count: check.account_count,
    }
}
