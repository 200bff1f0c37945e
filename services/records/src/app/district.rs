//! GetDistrictOverview: how far the schools of an authority are (A6.4). Counts alone: no pupil, no mark.

use std::sync::PoisonError;

use hocba_chassis::Caller;
use hocba_policy::Resource;
use sqlx::PgConnection;

use super::completeness;
use crate::{
    error::Error,
    model::completeness::{Overview, PeriodOverview},
    state::State,
    store::{authority, change, class, school_year, year_result},
};

/// GetDistrictOverview. Each school is read in a transaction of its own, which sees that school alone.
pub async fn get_district_overview(
    state: &State,
    caller: &Caller,
    district: &str,
    year: &str,
) -> Result<Vec<Overview>, Error> {
    let resource = Resource::deployment().authority(district);
    state.authorize(caller, "GetDistrictOverview", &resource)?;
    let mut schools = Vec::new();
    for school in authority::schools(&state.pool, district).await? {
        // The rules are asked for each school too: the list alone opens none.
        let resource = Resource::school(school.as_str()).authority(district);
        state.authorize(caller, "GetDistrictOverview", &resource)?;
        schools.push(overview(state, &school, year).await?);
    }
    Ok(schools)
}

/// A school's counts; those of before as long as its feed and the day are the same.
async fn overview(state: &State, school: &str, year: &str) -> Result<Overview, Error> {
    let today = state.clock.today();
    let mut tx = state.begin(school).await?;
    // The number first: what is read after it is at least as new.
    let newest = change::newest(&mut tx, school).await?;
    let key = (school.to_owned(), year.to_owned());
    let known = {
        let overviews = state.overviews.lock().unwrap_or_else(PoisonError::into_inner);
        overviews.get(&key).cloned()
    };
    if let Some((seen, day, overview)) = known
        && (seen, day) == (newest, today)
    {
        return Ok(overview);
    }
    let overview = count(state, &mut tx, school, year).await?;
    let mut overviews = state.overviews.lock().unwrap_or_else(PoisonError::into_inner);
    overviews.insert(key, (newest, today, overview.clone()));
    Ok(overview)
}

async fn count(state: &State, tx: &mut PgConnection, school: &str, year: &str) -> Result<Overview, Error> {
    let found = match school_year::get(tx, school, year).await {
        Ok(found) => found,
        Err(Error::YearUnknown) => {
            return Ok(Overview {
                school: school.to_owned(),
                ..Overview::default()
            });
        }
        Err(error) => return Err(error),
    };
    let days = school_year::due_days(tx, school, year).await?;
    let rules = school_year::rule_set(tx, state.rule_sets, school, year).await?;
    let mut periods: Vec<_> = rules
        .periods
        .iter()
        .map(|period| PeriodOverview::new(*period, &days))
        .collect();
    for sheet in completeness::sheets(state, tx, (school, year), None).await? {
        let standing = &sheet.standing;
        let own = periods.iter_mut().find(|it| it.period == standing.address.period);
        if let Some(period) = own {
            period.count(standing.required, standing.sealed, sheet.late);
        }
    }
    let classes = class::list(tx, school, year).await?;
    let results = year_result::counts(tx, school, year).await?;
    Ok(Overview {
        school: school.to_owned(),
        school_name: found.school_name,
        set_up: true,
        classes: classes.len(),
        pupils: results.iter().map(|class| class.pupils).sum(),
        periods,
        confirmed: results.iter().map(|class| class.confirmed).sum(),
        decided: results.iter().map(|class| class.decided).sum(),
    })
}
