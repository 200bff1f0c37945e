//! Dossiers: begun, decided, witnessed, taken back (A5.1).

use hocba_chassis::{Caller, Role, clock::new_id};
use hocba_policy::Resource;
use hocba_proto::records::GetCorrectionContextRequest;
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Ask, act, begin, keep,
    lock_order::{cut, place},
    peer, tell, words,
};
use crate::{
    cell,
    error::Error,
    model::dossier::{Attestation, Capacity, Change, ChecklistItem, Dossier, PERMIT, Step, Value},
    state::State,
    store,
};

/// A dossier with its witnesses and its checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The dossier.
    pub dossier: Dossier,
    /// The witnesses of its round.
    pub attestations: Vec<Attestation>,
    /// What is to be followed up.
    pub checklist: Vec<ChecklistItem>,
}

/// The whole file.
pub(crate) async fn file(
    state: &State,
    tx: &mut PgConnection,
    school: &str,
    dossier: Dossier,
) -> Result<File, Error> {
    Ok(File {
        attestations: store::dossier::attestations(tx, &state.seals, school, &dossier).await?,
        checklist: store::dossier::checklist(tx, &state.seals, school, &dossier).await?,
        dossier,
    })
}

/// Loads a dossier and asks the policy; who is the requester is proved here.
pub(crate) async fn open(
    state: &State,
    tx: &mut PgConnection,
    caller: &Caller,
    method: &str,
    (school, id): (&str, Uuid),
) -> Result<Dossier, Error> {
    let found = store::dossier::get(tx, &state.seals, school, id).await?;
    let account = caller.person.as_ref().map(|person| person.account);
    let own = found
        .as_ref()
        .is_some_and(|dossier| Some(dossier.requester) == account);
    let resource = Resource::school(school).relation_if("requester", own);
    state.authorize(caller, method, &resource)?;
    found.ok_or(Error::DossierUnknown)
}

pub(crate) async fn event(
    state: &State,
    tx: &mut PgConnection,
    caller: &Caller,
    school: &str,
    dossier: &Dossier,
    what: &str,
) -> Result<(), Error> {
    let facts = json!({
        "class": dossier.class, "cells": dossier.changes.len(), "evidence": dossier.evidence.len(),
        "track": dossier.track, "digest": dossier.digest, "round": dossier.round,
    });
    let kind = format!("dossier.{what}");
    tell(
        state,
        tx,
        caller.subject(),
        school,
        dossier.name(school),
        &kind,
        facts,
    )
    .await
}

/// A step that is only lawful from another.
pub(crate) fn at(dossier: &Dossier, step: Step) -> Result<(), Error> {
    if dossier.state == step {
        Ok(())
    } else {
        Err(Error::DossierState(dossier.state.id()))
    }
}

/// CreateDossier: records says what stands in the cells and whether the caller enters them.
///
/// # Errors
/// See the contract.
pub async fn create_dossier<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    (reason, wanted): (String, Vec<(hocba_proto::types::CellKey, Value)>),
) -> Result<File, Error> {
    state.authorize(ask.caller, "CreateDossier", &Resource::school(school))?;
    words("dossier.reason", &reason, 1000)?;
    let mut tx = state.begin(school).await?;
    let id = match begin(state, &mut tx, &ask, "CreateDossier").await? {
        Err(id) => id,
        Ok(ticket) => {
            let context = GetCorrectionContextRequest {
                school: format!("schools/{school}"),
                cells: wanted.iter().map(|(key, _)| key.clone()).collect(),
            };
            let context = peer::context(state, ask.caller, context).await?;
            if !context.caller_teaches {
                return Err(Error::NotTeacher);
            }
            let class = context
                .cells
                .first()
                .map(|cell| cell.class.clone())
                .unwrap_or_default();
            let mut changes = Vec::with_capacity(wanted.len());
            for ((key, new), cell) in wanted.into_iter().zip(context.cells) {
                if !cell.sealed {
                    return Err(Error::CellNotSealed(format!(
                        "{}/{}/{}",
                        key.pupil, key.item, key.period
                    )));
                }
                changes.push(Change {
                    year: key.year,
                    pupil: key.pupil,
                    item: key.item,
                    period: key.period,
                    old_digest: cell.digest,
                    old: cell::value(cell.value.unwrap_or_default()),
                    new,
                });
            }
            let id = new_id();
            let new = Dossier {
                id,
                data_key: state.seals.make(&Dossier::name_of(school, id))?,
                requester: ask.caller.person()?.account,
                class,
                changes,
                reason,
                evidence: Vec::new(),
                last_day: context.last_day,
                track: None,
                digest: None,
                state: Step::Draft,
                decided_by: None,
                decided_at: None,
                decided_token: None,
                decided_delegation: None,
                decision_reason: String::new(),
                round: 1,
                permit_expires_at: None,
                receipt: None,
                applied_at: None,
                created_at: state.clock.now(),
                submitted_at: None,
            };
            store::dossier::insert(&mut tx, &state.seals, school, &new).await?;
            event(state, &mut tx, ask.caller, school, &new, "created").await?;
            keep(&mut tx, &ticket, new.id).await?;
            new.id
        }
    };
    let dossier = store::dossier::get(&mut tx, &state.seals, school, id)
        .await?
        .ok_or(Error::DossierUnknown)?;
    let file = file(state, &mut tx, school, dossier).await?;
    tx.commit().await?;
    Ok(file)
}

/// ConsentDossier.
///
/// # Errors
/// See the contract.
pub async fn consent_dossier<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, id): (&str, Uuid),
    (reason, token): (String, &str),
) -> Result<File, Error> {
    let mut tx = state.begin(school).await?;
    let mut dossier = open(state, &mut tx, ask.caller, "ConsentDossier", (school, id)).await?;
    if let Ok(ticket) = begin(state, &mut tx, &ask, "ConsentDossier").await? {
        at(&dossier, Step::Submitted)?;
        if ask.caller.person()?.account == dossier.requester {
            return Err(Error::SamePerson);
        }
        if dossier.track.as_deref() == Some("late") && reason.trim().is_empty() {
            return Err(Error::ReasonRequired);
        }
        if !reason.is_empty() {
            words("reason", &reason, 1000)?;
        }
        let digest = dossier.digest.clone().unwrap_or_default();
        let bound = ("dossier.consent", digest.as_str());
        let act = act(state, &mut tx, ask.caller, token, bound, &[Role::Principal]).await?;
        dossier.state = Step::Consented;
        dossier.decided_by = Some(act.account);
        dossier.decided_at = Some(state.clock.now());
        dossier.decided_token = Some(token.to_owned());
        dossier.decided_delegation = act.delegation;
        dossier.decision_reason = reason;
        store::dossier::step(&mut tx, &state.seals, school, &dossier).await?;
        event(state, &mut tx, ask.caller, school, &dossier, "consented").await?;
        keep(&mut tx, &ticket, id).await?;
    }
    let file = file(state, &mut tx, school, dossier).await?;
    tx.commit().await?;
    Ok(file)
}

/// RefuseDossier.
///
/// # Errors
/// See the contract.
pub async fn refuse_dossier<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, id): (&str, Uuid),
    reason: String,
) -> Result<File, Error> {
    let mut tx = state.begin(school).await?;
    let mut dossier = open(state, &mut tx, ask.caller, "RefuseDossier", (school, id)).await?;
    if let Ok(ticket) = begin(state, &mut tx, &ask, "RefuseDossier").await? {
        at(&dossier, Step::Submitted)?;
        words("reason", &reason, 1000)?;
        let person = ask.caller.person()?;
        if person.account == dossier.requester {
            return Err(Error::SamePerson);
        }
        dossier.state = Step::Refused;
        dossier.decided_by = Some(person.account);
        dossier.decided_at = Some(state.clock.now());
        dossier.decision_reason = reason;
        store::dossier::step(&mut tx, &state.seals, school, &dossier).await?;
        event(state, &mut tx, ask.caller, school, &dossier, "refused").await?;
        keep(&mut tx, &ticket, id).await?;
    }
    let file = file(state, &mut tx, school, dossier).await?;
    tx.commit().await?;
    Ok(file)
}

/// AttestDossier: the third witness makes the permit. After the permit ended a new round begins.
///
/// # Errors
/// See the contract.
pub async fn attest_dossier<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, id): (&str, Uuid),
    (capacity, token): (Capacity, &str),
) -> Result<File, Error> {
    let mut tx = state.begin(school).await?;
    let mut dossier = open(state, &mut tx, ask.caller, "AttestDossier", (school, id)).await?;
    if let Ok(ticket) = begin(state, &mut tx, &ask, "AttestDossier").await? {
        let now = state.clock.now();
        if dossier.state == Step::Permitted && dossier.permit_expires_at.is_some_and(|end| end <= now) {
            dossier.state = Step::Consented;
            dossier.permit_expires_at = None;
            dossier.round += 1;
        }
        at(&dossier, Step::Consented)?;
        let account = ask.caller.person()?.account;
        let roles: &[Role] = match capacity {
            Capacity::ManagementBoard => &[Role::Principal, Role::VicePrincipal],
            Capacity::WorkingGroup => &[Role::WorkingGroup],
            Capacity::Requester => Role::ALL,
        };
        if (capacity == Capacity::Requester) != (account == dossier.requester) {
            return Err(Error::WrongCapacity);
        }
        let person = ask.caller.person()?;
        if !roles.iter().any(|role| person.has(*role)) {
            return Err(Error::WrongCapacity);
        }
        let digest = dossier.digest.clone().unwrap_or_default();
        let act = act(
            state,
            &mut tx,
            ask.caller,
            token,
            ("dossier.attest", &digest),
            roles,
        )
        .await?;
        let attestation = Attestation {
            capacity: capacity.id().to_owned(),
            account,
            token: token.to_owned(),
            delegation: act.delegation,
            at: now,
        };
        store::dossier::attest(&mut tx, &state.seals, school, &dossier, &attestation).await?;
        let witnesses = store::dossier::attestations(&mut tx, &state.seals, school, &dossier).await?;
        if witnesses.len() == Capacity::ALL.len() {
            dossier.state = Step::Permitted;
            dossier.permit_expires_at = Some(now + PERMIT);
        }
        store::dossier::step(&mut tx, &state.seals, school, &dossier).await?;
        let what = format!("attested_by_{}", capacity.id());
        event(state, &mut tx, ask.caller, school, &dossier, &what).await?;
        keep(&mut tx, &ticket, id).await?;
    }
    let file = file(state, &mut tx, school, dossier).await?;
    tx.commit().await?;
    Ok(file)
}

/// WithdrawDossier.
///
/// # Errors
/// See the contract.
pub async fn withdraw_dossier<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, id): (&str, Uuid),
) -> Result<File, Error> {
    let mut tx = state.begin(school).await?;
    let mut dossier = open(state, &mut tx, ask.caller, "WithdrawDossier", (school, id)).await?;
    if let Ok(ticket) = begin(state, &mut tx, &ask, "WithdrawDossier").await? {
        if !dossier.state.is_open() {
            return Err(Error::DossierState(dossier.state.id()));
        }
        dossier.state = Step::Withdrawn;
        store::dossier::step(&mut tx, &state.seals, school, &dossier).await?;
        event(state, &mut tx, ask.caller, school, &dossier, "withdrawn").await?;
        keep(&mut tx, &ticket, id).await?;
    }
    let file = file(state, &mut tx, school, dossier).await?;
    tx.commit().await?;
    Ok(file)
}

/// GetDossier.
///
/// # Errors
/// See the contract.
pub async fn get_dossier(state: &State, caller: &Caller, school: &str, id: Uuid) -> Result<File, Error> {
    let mut tx = state.begin(school).await?;
    let dossier = open(state, &mut tx, caller, "GetDossier", (school, id)).await?;
    file(state, &mut tx, school, dossier).await
}

/// ListDossiers: a teacher's own only. The page and the token of the next.
///
/// # Errors
/// See the contract.
pub async fn list_dossiers(
    state: &State,
    caller: &Caller,
    school: &str,
    (size, token): (i32, &str),
) -> Result<(Vec<File>, String), Error> {
    state.authorize(caller, "ListDossiers", &Resource::school(school))?;
    let person = caller.person()?;
    let all = [
        Role::Principal,
        Role::VicePrincipal,
        Role::WorkingGroup,
        Role::Inspector,
    ];
    let only = (!all.iter().any(|role| person.has(*role))).then_some(person.account);
    let binding = format!("dossiers {school} {}", only.unwrap_or_default());
    let (before, size) = place(&binding, size, token)?;
    let mut tx = state.begin(school).await?;
    let rows = store::dossier::page(&mut tx, &state.seals, school, (before, only, None), size + 1).await?;
    let (rows, next) = cut(&binding, rows, size, |dossier| dossier.id);
    let mut files = Vec::with_capacity(rows.len());
    for dossier in rows {
        files.push(file(state, &mut tx, school, dossier).await?);
    }
    Ok((files, next))
}

/// CloseChecklistItem.
///
/// # Errors
/// See the contract.
pub async fn close_checklist_item<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, id): (&str, Uuid),
    (number, proof): (i32, String),
) -> Result<File, Error> {
    let mut tx = state.begin(school).await?;
    let dossier = open(state, &mut tx, ask.caller, "CloseChecklistItem", (school, id)).await?;
    if let Ok(ticket) = begin(state, &mut tx, &ask, "CloseChecklistItem").await? {
        at(&dossier, Step::Applied)?;
        words("proof", &proof, 500)?;
        let by = (ask.caller.person()?.account, state.clock.now());
        if !store::dossier::close_item(&mut tx, &state.seals, school, (&dossier, number), &proof, by).await? {
            return Err(Error::ChecklistItemUnknown);
        }
        event(
            state,
            &mut tx,
            ask.caller,
            school,
            &dossier,
            "checklist_item_closed",
        )
        .await?;
        keep(&mut tx, &ticket, id).await?;
    }
    let file = file(state, &mut tx, school, dossier).await?;
    tx.commit().await?;
    Ok(file)
}
