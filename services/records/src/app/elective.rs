//! Electives: who of a class learns what not everybody learns.

use hocba_chassis::Caller;
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;

use super::{Ask, Turn, keep, tell, turn};
use crate::{
    error::Error,
    state::State,
    store::{
        class,
        need::{self, Elective},
        pupil, school_year,
    },
};

/// UpdateElective; an etag of 0 means whatever stands there.
pub async fn update_elective<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year): (&str, &str),
    new: Elective,
) -> Result<Elective, Error> {
    state.authorize(ask.caller, "UpdateElective", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let class = new.class.clone();
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "UpdateElective").await? {
        let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
        let grade = class::grade(&mut tx, school, year, &class).await?;
        let mut lines = rules.all_lines(grade).iter();
        if !lines.any(|line| line.elective && line.item == new.item) {
            return Err(Error::ItemUnknown(new.item));
        }
        let roster = pupil::roster(&mut tx, school, year, &class).await?;
        let known = |pupil| roster.iter().any(|(id, _)| id == pupil);
        if !new.pupils.iter().flatten().all(known) {
            return Err(Error::PupilUnknown);
        }
        if !need::set_elective(&mut tx, school, year, &new).await? {
            return Err(Error::EtagMismatch);
        }
        let subject = format!(
            "schools/{school}/years/{year}/classes/{class}/electives/{}",
            new.item.to_lowercase()
        );
        let facts = json!({"pupils": new.pupils.as_ref().map_or(roster.len(), Vec::len)});
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            subject,
            "elective.updated",
            facts,
        )
        .await?;
        keep(&mut tx, &ticket, &new.item).await?;
    }
    let all = need::electives(&mut tx, school, year, Some(&class)).await?;
    let now = all.into_iter().find(|it| it.item == new.item);
    tx.commit().await?;
    now.ok_or(Error::Damaged("an elective"))
}

/// ListElectives.
pub async fn list_electives(
    state: &State,
    caller: &Caller,
    (school, year, class): (&str, &str, &str),
) -> Result<Vec<Elective>, Error> {
    state.authorize(caller, "ListElectives", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    class::grade(&mut tx, school, year, class).await?;
    need::electives(&mut tx, school, year, Some(class)).await
}
