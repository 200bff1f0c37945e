//! Roll-overs and leavers.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{error::Error, model::roll_over::Plan};

/// A roll-over as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollOver {
    /// The new year.
    pub year: String,
    /// The finished year.
    pub from_year: String,
    /// What it would write.
    pub plan: Plan,
    /// The roster and decisions it stands on.
    pub basis: Vec<u8>,
    /// Version.
    pub etag: i64,
    /// When it was written.
    pub confirmed_at: Option<OffsetDateTime>,
}

fn json(plan: &Plan) -> Result<serde_json::Value, Error> {
    Ok(serde_json::to_value(plan).map_err(hocba_chassis::Failure::internal)?)
}

/// Inserts a draft; false when there is one.
pub async fn insert(
    tx: &mut PgConnection,
    school: &str,
    new: &RollOver,
    (by, now): (Uuid, OffsetDateTime),
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into roll_over (school_id, year_id, from_year, plan, basis, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        school,
        new.year,
        new.from_year,
        json(&new.plan)?,
        new.basis,
        by,
        now,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Reads the roll-over into a year and holds it until the transaction ends.
pub async fn get(tx: &mut PgConnection, school: &str, year: &str) -> Result<RollOver, Error> {
    let row = sqlx::query!(
        "select from_year, plan, basis, etag, confirmed_at from roll_over
         where school_id = $1 and year_id = $2 for update",
        school,
        year,
    )
    .fetch_optional(tx)
    .await?
    .ok_or(Error::RollOverUnknown)?;
    Ok(RollOver {
        year: year.to_owned(),
        from_year: row.from_year,
        plan: serde_json::from_value(row.plan).map_err(|_| Error::Damaged("a roll-over's plan"))?,
        basis: row.basis,
        etag: row.etag,
        confirmed_at: row.confirmed_at,
    })
}

/// Writes a draft's plan and raises its etag.
pub async fn update(tx: &mut PgConnection, school: &str, year: &str, plan: &Plan) -> Result<(), Error> {
    sqlx::query!(
        "update roll_over set plan = $3, etag = etag + 1 where school_id = $1 and year_id = $2",
        school,
        year,
        json(plan)?,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Throws a draft away.
pub async fn delete(tx: &mut PgConnection, school: &str, year: &str) -> Result<(), Error> {
    sqlx::query!(
        "delete from roll_over where school_id = $1 and year_id = $2",
        school,
        year
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Marks it written.
pub async fn confirm(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    (by, now): (Uuid, OffsetDateTime),
) -> Result<(), Error> {
    sqlx::query!(
        "update roll_over set etag = etag + 1, confirmed_by = $3, confirmed_at = $4
         where school_id = $1 and year_id = $2",
        school,
        year,
        by,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Somebody who left at the end of a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaver {
    /// The pupil.
    pub pupil: Uuid,
    /// The last class.
    pub class: String,
    /// `completed_primary` or `elsewhere`.
    pub reason: &'static str,
}

/// Records leavers.
pub async fn leave(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    leavers: &[Leaver],
    (by, now): (Uuid, OffsetDateTime),
) -> Result<(), Error> {
    let ids: Vec<Uuid> = leavers.iter().map(|it| it.pupil).collect();
    let classes: Vec<String> = leavers.iter().map(|it| it.class.clone()).collect();
    let reasons: Vec<String> = leavers.iter().map(|it| it.reason.to_owned()).collect();
    sqlx::query!(
        "insert into leaver (school_id, year_id, pupil_id, class_id, reason, recorded_by, recorded_at)
         select $1, $2, l.pupil, l.class, l.reason, $6, $7
         from unnest($3::uuid[], $4::text[], $5::text[]) as l (pupil, class, reason)
         on conflict do nothing",
        school,
        year,
        &ids,
        &classes,
        &reasons,
        by,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}
