//! Class check: what the homeroom teacher finds in the class's books, and how it is settled (A8.4).

use hocba_chassis::{Caller, clock::new_id};
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use uuid::Uuid;

use super::{Ask, Turn, keep, pupil::class_of, tell, turn};
use crate::{
    error::Error,
    model::text::clean,
    state::State,
    store::{
        class,
        class_finding::{self, ClassFinding, Settlement},
        enrolment, school_year,
    },
};

/// CreateClassFinding.
pub async fn create_class_finding<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year, class): (&str, &str, &str),
    pupil: Option<Uuid>,
    words: &str,
) -> Result<ClassFinding, Error> {
    let mut tx = state.begin(school).await?;
    let (resource, _) = class_of(&mut tx, ask.caller, school, year, class).await?;
    state.authorize(ask.caller, "CreateClassFinding", &resource)?;
    class::grade(&mut tx, school, year, class).await?;
    let words = held("class_finding.words", words)?;
    if let Some(pupil) = pupil {
        let found = enrolment::list(&mut tx, school, year, Some(class), Some(pupil)).await?;
        found.first().ok_or(Error::PupilUnknown)?;
    }
    let id = match turn(state, &mut tx, &ask, "CreateClassFinding").await? {
        Turn::Again(kept) => kept.parse().map_err(|_| Error::Damaged("a kept answer"))?,
        Turn::New(ticket) => {
            let new = ClassFinding {
                id: new_id(),
                class: class.to_owned(),
                pupil,
                words,
                by: ask.caller.person()?.account,
                at: state.clock.now(),
                settlement: None,
            };
            class_finding::insert(&mut tx, &state.vault, school, year, &new).await?;
            let subject = format!("schools/{school}/years/{year}/classes/{class}");
            let facts = json!({"finding": new.id});
            tell(
                state,
                &mut tx,
                ask.caller,
                school,
                subject,
                "class_finding.raised",
                facts,
            )
            .await?;
            keep(&mut tx, &ticket, &new.id.to_string()).await?;
            new.id
        }
    };
    let now = one(state, &mut tx, (school, year, class), id).await?;
    tx.commit().await?;
    Ok(now)
}

/// SettleClassFinding.
pub async fn settle_class_finding<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year, class): (&str, &str, &str),
    id: Uuid,
    words: &str,
) -> Result<ClassFinding, Error> {
    let mut tx = state.begin(school).await?;
    let (resource, _) = class_of(&mut tx, ask.caller, school, year, class).await?;
    state.authorize(ask.caller, "SettleClassFinding", &resource)?;
    let words = held("settlement", words)?;
    one(state, &mut tx, (school, year, class), id).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "SettleClassFinding").await? {
        let settlement = Settlement {
            words,
            by: ask.caller.person()?.account,
            at: state.clock.now(),
        };
        if !class_finding::settle(&mut tx, &state.vault, school, id, &settlement).await? {
            return Err(Error::FindingSettled);
        }
        let subject = format!("schools/{school}/years/{year}/classes/{class}");
        let facts = json!({"finding": id});
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            subject,
            "class_finding.settled",
            facts,
        )
        .await?;
        keep(&mut tx, &ticket, "").await?;
    }
    let now = one(state, &mut tx, (school, year, class), id).await?;
    tx.commit().await?;
    Ok(now)
}

/// ListClassFindings: oldest first.
pub async fn list_class_findings(
    state: &State,
    caller: &Caller,
    (school, year): (&str, &str),
    class: Option<&str>,
    open: bool,
) -> Result<Vec<ClassFinding>, Error> {
    let mut tx = state.begin(school).await?;
    let resource = match class {
        Some(class) => class_of(&mut tx, caller, school, year, class).await?.0,
        None => Resource::school(school),
    };
    state.authorize(caller, "ListClassFindings", &resource)?;
    school_year::get(&mut tx, school, year).await?;
    if let Some(class) = class {
        class::grade(&mut tx, school, year, class).await?;
    }
    class_finding::list(&mut tx, &state.vault, (school, year), class, None, open).await
}

async fn one(
    state: &State,
    tx: &mut sqlx::PgConnection,
    (school, year, class): (&str, &str, &str),
    id: Uuid,
) -> Result<ClassFinding, Error> {
    let mut found =
        class_finding::list(tx, &state.vault, (school, year), Some(class), Some(id), false).await?;
    found.pop().ok_or(Error::FindingUnknown)
}

/// Words that say something.
fn held(field: &'static str, words: &str) -> Result<String, Error> {
    let words = clean(words);
    if (1..=1000).contains(&words.chars().count()) {
        Ok(words)
    } else {
        Err(Error::Malformed(
            field,
            "cần nội dung, dài nhất 1000 kí tự".to_owned(),
        ))
    }
}
