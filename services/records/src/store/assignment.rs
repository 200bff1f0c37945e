//! Who teaches what.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;

/// An assignment as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Class id.
    pub class: String,
    /// Subject, or `criteria`.
    pub item: String,
    /// Account.
    pub teacher: Uuid,
    /// Name as printed.
    pub teacher_name: String,
}

/// Writes assignments; answers how many are new and how many changed.
pub async fn upsert(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    assignments: &[Assignment],
) -> Result<(i64, i64), Error> {
    let classes: Vec<String> = assignments.iter().map(|a| a.class.clone()).collect();
    let items: Vec<String> = assignments.iter().map(|a| a.item.clone()).collect();
    let teachers: Vec<Uuid> = assignments.iter().map(|a| a.teacher).collect();
    let names: Vec<String> = assignments.iter().map(|a| a.teacher_name.clone()).collect();
    let row = sqlx::query!(
        r#"with written as (
            insert into teaching_assignment as t (school_id, year_id, class_id, item, teacher, teacher_name)
            select $1, $2, a.class, a.item, a.teacher, a.name
            from unnest($3::text[], $4::text[], $5::uuid[], $6::text[]) as a (class, item, teacher, name)
            on conflict on constraint teaching_assignment_pk
            do update set teacher = excluded.teacher, teacher_name = excluded.teacher_name
                where (t.teacher, t.teacher_name) is distinct from (excluded.teacher, excluded.teacher_name)
            returning (xmax = 0) as is_new
        )
        select count(*) filter (where is_new) as "created!", count(*) filter (where not is_new) as "changed!"
        from written"#,
        school,
        year,
        &classes,
        &items,
        &teachers,
        &names,
    )
    .fetch_one(tx)
    .await?;
    Ok((row.created, row.changed))
}

/// The assignments of a year, or of one class of it.
pub async fn list(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: Option<&str>,
) -> Result<Vec<Assignment>, Error> {
    Ok(sqlx::query_as!(
        Assignment,
        "select class_id as class, item, teacher, teacher_name from teaching_assignment
         where school_id = $1 and year_id = $2 and ($3::text is null or class_id = $3)
         order by class_id, item",
        school,
        year,
        class,
    )
    .fetch_all(tx)
    .await?)
}

/// The items an account teaches in a class.
pub async fn items_of(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: &str,
    account: Uuid,
) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar!(
        "select item from teaching_assignment
         where school_id = $1 and year_id = $2 and class_id = $3 and teacher = $4",
        school,
        year,
        class,
        account,
    )
    .fetch_all(tx)
    .await?)
}
