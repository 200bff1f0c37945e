//! Signature slots as rows.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::model::slot::{Kind, Signature, Slot};

struct Row {
    document: String,
    slot: String,
    signer: String,
    section: String,
    signature: Option<Vec<u8>>,
    content_digest: Option<String>,
    signed_by: Option<String>,
    signed_at: Option<OffsetDateTime>,
}

/// Writes the slots of a new document, with the signatures it begins with.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: &mut PgConnection,
    school: &str,
    document: &str,
    year: &str,
    epoch: i64,
    slots: &[Slot],
) -> Result<(), sqlx::Error> {
    for (position, slot) in slots.iter().enumerate() {
        let signature = slot.signature.as_ref();
        sqlx::query!(
            "insert into slot (school_id, document, slot, year_id, position, signer, section, signature,
                 content_digest, signed_by, signed_at, epoch)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            school,
            document,
            slot.kind.to_string(),
            year,
            i32::try_from(position).unwrap_or(i32::MAX),
            slot.signer,
            slot.section,
            signature.map(|it| it.xml.as_slice()),
            signature.map(|it| it.content_digest.as_str()),
            signature.map(|it| it.by.as_str()),
            signature.map(|it| it.at),
            epoch,
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// The slots of documents, in order, each with its document's name.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut PgConnection,
    school: &str,
    documents: &[String],
) -> Result<Vec<(String, Slot)>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select document, slot, signer, section, signature, content_digest, signed_by, signed_at
         from slot where school_id = $1 and document = any($2) order by document, position",
        school,
        documents,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(slot).collect()
}

/// The slots of one document, in order; locked until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn of(conn: &mut PgConnection, school: &str, document: &str) -> Result<Vec<Slot>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select document, slot, signer, section, signature, content_digest, signed_by, signed_at
         from slot where school_id = $1 and document = $2 order by position for update",
        school,
        document,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| Ok(slot(row)?.1)).collect()
}

fn slot(row: Row) -> Result<(String, Slot), sqlx::Error> {
    let kind = Kind::parse(&row.slot)
        .ok_or_else(|| sqlx::Error::Decode(format!("slot {} is not one of ours", row.slot).into()))?;
    let signature = match (row.signature, row.content_digest, row.signed_by, row.signed_at) {
        (Some(xml), Some(content_digest), Some(by), Some(at)) => Some(Signature {
            xml,
            content_digest,
            by,
            at,
        }),
        _ => None,
    };
    let slot = Slot {
        kind,
        signer: row.signer,
        section: row.section,
        signature,
    };
    Ok((row.document, slot))
}

/// Fills an empty slot.
///
/// # Errors
/// The database's.
pub async fn fill(
    conn: &mut PgConnection,
    school: &str,
    document: &str,
    kind: &Kind,
    signature: &Signature,
    epoch: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update slot set signature = $4, content_digest = $5, signed_by = $6, signed_at = $7, epoch = $8
         where school_id = $1 and document = $2 and slot = $3",
        school,
        document,
        kind.to_string(),
        signature.xml,
        signature.content_digest,
        signature.by,
        signature.at,
        epoch,
    )
    .execute(conn)
    .await?;
    Ok(())
}
