//! Classes.

use sqlx::PgConnection;

use crate::error::Error;

/// A class as stored, with its pupils counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Id.
    pub class: String,
    /// Name.
    pub display_name: String,
    /// Grade.
    pub grade: i16,
    /// Pupils enrolled.
    pub pupils: i64,
}

/// Inserts the classes that are not there.
pub async fn insert(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    classes: &[Class],
) -> Result<u64, Error> {
    let ids: Vec<String> = classes.iter().map(|class| class.class.clone()).collect();
    let names: Vec<String> = classes.iter().map(|class| class.display_name.clone()).collect();
    let grades: Vec<i16> = classes.iter().map(|class| class.grade).collect();
    let done = sqlx::query!(
        "insert into class (school_id, year_id, class_id, display_name, grade)
         select $1, $2, c.id, c.name, c.grade
         from unnest($3::text[], $4::text[], $5::smallint[]) as c (id, name, grade)
         on conflict do nothing",
        school,
        year,
        &ids,
        &names,
        &grades,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
}

/// The classes of a year, by grade and name.
pub async fn list(tx: &mut PgConnection, school: &str, year: &str) -> Result<Vec<Class>, Error> {
    Ok(sqlx::query_as!(
        Class,
        r#"select c.class_id as class, c.display_name, c.grade, count(e.pupil_id) as "pupils!"
         from class c
         left join enrolment e on e.school_id = c.school_id and e.year_id = c.year_id and e.class_id = c.class_id
            and e.left_on is null
         where c.school_id = $1 and c.year_id = $2
         group by c.class_id, c.display_name, c.grade order by c.grade, c.class_id"#,
        school,
        year,
    )
    .fetch_all(tx)
    .await?)
}

/// The grade of a class.
pub async fn grade(tx: &mut PgConnection, school: &str, year: &str, class: &str) -> Result<i16, Error> {
    sqlx::query_scalar!(
        "select grade from class where school_id = $1 and year_id = $2 and class_id = $3",
        school,
        year,
        class,
    )
    .fetch_optional(tx)
    .await?
    .ok_or_else(|| Error::ClassUnknown(class.to_owned()))
}
