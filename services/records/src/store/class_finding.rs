//! Findings in a class's books.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{error::Error, vault::Vault};

/// A finding as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassFinding {
    /// Id.
    pub id: Uuid,
    /// The class.
    pub class: String,
    /// In whose book, when in one.
    pub pupil: Option<Uuid>,
    /// What was found.
    pub words: String,
    /// Who found it.
    pub by: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// How it was settled.
    pub settlement: Option<Settlement>,
}

/// How a finding was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// What was done.
    pub words: String,
    /// Who.
    pub by: Uuid,
    /// When.
    pub at: OffsetDateTime,
}

/// Writes one.
pub async fn insert(
    tx: &mut PgConnection,
    vault: &Vault,
    school: &str,
    year: &str,
    new: &ClassFinding,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into class_finding (school_id, year_id, class_id, finding_id, pupil_id, words, raised_by, raised_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        school,
        year,
        new.class,
        new.id,
        new.pupil,
        vault.seal_finding(school, new.id, &new.words)?,
        new.by,
        new.at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Settles one; false when it was settled.
pub async fn settle(
    tx: &mut PgConnection,
    vault: &Vault,
    school: &str,
    id: Uuid,
    settlement: &Settlement,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update class_finding set settlement = $3, settled_by = $4, settled_at = $5
         where school_id = $1 and finding_id = $2 and settled_at is null",
        school,
        id,
        vault.seal_finding(school, id, &settlement.words)?,
        settlement.by,
        settlement.at,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The findings of a year, of one class or the one when given; only open ones when asked for. Oldest first.
pub async fn list(
    tx: &mut PgConnection,
    vault: &Vault,
    (school, year): (&str, &str),
    class: Option<&str>,
    one: Option<Uuid>,
    open: bool,
) -> Result<Vec<ClassFinding>, Error> {
    let rows = sqlx::query!(
        "select finding_id, class_id, pupil_id, words, raised_by, raised_at, settlement, settled_by, settled_at
         from class_finding
         where school_id = $1 and year_id = $2 and ($3::text is null or class_id = $3)
           and ($4::uuid is null or finding_id = $4) and (not $5 or settled_at is null)
         order by finding_id",
        school,
        year,
        class,
        one,
        open,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let settlement = match (row.settlement, row.settled_by, row.settled_at) {
                (Some(words), Some(by), Some(at)) => Some(Settlement {
                    words: vault.open_finding(school, row.finding_id, &words)?,
                    by,
                    at,
                }),
                _ => None,
            };
            Ok(ClassFinding {
                id: row.finding_id,
                class: row.class_id,
                pupil: row.pupil_id,
                words: vault.open_finding(school, row.finding_id, &row.words)?,
                by: row.raised_by,
                at: row.raised_at,
                settlement,
            })
        })
        .collect()
}
