//! Pupils.

use hocba_chassis::Caller;
use hocba_policy::Resource;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::tell;
use crate::{
    error::Error,
    model::rule_set::CRITERIA,
    state::State,
    store::{
        assignment, class,
        pupil::{self, Pupil},
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
    let pupils = pupil::list(&mut tx, school, year, Some(class), None).await?;
    let subject = format!("schools/{school}/years/{year}/classes/{class}");
    tell(
        state,
        &mut tx,
        caller,
        school,
        subject,
        "pupils.read",
        json!({"count": pupils.len()}),
    )
    .await?;
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
    let newest = pupil::newest_class(&mut tx, school, id).await?;
    let (year, resource) = match newest {
        Some((year, class)) => {
            let (resource, _) = class_of(&mut tx, caller, school, &year, &class).await?;
            (year, resource)
        }
        None => (String::new(), Resource::school(school)),
    };
    state.authorize(caller, "GetPupil", &resource)?;
    let found = pupil::list(&mut tx, school, &year, None, Some(id))
        .await?
        .pop()
        .ok_or(Error::PupilUnknown)?;
    let subject = format!("schools/{school}/pupils/{id}");
    tell(state, &mut tx, caller, school, subject, "pupil.read", json!({})).await?;
    tx.commit().await?;
    Ok((found, year))
}
