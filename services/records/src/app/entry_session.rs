//! Entry sessions (A4.2b): opened, drafted, finished or left.

use std::collections::{BTreeSet, HashSet};

use hocba_chassis::{Caller, clock::new_id};
use hocba_fence::Term;
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Ask, Turn, keep,
    mark_sheet::{Address, lines},
    pupil::class_of,
    tell, turn,
};
use crate::{
    error::Error,
    model::{
        cell::Value,
        period::Period,
        rule_set::Line,
        sheet::{self, Place},
    },
    state::State,
    store::{
        mark::{self, Receipt},
        pupil,
        session::{self, Draft, Session},
    },
};

/// A session with what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The session.
    pub session: Session,
    /// Drafts it holds.
    pub drafts: usize,
    /// Required cells still empty.
    pub missing: usize,
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Outcome {
    /// Kept.
    Ok,
    /// Not a value of this cell; why, Vietnamese.
    Invalid(String),
    /// Sealed, or not of this sheet.
    Locked,
}

/// The term whose fence covers a sheet.
fn term(school: &str, year: &str, period: Period) -> Term {
    Term::marks(school, year, period.semester())
}

fn address(school: &str, session: &Session) -> Result<Address, Error> {
    Ok(Address {
        school: school.to_owned(),
        year: session.year.clone(),
        class: session.class.clone(),
        sheet: session.sheet.clone(),
        period: Period::parse(&session.period).ok_or(Error::Damaged("a session's period"))?,
    })
}

/// OpenEntrySession: resumes the teacher's own open session, also from another device.
pub async fn open_entry_session<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    at: Address,
) -> Result<Stay, Error> {
    let Address {
        school,
        year,
        class,
        sheet,
        period,
    } = &at;
    let mut tx = state.begin(school).await?;
    let (_, items) = class_of(&mut tx, ask.caller, school, year, class).await?;
    let resource = Resource::school(school.as_str()).relation_if("teacher", items.contains(sheet));
    state.authorize(ask.caller, "OpenEntrySession", &resource)?;
    let person = ask.caller.person()?;
    if let Turn::Again(id) = match turn(state, &mut tx, &ask, "OpenEntrySession").await? {
        Turn::New(ticket) => {
            hocba_fence::check(&mut tx, &term(school, year, *period)).await?;
            let lines = lines(state, &mut tx, &at).await?;
            let content = Content::load(&mut tx, &at, &lines, None).await?;
            if content.roster.is_empty() {
                return Err(Error::RosterEmpty);
            }
            if content.missing(&lines).is_empty() {
                return Err(Error::SheetComplete);
            }
            let id = enter(state, &mut tx, &at, person.account, person.sign_in).await?;
            let subject = format!("schools/{school}/entrySessions/{id}");
            let facts = json!({"sheet": sheet::id(sheet, *period), "class": class, "year": year});
            tell(
                state,
                &mut tx,
                ask.caller,
                school,
                subject,
                "entry_session.opened",
                facts,
            )
            .await?;
            keep(&mut tx, &ticket, &id.to_string()).await?;
            let found = session::get(&mut tx, school, id).await?;
            let stay = stay(state, &mut tx, school, found).await?;
            tx.commit().await?;
            return Ok(stay);
        }
        again @ Turn::Again(_) => again,
    } {
        let id = id.parse().map_err(|_| Error::Damaged("a kept answer"))?;
        let found = session::get(&mut tx, school, id).await?;
        return stay(state, &mut tx, school, found).await;
    }
    Err(Error::SessionUnknown)
}

/// The live session of the sheet if it is the teacher's own, or a new one.
async fn enter(
    state: &State,
    tx: &mut PgConnection,
    at: &Address,
    teacher: Uuid,
    sign_in: Uuid,
) -> Result<Uuid, Error> {
    let now = state.clock.now();
    let new = Session {
        id: new_id(),
        year: at.year.clone(),
        class: at.class.clone(),
        sheet: at.sheet.clone(),
        period: at.period.id().to_owned(),
        teacher,
        state: "open".to_owned(),
        opened_at: now,
        active_at: now,
        receipt: None,
    };
    if session::insert(tx, &at.school, &new, sign_in).await? {
        return Ok(new.id);
    }
    let live = session::live(tx, &at.school, &at.year, &at.class, &at.sheet, at.period.id())
        .await?
        .ok_or(Error::SessionOver)?;
    if live.teacher != teacher {
        return Err(Error::SessionElsewhere);
    }
    session::touch(tx, &at.school, live.id, sign_in, now).await?;
    Ok(live.id)
}

/// ListEntrySessions: what signing out would seal.
pub async fn list_entry_sessions(state: &State, caller: &Caller, school: &str) -> Result<Vec<Stay>, Error> {
    state.authorize(
        caller,
        "ListEntrySessions",
        &Resource::school(school).relation("owner"),
    )?;
    let mut tx = state.begin(school).await?;
    let mut stays = Vec::new();
    for found in session::list_open(&mut tx, school, caller.person()?.account).await? {
        stays.push(stay(state, &mut tx, school, found).await?);
    }
    Ok(stays)
}

/// SaveDrafts: a `None` value empties the draft. The hot path: one check of the fence, one write.
pub async fn save_drafts<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    id: Uuid,
    drafts: Vec<(Uuid, String, Option<Value>)>,
) -> Result<(Vec<Outcome>, Stay), Error> {
    let mut tx = state.begin(school).await?;
    let found = owned(state, &mut tx, ask.caller, "SaveDrafts", school, id).await?;
    let outcomes = match turn(state, &mut tx, &ask, "SaveDrafts").await? {
        Turn::Again(kept) => serde_json::from_str(&kept).map_err(|_| Error::Damaged("a kept answer"))?,
        Turn::New(ticket) => {
            let at = open(school, &found)?;
            hocba_fence::check(&mut tx, &term(school, &at.year, at.period)).await?;
            let lines = lines(state, &mut tx, &at).await?;
            let content = Content::load(&mut tx, &at, &lines, Some(id)).await?;
            let (mut outcomes, mut saves, mut clears) = (Vec::new(), Vec::new(), Vec::new());
            let by_item = sheet::by_item(&lines);
            for (pupil, item, value) in drafts {
                let line = by_item.get(item.as_str());
                let place = (pupil, item);
                let (Some(line), true, false) = (
                    line,
                    content.pupils.contains(&pupil),
                    content.sealed.contains(&place),
                ) else {
                    outcomes.push(Outcome::Locked);
                    continue;
                };
                match value.map(Value::cleaned) {
                    None => clears.push(place),
                    Some(value) => {
                        if let Err(words) = value.judge(line, at.period) {
                            outcomes.push(Outcome::Invalid(words.to_owned()));
                            continue;
                        }
                        saves.push(Draft {
                            pupil,
                            item: place.1,
                            value,
                        });
                    }
                }
                outcomes.push(Outcome::Ok);
            }
            session::save(&mut tx, school, id, &last_of_each(saves)).await?;
            session::clear(&mut tx, school, id, &clears).await?;
            session::touch(
                &mut tx,
                school,
                id,
                ask.caller.person()?.sign_in,
                state.clock.now(),
            )
            .await?;
            let kept = serde_json::to_string(&outcomes).map_err(hocba_chassis::Failure::internal)?;
            keep(&mut tx, &ticket, &kept).await?;
            outcomes
        }
    };
    let stay = stay(state, &mut tx, school, found).await?;
    tx.commit().await?;
    Ok((outcomes, stay))
}

/// One statement writes a cell once: of two drafts for it in a request the later counts.
fn last_of_each(mut drafts: Vec<Draft>) -> Vec<Draft> {
    let mut seen = HashSet::new();
    drafts.reverse();
    drafts.retain(|draft| seen.insert((draft.pupil, draft.item.clone())));
    drafts
}

/// FinishEntrySession: seals a complete sheet.
pub async fn finish_entry_session<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    id: Uuid,
) -> Result<Receipt, Error> {
    let mut tx = state.begin(school).await?;
    let found = owned(state, &mut tx, ask.caller, "FinishEntrySession", school, id).await?;
    let receipt = match turn(state, &mut tx, &ask, "FinishEntrySession").await? {
        Turn::Again(kept) => kept.parse().map_err(|_| Error::Damaged("a kept answer"))?,
        Turn::New(ticket) => {
            let at = open(school, &found)?;
            let epoch = hocba_fence::check(&mut tx, &term(school, &at.year, at.period)).await?;
            let lines = lines(state, &mut tx, &at).await?;
            let missing = Content::load(&mut tx, &at, &lines, Some(id))
                .await?
                .missing(&lines);
            if !missing.is_empty() {
                let name = |(pupil, item): Place| (format!("schools/{school}/pupils/{pupil}"), item);
                return Err(Error::SheetIncomplete(missing.into_iter().map(name).collect()));
            }
            let sealed = mark::seal(
                &mut tx,
                school,
                id,
                "finish",
                epoch,
                &ask.caller.subject(),
                state.clock.now(),
            )
            .await?;
            let receipt = sealed.and_then(|seal| seal.receipt).ok_or(Error::SheetComplete)?;
            keep(&mut tx, &ticket, &receipt.to_string()).await?;
            receipt
        }
    };
    let receipt = mark::receipt(&mut tx, school, receipt).await?;
    tx.commit().await?;
    Ok(receipt)
}

/// LeaveEntrySession: seals what is filled.
pub async fn leave_entry_session<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    id: Uuid,
) -> Result<(Stay, Option<Receipt>), Error> {
    let mut tx = state.begin(school).await?;
    let found = owned(state, &mut tx, ask.caller, "LeaveEntrySession", school, id).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "LeaveEntrySession").await? {
        let at = open(school, &found)?;
        let epoch = hocba_fence::check(&mut tx, &term(school, &at.year, at.period)).await?;
        mark::seal(
            &mut tx,
            school,
            id,
            "leave",
            epoch,
            &ask.caller.subject(),
            state.clock.now(),
        )
        .await?
        .ok_or(Error::SessionOver)?;
        keep(&mut tx, &ticket, &id.to_string()).await?;
    }
    let found = session::get(&mut tx, school, id).await?;
    let receipt = match found.receipt {
        Some(receipt) => Some(mark::receipt(&mut tx, school, receipt).await?),
        None => None,
    };
    let stay = stay(state, &mut tx, school, found).await?;
    tx.commit().await?;
    Ok((stay, receipt))
}

/// GetReceipt.
pub async fn get_receipt(state: &State, caller: &Caller, school: &str, id: Uuid) -> Result<Receipt, Error> {
    let mut tx = state.begin(school).await?;
    let found = mark::receipt(&mut tx, school, id).await;
    let owner = found.as_ref().is_ok_and(|receipt| {
        caller
            .person
            .as_ref()
            .is_some_and(|person| person.account == receipt.teacher)
    });
    state.authorize(
        caller,
        "GetReceipt",
        &Resource::school(school).relation_if("owner", owner),
    )?;
    found
}

/// Ends a session without a call: the sweeper, an ended sign-in. A locked term has sealed it already.
pub async fn end(state: &State, school: &str, id: Uuid, cause: &str) -> Result<(), Error> {
    let mut tx = state.begin(school).await?;
    let found = session::get(&mut tx, school, id).await?;
    let at = address(school, &found)?;
    let epoch = hocba_fence::check(&mut tx, &term(school, &at.year, at.period)).await?;
    let actor = format!("accounts/{}", found.teacher);
    mark::seal(&mut tx, school, id, cause, epoch, &actor, state.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// The session, if it is the caller's own: nobody does another's work (A9).
async fn owned(
    state: &State,
    tx: &mut PgConnection,
    caller: &Caller,
    method: &str,
    school: &str,
    id: Uuid,
) -> Result<Session, Error> {
    let found = session::get(tx, school, id).await;
    let owner = found.as_ref().is_ok_and(|session| {
        caller
            .person
            .as_ref()
            .is_some_and(|person| person.account == session.teacher)
    });
    state.authorize(
        caller,
        method,
        &Resource::school(school).relation_if("owner", owner),
    )?;
    found
}

/// The address of a session that still takes drafts.
fn open(school: &str, session: &Session) -> Result<Address, Error> {
    if session.state == "open" {
        address(school, session)
    } else {
        Err(Error::SessionOver)
    }
}

async fn stay(state: &State, tx: &mut PgConnection, school: &str, found: Session) -> Result<Stay, Error> {
    let at = address(school, &found)?;
    let lines = lines(state, tx, &at).await?;
    let content = Content::load(tx, &at, &lines, Some(found.id)).await?;
    let missing = content.missing(&lines).len();
    Ok(Stay {
        session: found,
        drafts: content.drafted,
        missing,
    })
}

/// What a sheet holds.
struct Content {
    roster: Vec<Uuid>,
    pupils: HashSet<Uuid>,
    sealed: BTreeSet<Place>,
    filled: BTreeSet<Place>,
    drafted: usize,
}

impl Content {
    async fn load(
        tx: &mut PgConnection,
        at: &Address,
        lines: &[&Line],
        session: Option<Uuid>,
    ) -> Result<Self, Error> {
        let items: Vec<String> = lines.iter().map(|line| line.item.clone()).collect();
        let roster: Vec<Uuid> = pupil::roster(tx, &at.school, &at.year, &at.class)
            .await?
            .into_iter()
            .map(|(pupil, _)| pupil)
            .collect();
        let sealed: BTreeSet<Place> =
            mark::current(tx, &at.school, &at.year, &at.class, at.period.id(), &items)
                .await?
                .into_iter()
                .map(|cell| (cell.pupil, cell.item))
                .collect();
        let drafts = match session {
            Some(id) => session::drafts(tx, &at.school, id).await?,
            None => Vec::new(),
        };
        let drafted = drafts.len();
        let filled = sealed
            .iter()
            .cloned()
            .chain(drafts.into_iter().map(|draft| (draft.pupil, draft.item)))
            .collect();
        Ok(Self {
            pupils: roster.iter().copied().collect(),
            roster,
            sealed,
            filled,
            drafted,
        })
    }

    fn missing(&self, lines: &[&Line]) -> Vec<Place> {
        sheet::missing(&self.roster, lines, &self.filled)
    }
}
