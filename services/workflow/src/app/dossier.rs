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
    model::{
        course::{self, Act, Command, Effect, Move},
        dossier::{Capacity, Change, Dossier, File, Step, Value},
    },
    state::State,
    store,
};

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
) -> Result<File, Error> {
    let found = store::dossier::get(tx, &state.seals, school, id).await?;
    let account = caller.person.as_ref().map(|person| person.account);
    let own = found
        .as_ref()
        .is_some_and(|dossier| Some(dossier.requester) == account);
    let resource = Resource::school(school).relation_if("requester", own);
    state.authorize(caller, method, &resource)?;
    file(state, tx, school, found.ok_or(Error::DossierUnknown)?).await
}

async fn event(
    state: &State,
    tx: &mut PgConnection,
    actor: String,
    school: &str,
    dossier: &Dossier,
    what: &str,
) -> Result<(), Error> {
    let facts = json!({
        "class": dossier.class, "cells": dossier.changes.len(), "evidence": dossier.evidence.len(),
        "track": dossier.track, "digest": dossier.digest, "round": dossier.round,
    });
    let kind = format!("dossier.{what}");
    tell(state, tx, actor, school, dossier.name(school), &kind, facts).await
}

/// Writes what a move changed and tells it; asking records is for whoever moved it.
pub(crate) async fn save(
    state: &State,
    tx: &mut PgConnection,
    actor: String,
    school: &str,
    before: &File,
    (after, effects): Move,
) -> Result<File, Error> {
    let (seals, dossier) = (&state.seals, &after.dossier);
    for attestation in after.attestations.iter().skip(before.attestations.len()) {
        store::dossier::attest(tx, seals, school, dossier, attestation).await?;
    }
    for item in &after.checklist {
        let known = before.checklist.iter().find(|it| it.number == item.number);
        match (known, item.closed_by.zip(item.closed_at)) {
            (None, _) => store::dossier::add_item(tx, school, dossier.id, item).await?,
            (Some(open), Some(by)) if open.closed_by.is_none() => {
                let number = (dossier, item.number);
                if !store::dossier::close_item(tx, seals, school, number, &item.proof, by).await? {
                    return Err(Error::ChecklistItemUnknown);
                }
            }
            (Some(_), _) => {}
        }
    }
    store::dossier::step(tx, seals, school, dossier).await?;
    for effect in effects {
        match effect {
            Effect::Tell(what) => event(state, tx, actor.clone(), school, dossier, what).await?,
            Effect::Correct => {}
        }
    }
    Ok(after)
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
            event(state, &mut tx, ask.caller.subject(), school, &new, "created").await?;
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
    let mut file = open(state, &mut tx, ask.caller, "ConsentDossier", (school, id)).await?;
    if let Ok(ticket) = begin(state, &mut tx, &ask, "ConsentDossier").await? {
        let given = unproved(&file, ask.caller, token)?;
        let proof = ("dossier.consent", &[Role::Principal][..]);
        let consent = |act| Command::Consent(act, reason.clone());
        file = witnessed(state, &mut tx, ask.caller, school, file, (given, proof), consent).await?;
        // A late one without a reason was refused as such: nothing is saved before the commit.
        if !reason.is_empty() {
            words("reason", &reason, 1000)?;
        }
        keep(&mut tx, &ticket, id).await?;
    }
    tx.commit().await?;
    Ok(file)
}

/// What a token will stand for once it is proved.
fn unproved(file: &File, caller: &Caller, token: &str) -> Result<Act, Error> {
    Ok(Act {
        account: caller.person()?.account,
        token: token.to_owned(),
        digest: file.dossier.digest.clone().unwrap_or_default(),
        delegation: None,
    })
}

/// An act on a dossier: judged before its token is spent, so that who may not act hears that first.
async fn witnessed(
    state: &State,
    tx: &mut PgConnection,
    caller: &Caller,
    school: &str,
    file: File,
    (mut given, (purpose, roles)): (Act, (&str, &[Role])),
    command: impl Fn(Act) -> Command,
) -> Result<File, Error> {
    let now = state.clock.now();
    course::apply(file.clone(), now, command(given.clone()))?;
    let proved = act(state, tx, caller, &given.token, (purpose, &given.digest), roles).await?;
    given.delegation = proved.delegation;
    let next = course::apply(file.clone(), now, command(given))?;
    save(state, tx, caller.subject(), school, &file, next).await
}

/// RefuseDossier.
///
/// # Errors
/// See the contract.
pub async fn refuse_dossier<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    at: (&str, Uuid),
    reason: String,
) -> Result<File, Error> {
    words("reason", &reason, 1000)?;
    let by = ask.caller.person()?.account;
    moved(state, ask, "RefuseDossier", at, Command::Refuse(by, reason)).await
}

/// A call that is one command.
async fn moved<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    method: &'static str,
    (school, id): (&str, Uuid),
    command: Command,
) -> Result<File, Error> {
    let mut tx = state.begin(school).await?;
    let mut file = open(state, &mut tx, ask.caller, method, (school, id)).await?;
    if let Ok(ticket) = begin(state, &mut tx, &ask, method).await? {
        let next = course::apply(file.clone(), state.clock.now(), command)?;
        file = save(state, &mut tx, ask.caller.subject(), school, &file, next).await?;
        keep(&mut tx, &ticket, id).await?;
    }
    tx.commit().await?;
    Ok(file)
}

/// AttestDossier: the third witness makes the permit.
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
    let mut file = open(state, &mut tx, ask.caller, "AttestDossier", (school, id)).await?;
    if let Ok(ticket) = begin(state, &mut tx, &ask, "AttestDossier").await? {
        let roles: &[Role] = match capacity {
            Capacity::ManagementBoard => &[Role::Principal, Role::VicePrincipal],
            Capacity::WorkingGroup => &[Role::WorkingGroup],
            Capacity::Requester => Role::ALL,
        };
        let given = unproved(&file, ask.caller, token)?;
        let person = ask.caller.person()?;
        if !roles.iter().any(|role| person.has(*role)) {
            return Err(Error::WrongCapacity);
        }
        let proof = ("dossier.attest", roles);
        let attest = |act| Command::Attest(capacity, act);
        file = witnessed(state, &mut tx, ask.caller, school, file, (given, proof), attest).await?;
        keep(&mut tx, &ticket, id).await?;
    }
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
    at: (&str, Uuid),
) -> Result<File, Error> {
    moved(state, ask, "WithdrawDossier", at, Command::Withdraw).await
}

/// GetDossier.
///
/// # Errors
/// See the contract.
pub async fn get_dossier(state: &State, caller: &Caller, school: &str, id: Uuid) -> Result<File, Error> {
    let mut tx = state.begin(school).await?;
    open(state, &mut tx, caller, "GetDossier", (school, id)).await
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
    at: (&str, Uuid),
    (number, proof): (i32, String),
) -> Result<File, Error> {
    words("proof", &proof, 500)?;
    let by = ask.caller.person()?.account;
    let close = Command::CloseItem { number, proof, by };
    moved(state, ask, "CloseChecklistItem", at, close).await
}
