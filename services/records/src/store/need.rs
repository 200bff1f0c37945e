//! What decides which cells a class needs: exemptions and electives.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{error::Error, model::need::Needs};

/// Who of a class learns an elective, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elective {
    /// The class.
    pub class: String,
    /// The item.
    pub item: String,
    /// None: the whole class.
    pub pupils: Option<Vec<Uuid>>,
    /// Changes with every change.
    pub etag: i64,
}

/// Writes who learns an elective; false when the etag is not the present one (0: any).
pub async fn set_elective(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    new: &Elective,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into elective as e (school_id, year_id, class_id, item, pupils) values ($1, $2, $3, $4, $5)
         on conflict on constraint elective_pk do update set pupils = excluded.pupils, etag = e.etag + 1
            where $6 in (0::bigint, e.etag)",
        school,
        year,
        new.class,
        new.item,
        new.pupils.as_deref(),
        new.etag,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The electives of a class, of all classes when none is given; only pupils who are in the class now.
pub async fn electives(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: Option<&str>,
) -> Result<Vec<Elective>, Error> {
    Ok(sqlx::query_as!(
        Elective,
        r#"select v.class_id as class, v.item, v.etag,
            case when v.pupils is not null then array(
                select e.pupil_id from enrolment e
                where e.school_id = v.school_id and e.year_id = v.year_id and e.class_id = v.class_id
                  and e.left_on is null and e.pupil_id = any(v.pupils)) end as "pupils?"
         from elective v
         where v.school_id = $1 and v.year_id = $2 and ($3::text is null or v.class_id = $3)
         order by v.class_id, v.item"#,
        school,
        year,
        class,
    )
    .fetch_all(tx)
    .await?)
}

/// A decision in force, without its reason: what is sealed is opened for who reads it, not for every sheet.
struct InForce {
    class: String,
    exemption: Uuid,
    pupil: Uuid,
    kind: String,
    items: Vec<String>,
    decided_by: Uuid,
}

async fn in_force(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: Option<&str>,
) -> Result<Vec<InForce>, Error> {
    Ok(sqlx::query_as!(
        InForce,
        "select e.class_id as class, x.exemption_id as exemption, x.pupil_id as pupil, x.kind, x.items, x.decided_by
         from exemption x
         join enrolment e on e.school_id = x.school_id and e.year_id = x.year_id and e.pupil_id = x.pupil_id
         where x.school_id = $1 and x.year_id = $2 and x.ended_at is null and e.left_on is null
           and ($3::text is null or e.class_id = $3)
         order by x.decided_at, x.exemption_id",
        school,
        year,
        class,
    )
    .fetch_all(tx)
    .await?)
}

/// What decides, by class.
pub async fn by_class(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: Option<&str>,
) -> Result<BTreeMap<String, Needs>, Error> {
    let mut needs = BTreeMap::<String, Needs>::new();
    for elective in electives(tx, school, year, class).await? {
        let of_class = needs.entry(elective.class).or_default();
        of_class.elect(elective.item, elective.pupils);
    }
    for row in in_force(tx, school, year, class).await? {
        let of_class = needs.entry(row.class).or_default();
        of_class.exempt(row.pupil, row.items, (row.exemption, &row.kind, row.decided_by));
    }
    Ok(needs)
}

/// What decides for one class.
pub async fn of_class(tx: &mut PgConnection, school: &str, year: &str, class: &str) -> Result<Needs, Error> {
    let mut all = by_class(tx, school, year, Some(class)).await?;
    Ok(all.remove(class).unwrap_or_default())
}
