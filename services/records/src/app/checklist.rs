//! The homeroom teacher's monthly checklist, and who is late with it (A8.2).

use std::collections::HashMap;

use hocba_chassis::Caller;
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use uuid::Uuid;

use super::{Ask, Turn, absence::Address, keep, pupil::class_of, tell, turn};
use crate::{
    error::Error,
    model::{
        month::{Month, Standing},
        rule_set::CRITERIA,
    },
    state::State,
    store::{
        assignment,
        checklist::{self, Completed, Counts},
        class, school_year,
    },
};

/// A class's checklist of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checklist {
    /// The class.
    pub class: String,
    /// The month.
    pub month: Month,
    /// Where it stands.
    pub standing: Standing,
    /// Whose it is.
    pub homeroom: Option<Uuid>,
    /// What the month brought.
    pub counts: Counts,
    /// Who completed it and when.
    pub completed: Option<Completed>,
}

/// What the teacher states, by the name of its field.
pub type Statements = [(&'static str, bool); 3];

/// ListMonthlyChecklists: by month, then by class.
pub async fn list_monthly_checklists(
    state: &State,
    caller: &Caller,
    (school, year): (&str, &str),
    class: Option<&str>,
    month: Option<Month>,
) -> Result<Vec<Checklist>, Error> {
    let mut tx = state.begin(school).await?;
    let resource = match class {
        Some(class) => class_of(&mut tx, caller, school, year, class).await?.0,
        None => Resource::school(school),
    };
    state.authorize(caller, "ListMonthlyChecklists", &resource)?;
    school_year::get(&mut tx, school, year).await?;
    if let Some(class) = class {
        class::grade(&mut tx, school, year, class).await?;
    }
    read(state, &mut tx, (school, year), class, month).await
}

/// CompleteMonthlyChecklist: absences of the whole roster recorded, every statement made.
pub async fn complete_monthly_checklist<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    at: &Address,
    statements: Statements,
) -> Result<Checklist, Error> {
    let (school, year, class) = (at.school.as_str(), at.year.as_str(), at.class.as_str());
    let mut tx = state.begin(school).await?;
    let (resource, _) = class_of(&mut tx, ask.caller, school, year, class).await?;
    state.authorize(ask.caller, "CompleteMonthlyChecklist", &resource)?;
    class::grade(&mut tx, school, year, class).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "CompleteMonthlyChecklist").await? {
        let mut found = read(state, &mut tx, (school, year), Some(class), Some(at.month)).await?;
        let list = found
            .pop()
            .ok_or_else(|| Error::Malformed("name", "không phải là tháng của năm học".to_owned()))?;
        match list.standing {
            Standing::Upcoming => return Err(Error::ChecklistEarly),
            Standing::Done => return Err(Error::ChecklistDone),
            Standing::Open | Standing::Late => {}
        }
        let recorded = list.counts.recorded == list.counts.pupils;
        let open: Vec<&str> = statements
            .into_iter()
            .chain([("absences", recorded)])
            .filter_map(|(item, done)| (!done).then_some(item))
            .collect();
        if !open.is_empty() {
            return Err(Error::ChecklistIncomplete(
                open.into_iter().map(str::to_owned).collect(),
            ));
        }
        let done = Completed {
            class: class.to_owned(),
            month: at.month.to_string(),
            by: ask.caller.person()?.account,
            at: state.clock.now(),
        };
        if !checklist::complete(&mut tx, school, year, &done).await? {
            return Err(Error::ChecklistDone);
        }
        let subject = format!("schools/{school}/years/{year}/classes/{class}");
        let late = list.standing == Standing::Late;
        let facts = json!({"month": done.month, "late": late, "leavings": list.counts.leavings});
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            subject,
            "checklist.completed",
            facts,
        )
        .await?;
        keep(&mut tx, &ticket, "").await?;
    }
    let mut now = read(state, &mut tx, (school, year), Some(class), Some(at.month)).await?;
    tx.commit().await?;
    now.pop().ok_or(Error::Damaged("a checklist"))
}

async fn read(
    state: &State,
    tx: &mut sqlx::PgConnection,
    (school, year): (&str, &str),
    class: Option<&str>,
    only: Option<Month>,
) -> Result<Vec<Checklist>, Error> {
    let today = state.clock.today();
    let homeroom: HashMap<String, Uuid> = assignment::list(tx, school, year, class)
        .await?
        .into_iter()
        .filter(|it| it.item == CRITERIA)
        .map(|it| (it.class, it.teacher))
        .collect();
    let mut completed: HashMap<(String, String), Completed> = checklist::completed(tx, school, year)
        .await?
        .into_iter()
        .map(|it| ((it.class.clone(), it.month.clone()), it))
        .collect();
    let mut lists = Vec::new();
    for month in Month::of_year(year) {
        if only.is_some_and(|only| only != month) {
            continue;
        }
        let text = month.to_string();
        let days = (text.as_str(), month.first_day(), month.last_day());
        for (class, counts) in checklist::counts(tx, school, year, class, days).await? {
            let completed = completed.remove(&(class.clone(), text.clone()));
            lists.push(Checklist {
                standing: month.standing(completed.is_some(), today),
                homeroom: homeroom.get(&class).copied(),
                class,
                month,
                counts,
                completed,
            });
        }
    }
    Ok(lists)
}
