//! Further attempts at sealed cells.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    error::Error,
    model::cell::{Mark, Value},
    vault::{PupilKey, Vault},
};

/// A further attempt as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reassessment {
    /// Id.
    pub id: Uuid,
    /// Class.
    pub class: String,
    /// Sheet.
    pub sheet: String,
    /// Period id.
    pub period: String,
    /// The pupil.
    pub pupil: Uuid,
    /// The items.
    pub items: Vec<String>,
    /// `retest` or `further`.
    pub kind: String,
    /// The reason, or the plan of support.
    pub plan: String,
    /// Until when.
    pub due_day: Date,
    /// Who proposed it.
    pub proposed_by: Uuid,
    /// When.
    pub proposed_at: OffsetDateTime,
    /// The decision.
    pub granted: Option<bool>,
    /// Who decided.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<OffsetDateTime>,
    /// Granted cells that have no newer version.
    pub waiting: i64,
}

/// Where in the pupil's key a plan lies: bound to its attempt.
fn place(id: Uuid) -> String {
    format!("reassessment/{id}")
}

/// Writes a proposal, its plan sealed under the pupil's key.
pub async fn insert(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    key: &PupilKey,
    new: &Reassessment,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into reassessment (school_id, year_id, reassessment_id, class_id, sheet, period, pupil_id, items,
            kind, plan, due_day, proposed_by, proposed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        school,
        year,
        new.id,
        new.class,
        new.sheet,
        new.period,
        new.pupil,
        &new.items,
        new.kind,
        key.seal(&place(new.id), &new.plan)?,
        new.due_day,
        new.proposed_by,
        new.proposed_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The further attempts of a class, or one of the year.
pub async fn list(
    tx: &mut PgConnection,
    vault: &Vault,
    (school, year): (&str, &str),
    class: Option<&str>,
    id: Option<Uuid>,
) -> Result<Vec<Reassessment>, Error> {
    let rows = sqlx::query!(
        r#"select r.reassessment_id, r.class_id, r.sheet, r.period, r.pupil_id, r.items, r.kind, r.plan, r.due_day,
            r.proposed_by, r.proposed_at, r.granted, r.decided_by, r.decided_at, p.key,
            (select count(*) from granted_attempt g
             where g.school_id = r.school_id and g.year_id = r.year_id and g.reassessment_id = r.reassessment_id
               and not exists (
                    select 1 from sealed_cell c
                    where c.school_id = g.school_id and c.year_id = g.year_id and c.pupil_id = g.pupil_id
                      and c.item = g.item and c.period = g.period and c.version > g.version)) as "waiting!"
         from reassessment r
         join pupil p on p.school_id = r.school_id and p.pupil_id = r.pupil_id
         where r.school_id = $1 and r.year_id = $2 and ($3::text is null or r.class_id = $3)
           and ($4::uuid is null or r.reassessment_id = $4)
         order by r.proposed_at, r.reassessment_id"#,
        school,
        year,
        class,
        id,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let key = vault.pupil(school, row.pupil_id, row.key)?;
            Ok(Reassessment {
                id: row.reassessment_id,
                class: row.class_id,
                sheet: row.sheet,
                period: row.period,
                pupil: row.pupil_id,
                items: row.items,
                kind: row.kind,
                plan: key.open(&place(row.reassessment_id), &row.plan)?,
                due_day: row.due_day,
                proposed_by: row.proposed_by,
                proposed_at: row.proposed_at,
                granted: row.granted,
                decided_by: row.decided_by,
                decided_at: row.decided_at,
                waiting: row.waiting,
            })
        })
        .collect()
}

/// Writes the decision; false when it is decided.
pub async fn decide(
    tx: &mut PgConnection,
    school: &str,
    (year, id): (&str, Uuid),
    granted: bool,
    (by, now): (Uuid, OffsetDateTime),
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update reassessment set granted = $4, decided_by = $5, decided_at = $6
         where school_id = $1 and year_id = $2 and reassessment_id = $3 and granted is null",
        school,
        year,
        id,
        granted,
        by,
        now,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Opens the cells' present versions for one further attempt each; answers how many. One that has an attempt already
/// stays as it is.
pub async fn grant(tx: &mut PgConnection, school: &str, year: &str, id: Uuid) -> Result<u64, Error> {
    let done = sqlx::query!(
        "insert into granted_attempt (school_id, year_id, pupil_id, item, period, version, reassessment_id)
         select r.school_id, r.year_id, r.pupil_id, c.item, r.period, max(c.version), r.reassessment_id
         from reassessment r
         join sealed_cell c on c.school_id = r.school_id and c.year_id = r.year_id and c.pupil_id = r.pupil_id
            and c.period = r.period and c.item = any(r.items)
         where r.school_id = $1 and r.year_id = $2 and r.reassessment_id = $3
         group by r.school_id, r.year_id, r.pupil_id, c.item, r.period, r.reassessment_id
         on conflict do nothing",
        school,
        year,
        id,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
}

/// A sealed version of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// From 1.
    pub version: i32,
    /// The value.
    pub value: Value,
    /// The receipt.
    pub receipt: Uuid,
    /// Its cause.
    pub cause: String,
    /// Who entered it.
    pub entered_by: Uuid,
    /// When it was sealed.
    pub sealed_at: OffsetDateTime,
}

/// The versions of a cell, the first one first.
pub async fn versions(
    tx: &mut PgConnection,
    school: &str,
    (year, period): (&str, &str),
    (pupil, item): (Uuid, &str),
) -> Result<Vec<Version>, Error> {
    let rows = sqlx::query!(
        "select c.version, c.mark, c.level, c.score, c.comment, c.receipt_id, r.cause, c.entered_by, c.sealed_at
         from sealed_cell c
         join receipt r on r.school_id = c.school_id and r.receipt_id = c.receipt_id
         where c.school_id = $1 and c.year_id = $2 and c.pupil_id = $3 and c.item = $4 and c.period = $5
         order by c.version",
        school,
        year,
        pupil,
        item,
        period,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Version {
                version: row.version,
                value: Value {
                    mark: Mark::parse(&row.mark).ok_or(Error::Damaged("a sealed cell's mark"))?,
                    level: row.level,
                    score: row.score,
                    comment: row.comment,
                },
                receipt: row.receipt_id,
                cause: row.cause,
                entered_by: row.entered_by,
                sealed_at: row.sealed_at,
            })
        })
        .collect()
}
