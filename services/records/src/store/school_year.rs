//! School years and test days.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};

use crate::{
    error::Error,
    model::{calendar::DueDay, period::Period, rule_set::RuleSet},
};

/// A school year as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolYear {
    /// Id.
    pub year: String,
    /// Rule set id.
    pub rule_set: String,
    /// Code as printed.
    pub school_code: String,
    /// Name as printed.
    pub school_name: String,
    /// Commune as printed.
    pub commune: String,
    /// Province as printed.
    pub province: String,
    /// Grace of lost sessions.
    pub grace_minutes: i32,
    /// Version.
    pub etag: i64,
}

/// A first test day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestDay {
    /// Grade.
    pub grade: i16,
    /// Semester id.
    pub semester: String,
    /// The day.
    pub first_day: Date,
}

/// The days of a year.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    /// First days of the end-of-term tests.
    pub test_days: Vec<TestDay>,
    /// The days by which sheets are to be finished.
    pub due_days: Vec<DueDay>,
}

/// Inserts a year; false when it is there.
pub async fn insert(
    tx: &mut PgConnection,
    school: &str,
    year: &SchoolYear,
    now: OffsetDateTime,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into school_year (school_id, year_id, rule_set, school_code, school_name, commune, province,
            grace_minutes, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing",
        school,
        year.year,
        year.rule_set,
        year.school_code,
        year.school_name,
        year.commune,
        year.province,
        year.grace_minutes,
        now,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Reads a year.
pub async fn get(tx: &mut PgConnection, school: &str, year: &str) -> Result<SchoolYear, Error> {
    sqlx::query_as!(
        SchoolYear,
        "select year_id as year, rule_set, school_code, school_name, commune, province, grace_minutes, etag
         from school_year where school_id = $1 and year_id = $2",
        school,
        year,
    )
    .fetch_optional(tx)
    .await?
    .ok_or(Error::YearUnknown)
}

/// The ids of a school's years, the newest first.
pub async fn ids(tx: &mut PgConnection, school: &str) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar!(
        "select year_id from school_year where school_id = $1 order by year_id desc",
        school
    )
    .fetch_all(tx)
    .await?)
}

/// The rule set of a year.
pub async fn rule_set(
    tx: &mut PgConnection,
    sets: &'static [RuleSet],
    school: &str,
    year: &str,
) -> Result<&'static RuleSet, Error> {
    let year = get(tx, school, year).await?;
    crate::model::rule_set::choose(sets, &year.rule_set, &year.year).ok_or(Error::RuleSetUnknown)
}

/// Raises the etag if it is the one read.
pub async fn touch(tx: &mut PgConnection, school: &str, year: &str, etag: i64) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update school_year set etag = etag + 1 where school_id = $1 and year_id = $2 and etag = $3",
        school,
        year,
        etag,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces the calendar.
pub async fn set_calendar(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    calendar: &Calendar,
) -> Result<(), Error> {
    sqlx::query!(
        "with tests as (delete from test_day where school_id = $1 and year_id = $2)
         delete from due_day where school_id = $1 and year_id = $2",
        school,
        year
    )
    .execute(&mut *tx)
    .await?;
    let days = &calendar.test_days;
    let grades: Vec<i16> = days.iter().map(|day| day.grade).collect();
    let semesters: Vec<String> = days.iter().map(|day| day.semester.clone()).collect();
    let firsts: Vec<Date> = days.iter().map(|day| day.first_day).collect();
    sqlx::query!(
        "insert into test_day (school_id, year_id, grade, semester, first_day)
         select $1, $2, d.grade, d.semester, d.first_day
         from unnest($3::smallint[], $4::text[], $5::date[]) as d (grade, semester, first_day)",
        school,
        year,
        &grades,
        &semesters,
        &firsts,
    )
    .execute(&mut *tx)
    .await?;
    let dues = &calendar.due_days;
    let periods: Vec<String> = dues.iter().map(|due| due.period.id().to_owned()).collect();
    let days: Vec<Date> = dues.iter().map(|due| due.day).collect();
    sqlx::query!(
        "insert into due_day (school_id, year_id, period, day)
         select $1, $2, d.period, d.day from unnest($3::text[], $4::date[]) as d (period, day)",
        school,
        year,
        &periods,
        &days,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The calendar: test days by grade and semester, due days by period.
pub async fn calendar(tx: &mut PgConnection, school: &str, year: &str) -> Result<Calendar, Error> {
    Ok(Calendar {
        test_days: test_days(tx, school, year).await?,
        due_days: due_days(tx, school, year).await?,
    })
}

/// The days by which sheets are to be finished, by period.
pub async fn due_days(tx: &mut PgConnection, school: &str, year: &str) -> Result<Vec<DueDay>, Error> {
    let rows = sqlx::query!(
        "select period, day from due_day where school_id = $1 and year_id = $2",
        school,
        year,
    )
    .fetch_all(tx)
    .await?;
    let mut days = rows
        .into_iter()
        .map(|row| {
            let period = Period::parse(&row.period).ok_or(Error::Damaged("a due day's period"))?;
            Ok(DueDay { period, day: row.day })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    days.sort_by_key(|due| due.period);
    Ok(days)
}

/// The test days, by grade and semester.
pub async fn test_days(tx: &mut PgConnection, school: &str, year: &str) -> Result<Vec<TestDay>, Error> {
    Ok(sqlx::query_as!(
        TestDay,
        "select grade, semester, first_day from test_day
         where school_id = $1 and year_id = $2 order by grade, semester",
        school,
        year,
    )
    .fetch_all(tx)
    .await?)
}
