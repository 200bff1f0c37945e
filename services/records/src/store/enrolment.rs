//! What the homeroom teacher keeps of enrolments.

use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

use crate::error::Error;

/// An enrolment's facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The pupil.
    pub pupil: Uuid,
    /// The class.
    pub class: String,
    /// Since when the pupil has left; off the roster then.
    pub left_on: Option<Date>,
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
        "select pupil_id as pupil, class_id as class, left_on, height_cm, weight_hg, absences_with_leave,
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

/// Puts pupils into their classes of the year.
pub async fn put(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    classes: &[(Uuid, String)],
) -> Result<(), Error> {
    let pupils: Vec<Uuid> = classes.iter().map(|(pupil, _)| *pupil).collect();
    let classes: Vec<String> = classes.iter().map(|(_, class)| class.clone()).collect();
    sqlx::query!(
        "insert into enrolment (school_id, year_id, pupil_id, class_id)
         select $1, $2, e.pupil, e.class from unnest($3::uuid[], $4::text[]) as e (pupil, class)
         on conflict on constraint enrolment_pk do update set class_id = excluded.class_id",
        school,
        year,
        &pupils,
        &classes,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Moves a pupil within the year: into a class, or off the roster from a day.
pub async fn place(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    pupil: Uuid,
    (class, left_on): (&str, Option<Date>),
) -> Result<(), Error> {
    sqlx::query!(
        "update enrolment set class_id = $4, left_on = $5, etag = etag + 1
         where school_id = $1 and year_id = $2 and pupil_id = $3",
        school,
        year,
        pupil,
        class,
        left_on,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The grade of the newest class before a year.
pub async fn grade_before(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    pupil: Uuid,
) -> Result<Option<i16>, Error> {
    Ok(sqlx::query_scalar!(
        "select c.grade from enrolment e
         join class c on c.school_id = e.school_id and c.year_id = e.year_id and c.class_id = e.class_id
         where e.school_id = $1 and e.pupil_id = $2 and e.year_id < $3 order by e.year_id desc limit 1",
        school,
        pupil,
        year,
    )
    .fetch_optional(tx)
    .await?)
}

/// A year of a pupil with us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Year {
    /// The school year.
    pub year: String,
    /// The class's name.
    pub class: String,
    /// The school's name as printed that year.
    pub school: String,
}

/// The years of a pupil with us, oldest first.
pub async fn years(tx: &mut PgConnection, school: &str, pupil: Uuid) -> Result<Vec<Year>, Error> {
    Ok(sqlx::query_as!(
        Year,
        "select e.year_id as year, c.display_name as class, y.school_name as school
         from enrolment e
         join class c on c.school_id = e.school_id and c.year_id = e.year_id and c.class_id = e.class_id
         join school_year y on y.school_id = e.school_id and y.year_id = e.year_id
         where e.school_id = $1 and e.pupil_id = $2 order by e.year_id",
        school,
        pupil,
    )
    .fetch_all(tx)
    .await?)
}
