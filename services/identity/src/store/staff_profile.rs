//! Rows of `staff_profile`.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Result,
    model::{home::Home, slug::Slug},
};

/// A profile as it stands: sealed.
pub struct Sealed {
    /// The account's own key, wrapped.
    pub wrapped_key: Vec<u8>,
    /// The facts.
    pub sealed: Vec<u8>,
    /// Names of the filled fields.
    pub filled: Vec<String>,
    /// Rises with every change.
    pub etag: i64,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

/// Reads one.
pub async fn find(db: &mut PgConnection, home: &Home, account: Uuid) -> Result<Option<Sealed>> {
    Ok(sqlx::query_as!(
        Sealed,
        "select wrapped_key, sealed, filled, etag, updated_at from staff_profile
          where school_id = $1 and account_id = $2",
        home.key(),
        account
    )
    .fetch_optional(db)
    .await?)
}

/// Adds the first; false when there is one by now.
pub async fn insert(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    profile: &Sealed,
    by: Uuid,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into staff_profile (school_id, account_id, wrapped_key, sealed, filled, etag, updated_at, updated_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict on constraint staff_profile_pk do nothing",
        home.key(),
        account,
        profile.wrapped_key,
        profile.sealed,
        &profile.filled,
        profile.etag,
        profile.updated_at,
        by
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces one, if the etag before its own stands.
pub async fn update(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    profile: &Sealed,
    by: Uuid,
) -> Result<bool> {
    let done = sqlx::query!(
        "update staff_profile set sealed = $3, filled = $4, etag = $5, updated_at = $6, updated_by = $7
          where school_id = $1 and account_id = $2 and etag + 1 = $5",
        home.key(),
        account,
        profile.sealed,
        &profile.filled,
        profile.etag,
        profile.updated_at,
        by
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A person of whom something is missing, and which fields are there.
pub struct Incomplete {
    /// Whose.
    pub account: Uuid,
    /// Full name as printed.
    pub display_name: String,
    /// Names of the filled fields.
    pub filled: Vec<String>,
}

/// Reads a page of the people of whom not all these fields are filled, in order of creation. Opens nothing.
pub async fn incomplete(
    db: &mut PgConnection,
    school: &Slug,
    fields: &[String],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Incomplete>> {
    Ok(sqlx::query_as!(
        Incomplete,
        r#"select a.id as account, a.display_name, coalesce(p.filled, '{}') as "filled!"
             from account a
             left join staff_profile p on p.school_id = a.school_id and p.account_id = a.id
            where a.school_id = $1 and ($2::uuid is null or a.id > $2)
              and not coalesce(p.filled, '{}') @> $3
            order by a.id limit $4"#,
        school.as_str(),
        after,
        fields,
        limit
    )
    .fetch_all(db)
    .await?)
}
