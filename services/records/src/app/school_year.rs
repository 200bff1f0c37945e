//! School years and their calendar.

use hocba_policy::Resource;
use prost::Message;
use serde_json::json;

use super::{Ask, Turn, keep, tell, turn};
use crate::{
    error::Error,
    model::rule_set,
    state::State,
    store::school_year::{self, Calendar, SchoolYear},
};
use hocba_chassis::Caller;

/// CreateSchoolYear.
pub async fn create_school_year<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    mut year: SchoolYear,
    calendar: &Calendar,
) -> Result<(SchoolYear, Calendar), Error> {
    state.authorize(ask.caller, "CreateSchoolYear", &Resource::school(school))?;
    let rules = rule_set::choose(state.rule_sets, &year.rule_set, &year.year).ok_or(Error::RuleSetUnknown)?;
    year.rule_set.clone_from(&rules.id);
    let mut tx = state.begin(school).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "CreateSchoolYear").await? {
        if !school_year::insert(&mut tx, school, &year, state.clock.now()).await? {
            return Err(Error::YearExists);
        }
        school_year::set_calendar(&mut tx, school, &year.year, calendar).await?;
        let facts = json!({"rule_set": year.rule_set, "test_days": calendar.test_days.len()});
        let subject = format!("schools/{school}/years/{}", year.year);
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            subject,
            "school_year.created",
            facts,
        )
        .await?;
        keep(&mut tx, &ticket, &year.year).await?;
    }
    let found = read(&mut tx, school, &year.year).await?;
    tx.commit().await?;
    Ok(found)
}

/// GetSchoolYear.
pub async fn get_school_year(
    state: &State,
    caller: &Caller,
    school: &str,
    year: &str,
) -> Result<(SchoolYear, Calendar), Error> {
    state.authorize(caller, "GetSchoolYear", &Resource::school(school))?;
    read(&mut *state.begin(school).await?, school, year).await
}

/// UpdateCalendar.
pub async fn update_calendar<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    year: &str,
    calendar: &Calendar,
    etag: i64,
) -> Result<(SchoolYear, Calendar), Error> {
    state.authorize(ask.caller, "UpdateCalendar", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "UpdateCalendar").await? {
        school_year::get(&mut tx, school, year).await?;
        if !school_year::touch(&mut tx, school, year, etag).await? {
            return Err(Error::EtagMismatch);
        }
        school_year::set_calendar(&mut tx, school, year, calendar).await?;
        let facts = json!({
            "test_days": calendar.test_days.iter().map(|day| json!({
                "grade": day.grade, "semester": day.semester, "first_day": day.first_day.to_string(),
            })).collect::<Vec<_>>(),
            "due_days": calendar.due_days.iter().map(|due| json!({
                "period": due.period.id(), "day": due.day.to_string(),
            })).collect::<Vec<_>>(),
        });
        let subject = format!("schools/{school}/years/{year}");
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            subject,
            "calendar.updated",
            facts,
        )
        .await?;
        keep(&mut tx, &ticket, year).await?;
    }
    let found = read(&mut tx, school, year).await?;
    tx.commit().await?;
    Ok(found)
}

async fn read(
    tx: &mut sqlx::PgConnection,
    school: &str,
    year: &str,
) -> Result<(SchoolYear, Calendar), Error> {
    let found = school_year::get(tx, school, year).await?;
    let calendar = school_year::calendar(tx, school, year).await?;
    Ok((found, calendar))
}
