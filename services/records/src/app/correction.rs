//! GetCorrectionContext, ApplyCorrection: what a dossier may change, and changing it (A5). Records believes nobody:
//! it judges the tokens of consent and witnesses itself.

use std::collections::HashMap;

use hocba_chassis::{Caller, Role, act_token::ActToken};
use hocba_fence::Term;
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{Ask, Turn, keep, tell, turn};
use crate::{
    error::Error,
    model::{
        calendar::last_day,
        correction::{Capacity, Change, Subject, are_witnesses},
        period::Period,
        rule_set::{Line, RuleSet},
    },
    state::State,
    store::{
        assignment, class,
        correction::{self, Correction, Latest, Place},
        enrolment,
        mark::{self, Receipt},
        school_year,
    },
};

/// A cell that a dossier names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The year's id.
    pub year: String,
    /// The pupil.
    pub pupil: Uuid,
    /// The item.
    pub item: String,
    /// The period.
    pub period: Period,
}

/// The one mark sheet that all cells of a dossier belong to.
#[derive(Debug, Clone)]
struct Sheet {
    year: String,
    class: String,
    sheet: String,
    period: Period,
    grade: i16,
    rules: &'static RuleSet,
    lines: &'static [Line],
}

/// What a correction would mean.
#[derive(Debug)]
pub struct Context {
    /// The cells in the order asked for; `None` where nothing is sealed.
    pub cells: Vec<(Key, Option<Latest>, bool)>,
    /// The class.
    pub class: String,
    /// The last day of the normal track; none when the calendar has no test day.
    pub last_day: Option<Date>,
    /// Whether the caller enters this sheet.
    pub caller_teaches: bool,
}

/// GetCorrectionContext.
pub async fn get_correction_context(
    state: &State,
    caller: &Caller,
    school: &str,
    keys: Vec<Key>,
) -> Result<Context, Error> {
    state.authorize_internal(caller, "GetCorrectionContext", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let sheet = sheet_of(state, &mut tx, school, &keys).await?;
    let mut latest = latest_of(&mut tx, school, &sheet).await?;
    let mut cells = Vec::with_capacity(keys.len());
    for key in keys {
        let line = sheet.lines.iter().find(|line| line.item == key.item);
        let tested = line.is_some_and(|line| line.is_tested(key.period));
        let found = latest.remove(&(key.pupil, key.item.clone()));
        cells.push((key, found, tested));
    }
    let days = school_year::test_days(&mut tx, school, &sheet.year).await?;
    let semester = sheet.period.semester_id();
    let day = days
        .iter()
        .find(|day| day.grade == sheet.grade && day.semester == semester);
    Ok(Context {
        cells,
        last_day: day.map(|day| last_day(day.first_day)),
        caller_teaches: teaches(&mut tx, school, &sheet, caller.person()?.account).await?,
        class: sheet.class,
    })
}

/// The sheet all cells belong to.
async fn sheet_of(state: &State, tx: &mut PgConnection, school: &str, keys: &[Key]) -> Result<Sheet, Error> {
    let many = || Error::Malformed("cells", "từ 1 đến 100 ô, tất cả thuộc một bảng điểm".to_owned());
    let unknown = |key: &Key| Error::CellUnknown(format!("{}/{}/{}", key.pupil, key.item, key.period.id()));
    let first = keys.first().filter(|_| keys.len() <= 100).ok_or_else(many)?;
    let mut found: Option<Sheet> = None;
    for key in keys {
        if (&key.year, key.period) != (&first.year, first.period) {
            return Err(many());
        }
        let enrolment = enrolment::list(tx, school, &key.year, None, Some(key.pupil))
            .await?
            .pop();
        let class = enrolment.ok_or_else(|| unknown(key))?.class;
        let rules = school_year::rule_set(tx, state.rule_sets, school, &key.year).await?;
        let grade = class::grade(tx, school, &key.year, &class).await?;
        let lines = rules.all_lines(grade);
        let line = lines
            .iter()
            .find(|line| line.item == key.item)
            .ok_or_else(|| unknown(key))?;
        let sheet = line.sheet();
        match &found {
            Some(one) if one.class != class || one.sheet != sheet => return Err(many()),
            Some(_) => {}
            None => {
                found = Some(Sheet {
                    year: key.year.clone(),
                    class,
                    sheet: sheet.to_owned(),
                    period: key.period,
                    grade,
                    rules,
                    lines,
                });
            }
        }
    }
    found.ok_or_else(many)
}

async fn latest_of(
    tx: &mut PgConnection,
    school: &str,
    sheet: &Sheet,
) -> Result<HashMap<(Uuid, String), Latest>, Error> {
    let latest = correction::latest(tx, school, (&sheet.year, &sheet.class), sheet.period.id()).await?;
    Ok(latest
        .into_iter()
        .map(|cell| ((cell.pupil, cell.item.clone()), cell))
        .collect())
}

async fn teaches(tx: &mut PgConnection, school: &str, sheet: &Sheet, account: Uuid) -> Result<bool, Error> {
    let items = assignment::items_of(tx, school, &sheet.year, &sheet.class, account).await?;
    Ok(items.contains(&sheet.sheet))
}

/// A token as workflow received it.
#[derive(Debug)]
pub struct PermitToken {
    /// The token.
    pub token: String,
    /// When workflow received it.
    pub received_at: OffsetDateTime,
    /// In which capacity.
    pub capacity: Option<Capacity>,
}

/// What workflow asks for.
#[derive(Debug)]
pub struct Application {
    /// The dossier's name and id.
    pub dossier: (String, Uuid),
    /// The cells and their new values.
    pub changes: Vec<(Key, Change)>,
    /// `accounts/{account}`.
    pub requester: String,
    /// Evidence, ascending.
    pub evidence: Vec<String>,
    /// The principal's consent.
    pub consent: PermitToken,
    /// The witnesses.
    pub attestations: Vec<PermitToken>,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// The epoch of the dossier's scope, in a locked term.
    pub open_epoch: Option<i64>,
}

/// ApplyCorrection.
pub async fn apply_correction<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    application: Application,
) -> Result<Receipt, Error> {
    state.authorize_internal(ask.caller, "ApplyCorrection", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let receipt = match turn(state, &mut tx, &ask, "ApplyCorrection").await? {
        Turn::Again(kept) => kept.parse().map_err(|_| Error::Damaged("a kept answer"))?,
        Turn::New(ticket) => {
            let receipt = apply(state, &mut tx, ask.caller, school, application).await?;
            keep(&mut tx, &ticket, &receipt.to_string()).await?;
            receipt
        }
    };
    let receipt = mark::receipt(&mut tx, school, receipt).await?;
    tx.commit().await?;
    Ok(receipt)
}

async fn apply(
    state: &State,
    tx: &mut PgConnection,
    caller: &Caller,
    school: &str,
    application: Application,
) -> Result<Uuid, Error> {
    let keys: Vec<Key> = application.changes.iter().map(|(key, _)| key.clone()).collect();
    let changes: Vec<Change> = application
        .changes
        .iter()
        .map(|(_, change)| change.clone())
        .collect();
    let sheet = sheet_of(state, tx, school, &keys).await?;
    let person = caller.person()?;
    let now = state.clock.now();
    if application.requester != person.name() || !teaches(tx, school, &sheet, person.account).await? {
        return Err(Error::PermitInvalid("requester"));
    }
    if now >= application.expires_at {
        return Err(Error::PermitInvalid("expired"));
    }
    let (dossier, dossier_id) = &application.dossier;
    let subject = Subject {
        dossier,
        requester: &application.requester,
        year: &sheet.year,
        period: sheet.period.id(),
        changes: &changes,
        evidence: &application.evidence,
    };
    let digest = subject.digest();
    permitted(state, school, person.account, &digest, &application).await?;
    if correction::is_applied(tx, school, *dossier_id).await? {
        return Err(Error::PermitUsed);
    }
    let term = Term::marks(school, &sheet.year, sheet.period.semester());
    let epoch = match application.open_epoch {
        Some(open) => hocba_fence::use_scope(tx, &term, dossier, &digest, open).await?,
        None => hocba_fence::check(tx, &term).await?,
    };
    for change in &changes {
        let line = sheet.lines.iter().find(|line| line.item == change.item);
        let line = line.ok_or(Error::SheetUnknown)?;
        change
            .value
            .judge(sheet.rules, line, sheet.period)
            .map_err(|words| Error::Malformed("changes.new_value", words))?;
    }
    let place = Place {
        year: &sheet.year,
        class: &sheet.class,
        sheet: &sheet.sheet,
        period: sheet.period.id(),
    };
    let what = Correction {
        dossier: *dossier_id,
        digest: &digest,
        by: person.account,
        epoch,
        at: now,
    };
    let receipt = correction::apply(tx, school, place, what, &changes).await?;
    let receipt = receipt.ok_or(Error::CellChanged)?;
    let facts = json!({
        "receipt": format!("schools/{school}/receipts/{receipt}"), "cells": changes.len(), "digest": digest,
        "epoch": epoch, "scope": application.open_epoch.is_some(),
    });
    tell(
        state,
        tx,
        caller,
        school,
        dossier.clone(),
        "correction.applied",
        facts,
    )
    .await?;
    Ok(receipt)
}

/// Whether consent and witnesses are what they must be.
async fn permitted(
    state: &State,
    school: &str,
    requester: Uuid,
    digest: &str,
    application: &Application,
) -> Result<(), Error> {
    let consent = judged(state, school, &application.consent, "dossier.consent", digest).await?;
    if application.consent.capacity != Some(Capacity::Principal) || consent.role != Role::Principal {
        return Err(Error::PermitInvalid("consent"));
    }
    let mut witnesses = Vec::with_capacity(application.attestations.len());
    let mut tokens = vec![consent.id];
    for attestation in &application.attestations {
        let act = judged(state, school, attestation, "dossier.attest", digest).await?;
        let capacity = attestation.capacity.ok_or(Error::PermitInvalid("attestations"))?;
        let fits = match capacity {
            Capacity::Principal => false,
            Capacity::ManagementBoard => matches!(act.role, Role::Principal | Role::VicePrincipal),
            Capacity::WorkingGroup => act.role == Role::WorkingGroup,
            Capacity::Requester => act.account == requester,
        };
        if !fits || tokens.contains(&act.id) {
            return Err(Error::PermitInvalid("attestations"));
        }
        tokens.push(act.id);
        witnesses.push((capacity, act.account));
    }
    if are_witnesses(&witnesses) {
        Ok(())
    } else {
        Err(Error::PermitInvalid("witnesses"))
    }
}

/// A token that was good when workflow received it.
async fn judged(
    state: &State,
    school: &str,
    permit: &PermitToken,
    purpose: &str,
    digest: &str,
) -> Result<ActToken, Error> {
    let act = state.tokens.verify_act_of(&permit.token, purpose, digest).await?;
    // Clocks of two machines may differ by so much.
    const LEEWAY: i64 = 30;
    let received = permit.received_at.unix_timestamp();
    if received + LEEWAY < act.issued_at || received > act.expires_at + LEEWAY {
        return Err(Error::PermitInvalid("time"));
    }
    if act.school.as_deref() != Some(school) {
        return Err(Error::PermitInvalid("school"));
    }
    Ok(act)
}
