//! What the homeroom teacher keeps of enrolments.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;

/// An enrolment's facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The pupil.
    pub pupil: Uuid,
    /// The class.
    pub class: String,
    /// Centimetres.
    pub height_cm: i16,
    /// Tenths of a kilogram.
    pub weight_hg: i16,
    /// Days.
    pub absences_with_leave: i16,
    /// Days.
    pub absences_without_leave: i16,
    /// Changes with every change.
    pub etag: i64,
}

/// The enrolments of a class, or one pupil's.
pub async fn list(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: Option<&str>,
    pupil: Option<Uuid>,
) -> Result<Vec<Enrolment>, Error> {
    Ok(sqlx::query_as!(
        Enrolment,
        "select pupil_id as pupil, class_id as class, height_cm, weight_hg, absences_with_leave,
            absences_without_leave, etag
         from enrolment
         where school_id = $1 and year_id = $2 and ($3::text is null or class_id = $3)
           and ($4::uuid is null or pupil_id = $4)",
        school,
        year,
        class,
        pupil,
    )
    .fetch_all(tx)
    .await?)
}

/// Writes facts; answers whether the etag was the present one (0: whatever it is).
pub async fn update(tx: &mut PgConnection, school: &str, year: &str, new: &Enrolment) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update enrolment set height_cm = $4, weight_hg = $5, absences_with_leave = $6,
            absences_without_leave = $7, etag = etag + 1
         where school_id = $1 and year_id = $2 and pupil_id = $3 and ($8::bigint = 0 or etag = $8)",
        school,
        year,
        new.pupil,
        new.height_cm,
        new.weight_hg,
        new.absences_with_leave,
        new.absences_without_leave,
        new.etag,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}
