//! Exemptions. Why somebody is exempt lies sealed under the pupil's key: it tells of illness.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Error,
    vault::{PupilKey, Vault},
};

/// An exemption as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    /// Id.
    pub id: Uuid,
    /// The pupil.
    pub pupil: Uuid,
    /// `exempt`, `not_assessed`, `special_class`.
    pub kind: String,
    /// The items.
    pub items: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub decided_by: Uuid,
    /// When.
    pub decided_at: OffsetDateTime,
    /// When it was ended.
    pub ended_at: Option<OffsetDateTime>,
}

/// Where in the pupil's key a reason lies: bound to its decision.
fn place(id: Uuid) -> String {
    format!("exemption/{id}")
}

/// Writes a decision, its reason sealed under the pupil's key.
pub async fn insert(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    key: &PupilKey,
    new: &Exemption,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into exemption (school_id, year_id, exemption_id, pupil_id, kind, items, reason, decided_by,
            decided_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        school,
        year,
        new.id,
        new.pupil,
        new.kind,
        &new.items,
        key.seal(&place(new.id), &new.reason)?,
        new.decided_by,
        new.decided_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends a decision; false when it has ended already.
pub async fn end(
    tx: &mut PgConnection,
    school: &str,
    (year, id): (&str, Uuid),
    (by, now): (Uuid, OffsetDateTime),
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update exemption set ended_by = $4, ended_at = $5
         where school_id = $1 and year_id = $2 and exemption_id = $3 and ended_at is null",
        school,
        year,
        id,
        by,
        now,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Decisions, ended ones too: about the pupils who are in a class now, or the one with an id, wherever its pupil is.
pub async fn list(
    tx: &mut PgConnection,
    vault: &Vault,
    (school, year): (&str, &str),
    class: Option<&str>,
    id: Option<Uuid>,
) -> Result<Vec<Exemption>, Error> {
    let rows = sqlx::query!(
        "select x.exemption_id, x.pupil_id, x.kind, x.items, x.reason, x.decided_by, x.decided_at, x.ended_at, p.key
         from exemption x
         join pupil p on p.school_id = x.school_id and p.pupil_id = x.pupil_id
         where x.school_id = $1 and x.year_id = $2 and ($4::uuid is null or x.exemption_id = $4)
           and ($3::text is null or exists (
                select 1 from enrolment e
                where e.school_id = x.school_id and e.year_id = x.year_id and e.pupil_id = x.pupil_id
                  and e.class_id = $3 and e.left_on is null))
         order by x.decided_at, x.exemption_id",
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
            Ok(Exemption {
                id: row.exemption_id,
                pupil: row.pupil_id,
                kind: row.kind,
                items: row.items,
                reason: key.open(&place(row.exemption_id), &row.reason)?,
                decided_by: row.decided_by,
                decided_at: row.decided_at,
                ended_at: row.ended_at,
            })
        })
        .collect()
}
