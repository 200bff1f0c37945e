//! Confirmed results and promotions, insert-only.

use std::collections::HashMap;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;

/// A confirmed result with what was decided on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The pupil.
    pub pupil: Uuid,
    /// From 1.
    pub version: i32,
    /// The result, an id of the year's rule set.
    pub result: String,
    /// Whether it completes the grade.
    pub completed: bool,
    /// The awards that follow from it, as printed.
    pub awards: Vec<String>,
    /// The cells it was derived from.
    pub cells_digest: Vec<u8>,
    /// When.
    pub confirmed_at: OffsetDateTime,
    /// Whether the pupil is promoted, once decided.
    pub promoted: Option<bool>,
}

/// The newest confirmed results of a class's pupils, by pupil.
pub async fn of_class(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: &str,
) -> Result<HashMap<Uuid, Confirmed>, Error> {
    let rows = sqlx::query!(
        r#"select distinct on (r.pupil_id) r.pupil_id, r.version, r.result, r.completed, r.awards, r.cells_digest, r.confirmed_at,
            p.promoted as "promoted?"
         from enrolment e
         join year_result r on r.school_id = e.school_id and r.year_id = e.year_id and r.pupil_id = e.pupil_id
         left join promotion p on p.school_id = r.school_id and p.year_id = r.year_id
            and p.pupil_id = r.pupil_id and p.result_version = r.version
         where e.school_id = $1 and e.year_id = $2 and e.class_id = $3
         order by r.pupil_id, r.version desc"#,
        school,
        year,
        class,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let confirmed = Confirmed {
                pupil: row.pupil_id,
                version: row.version,
                result: row.result,
                completed: row.completed,
                awards: row.awards,
                cells_digest: row.cells_digest,
                confirmed_at: row.confirmed_at,
                promoted: row.promoted,
            };
            (row.pupil_id, confirmed)
        })
        .collect())
}

/// How far the results of a class are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// The class.
    pub class: String,
    /// Pupils enrolled.
    pub pupils: usize,
    /// Pupils with a confirmed result.
    pub confirmed: usize,
    /// Pupils whose newest result has a decision.
    pub decided: usize,
    /// When the newest result was confirmed.
    pub confirmed_at: Option<OffsetDateTime>,
}

/// How far the results of each class with pupils are.
pub async fn counts(tx: &mut PgConnection, school: &str, year: &str) -> Result<Vec<Counts>, Error> {
    let rows = sqlx::query!(
        r#"select e.class_id, count(*) as "pupils!", count(r.version) as "confirmed!", count(p.promoted) as "decided!",
            max(r.confirmed_at) as confirmed_at
         from enrolment e
         left join lateral (
            select version, confirmed_at from year_result
            where school_id = e.school_id and year_id = e.year_id and pupil_id = e.pupil_id
            order by version desc limit 1
         ) r on true
         left join promotion p on p.school_id = e.school_id and p.year_id = e.year_id and p.pupil_id = e.pupil_id
            and p.result_version = r.version
         where e.school_id = $1 and e.year_id = $2 and e.left_on is null
         group by e.class_id order by e.class_id"#,
        school,
        year,
    )
    .fetch_all(tx)
    .await?;
    let count = |number: i64| usize::try_from(number).unwrap_or_default();
    Ok(rows
        .into_iter()
        .map(|row| Counts {
            class: row.class_id,
            pupils: count(row.pupils),
            confirmed: count(row.confirmed),
            decided: count(row.decided),
            confirmed_at: row.confirmed_at,
        })
        .collect())
}

/// Writes a new version.
pub async fn insert(
    tx: &mut PgConnection,
    school: &str,
    (year, class): (&str, &str),
    by: Uuid,
    new: &Confirmed,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into year_result (school_id, year_id, pupil_id, version, class_id, result, awards, completed,
            cells_digest, confirmed_by, confirmed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        school,
        year,
        new.pupil,
        new.version,
        class,
        new.result,
        &new.awards,
        new.completed,
        new.cells_digest,
        by,
        new.confirmed_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A promotion to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// The pupil.
    pub pupil: Uuid,
    /// Of which version of the result.
    pub version: i32,
    /// Whether.
    pub promoted: bool,
    /// Why, where it does not follow from the result.
    pub reason: String,
}

/// Writes promotions; one that is decided already for this version stays.
pub async fn promote(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    promotions: &[Promotion],
    (by, delegation, at): (Uuid, Option<&str>, OffsetDateTime),
) -> Result<u64, Error> {
    let pupils: Vec<Uuid> = promotions.iter().map(|it| it.pupil).collect();
    let versions: Vec<i32> = promotions.iter().map(|it| it.version).collect();
    let promoted: Vec<bool> = promotions.iter().map(|it| it.promoted).collect();
    let reasons: Vec<String> = promotions.iter().map(|it| it.reason.clone()).collect();
    let done = sqlx::query!(
        "insert into promotion (school_id, year_id, pupil_id, result_version, promoted, reason, decided_by,
            delegation, decided_at)
         select $1, $2, p.pupil, p.version, p.promoted, p.reason, $7, $8, $9
         from unnest($3::uuid[], $4::int[], $5::bool[], $6::text[]) as p (pupil, version, promoted, reason)
         on conflict do nothing",
        school,
        year,
        &pupils,
        &versions,
        &promoted,
        &reasons,
        by,
        delegation,
        at,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
}
