//! Awards that people decide on: among the candidates of a result, or at any time in the year.

use hocba_chassis::{Caller, clock::new_id};
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use uuid::Uuid;

use super::{Ask, Turn, keep, pupil::class_of, tell, turn, year_result::standings};
use crate::{
    error::Error,
    model::rule_set::Given,
    state::State,
    store::{
        award::{self, Award},
        class, school_year,
    },
};

/// GiveAward.
pub async fn give_award<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year, class): (&str, &str, &str),
    (pupil, code, reason): (Uuid, &str, String),
) -> Result<Award, Error> {
    state.authorize(ask.caller, "GiveAward", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let id = match turn(state, &mut tx, &ask, "GiveAward").await? {
        Turn::Again(kept) => kept.parse().map_err(|_| Error::Damaged("a kept answer"))?,
        Turn::New(ticket) => {
            let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
            let mut awards = rules.awards.iter();
            let kind = awards.find(|it| it.id == code).ok_or(Error::AwardUnknown)?;
            let all = standings(state, &mut tx, school, year, class).await?;
            let own = all.iter().find(|it| it.pupil == pupil);
            let own = own.ok_or(Error::PupilUnknown)?;
            match kind.given {
                // Nobody decides what follows by itself.
                Given::ByResult => return Err(Error::NotACandidate),
                Given::ByDecision => {
                    let result = own.standing().map(|it| &it.result);
                    if !result.is_some_and(|it| kind.results.contains(it)) {
                        return Err(Error::NotACandidate);
                    }
                }
                Given::AnyTime => {}
            }
            let new = Award {
                id: new_id(),
                pupil,
                code: code.to_owned(),
                name: kind.name.clone(),
                results: kind.results.clone(),
                reason,
                given_by: ask.caller.person()?.account,
                given_at: state.clock.now(),
            };
            if !award::insert(&mut tx, school, year, &new).await? {
                return Err(Error::AwardGiven);
            }
            let subject = format!("schools/{school}/years/{year}/awards/{}", new.id);
            let facts = json!({"pupil": pupil, "code": code});
            tell(state, &mut tx, ask.caller, school, subject, "award.given", facts).await?;
            keep(&mut tx, &ticket, &new.id.to_string()).await?;
            new.id
        }
    };
    let all = award::of_class(&mut tx, school, year, class).await?;
    tx.commit().await?;
    all.into_iter().find(|it| it.id == id).ok_or(Error::PupilUnknown)
}

/// ListAwards.
pub async fn list_awards(
    state: &State,
    caller: &Caller,
    (school, year, class): (&str, &str, &str),
) -> Result<Vec<Award>, Error> {
    let mut tx = state.begin(school).await?;
    let (resource, _) = class_of(&mut tx, caller, school, year, class).await?;
    state.authorize(caller, "ListAwards", &resource)?;
    class::grade(&mut tx, school, year, class).await?;
    award::of_class(&mut tx, school, year, class).await
}
