//! Entry sessions (A4.2b): opened, drafted, finished or left.

use hocba_chassis::{Caller, clock::new_id};
use hocba_fence::Term;
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Ask, Turn, content::Content, keep, mark_sheet::Address, pupil::class_of, tell, turn};
use crate::{
    error::Error,
    model::{
        period::Period,
        sheet::{self, Place},
    },
    state::State,
    store::{
        draft,
        mark::{self, Receipt},
        session::{self, Session},
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

impl Stay {
    /// Of a session and what its sheet holds.
    pub(crate) fn of(session: Session, content: &Content) -> Self {
        Self {
            session,
            drafts: content.drafts.len(),
            missing: content.missing().len(),
        }
    }
}

/// The term whose fence covers a sheet.
pub(crate) fn term(school: &str, year: &str, period: Period) -> Term {
    Term::marks(school, year, period.semester())
}

pub(crate) fn address(school: &str, session: &Session) -> Result<Address, Error> {
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
    let ticket = match turn(state, &mut tx, &ask, "OpenEntrySession").await? {
        Turn::Again(id) => {
            let id = id.parse().map_err(|_| Error::Damaged("a kept answer"))?;
            let found = session::get(&mut tx, school, id).await?;
            return stay(state, &mut tx, school, found).await;
        }
        Turn::New(ticket) => ticket,
    };
    hocba_fence::check(&mut tx, &term(school, year, *period)).await?;
    let mut content = Content::load(state, &mut tx, &at, None).await?;
    if content.roster.is_empty() {
        return Err(Error::RosterEmpty);
    }
    if content.missing().is_empty() && !content.is_reopened() {
        return Err(Error::SheetComplete);
    }
    let (found, is_new) = enter(state, &mut tx, &at, person.account, person.sign_in).await?;
    if !is_new {
        content.drafts = draft::of_session(&mut tx, school, found.id).await?;
    }
    let subject = format!("schools/{school}/entrySessions/{}", found.id);
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
    keep(&mut tx, &ticket, &found.id.to_string()).await?;
    tx.commit().await?;
    Ok(Stay::of(found, &content))
}

/// The live session of the sheet if it is the teacher's own, or a new one; answers whether it is new.
async fn enter(
    state: &State,
    tx: &mut PgConnection,
    at: &Address,
    teacher: Uuid,
    sign_in: Uuid,
) -> Result<(Session, bool), Error> {
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
        save_count: 0,
    };
    if session::insert(tx, &at.school, &new, sign_in).await? {
        return Ok((new, true));
    }
    let mut live = session::live(tx, &at.school, &at.year, &at.class, &at.sheet, at.period.id())
        .await?
        .ok_or(Error::SessionOver)?;
    if live.state == "held" {
        return Err(Error::SessionHeld);
    }
    if live.teacher != teacher {
        return Err(Error::SessionElsewhere);
    }
    session::touch(tx, &at.school, (live.id, live.save_count), sign_in, now).await?;
    live.active_at = now;
    Ok((live, false))
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
            let missing = Content::load(state, &mut tx, &at, Some(id)).await?.missing();
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
    let found = match mark::receipt(&mut tx, school, id).await {
        Err(Error::ReceiptUnknown) => None,
        read => Some(read?),
    };
    let owner = found.as_ref().is_some_and(|receipt| {
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
    found.ok_or(Error::ReceiptUnknown)
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
pub(crate) async fn owned(
    state: &State,
    tx: &mut PgConnection,
    caller: &Caller,
    method: &str,
    school: &str,
    id: Uuid,
) -> Result<Session, Error> {
    let found = match session::get(tx, school, id).await {
        // Somebody else's is answered like one that is not there; one that cannot be read is neither.
        Err(Error::SessionUnknown) => None,
        read => Some(read?),
    };
    let owner = found.as_ref().is_some_and(|session| {
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
    found.ok_or(Error::SessionUnknown)
}

/// The address of a session that still takes drafts.
pub(crate) fn open(school: &str, session: &Session) -> Result<Address, Error> {
    if session.state == "open" {
        address(school, session)
    } else {
        Err(Error::SessionOver)
    }
}

/// A session with what it holds now.
pub(crate) async fn stay(
    state: &State,
    tx: &mut PgConnection,
    school: &str,
    found: Session,
) -> Result<Stay, Error> {
    let at = address(school, &found)?;
    let content = Content::load(state, tx, &at, Some(found.id)).await?;
    Ok(Stay::of(found, &content))
}
