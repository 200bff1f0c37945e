//! Year documents as rows.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::name::{ClassName, DocumentName};

/// A version of a pupil's book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The pupil.
    pub pupil_id: Uuid,
    /// From 1.
    pub version: i32,
    /// The class.
    pub class_id: String,
    /// Place in the roster.
    pub position: i32,
    /// `open`, `sealed`, `superseded`.
    pub state: String,
    /// SHA-256 of the document without signatures.
    pub digest: String,
    /// Where it lies, sealed.
    pub object: String,
    /// Keyed digest of the facts it was made from.
    pub facts_digest: String,
    /// When.
    pub composed_at: OffsetDateTime,
}

impl Row {
    /// Its name.
    #[must_use]
    pub fn name(&self, school: &str, year: &str) -> DocumentName {
        DocumentName {
            school: school.to_owned(),
            year: year.to_owned(),
            pupil: self.pupil_id,
            version: self.version,
        }
    }
}

/// Writes a new version.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: &mut PgConnection,
    school: &str,
    year: &str,
    epoch: i64,
    row: &Row,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into year_document (school_id, year_id, pupil_id, version, class_id, position, state,
             digest, object, facts_digest, composed_at, epoch)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        school,
        year,
        row.pupil_id,
        row.version,
        row.class_id,
        row.position,
        row.state,
        row.digest,
        row.object,
        row.facts_digest,
        row.composed_at,
        epoch,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves a version onward.
///
/// # Errors
/// The database's.
pub async fn set_state(
    conn: &mut PgConnection,
    name: &DocumentName,
    state: &str,
    epoch: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update year_document set state = $5, epoch = $6
         where school_id = $1 and year_id = $2 and pupil_id = $3 and version = $4",
        name.school,
        name.year,
        name.pupil,
        name.version,
        state,
        epoch,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One version.
///
/// # Errors
/// The database's.
pub async fn get(conn: &mut PgConnection, name: &DocumentName) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select pupil_id, version, class_id, position, state, digest, object, facts_digest, composed_at
         from year_document where school_id = $1 and year_id = $2 and pupil_id = $3 and version = $4",
        name.school,
        name.year,
        name.pupil,
        name.version,
    )
    .fetch_optional(conn)
    .await
}

/// All versions of a pupil's year, oldest first.
///
/// # Errors
/// The database's.
pub async fn of_pupil(
    conn: &mut PgConnection,
    school: &str,
    year: &str,
    pupil: Uuid,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select pupil_id, version, class_id, position, state, digest, object, facts_digest, composed_at
         from year_document where school_id = $1 and year_id = $2 and pupil_id = $3 order by version",
        school,
        year,
        pupil,
    )
    .fetch_all(conn)
    .await
}

/// The versions of a class that are in force, in roster order.
///
/// # Errors
/// The database's.
pub async fn current(conn: &mut PgConnection, class: &ClassName) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select pupil_id, version, class_id, position, state, digest, object, facts_digest, composed_at
         from year_document
         where school_id = $1 and year_id = $2 and class_id = $3 and state <> 'superseded'
         order by position, pupil_id",
        class.school,
        class.year,
        class.class,
    )
    .fetch_all(conn)
    .await
}

/// A page of a class's documents after a place, in roster order.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: &mut PgConnection,
    class: &ClassName,
    superseded: bool,
    after: (i32, Uuid, i32),
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select pupil_id, version, class_id, position, state, digest, object, facts_digest, composed_at
         from year_document
         where school_id = $1 and year_id = $2 and class_id = $3 and ($4 or state <> 'superseded')
           and (position, pupil_id, version) > ($5, $6, $7)
         order by position, pupil_id, version limit $8",
        class.school,
        class.year,
        class.class,
        superseded,
        after.0,
        after.1,
        after.2,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Waits until no other transaction composes or packages this class.
///
/// # Errors
/// The database's.
pub async fn alone(conn: &mut PgConnection, class: &ClassName) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtext('class'), hashtext($1)) as "lock: String""#,
        class.to_string()
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}
