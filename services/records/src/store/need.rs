//! What decides which cells a class needs: exemptions and electives.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Error,
    model::{
        cell::Mark,
        need::{Blank, Chosen, Needs},
    },
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

/// Writes a decision.
pub async fn insert_exemption(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
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
        new.reason,
        new.decided_by,
        new.decided_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends a decision; false when it has ended already.
pub async fn end_exemption(
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

/// One decision.
pub async fn exemption(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    id: Uuid,
) -> Result<Exemption, Error> {
    sqlx::query_as!(
        Exemption,
        "select exemption_id as id, pupil_id as pupil, kind, items, reason, decided_by, decided_at, ended_at
         from exemption where school_id = $1 and year_id = $2 and exemption_id = $3",
        school,
        year,
        id,
    )
    .fetch_optional(tx)
    .await?
    .ok_or(Error::ExemptionUnknown)
}

/// The decisions about a class's pupils, of all classes when none is given; ended ones too.
pub async fn exemptions(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: Option<&str>,
) -> Result<Vec<(String, Exemption)>, Error> {
    let rows = sqlx::query!(
        "select e.class_id, x.exemption_id, x.pupil_id, x.kind, x.items, x.reason, x.decided_by, x.decided_at,
            x.ended_at
         from exemption x
         join enrolment e on e.school_id = x.school_id and e.year_id = x.year_id and e.pupil_id = x.pupil_id
         where x.school_id = $1 and x.year_id = $2 and e.left_on is null and ($3::text is null or e.class_id = $3)
         order by x.decided_at, x.exemption_id",
        school,
        year,
        class,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let exemption = Exemption {
                id: row.exemption_id,
                pupil: row.pupil_id,
                kind: row.kind,
                items: row.items,
                reason: row.reason,
                decided_by: row.decided_by,
                decided_at: row.decided_at,
                ended_at: row.ended_at,
            };
            (row.class_id, exemption)
        })
        .collect())
}

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

/// What decides, by class.
pub async fn by_class(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: Option<&str>,
) -> Result<BTreeMap<String, Needs>, Error> {
    let mut needs = BTreeMap::<String, Needs>::new();
    for elective in electives(tx, school, year, class).await? {
        let chosen = elective
            .pupils
            .map_or(Chosen::All, |pupils| Chosen::Some(pupils.into_iter().collect()));
        let of_class = needs.entry(elective.class).or_default();
        of_class.electives.insert(elective.item, chosen);
    }
    for (class, exemption) in exemptions(tx, school, year, class).await? {
        if exemption.ended_at.is_some() {
            continue;
        }
        let of_class = needs.entry(class).or_default();
        for item in exemption.items {
            let blank = Blank {
                exemption: exemption.id,
                mark: if exemption.kind == "exempt" {
                    Mark::Exempt
                } else {
                    Mark::NotAssessed
                },
                decided_by: exemption.decided_by,
            };
            of_class.blanks.insert((exemption.pupil, item), blank);
        }
    }
    Ok(needs)
}

/// What decides for one class.
pub async fn of_class(tx: &mut PgConnection, school: &str, year: &str, class: &str) -> Result<Needs, Error> {
    let mut all = by_class(tx, school, year, Some(class)).await?;
    Ok(all.remove(class).unwrap_or_default())
}
