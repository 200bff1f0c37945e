//! Monthly checklists: what was completed, and what the rows say of a month.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::error::Error;

/// A completed checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// The class.
    pub class: String,
    /// Such as `2025-10`.
    pub month: String,
    /// Who.
    pub by: Uuid,
    /// When.
    pub at: OffsetDateTime,
}

/// The completed checklists of a year.
pub async fn completed(tx: &mut PgConnection, school: &str, year: &str) -> Result<Vec<Completed>, Error> {
    Ok(sqlx::query_as!(
        Completed,
        r#"select class_id as class, month, completed_by as "by", completed_at as at
         from monthly_checklist where school_id = $1 and year_id = $2"#,
        school,
        year,
    )
    .fetch_all(tx)
    .await?)
}

/// Completes one; false when it was.
pub async fn complete(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    done: &Completed,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into monthly_checklist (school_id, year_id, class_id, month, completed_by, completed_at)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        school,
        year,
        done.class,
        done.month,
        done.by,
        done.at,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a month brought to a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Pupils on the roster.
    pub pupils: i64,
    /// Of them, with the month's absences recorded.
    pub recorded: i64,
    /// Days absent with leave, leavers too.
    pub with_leave: i64,
    /// Days absent without.
    pub without_leave: i64,
    /// Entries and repeats into the class.
    pub entries: i64,
    /// Pupils who came from or went to another class.
    pub class_changes: i64,
    /// Pupils who left.
    pub leavings: i64,
    /// Pupils who came back.
    pub returns: i64,
}

/// The counts of every class of the year in one month, by class; of one class when given.
pub async fn counts(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: Option<&str>,
    (month, first, last): (&str, Date, Date),
) -> Result<Vec<(String, Counts)>, Error> {
    let rows = sqlx::query!(
        r#"select c.class_id, a.pupils as "pupils!", a.recorded as "recorded!", a.with_leave as "with_leave!",
            a.without_leave as "without_leave!", m.entries as "entries!", m.class_changes as "class_changes!",
            m.leavings as "leavings!", m.returns as "returns!"
         from class c
         cross join lateral (
            select count(*) filter (where e.left_on is null) as pupils,
                count(a.pupil_id) filter (where e.left_on is null) as recorded,
                coalesce(sum(a.with_leave), 0) as with_leave, coalesce(sum(a.without_leave), 0) as without_leave
            from enrolment e
            left join absence a on a.school_id = e.school_id and a.year_id = e.year_id and a.pupil_id = e.pupil_id
                and a.month = $4
            where e.school_id = c.school_id and e.year_id = c.year_id and e.class_id = c.class_id
         ) a
         cross join lateral (
            select count(*) filter (where kind in ('entry', 'repeat')) as entries,
                count(*) filter (where kind = 'class_change') as class_changes,
                count(*) filter (where kind = 'leaving') as leavings,
                count(*) filter (where kind = 'return') as returns
            from movement m
            where m.school_id = c.school_id and m.year_id = c.year_id and m.day between $5 and $6
              and c.class_id in (m.from_class, m.to_class)
         ) m
         where c.school_id = $1 and c.year_id = $2 and ($3::text is null or c.class_id = $3)
         order by c.grade, c.class_id"#,
        school,
        year,
        class,
        month,
        first,
        last,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let counts = Counts {
                pupils: row.pupils,
                recorded: row.recorded,
                with_leave: row.with_leave,
                without_leave: row.without_leave,
                entries: row.entries,
                class_changes: row.class_changes,
                leavings: row.leavings,
                returns: row.returns,
            };
            (row.class_id, counts)
        })
        .collect())
}
