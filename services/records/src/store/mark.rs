//! Sealed cells and receipts.

use hocba_chassis::{clock::new_id, telemetry};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Error,
    model::cell::{Mark, Sealed, Value},
};

/// The newest version of a sealed cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// Pupil.
    pub pupil: Uuid,
    /// Item.
    pub item: String,
    /// Version.
    pub version: i32,
    /// Value.
    pub value: Value,
    /// Whether it takes one further attempt.
    pub reopened: bool,
}

/// The newest sealed versions of some items in a class and period.
pub async fn current(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: &str,
    period: &str,
    items: &[String],
) -> Result<Vec<Current>, Error> {
    // By pupil, not by class: a cell belongs to the pupil, wherever it was sealed.
    let rows = sqlx::query!(
        r#"select e.pupil_id, c.item, c.version, c.mark, c.level, c.score, c.comment, g.version is not null as "reopened!"
         from enrolment e
         cross join lateral (
            -- Its own question for each pupil, so that it goes by the key whatever the planner knows of the table.
            select distinct on (s.item) s.item, s.version, s.mark, s.level, s.score, s.comment
            from sealed_cell s
            where s.school_id = e.school_id and s.year_id = e.year_id and s.pupil_id = e.pupil_id
              and s.item = any($5) and s.period = $4
            order by s.item, s.version desc) c
         left join granted_attempt g on g.school_id = e.school_id and g.year_id = e.year_id
            and g.pupil_id = e.pupil_id and g.item = c.item and g.period = $4 and g.version = c.version
         where e.school_id = $1 and e.year_id = $2 and e.class_id = $3"#,
        school,
        year,
        class,
        period,
        items,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Current {
                pupil: row.pupil_id,
                item: row.item,
                version: row.version,
                value: Value {
                    mark: Mark::parse(&row.mark).ok_or(Error::Damaged("a sealed cell's mark"))?,
                    level: row.level,
                    score: row.score,
                    comment: row.comment,
                },
                reopened: row.reopened,
            })
        })
        .collect()
}

/// How many pupils of each class, or of some classes, have each item sealed in each period, of those who need it.
pub async fn counts(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    only: Option<&[String]>,
) -> Result<Vec<(String, String, String, i64)>, Error> {
    let rows = sqlx::query!(
        r#"select e.class_id, c.item, c.period, count(distinct c.pupil_id) as "sealed!"
         from enrolment e
         join sealed_cell c on c.school_id = e.school_id and c.year_id = e.year_id and c.pupil_id = e.pupil_id
         where e.school_id = $1 and e.year_id = $2 and e.left_on is null
           and ($3::text[] is null or e.class_id = any($3))
           and not exists (
                select 1 from exemption x
                where x.school_id = e.school_id and x.year_id = e.year_id and x.pupil_id = e.pupil_id
                  and x.ended_at is null and c.item = any(x.items))
           and not exists (
                select 1 from elective v
                where v.school_id = e.school_id and v.year_id = e.year_id and v.class_id = e.class_id
                  and v.item = c.item and v.pupils is not null and e.pupil_id <> all(v.pupils))
         group by e.class_id, c.item, c.period"#,
        school,
        year,
        only as Option<&[String]>,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.class_id, row.item, row.period, row.sealed))
        .collect())
}

/// What sealing a session did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The receipt; none when nothing was filled.
    pub receipt: Option<Uuid>,
    /// Cells sealed.
    pub cells: i32,
}

/// Seals a session's drafts: cells, receipt, session and event in this transaction. `None` when the
/// session is not open any more. The caller has passed the fence and gives its epoch.
pub async fn seal(
    tx: &mut PgConnection,
    school: &str,
    session: Uuid,
    cause: &str,
    epoch: i64,
    actor: &str,
    now: OffsetDateTime,
) -> Result<Option<Seal>, Error> {
    let receipt = new_id();
    let row = sqlx::query!(
        r#"select out_cells as "cells!" from seal_session($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        school,
        session,
        cause,
        receipt,
        new_id(),
        epoch,
        actor,
        telemetry::trace_parent(),
        now,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| Seal {
        receipt: (row.cells > 0).then_some(receipt),
        cells: row.cells,
    }))
}

/// A receipt as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Id.
    pub id: Uuid,
    /// Year.
    pub year: String,
    /// Class.
    pub class: String,
    /// Sheet.
    pub sheet: String,
    /// Period id.
    pub period: String,
    /// Account.
    pub teacher: Uuid,
    /// Cause.
    pub cause: String,
    /// Cells.
    pub cell_count: i32,
    /// Digest.
    pub digest: Vec<u8>,
    /// Epoch.
    pub epoch: i64,
    /// When.
    pub sealed_at: OffsetDateTime,
}

/// Reads a receipt.
pub async fn receipt(tx: &mut PgConnection, school: &str, id: Uuid) -> Result<Receipt, Error> {
    sqlx::query_as!(
        Receipt,
        "select receipt_id as id, year_id as year, class_id as class, sheet, period, teacher, cause, cell_count,
            digest, epoch, sealed_at
         from receipt where school_id = $1 and receipt_id = $2",
        school,
        id,
    )
    .fetch_optional(tx)
    .await?
    .ok_or(Error::ReceiptUnknown)
}

/// The receipts of a class, oldest first.
pub async fn receipts_of(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: &str,
) -> Result<Vec<Receipt>, Error> {
    Ok(sqlx::query_as!(
        Receipt,
        "select receipt_id as id, year_id as year, class_id as class, sheet, period, teacher, cause, cell_count,
            digest, epoch, sealed_at
         from receipt where school_id = $1 and year_id = $2 and class_id = $3 order by sealed_at, receipt_id",
        school,
        year,
        class,
    )
    .fetch_all(tx)
    .await?)
}

/// A sealed cell with its receipt and the digest written beside it.
pub type Witnessed = (Uuid, Sealed, Vec<u8>);

/// Every sealed cell that names one of these receipts.
pub async fn cells_of(
    tx: &mut PgConnection,
    school: &str,
    receipts: &[Uuid],
) -> Result<Vec<Witnessed>, Error> {
    let rows = sqlx::query!(
        "select receipt_id, year_id, pupil_id, item, period, version, mark, level, score, comment, digest
         from sealed_cell where school_id = $1 and receipt_id = any($2)",
        school,
        receipts,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let sealed = Sealed {
                year: row.year_id,
                pupil: row.pupil_id,
                item: row.item,
                period: row.period,
                version: row.version,
                mark: row.mark,
                level: row.level,
                score: row.score,
                comment: row.comment,
            };
            (row.receipt_id, sealed, row.digest)
        })
        .collect())
}
