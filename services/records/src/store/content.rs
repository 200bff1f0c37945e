//! What a sheet stands on, in one statement: sheets are opened and saved all day.

use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::school_year;
use crate::{error::Error, model::need::Needs};

/// What a sheet of a class stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// The id of the year's rule set.
    pub rule_set: String,
    /// The class's grade.
    pub grade: i16,
    /// What decides which cells are needed.
    pub needs: Needs,
    /// The class's pupils in roster order, with their names.
    pub roster: Vec<(Uuid, String)>,
}

/// Reads the ground of a class's sheets.
pub async fn ground(tx: &mut PgConnection, school: &str, year: &str, class: &str) -> Result<Ground, Error> {
    let row = sqlx::query!(
        r#"with pupils as (
            select p.pupil_id, p.display_name, p.sort_key, p.pupil_code
            from enrolment e
            join pupil p on p.school_id = e.school_id and p.pupil_id = e.pupil_id
            where e.school_id = $1 and e.year_id = $2 and e.class_id = $3 and e.left_on is null)
         select y.rule_set, c.grade,
            (select coalesce(json_agg(json_build_array(p.pupil_id, p.display_name)
                                      order by p.sort_key, p.pupil_code), '[]')
             from pupils p) as "roster!: Json<Vec<(Uuid, String)>>",
            (select coalesce(json_agg(json_build_array(v.item, case when v.pupils is not null then array(
                        select p.pupil_id from pupils p where p.pupil_id = any(v.pupils)) end)), '[]')
             from elective v
             where v.school_id = c.school_id and v.year_id = c.year_id and v.class_id = c.class_id)
                as "electives!: Json<Vec<(String, Option<Vec<Uuid>>)>>",
            (select coalesce(json_agg(json_build_array(x.exemption_id, x.pupil_id, x.kind, x.items, x.decided_by)
                                      order by x.decided_at, x.exemption_id), '[]')
             from exemption x
             join pupils p on p.pupil_id = x.pupil_id
             where x.school_id = c.school_id and x.year_id = c.year_id and x.ended_at is null)
                as "exemptions!: Json<Vec<(Uuid, Uuid, String, Vec<String>, Uuid)>>"
         from class c
         join school_year y on y.school_id = c.school_id and y.year_id = c.year_id
         where c.school_id = $1 and c.year_id = $2 and c.class_id = $3"#,
        school,
        year,
        class,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else {
        school_year::get(tx, school, year).await?;
        return Err(Error::ClassUnknown(class.to_owned()));
    };
    let mut needs = Needs::default();
    for (item, pupils) in row.electives.0 {
        needs.elect(item, pupils);
    }
    for (exemption, pupil, kind, items, decided_by) in row.exemptions.0 {
        needs.exempt(pupil, items, (exemption, &kind, decided_by));
    }
    Ok(Ground {
        rule_set: row.rule_set,
        grade: row.grade,
        needs,
        roster: row.roster.0,
    })
}
