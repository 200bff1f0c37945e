//! Reviews as rows.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::sealed::Seals;
use crate::{error::Error, model::review::Review};

struct Row {
    id: Uuid,
    class: String,
    state: String,
    created_by: Uuid,
    created_at: OffsetDateTime,
    decided_by: Option<Uuid>,
    decided_at: Option<OffsetDateTime>,
    note: Option<Vec<u8>>,
    tell_at: Option<OffsetDateTime>,
}

impl Row {
    fn opened(self, seals: &Seals, school: &str) -> Result<Review, Error> {
        let name = Review::name_of(school, self.id);
        Ok(Review {
            note: seals.open_note(&name, self.note.as_deref())?,
            id: self.id,
            class: self.class,
            state: self.state,
            created_by: self.created_by,
            created_at: self.created_at,
            decided_by: self.decided_by,
            decided_at: self.decided_at,
            tell_at: self.tell_at,
        })
    }
}

/// Writes a new review.
///
/// # Errors
/// REVIEW_OPEN.
pub async fn insert(tx: &mut PgConnection, school: &str, review: &Review) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into review (school_id, review_id, class, state, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        school,
        review.id,
        review.class,
        review.state,
        review.created_by,
        review.created_at,
    )
    .execute(tx)
    .await;
    match done {
        Err(error) if hocba_chassis::database::constraint(&error) == Some("review_open") => {
            Err(Error::ReviewOpen)
        }
        other => Ok(other.map(drop)?),
    }
}

/// One review, locked until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn get(
    tx: &mut PgConnection,
    seals: &Seals,
    school: &str,
    id: Uuid,
) -> Result<Option<Review>, Error> {
    let row = sqlx::query_as!(
        Row,
        "select review_id as id, class, state, created_by, created_at, decided_by, decided_at, note, tell_at
         from review where school_id = $1 and review_id = $2 for update",
        school,
        id,
    )
    .fetch_optional(tx)
    .await?;
    row.map(|row| row.opened(seals, school)).transpose()
}

/// A page, newest first; of one state when given.
///
/// # Errors
/// The database's.
pub async fn page(
    tx: &mut PgConnection,
    seals: &Seals,
    school: &str,
    (before, state): (Option<Uuid>, Option<&str>),
    limit: i64,
) -> Result<Vec<Review>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select review_id as id, class, state, created_by, created_at, decided_by, decided_at, note, tell_at
         from review
         where school_id = $1 and ($2::uuid is null or review_id < $2) and ($3::text is null or state = $3)
         order by review_id desc limit $4",
        school,
        before,
        state,
        limit,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(|row| row.opened(seals, school)).collect()
}

/// Writes the decision.
///
/// # Errors
/// The database's.
pub async fn decide(
    tx: &mut PgConnection,
    seals: &Seals,
    school: &str,
    review: &Review,
    delegation: Option<&str>,
) -> Result<(), Error> {
    sqlx::query!(
        "update review set state = $3, decided_by = $4, decided_at = $5, delegation = $6, note = $7, tell_at = $8
         where school_id = $1 and review_id = $2",
        school,
        review.id,
        review.state,
        review.decided_by,
        review.decided_at,
        delegation,
        seals.note(&review.name(school), &review.note)?,
        review.tell_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The archive knows.
///
/// # Errors
/// The database's.
pub async fn told(tx: &mut PgConnection, school: &str, id: Uuid) -> Result<(), Error> {
    sqlx::query!(
        "update review set tell_at = null where school_id = $1 and review_id = $2",
        school,
        id
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes decisions that the archive has not heard of, over all schools, until then.
///
/// # Errors
/// The database's.
pub async fn to_tell(
    pool: &PgPool,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<(String, Uuid)>, Error> {
    let rows = sqlx::query!(
        r#"select out_school as "school!", out_review as "review!" from reviews_to_tell($1, $2)"#,
        now,
        until,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.school, row.review)).collect())
}
