//! Packages as rows.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::name::{ClassName, PackageName};

/// A class's package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: Uuid,
    /// The year.
    pub year_id: String,
    /// The class.
    pub class_id: String,
    /// `awaiting_signatures`, `sealed`.
    pub state: String,
    /// SHA-256 over the documents' names and digests.
    pub content: String,
    /// SHA-256 of the statement without signatures.
    pub statement: String,
    /// Where it lies, sealed.
    pub statement_object: String,
    /// SHA-256 of the tar without the statement.
    pub bag: String,
    /// Where it lies, sealed.
    pub bag_object: String,
    /// SHA-256 of the tag manifest.
    pub tag_manifest: String,
    /// How many documents.
    pub document_count: i32,
    /// When.
    pub created_at: OffsetDateTime,
}

/// Writes a new package.
///
/// # Errors
/// The database's.
pub async fn insert(conn: &mut PgConnection, school: &str, epoch: i64, row: &Row) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into class_package (school_id, id, year_id, class_id, state, content, statement,
             statement_object, bag, bag_object, tag_manifest, document_count, created_at, epoch)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        school,
        row.id,
        row.year_id,
        row.class_id,
        row.state,
        row.content,
        row.statement,
        row.statement_object,
        row.bag,
        row.bag_object,
        row.tag_manifest,
        row.document_count,
        row.created_at,
        epoch,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Marks a package sealed.
///
/// # Errors
/// The database's.
pub async fn seal(conn: &mut PgConnection, name: &PackageName, epoch: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update class_package set state = 'sealed', epoch = $3 where school_id = $1 and id = $2",
        name.school,
        name.id,
        epoch,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One package.
///
/// # Errors
/// The database's.
pub async fn get(conn: &mut PgConnection, name: &PackageName) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select id, year_id, class_id, state, content, statement, statement_object, bag, bag_object, tag_manifest,
            document_count, created_at
         from class_package where school_id = $1 and id = $2",
        name.school,
        name.id,
    )
    .fetch_optional(conn)
    .await
}

/// The packages of a class, oldest first.
///
/// # Errors
/// The database's.
pub async fn of_class(conn: &mut PgConnection, class: &ClassName) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select id, year_id, class_id, state, content, statement, statement_object, bag, bag_object, tag_manifest,
            document_count, created_at
         from class_package where school_id = $1 and year_id = $2 and class_id = $3 order by created_at",
        class.school,
        class.year,
        class.class,
    )
    .fetch_all(conn)
    .await
}
