//! ListTasks: what waits for the caller (A6.4).

use hocba_chassis::{Caller, Role, caller::Person};
use hocba_policy::Resource;
use sqlx::PgConnection;
use time::{Date, OffsetDateTime, Time, UtcOffset};

use super::{completeness, mark_sheet::Address};
use crate::{
    error::Error,
    model::{
        calendar::{due, waits_since, year_of},
        period::Period,
        rule_set::CRITERIA,
    },
    state::State,
    store::{assignment, class, school_year, year_result},
};

/// So many are told.
const MOST: usize = 200;

/// With what something is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// A school year.
    Year(String),
    /// A class of a year.
    Class(String, String),
    /// A mark sheet.
    Sheet(Address),
}

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// What is to be done.
    pub kind: &'static str,
    /// With what.
    pub thing: Thing,
    /// Since when.
    pub since: Option<OffsetDateTime>,
    /// The last day.
    pub due: Option<Date>,
}

/// ListTasks: of the present year and the one before.
pub async fn list_tasks(state: &State, caller: &Caller, school: &str) -> Result<Vec<Task>, Error> {
    state.authorize(caller, "ListTasks", &Resource::school(school))?;
    let person = caller.person()?;
    let mut tx = state.begin(school).await?;
    let (present, opens) = year_of(state.clock.today());
    let mut years = school_year::ids(&mut tx, school).await?;
    let mut tasks = Vec::new();
    if sets_up(person) {
        set_up(
            &mut tx,
            school,
            (&present, opens),
            years.contains(&present),
            &mut tasks,
        )
        .await?;
    }
    years.truncate(2);
    for year in &years {
        of_teachers(state, &mut tx, (school, year), person, &mut tasks).await?;
        if person.has(Role::Principal) {
            promotions(&mut tx, school, year, &mut tasks).await?;
        }
    }
    // What is due first comes first, what is not due last.
    tasks.sort_by_key(|task| (task.due.is_none(), task.due, task.since));
    tasks.truncate(MOST);
    Ok(tasks)
}

fn sets_up(person: &Person) -> bool {
    person.has(Role::Principal) || person.has(Role::SystemAdmin)
}

/// The year, its classes, their teachers: the next step of each alone.
async fn set_up(
    tx: &mut PgConnection,
    school: &str,
    (year, opens): (&str, Option<Date>),
    is_there: bool,
    tasks: &mut Vec<Task>,
) -> Result<(), Error> {
    let mut add = |kind, thing| {
        tasks.push(Task {
            kind,
            thing,
            since: None,
            due: opens,
        });
    };
    if !is_there {
        add("school_year.set_up", Thing::Year(year.to_owned()));
        return Ok(());
    }
    let classes = class::list(tx, school, year).await?;
    if classes.is_empty() {
        add("classes.set_up", Thing::Year(year.to_owned()));
    }
    let assigned = assignment::list(tx, school, year, None).await?;
    for class in classes {
        let homeroom = |it: &&assignment::Assignment| it.class == class.class && it.item == CRITERIA;
        if !assigned.iter().any(|it| homeroom(&it)) {
            add("teachers.assign", Thing::Class(year.to_owned(), class.class));
        }
    }
    Ok(())
}

/// The sheets a teacher enters, and the results that a homeroom teacher confirms.
async fn of_teachers(
    state: &State,
    tx: &mut PgConnection,
    (school, year): (&str, &str),
    person: &Person,
    tasks: &mut Vec<Task>,
) -> Result<(), Error> {
    let own: Vec<_> = assignment::list(tx, school, year, None)
        .await?
        .into_iter()
        .filter(|it| it.teacher == person.account)
        .collect();
    if own.is_empty() {
        return Ok(());
    }
    let today = state.clock.today();
    let calendar = school_year::calendar(tx, school, year).await?;
    let mut classes: Vec<String> = own.iter().map(|it| it.class.clone()).collect();
    classes.dedup();
    let sheets = completeness::sheets(state, tx, (school, year), Some(&classes)).await?;
    let grades = class::list(tx, school, year).await?;
    for sheet in sheets.iter().filter(|sheet| sheet.is_open()) {
        let at = &sheet.standing.address;
        if sheet.standing.teacher != Some(person.account) {
            continue;
        }
        let grade = grades
            .iter()
            .find(|class| class.class == at.class)
            .map(|it| it.grade);
        let is_test = |day: &&school_year::TestDay| {
            Some(day.grade) == grade && day.semester == at.period.semester_id() && ends_semester(at.period)
        };
        let test = calendar.test_days.iter().find(is_test).map(|day| day.first_day);
        if let Some(since) = waits_since(due(&calendar.due_days, at.period), test, today) {
            tasks.push(Task {
                kind: "mark_sheet.enter",
                thing: Thing::Sheet(at.clone()),
                since: Some(midnight(since)),
                due: sheet.due,
            });
        }
    }
    let results = year_result::counts(tx, school, year).await?;
    let rules = school_year::rule_set(tx, state.rule_sets, school, year).await?;
    let closing = rules.periods.last().copied();
    for homeroom in own.iter().filter(|it| it.item == CRITERIA) {
        let mut last = sheets.iter().filter(|sheet| {
            sheet.standing.address.class == homeroom.class && Some(sheet.standing.address.period) == closing
        });
        let counts = results.iter().find(|class| class.class == homeroom.class);
        let open = counts.is_some_and(|class| class.confirmed < class.pupils);
        if open && last.all(|sheet| !sheet.is_open()) {
            tasks.push(Task {
                kind: "year_results.confirm",
                thing: Thing::Class(year.to_owned(), homeroom.class.clone()),
                since: None,
                due: None,
            });
        }
    }
    Ok(())
}

/// Classes whose every result is confirmed and whose promotion is not decided.
async fn promotions(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    tasks: &mut Vec<Task>,
) -> Result<(), Error> {
    for class in year_result::counts(tx, school, year).await? {
        if class.pupils > 0 && class.confirmed == class.pupils && class.decided < class.pupils {
            tasks.push(Task {
                kind: "promotions.decide",
                thing: Thing::Class(year.to_owned(), class.class),
                since: class.confirmed_at,
                due: None,
            });
        }
    }
    Ok(())
}

/// The calendar's test days are those of the two end-of-term periods.
fn ends_semester(period: Period) -> bool {
    match period {
        Period::End1 | Period::End2 => true,
        Period::Mid1 | Period::Mid2 => false,
    }
}

/// The beginning of a day in Việt Nam.
fn midnight(day: Date) -> OffsetDateTime {
    let offset = UtcOffset::from_hms(7, 0, 0).unwrap_or(UtcOffset::UTC);
    day.with_time(Time::MIDNIGHT).assume_offset(offset)
}
