//! Pupils. What is sealed is opened here and nowhere else.

use hocba_chassis::database::constraint;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::Error,
    model::{pupil::Page, text::name_key},
    vault::{PupilKey, Vault},
};

/// A pupil as stored.
#[derive(Debug)]
pub struct Pupil {
    /// Id.
    pub id: Uuid,
    /// What everything of the pupil is sealed under.
    pub key: PupilKey,
    /// The facts.
    pub page: Page,
    /// The class of the year asked for.
    pub class: Option<String>,
    /// Changes with every change.
    pub etag: i64,
}

/// Where in the pupil's key the page lies.
const PLACE: &str = "page";

/// The pupils of the school with their class in `year`; of one class's roster, or one pupil, when given. In
/// roster order.
pub async fn list(
    tx: &mut PgConnection,
    vault: &Vault,
    school: &str,
    year: &str,
    class: Option<&str>,
    pupil: Option<Uuid>,
) -> Result<Vec<Pupil>, Error> {
    let rows = sqlx::query!(
        r#"select p.pupil_id, p.key, p.page, p.etag, e.class_id as "class_id?"
         from pupil p
         left join enrolment e on e.school_id = p.school_id and e.pupil_id = p.pupil_id and e.year_id = $2
         where p.school_id = $1 and ($3::text is null or (e.class_id = $3 and e.left_on is null)) and ($4::uuid is null or p.pupil_id = $4)
         order by p.sort_key, p.pupil_code"#,
        school,
        year,
        class,
        pupil,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let key = vault.pupil(school, row.pupil_id, row.key)?;
            Ok(Pupil {
                id: row.pupil_id,
                page: key.open(PLACE, &row.page)?,
                key,
                class: row.class_id,
                etag: row.etag,
            })
        })
        .collect()
}

/// The pupil with a personal id.
pub async fn by_personal_id(
    tx: &mut PgConnection,
    vault: &Vault,
    school: &str,
    digits: &str,
) -> Result<Option<Uuid>, Error> {
    Ok(sqlx::query_scalar!(
        "select pupil_id from pupil where school_id = $1 and personal_id_index = $2",
        school,
        vault.personal_id(school, digits),
    )
    .fetch_optional(tx)
    .await?)
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

/// The roster of a class: ids and names in order, without those who have left.
pub async fn roster(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: &str,
) -> Result<Vec<(Uuid, String)>, Error> {
    let rows = sqlx::query!(
        "select p.pupil_id, p.display_name from enrolment e
         join pupil p on p.school_id = e.school_id and p.pupil_id = e.pupil_id
         where e.school_id = $1 and e.year_id = $2 and e.class_id = $3 and e.left_on is null
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

/// Holds a pupil for the rest of the transaction; answers the etag.
pub async fn lock(tx: &mut PgConnection, school: &str, pupil: Uuid) -> Result<i64, Error> {
    sqlx::query_scalar!(
        "select etag from pupil where school_id = $1 and pupil_id = $2 for update",
        school,
        pupil,
    )
    .fetch_optional(tx)
    .await?
    .ok_or(Error::PupilUnknown)
}

/// Writes pupils, new and known alike, in one statement; each page is sealed under its pupil's key.
pub async fn upsert(
    tx: &mut PgConnection,
    vault: &Vault,
    school: &str,
    pupils: &[(Uuid, PupilKey, Page)],
) -> Result<(), Error> {
    let ids: Vec<Uuid> = pupils.iter().map(|(id, _, _)| *id).collect();
    let text =
        |of: fn(&Page) -> String| -> Vec<String> { pupils.iter().map(|(_, _, page)| of(page)).collect() };
    let keys: Vec<Vec<u8>> = pupils.iter().map(|(_, key, _)| key.wrapped().to_vec()).collect();
    let pages = pupils.iter().map(|(_, key, page)| key.seal(PLACE, page));
    let pages: Vec<Vec<u8>> = pages.collect::<Result<_, _>>()?;
    let personal: Vec<Option<Vec<u8>>> = pupils
        .iter()
        .map(|(_, _, page)| page.identity.personal_id.as_ref())
        .map(|id| id.map(|id| vault.personal_id(school, id)))
        .collect();
    let done = sqlx::query!(
        "insert into pupil as old (school_id, pupil_id, pupil_code, display_name, sort_key, key, page, personal_id_index)
         select $1, p.* from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::bytea[],
            $8::bytea[]) as p
         on conflict on constraint pupil_pk do update set display_name = excluded.display_name,
            sort_key = excluded.sort_key, page = excluded.page, personal_id_index = excluded.personal_id_index,
            etag = old.etag + 1",
        school,
        &ids,
        &text(|page| page.identity.pupil_code.clone()),
        &text(|page| page.identity.display_name.clone()),
        &text(|page| name_key(&page.identity.display_name)),
        &keys,
        &pages,
        &personal as &[Option<Vec<u8>>],
    )
    .execute(tx)
    .await;
    match done {
        Ok(_) => Ok(()),
        Err(error) => Err(match constraint(&error) {
            Some("pupil_personal_id_unique") => Error::PersonalIdTaken,
            Some("pupil_code_unique") => Error::PupilCodeTaken,
            Some(_) | None => error.into(),
        }),
    }
}
