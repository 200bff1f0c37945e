//! School years and test days.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};

use crate::{error::Error, model::rule_set::RuleSet};

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

/// Replaces the test days.
pub async fn set_test_days(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    days: &[TestDay],
) -> Result<(), Error> {
    sqlx::query!(
        "delete from test_day where school_id = $1 and year_id = $2",
        school,
        year
    )
    .execute(&mut *tx)
    .await?;
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
    .execute(tx)
    .await?;
    Ok(())
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
