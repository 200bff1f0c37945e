//! What the district read.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Error,
    vault::{PupilKey, Vault},
};

/// A read as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistrictRead {
    /// Id.
    pub id: Uuid,
    /// The pupil.
    pub pupil: Uuid,
    /// Who read.
    pub officer: Uuid,
    /// Why.
    pub reason: String,
    /// When.
    pub at: OffsetDateTime,
}

/// Where in the pupil's key a reason lies: bound to its read.
fn place(id: Uuid) -> String {
    format!("district_read/{id}")
}

/// Writes one, its reason sealed under the pupil's key.
pub async fn insert(
    tx: &mut PgConnection,
    school: &str,
    key: &PupilKey,
    read: &DistrictRead,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into district_read (school_id, read_id, pupil_id, officer, reason, read_at)
         values ($1, $2, $3, $4, $5, $6)",
        school,
        read.id,
        read.pupil,
        read.officer,
        key.seal(&place(read.id), &read.reason)?,
        read.at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The reads of a school, newest first.
pub async fn list(
    tx: &mut PgConnection,
    vault: &Vault,
    school: &str,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<DistrictRead>, Error> {
    let rows = sqlx::query!(
        "select r.read_id, r.pupil_id, r.officer, r.reason, r.read_at, p.key
         from district_read r join pupil p on p.school_id = r.school_id and p.pupil_id = r.pupil_id
         where r.school_id = $1 and ($2::uuid is null or r.read_id < $2)
         order by r.read_id desc limit $3",
        school,
        before,
        limit,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let key = vault.pupil(school, row.pupil_id, row.key)?;
            Ok(DistrictRead {
                id: row.read_id,
                pupil: row.pupil_id,
                officer: row.officer,
                reason: key.open(&place(row.read_id), &row.reason)?,
                at: row.read_at,
            })
        })
        .collect()
}
