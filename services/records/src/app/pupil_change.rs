//! Pupils, entered and changed by the homeroom teacher (A4.1, A8.1).

use hocba_chassis::clock::new_id;
use hocba_fence::{Semester, Term};
use prost::Message;
use serde_json::json;
use uuid::Uuid;

use super::{
    Ask, Turn, keep, place,
    pupil::{class_of, newest_class_of, one},
    tell, turn,
};
use crate::{
    error::Error,
    model::{
        movement::{Kind, entry_day as movement_day},
        pupil::Page,
    },
    state::State,
    store::{
        class, enrolment,
        movement::{self, Movement},
        pupil::{self, Pupil},
    },
};

/// CreatePupil: the pupil enters the class.
pub async fn create_pupil<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year, class): (&str, &str, &str),
    page: Page,
) -> Result<Pupil, Error> {
    let mut tx = state.begin(school).await?;
    let (resource, _) = class_of(&mut tx, ask.caller, school, year, class).await?;
    state.authorize(ask.caller, "CreatePupil", &resource)?;
    class::grade(&mut tx, school, year, class).await?;
    let id = match turn(state, &mut tx, &ask, "CreatePupil").await? {
        Turn::Again(kept) => kept.parse().map_err(|_| Error::Damaged("a kept answer"))?,
        Turn::New(ticket) => {
            let page = held(state, page)?;
            place::hold(state, &mut tx, &page, None).await?;
            hocba_fence::check(&mut tx, &Term::marks(school, year, Semester::Two)).await?;
            let entry_day = movement_day(year, &page.identity.entry_date, state.clock.today());
            let id = new_id();
            let key = state.vault.new_pupil(school, id)?;
            pupil::upsert(&mut tx, &state.vault, school, &[(id, key, page)]).await?;
            enrolment::put(&mut tx, school, year, &[(id, class.to_owned())]).await?;
            let entry = Movement {
                id: new_id(),
                pupil: id,
                kind: Kind::Entry,
                day: entry_day,
                from: None,
                to: Some(class.to_owned()),
                reason: String::new(),
                by: ask.caller.person()?.account,
                at: state.clock.now(),
            };
            movement::insert_all(&mut tx, school, year, &[entry]).await?;
            let subject = format!("schools/{school}/pupils/{id}");
            let facts = json!({"class": format!("schools/{school}/years/{year}/classes/{class}")});
            tell(
                state,
                &mut tx,
                ask.caller,
                school,
                subject,
                "pupil.created",
                facts,
            )
            .await?;
            keep(&mut tx, &ticket, &id.to_string()).await?;
            id
        }
    };
    let now = one(state, &mut tx, school, year, id).await?;
    tx.commit().await?;
    Ok(now)
}

/// A change of some fields.
#[derive(Debug)]
pub struct Change {
    /// Whose.
    pub id: Uuid,
    /// The page the fields are taken from.
    pub page: Page,
    /// The fields by path; none means all.
    pub paths: Vec<String>,
    /// The etag that was read; 0: whatever stands there.
    pub etag: i64,
}

/// All there is to change.
const ALL: [&str; 8] = [
    "identity",
    "disability",
    "religion",
    "learner_code",
    "birthplace_unit",
    "home_place_unit",
    "address_unit",
    "earlier_years",
];

/// UpdatePupil: answers the pupil and the newest class's year.
pub async fn update_pupil<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    change: Change,
) -> Result<(Pupil, String), Error> {
    let mut tx = state.begin(school).await?;
    let (resource, year) = newest_class_of(&mut tx, ask.caller, school, change.id).await?;
    state.authorize(ask.caller, "UpdatePupil", &resource)?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "UpdatePupil").await? {
        let etag = pupil::lock(&mut tx, school, change.id).await?;
        if change.etag != 0 && change.etag != etag {
            return Err(Error::EtagMismatch);
        }
        let present = one(state, &mut tx, school, &year, change.id).await?;
        let paths: Vec<&str> = if change.paths.is_empty() {
            ALL.to_vec()
        } else {
            change.paths.iter().map(String::as_str).collect()
        };
        let mut page = present.page.clone();
        for path in &paths {
            if !page.take(path, &change.page) {
                return Err(Error::Malformed(
                    "update_mask",
                    format!("không có mục «{path}» để sửa"),
                ));
            }
        }
        let page = held(state, page)?;
        place::hold(state, &mut tx, &page, Some(&present.page)).await?;
        // A pupil without a class of ours has no year that could be closed.
        if !year.is_empty() {
            hocba_fence::check(&mut tx, &Term::marks(school, &year, Semester::Two)).await?;
        }
        pupil::upsert(&mut tx, &state.vault, school, &[(change.id, present.key, page)]).await?;
        let subject = format!("schools/{school}/pupils/{}", change.id);
        let facts = json!({"fields": paths});
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            subject,
            "pupil.updated",
            facts,
        )
        .await?;
        keep(&mut tx, &ticket, &change.id.to_string()).await?;
    }
    let now = one(state, &mut tx, school, &year, change.id).await?;
    tx.commit().await?;
    Ok((now, year))
}

/// The page cleaned, or every field that does not hold.
fn held(state: &State, page: Page) -> Result<Page, Error> {
    let page = page.cleaned();
    let violations = page.violations(state.clock.today());
    if violations.is_empty() {
        Ok(page)
    } else {
        Err(Error::Invalid(violations))
    }
}
