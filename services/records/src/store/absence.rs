//! Absences by month.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;

/// A pupil's days of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// The pupil.
    pub pupil: Uuid,
    /// Days with leave.
    pub with_leave: i16,
    /// Days without.
    pub without_leave: i16,
}

/// Writes a month of several pupils, and the sums of their year after it.
pub async fn put(
    tx: &mut PgConnection,
    school: &str,
    (year, month): (&str, &str),
    absences: &[Absence],
    (by, at): (Uuid, OffsetDateTime),
) -> Result<(), Error> {
    let pupils: Vec<Uuid> = absences.iter().map(|it| it.pupil).collect();
    let with: Vec<i16> = absences.iter().map(|it| it.with_leave).collect();
    let without: Vec<i16> = absences.iter().map(|it| it.without_leave).collect();
    sqlx::query!(
        "insert into absence (school_id, year_id, month, pupil_id, with_leave, without_leave, recorded_by, recorded_at)
         select $1, $2, $3, a.*, $7, $8 from unnest($4::uuid[], $5::smallint[], $6::smallint[]) as a
         on conflict on constraint absence_pk do update set with_leave = excluded.with_leave,
            without_leave = excluded.without_leave, recorded_by = excluded.recorded_by,
            recorded_at = excluded.recorded_at",
        school,
        year,
        month,
        &pupils,
        &with,
        &without,
        by,
        at,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update enrolment e set absences_with_leave = s.with_leave, absences_without_leave = s.without_leave,
            etag = e.etag + 1
         from (select pupil_id, sum(with_leave)::smallint as with_leave, sum(without_leave)::smallint as without_leave
               from absence where school_id = $1 and year_id = $2 and pupil_id = any($3) group by pupil_id) s
         where e.school_id = $1 and e.year_id = $2 and e.pupil_id = s.pupil_id
           and (e.absences_with_leave, e.absences_without_leave) is distinct from (s.with_leave, s.without_leave)",
        school,
        year,
        &pupils,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Marks a month as recorded once more; false when the etag is not the present one (0: not recorded; none: any). Who
/// records it at the same time waits, and is told.
pub async fn touch(
    tx: &mut PgConnection,
    school: &str,
    (year, class, month): (&str, &str, &str),
    etag: Option<i64>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into absence_month as m (school_id, year_id, class_id, month)
         select $1, $2, $3, $4
         where coalesce($5::bigint, 0) = 0 or exists (
            select 1 from absence_month where school_id = $1 and year_id = $2 and class_id = $3 and month = $4)
         on conflict on constraint absence_month_pk do update set etag = m.etag + 1
            where $5::bigint is null or $5 = m.etag",
        school,
        year,
        class,
        month,
        etag,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A month's etag; 0 while it is not recorded.
pub async fn etag(
    tx: &mut PgConnection,
    school: &str,
    (year, class, month): (&str, &str, &str),
) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        "select etag from absence_month where school_id = $1 and year_id = $2 and class_id = $3 and month = $4",
        school,
        year,
        class,
        month,
    )
    .fetch_optional(tx)
    .await?
    .unwrap_or_default())
}

/// A month of a class's pupils, leavers too.
pub async fn list(
    tx: &mut PgConnection,
    school: &str,
    (year, class): (&str, &str),
    month: &str,
) -> Result<Vec<Absence>, Error> {
    Ok(sqlx::query_as!(
        Absence,
        "select a.pupil_id as pupil, a.with_leave, a.without_leave
         from enrolment e
         join absence a on a.school_id = e.school_id and a.year_id = e.year_id and a.pupil_id = e.pupil_id
         where e.school_id = $1 and e.year_id = $2 and e.class_id = $3 and a.month = $4",
        school,
        year,
        class,
        month,
    )
    .fetch_all(tx)
    .await?)
}

/// Whether a month of a pupil's year was recorded: from then on the year's sums follow the months.
pub async fn is_by_month(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    pupil: Uuid,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from absence where school_id = $1 and year_id = $2 and pupil_id = $3) as "it!""#,
        school,
        year,
        pupil,
    )
    .fetch_one(tx)
    .await?)
}
