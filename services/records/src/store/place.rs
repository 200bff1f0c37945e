//! Administrative units that were imported: the country's, of no school.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    error::Error,
    model::place::{Kind, Place},
};

struct Row {
    code: String,
    name: String,
    kind: String,
    province: Option<String>,
    valid_from: Date,
    valid_to: Option<Date>,
    successor: Option<String>,
}

fn place(row: Row) -> Result<Place, Error> {
    Ok(Place {
        code: row.code,
        name: row.name,
        kind: Kind::parse(&row.kind).ok_or(Error::Damaged("a place's kind"))?,
        province: row.province,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        successor: row.successor,
    })
}

/// Those of some codes, of all codes when none are given.
pub async fn of_codes(tx: &mut PgConnection, codes: Option<&[String]>) -> Result<Vec<Place>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select code, name, kind, province_code as province, valid_from, valid_to, successor from place
         where $1::text[] is null or code = any($1)",
        codes,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(place).collect()
}

/// The communes of a province; without one the provinces.
pub async fn of_province(tx: &mut PgConnection, province: Option<&str>) -> Result<Vec<Place>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select code, name, kind, province_code as province, valid_from, valid_to, successor from place
         where province_code is not distinct from $1",
        province,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(place).collect()
}

/// Whether a province's communes on a day are known.
pub async fn has_communes(tx: &mut PgConnection, province: &str, day: Date) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from place where province_code = $1 and valid_from <= $2
            and (valid_to is null or valid_to >= $2)) as "it!""#,
        province,
        day,
    )
    .fetch_one(tx)
    .await?)
}

/// Lets one import at a time read and write the register.
pub async fn lock(tx: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!(r#"select 1 as "it!" from pg_advisory_xact_lock(hashtextextended('hocba place', 0))"#)
        .fetch_one(tx)
        .await?;
    Ok(())
}

/// Writes places, new and known alike.
pub async fn put(
    tx: &mut PgConnection,
    places: &[&Place],
    (by, now): (Uuid, OffsetDateTime),
) -> Result<(), Error> {
    let text = |of: fn(&Place) -> String| -> Vec<String> { places.iter().map(|it| of(it)).collect() };
    let maybe = |of: fn(&Place) -> Option<String>| -> Vec<Option<String>> {
        places.iter().map(|it| of(it)).collect()
    };
    let first: Vec<Date> = places.iter().map(|it| it.valid_from).collect();
    let last: Vec<Option<Date>> = places.iter().map(|it| it.valid_to).collect();
    sqlx::query!(
        "insert into place (code, valid_from, name, kind, province_code, valid_to, successor, imported_by, imported_at)
         select p.*, $8, $9 from unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::text[], $6::date[],
            $7::text[]) as p
         on conflict on constraint place_pk do update set name = excluded.name, kind = excluded.kind,
            province_code = excluded.province_code, valid_to = excluded.valid_to, successor = excluded.successor,
            imported_by = excluded.imported_by, imported_at = excluded.imported_at",
        &text(|it| it.code.clone()),
        &first,
        &text(|it| it.name.clone()),
        &text(|it| it.kind.id().to_owned()),
        &maybe(|it| it.province.clone()) as &[Option<String>],
        &last as &[Option<Date>],
        &maybe(|it| it.successor.clone()) as &[Option<String>],
        by,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}
