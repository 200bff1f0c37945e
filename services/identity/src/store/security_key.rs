//! Rows of `security_key`.

use hocba_chassis::database::constraint;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    model::{home::Home, security_key::SecurityKey},
};

struct Row {
    id: Uuid,
    account_id: Uuid,
    credential_id: Vec<u8>,
    public_key: Vec<u8>,
    sign_count: i64,
    synced: bool,
    display_name: String,
    created_at: OffsetDateTime,
    last_used_at: Option<OffsetDateTime>,
    removed_at: Option<OffsetDateTime>,
}

impl Row {
    fn key(self) -> Result<SecurityKey> {
        Ok(SecurityKey {
            id: self.id,
            account: self.account_id,
            credential_id: self.credential_id,
            public_key: self.public_key,
            sign_count: u32::try_from(self.sign_count).map_err(|_| Error::Damaged("sign_count"))?,
            synced: self.synced,
            display_name: self.display_name,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            removed_at: self.removed_at,
        })
    }
}

/// Adds one.
pub async fn insert(db: &mut PgConnection, home: &Home, key: &SecurityKey) -> Result<()> {
    sqlx::query!(
        "insert into security_key (school_id, id, account_id, credential_id, public_key, sign_count, synced,
                                   display_name, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        home.key(),
        key.id,
        key.account,
        key.credential_id,
        key.public_key,
        i64::from(key.sign_count),
        key.synced,
        key.display_name,
        key.created_at
    )
    .execute(db)
    .await
    .map_err(|e| match constraint(&e) {
        Some("security_key_credential_unique") => Error::SecurityKeyExists,
        _ => e.into(),
    })?;
    Ok(())
}

/// Reads an account's key in use by the authenticator's name of it.
pub async fn find_credential(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    credential_id: &[u8],
) -> Result<Option<SecurityKey>> {
    sqlx::query_as!(
        Row,
        "select id, account_id, credential_id, public_key, sign_count, synced, display_name, created_at,
                last_used_at, removed_at
           from security_key
          where school_id = $1 and account_id = $2 and credential_id = $3 and removed_at is null",
        home.key(),
        account,
        credential_id
    )
    .fetch_optional(db)
    .await?
    .map(Row::key)
    .transpose()
}

/// Reads one, in use or not.
pub async fn find(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    id: Uuid,
) -> Result<Option<SecurityKey>> {
    sqlx::query_as!(
        Row,
        "select id, account_id, credential_id, public_key, sign_count, synced, display_name, created_at,
                last_used_at, removed_at
           from security_key where school_id = $1 and account_id = $2 and id = $3",
        home.key(),
        account,
        id
    )
    .fetch_optional(db)
    .await?
    .map(Row::key)
    .transpose()
}

/// Reads a page in order of registration, those out of use included.
pub async fn list(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SecurityKey>> {
    sqlx::query_as!(
        Row,
        "select id, account_id, credential_id, public_key, sign_count, synced, display_name, created_at,
                last_used_at, removed_at
           from security_key
          where school_id = $1 and account_id = $2 and ($3::uuid is null or id > $3) order by id limit $4",
        home.key(),
        account,
        after,
        limit
    )
    .fetch_all(db)
    .await?
    .into_iter()
    .map(Row::key)
    .collect()
}

/// The authenticators' names of an account's keys in use.
pub async fn credentials(db: &mut PgConnection, home: &Home, account: Uuid) -> Result<Vec<Vec<u8>>> {
    Ok(sqlx::query_scalar!(
        "select credential_id from security_key
          where school_id = $1 and account_id = $2 and removed_at is null order by id",
        home.key(),
        account
    )
    .fetch_all(db)
    .await?)
}

/// Reads the counter of a key in use and keeps other answers of it waiting until the transaction ends.
pub async fn lock_count(db: &mut PgConnection, home: &Home, account: Uuid, id: Uuid) -> Result<Option<u32>> {
    let count = sqlx::query_scalar!(
        "select sign_count from security_key
          where school_id = $1 and account_id = $2 and id = $3 and removed_at is null for update",
        home.key(),
        account,
        id
    )
    .fetch_optional(db)
    .await?;
    count
        .map(|count| u32::try_from(count).map_err(|_| Error::Damaged("sign_count")))
        .transpose()
}

/// Remembers an accepted answer.
pub async fn used(
    db: &mut PgConnection,
    home: &Home,
    id: Uuid,
    count: u32,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update security_key set sign_count = $3, last_used_at = $4 where school_id = $1 and id = $2",
        home.key(),
        id,
        i64::from(count),
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes keys of an account out of use, one or all; answers which.
pub async fn remove(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    only: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "update security_key set removed_at = $4
          where school_id = $1 and account_id = $2 and ($3::uuid is null or id = $3) and removed_at is null
          returning id",
        home.key(),
        account,
        only,
        now
    )
    .fetch_all(db)
    .await?)
}
