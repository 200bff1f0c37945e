//! Pupils and enrolments.

use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

use crate::{
    error::Error,
    model::{
        calendar::{format_day, parse_day},
        pupil::Identity,
        text::name_key,
    },
};

/// A pupil as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pupil {
    /// Id.
    pub id: Uuid,
    /// The identity page.
    pub identity: Identity,
    /// The class of the year asked for.
    pub class: Option<String>,
}

struct Row {
    pupil_id: Uuid,
    pupil_code: String,
    personal_id: Option<String>,
    display_name: String,
    sex: String,
    birth_date: Date,
    ethnic_group: String,
    nationality: String,
    birthplace: String,
    home_place: String,
    address: String,
    father: String,
    mother: String,
    guardian: String,
    register_number: String,
    entry_date: Date,
    disability: String,
    class_id: Option<String>,
}

impl From<Row> for Pupil {
    fn from(row: Row) -> Self {
        Self {
            id: row.pupil_id,
            identity: Identity {
                pupil_code: row.pupil_code,
                personal_id: row.personal_id,
                display_name: row.display_name,
                sex: row.sex,
                birth_date: format_day(row.birth_date),
                ethnic_group: row.ethnic_group,
                nationality: row.nationality,
                birthplace: row.birthplace,
                home_place: row.home_place,
                address: row.address,
                father: row.father,
                mother: row.mother,
                guardian: row.guardian,
                register_number: row.register_number,
                entry_date: format_day(row.entry_date),
                disability: row.disability,
            },
            class: row.class_id,
        }
    }
}

/// The pupils of the school with their class in `year`; of one class, or one pupil, when given. In
/// roster order.
pub async fn list(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: Option<&str>,
    pupil: Option<Uuid>,
) -> Result<Vec<Pupil>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select p.pupil_id, p.pupil_code, p.personal_id, p.display_name, p.sex, p.birth_date, p.ethnic_group,
            p.nationality, p.birthplace, p.home_place, p.address, p.father, p.mother, p.guardian,
            p.register_number, p.entry_date, p.disability, e.class_id as "class_id?"
         from pupil p
         left join enrolment e on e.school_id = p.school_id and e.pupil_id = p.pupil_id and e.year_id = $2
         where p.school_id = $1 and ($3::text is null or e.class_id = $3) and ($4::uuid is null or p.pupil_id = $4)
         order by p.sort_key, p.pupil_code"#,
        school,
        year,
        class,
        pupil,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(Pupil::from).collect())
}

/// The newest class a pupil was enrolled in: year and class.
pub async fn newest_class(
    tx: &mut PgConnection,
    school: &str,
    pupil: Uuid,
) -> Result<Option<(String, String)>, Error> {
    let row = sqlx::query!(
        "select year_id, class_id from enrolment where school_id = $1 and pupil_id = $2
         order by year_id desc limit 1",
        school,
        pupil,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| (row.year_id, row.class_id)))
}

/// The roster of a class: ids and names in order.
pub async fn roster(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: &str,
) -> Result<Vec<(Uuid, String)>, Error> {
    let rows = sqlx::query!(
        "select p.pupil_id, p.display_name from enrolment e
         join pupil p on p.school_id = e.school_id and p.pupil_id = e.pupil_id
         where e.school_id = $1 and e.year_id = $2 and e.class_id = $3
         order by p.sort_key, p.pupil_code",
        school,
        year,
        class,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.pupil_id, row.display_name))
        .collect())
}

/// Writes pupils and their class of the year, new and known alike, in two statements.
pub async fn upsert(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    pupils: &[(Uuid, String, Identity)],
) -> Result<(), Error> {
    let day = |text: &str| parse_day(text).ok_or(Error::Damaged("a day of a committed import"));
    let mut births = Vec::with_capacity(pupils.len());
    let mut entries = Vec::with_capacity(pupils.len());
    for (_, _, identity) in pupils {
        births.push(day(&identity.birth_date)?);
        entries.push(day(&identity.entry_date)?);
    }
    let text = |field: fn(&Identity) -> &String| -> Vec<String> {
        pupils
            .iter()
            .map(|(_, _, identity)| field(identity).clone())
            .collect()
    };
    let ids: Vec<Uuid> = pupils.iter().map(|(id, _, _)| *id).collect();
    let personal: Vec<Option<String>> = pupils.iter().map(|(_, _, i)| i.personal_id.clone()).collect();
    let keys: Vec<String> = pupils.iter().map(|(_, _, i)| name_key(&i.display_name)).collect();
    sqlx::query!(
        "insert into pupil (school_id, pupil_id, pupil_code, personal_id, display_name, sort_key, sex, birth_date,
            ethnic_group, nationality, birthplace, home_place, address, father, mother, guardian,
            register_number, entry_date, disability)
         select $1, p.* from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::date[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
            $15::text[], $16::text[], $17::text[], $18::date[], $19::text[]) as p
         on conflict on constraint pupil_pk do update set
            personal_id = excluded.personal_id, display_name = excluded.display_name, sort_key = excluded.sort_key,
            sex = excluded.sex, birth_date = excluded.birth_date, ethnic_group = excluded.ethnic_group,
            nationality = excluded.nationality, birthplace = excluded.birthplace,
            home_place = excluded.home_place, address = excluded.address, father = excluded.father,
            mother = excluded.mother, guardian = excluded.guardian, register_number = excluded.register_number,
            entry_date = excluded.entry_date, disability = excluded.disability",
        school,
        &ids,
        &text(|i| &i.pupil_code),
        &personal as &[Option<String>],
        &text(|i| &i.display_name),
        &keys,
        &text(|i| &i.sex),
        &births,
        &text(|i| &i.ethnic_group),
        &text(|i| &i.nationality),
        &text(|i| &i.birthplace),
        &text(|i| &i.home_place),
        &text(|i| &i.address),
        &text(|i| &i.father),
        &text(|i| &i.mother),
        &text(|i| &i.guardian),
        &text(|i| &i.register_number),
        &entries,
        &text(|i| &i.disability),
    )
    .execute(&mut *tx)
    .await?;
    let classes: Vec<String> = pupils.iter().map(|(_, class, _)| class.clone()).collect();
    sqlx::query!(
        "insert into enrolment (school_id, year_id, pupil_id, class_id)
         select $1, $2, e.pupil, e.class from unnest($3::uuid[], $4::text[]) as e (pupil, class)
         on conflict on constraint enrolment_pk do update set class_id = excluded.class_id",
        school,
        year,
        &ids,
        &classes,
    )
    .execute(tx)
    .await?;
    Ok(())
}
