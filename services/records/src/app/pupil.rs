//! Pupils, read: every read of a page is an event (A3).

use std::collections::HashMap;

use hocba_chassis::Caller;
use hocba_policy::Resource;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{grant_of, tell};
use crate::{
    error::Error,
    model::{pupil::StudyYear, rule_set::CRITERIA},
    state::State,
    store::{
        assignment, class,
        enrolment::{self, Enrolment},
        pupil::{self, Pupil},
        school_year,
    },
};

/// How the caller relates to a class: `homeroom` for its homeroom teacher, `teacher` for who teaches there.
pub(crate) async fn class_of(
    tx: &mut PgConnection,
    caller: &Caller,
    school: &str,
    year: &str,
    class: &str,
) -> Result<(Resource, Vec<String>), Error> {
    let items = match &caller.person {
        Some(person) => assignment::items_of(tx, school, year, class, person.account).await?,
        None => Vec::new(),
    };
    let resource = Resource::school(school)
        .relation_if("teacher", !items.is_empty())
        .relation_if("homeroom", items.iter().any(|item| item == CRITERIA));
    Ok((resource, items))
}

/// How the caller relates to the newest class of a pupil, and that class's year.
pub(crate) async fn newest_class_of(
    tx: &mut PgConnection,
    caller: &Caller,
    school: &str,
    id: Uuid,
) -> Result<(Resource, String), Error> {
    match pupil::newest_class(tx, school, id).await? {
        Some((year, class)) => {
            let (resource, _) = class_of(tx, caller, school, &year, &class).await?;
            Ok((resource, year))
        }
        None => Ok((Resource::school(school), String::new())),
    }
}

/// One pupil with the class of a year.
pub(crate) async fn one(
    state: &State,
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    id: Uuid,
) -> Result<Pupil, Error> {
    let mut found = pupil::list(tx, &state.vault, school, year, None, Some(id)).await?;
    found.pop().ok_or(Error::PupilUnknown)
}

/// ListPupils: the read of a class's identity pages is an event.
pub async fn list_pupils(
    state: &State,
    caller: &Caller,
    school: &str,
    year: &str,
    class: &str,
) -> Result<Vec<Pupil>, Error> {
    let mut tx = state.begin(school).await?;
    let (resource, _) = class_of(&mut tx, caller, school, year, class).await?;
    state.authorize(caller, "ListPupils", &resource)?;
    class::grade(&mut tx, school, year, class).await?;
    let grant = grant_of(caller);
    let mut pupils = pupil::list(&mut tx, &state.vault, school, year, Some(class), None).await?;
    for pupil in &mut pupils {
        pupil.page = grant.page(std::mem::take(&mut pupil.page));
    }
    let subject = format!("schools/{school}/years/{year}/classes/{class}");
    let facts = json!({"count": pupils.len()});
    tell(state, &mut tx, caller, school, subject, "pupils.read", facts).await?;
    tx.commit().await?;
    Ok(pupils)
}

/// GetPupil: answers the pupil and the newest class's year.
pub async fn get_pupil(
    state: &State,
    caller: &Caller,
    school: &str,
    id: Uuid,
) -> Result<(Pupil, String), Error> {
    let mut tx = state.begin(school).await?;
    let (resource, year) = newest_class_of(&mut tx, caller, school, id).await?;
    state.authorize(caller, "GetPupil", &resource)?;
    let mut found = one(state, &mut tx, school, &year, id).await?;
    found.page = grant_of(caller).page(found.page);
    read(state, &mut tx, caller, school, id).await?;
    tx.commit().await?;
    Ok((found, year))
}

/// LookUpPupil: by the keyed digest of the personal id.
pub async fn look_up_pupil(
    state: &State,
    caller: &Caller,
    school: &str,
    digits: &str,
) -> Result<(Pupil, String), Error> {
    state.authorize(caller, "LookUpPupil", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let id = pupil::by_personal_id(&mut tx, &state.vault, school, digits)
        .await?
        .ok_or(Error::PupilUnknown)?;
    let (_, year) = newest_class_of(&mut tx, caller, school, id).await?;
    let found = one(state, &mut tx, school, &year, id).await?;
    read(state, &mut tx, caller, school, id).await?;
    tx.commit().await?;
    Ok((found, year))
}

/// ListStudyYears: the years before us as they were noted, then those with us.
pub async fn list_study_years(
    state: &State,
    caller: &Caller,
    school: &str,
    id: Uuid,
) -> Result<(Vec<StudyYear>, Vec<StudyYear>), Error> {
    let mut tx = state.begin(school).await?;
    let (resource, year) = newest_class_of(&mut tx, caller, school, id).await?;
    state.authorize(caller, "ListStudyYears", &resource)?;
    let found = one(state, &mut tx, school, &year, id).await?;
    let identity = found.page.identity;
    let own = enrolment::years(&mut tx, school, id)
        .await?
        .into_iter()
        .map(|it| StudyYear {
            year: it.year,
            class: it.class,
            school: it.school,
            register_number: identity.register_number.clone(),
            entry_date: identity.entry_date.clone(),
        });
    let own = own.collect();
    read(state, &mut tx, caller, school, id).await?;
    tx.commit().await?;
    Ok((found.page.cv.earlier_years, own))
}

/// A pupil with gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// The pupil.
    pub id: Uuid,
    /// The name.
    pub display_name: String,
    /// The class.
    pub class: String,
    /// What is missing, by field name.
    pub missing: Vec<&'static str>,
}

/// ListIncompletePupils: answers who has gaps, and how many were looked at.
pub async fn list_incomplete_pupils(
    state: &State,
    caller: &Caller,
    (school, year): (&str, &str),
    only: Option<&str>,
) -> Result<(Vec<Incomplete>, usize), Error> {
    let mut tx = state.begin(school).await?;
    let resource = match only {
        Some(class) => class_of(&mut tx, caller, school, year, class).await?.0,
        None => Resource::school(school),
    };
    state.authorize(caller, "ListIncompletePupils", &resource)?;
    school_year::get(&mut tx, school, year).await?;
    if let Some(class) = only {
        class::grade(&mut tx, school, year, class).await?;
    }
    let measures: HashMap<Uuid, Enrolment> = enrolment::list(&mut tx, school, year, only, None)
        .await?
        .into_iter()
        .map(|it| (it.pupil, it))
        .collect();
    let (mut incomplete, mut count) = (Vec::new(), 0);
    for pupil in pupil::list(&mut tx, &state.vault, school, year, only, None).await? {
        let Some(measured) = measures.get(&pupil.id).filter(|it| it.left_on.is_none()) else {
            continue;
        };
        count += 1;
        let mut missing = pupil.page.missing();
        for (field, measure) in [
            ("height_cm", measured.height_cm),
            ("weight_hg", measured.weight_hg),
        ] {
            if measure == 0 {
                missing.push(field);
            }
        }
        if !missing.is_empty() {
            incomplete.push(Incomplete {
                id: pupil.id,
                display_name: pupil.page.identity.display_name,
                class: measured.class.clone(),
                missing,
            });
        }
    }
    // Stable: within a class the roster's order stays.
    incomplete.sort_by(|a, b| a.class.cmp(&b.class));
    Ok((incomplete, count))
}

/// The event of a page that was read.
async fn read(
    state: &State,
    tx: &mut PgConnection,
    caller: &Caller,
    school: &str,
    id: Uuid,
) -> Result<(), Error> {
    let subject = format!("schools/{school}/pupils/{id}");
    tell(state, tx, caller, school, subject, "pupil.read", json!({})).await?;
    Ok(())
}
