//! What happened to enrolments, insert-only.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{error::Error, model::movement::Kind, vault::PupilKey};

/// A movement as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Id.
    pub id: Uuid,
    /// Whose.
    pub pupil: Uuid,
    /// What happened.
    pub kind: Kind,
    /// On which day.
    pub day: Date,
    /// From which class.
    pub from: Option<String>,
    /// To which.
    pub to: Option<String>,
    /// Why; empty from an import.
    pub reason: String,
    /// Who recorded it.
    pub by: Uuid,
    /// When.
    pub at: OffsetDateTime,
}

/// Where in the pupil's key a reason lies: bound to its movement.
fn place(id: Uuid) -> String {
    format!("movement/{id}")
}

/// Writes one, its reason sealed under the pupil's key.
pub async fn insert(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    key: &PupilKey,
    new: &Movement,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into movement (school_id, movement_id, year_id, pupil_id, kind, day, from_class, to_class, reason,
            recorded_by, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        school,
        new.id,
        year,
        new.pupil,
        new.kind.id(),
        new.day,
        new.from,
        new.to,
        key.seal(&place(new.id), &new.reason)?,
        new.by,
        new.at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes many that have no reason: those of an import.
pub async fn insert_all(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    new: &[Movement],
) -> Result<(), Error> {
    let ids: Vec<Uuid> = new.iter().map(|it| it.id).collect();
    let pupils: Vec<Uuid> = new.iter().map(|it| it.pupil).collect();
    let kinds: Vec<String> = new.iter().map(|it| it.kind.id().to_owned()).collect();
    let days: Vec<Date> = new.iter().map(|it| it.day).collect();
    let from: Vec<Option<String>> = new.iter().map(|it| it.from.clone()).collect();
    let to: Vec<Option<String>> = new.iter().map(|it| it.to.clone()).collect();
    let by: Vec<Uuid> = new.iter().map(|it| it.by).collect();
    let at: Vec<OffsetDateTime> = new.iter().map(|it| it.at).collect();
    sqlx::query!(
        "insert into movement (school_id, year_id, movement_id, pupil_id, kind, day, from_class, to_class, recorded_by,
            recorded_at)
         select $1, $2, m.* from unnest($3::uuid[], $4::uuid[], $5::text[], $6::date[], $7::text[], $8::text[],
            $9::uuid[], $10::timestamptz[]) as m",
        school,
        year,
        &ids,
        &pupils,
        &kinds,
        &days,
        &from as &[Option<String>],
        &to as &[Option<String>],
        &by,
        &at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The movements of a pupil in a year, oldest first.
pub async fn list(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    pupil: Uuid,
    key: &PupilKey,
) -> Result<Vec<Movement>, Error> {
    let rows = sqlx::query!(
        "select movement_id, kind, day, from_class, to_class, reason, recorded_by, recorded_at
         from movement where school_id = $1 and year_id = $2 and pupil_id = $3 order by movement_id",
        school,
        year,
        pupil,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Movement {
                id: row.movement_id,
                pupil,
                kind: Kind::parse(&row.kind).ok_or(Error::Damaged("a movement's kind"))?,
                day: row.day,
                from: row.from_class,
                to: row.to_class,
                reason: match row.reason {
                    Some(sealed) => key.open(&place(row.movement_id), &sealed)?,
                    None => String::new(),
                },
                by: row.recorded_by,
                at: row.recorded_at,
            })
        })
        .collect()
}
