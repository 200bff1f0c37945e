//! Awards that people decided on, insert-only.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;

/// An award as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Award {
    /// Id.
    pub id: Uuid,
    /// The pupil.
    pub pupil: Uuid,
    /// The rule set's code.
    pub code: String,
    /// As printed.
    pub name: String,
    /// The results it is printed with; none: with any.
    pub results: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub given_by: Uuid,
    /// When.
    pub given_at: OffsetDateTime,
}

impl Award {
    /// Whether it is printed beside this result.
    #[must_use]
    pub fn fits(&self, result: &str) -> bool {
        self.results.is_empty() || self.results.iter().any(|it| it == result)
    }
}

/// Writes an award; false when the pupil has it.
pub async fn insert(tx: &mut PgConnection, school: &str, year: &str, new: &Award) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into award (school_id, year_id, award_id, pupil_id, code, name, results, reason, given_by, given_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing",
        school,
        year,
        new.id,
        new.pupil,
        new.code,
        new.name,
        &new.results,
        new.reason,
        new.given_by,
        new.given_at,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The awards of a class's pupils, oldest first.
pub async fn of_class(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: &str,
) -> Result<Vec<Award>, Error> {
    Ok(sqlx::query_as!(
        Award,
        "select a.award_id as id, a.pupil_id as pupil, a.code, a.name, a.results, a.reason, a.given_by, a.given_at
         from award a
         join enrolment e on e.school_id = a.school_id and e.year_id = a.year_id and e.pupil_id = a.pupil_id
         where a.school_id = $1 and a.year_id = $2 and e.class_id = $3 order by a.given_at, a.award_id",
        school,
        year,
        class,
    )
    .fetch_all(tx)
    .await?)
}
