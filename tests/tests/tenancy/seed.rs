//! Rows of two schools in every table, made from the columns alone.
//!
//! Keys of the two schools differ in everything, so that whatever of the other school comes back is known by
//! its face. Checks are dropped and foreign keys not looked at while seeding: what is tested is who may see
//! and touch a row, and a row in the way of a check would hide that.

use anyhow::Context;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use crate::{
    catalog::{Column, Table},
    sql,
};

/// Whoever connects works for this school.
pub(crate) const OWN: &str = "school-own";
/// The school whose rows nobody may reach.
pub(crate) const OTHER: &str = "school-other";
/// Rows of a school in a table.
pub(crate) const ROWS: u8 = 3;

/// What every text of the other school holds.
pub(crate) const FACE: &str = "only-in-the-other";

/// The `row`-th row of a school in a table.
pub(crate) fn row(table: &Table, school: &str, row: u8) -> Map<String, Value> {
    table
        .columns
        .iter()
        .map(|column| (column.name.clone(), value(column, school, row)))
        .collect()
}

/// A row nobody has: what the other school's row is compared with.
pub(crate) fn stranger(table: &Table, salt: u64) -> Map<String, Value> {
    let mut made = row(table, &format!("stranger-{salt}"), 0);
    made.insert("school_id".to_owned(), json!(OWN));
    made
}

fn value(column: &Column, school: &str, row: u8) -> Value {
    let of_school = u64::from_le_bytes(digest(school)) % 1_000_000;
    // The same column name is the same key in every table, as foreign keys want it.
    let key = format!("{school}/{}/{row}", column.name);
    if column.name == "school_id" {
        return json!(school);
    }
    if let Some(allowed) = column.first_allowed() {
        return json!(allowed);
    }
    let face = if school == OTHER { FACE } else { school };
    let text = format!("{face}-{}-{row}", column.name);
    match column.kind.as_str() {
        "text" => json!(text),
        "text[]" => json!([text]),
        "uuid" => json!(uuid(&key)),
        "uuid[]" => json!([uuid(&key)]),
        "bytea" => json!(format!("\\x{}", data_encoding::HEXLOWER.encode(&digest(&key)))),
        "bytea[]" => json!([format!("\\x{}", data_encoding::HEXLOWER.encode(&digest(&key)))]),
        "jsonb" | "json" => json!({ "value": text }),
        "boolean" => json!(true),
        "bigint" => json!(of_school * 10 + u64::from(row)),
        "integer" | "smallint" | "numeric" | "double precision" => json!(row + 1),
        "date" => json!(format!("2026-01-{:02}", row + 1)),
        "timestamp with time zone" => json!(format!("2026-01-{:02}T08:00:00Z", row + 1)),
        _ => Value::Null,
    }
}

/// A UUID of a key.
pub(crate) fn uuid(key: &str) -> uuid::Uuid {
    let (low, high) = (digest(key), digest(&format!("{key}/more")));
    uuid::Uuid::from_u64_pair(u64::from_le_bytes(low), u64::from_le_bytes(high))
}

fn digest(text: &str) -> [u8; 8] {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    first
}

/// `insert into … select` of a row given as JSON, with all its columns.
pub(crate) fn insert(table: &Table, row: &Map<String, Value>) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    let columns = columns.join(", ");
    format!(
        "insert into {} ({columns}) overriding system value select {columns} \
         from jsonb_populate_record(null::{}, {}::jsonb)",
        table.name,
        table.name,
        sql::quoted(&Value::Object(row.clone()).to_string())
    )
}

/// Fills every table of schools.
pub(crate) async fn fill(superuser: &mut PgConnection, tables: &[Table]) -> anyhow::Result<()> {
    let drop_checks = "do $$ declare held record; begin \
        for held in select conrelid::regclass as of, conname from pg_constraint \
            where contype = 'c' and connamespace = 'public'::regnamespace and conrelid <> 0 loop \
            execute format('alter table %s drop constraint %I', held.of, held.conname); \
        end loop; end $$";
    sql::run(superuser, drop_checks).await?;
    sql::run(superuser, "set session_replication_role = replica").await?;
    for table in tables.iter().filter(|table| table.has_school() && !table.view) {
        // A database may be filled again.
        let away = format!(
            "delete from {} where school_id in ('{OWN}', '{OTHER}')",
            table.name
        );
        sql::run(superuser, &away).await?;
        for school in [OWN, OTHER] {
            for number in 0..ROWS {
                // A table of one row a school keeps the first.
                let insert = insert(table, &row(table, school, number)) + " on conflict do nothing";
                sql::run(superuser, &insert)
                    .await
                    .with_context(|| format!("a row of {}", table.name))?;
            }
        }
    }
    sql::run(superuser, "set session_replication_role = origin").await?;
    Ok(())
}

/// One digest over all rows of the other school.
pub(crate) async fn state(superuser: &mut PgConnection, tables: &[Table]) -> anyhow::Result<String> {
    let parts: Vec<String> = tables
        .iter()
        .filter(|table| table.has_school())
        .map(|table| {
            let name = &table.name;
            format!(
                "(select '{name} ' || count(*) || ' ' || coalesce(md5(string_agg(t::text, '' order by t::text)), '') \
                 from {name} as t where school_id = '{OTHER}')"
            )
        })
        .collect();
    sql::text(
        superuser,
        &format!("select concat_ws(E'\\n', {})", parts.join(", ")),
    )
    .await
}
