//! Rows of `account`.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Result,
    model::{
        account::{Account, Credentials, NewAccount, State},
        email::Email,
        home::Home,
        slug::Slug,
    },
};

struct Row {
    school_id: String,
    id: Uuid,
    authority_id: Option<String>,
    email: String,
    display_name: String,
    title: String,
    staff_code: String,
    state: String,
    created_at: OffsetDateTime,
    last_sign_in_at: Option<OffsetDateTime>,
    activated_at: Option<OffsetDateTime>,
}

impl Row {
    fn account(self) -> Account {
        Account {
            id: self.id,
            home: Home::of_key(&self.school_id),
            authority: self.authority_id.and_then(|a| Slug::parse(&a).ok()),
            email: self.email,
            display_name: self.display_name,
            title: self.title,
            staff_code: self.staff_code,
            state: State::of_sql(&self.state),
            created_at: self.created_at,
            last_sign_in_at: self.last_sign_in_at,
            confirmed: self.activated_at.is_some(),
        }
    }
}

/// Adds a pending account; false when the e-mail is taken, wherever in the deployment.
pub async fn insert(
    db: &mut PgConnection,
    id: Uuid,
    new: &NewAccount,
    by: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into account (school_id, id, authority_id, email, display_name, title, staff_code, state,
                              created_at, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9)
         on conflict on constraint account_email_unique do nothing",
        new.home.key(),
        id,
        new.authority.as_ref().map(Slug::as_str),
        new.email.as_str(),
        new.display_name,
        new.title,
        new.staff_code,
        now,
        by
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Where the account of an e-mail lives. Needs no school.
pub async fn find_by_email(db: &mut PgConnection, email: &Email) -> Result<Option<(Home, Uuid)>> {
    let row = sqlx::query!(
        r#"select out_school as "school!", out_id as "id!" from account_find($1)"#,
        email.as_str()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| (Home::of_key(&r.school), r.id)))
}

/// Where an account lives. Needs no school.
pub async fn locate(db: &mut PgConnection, id: Uuid) -> Result<Option<Home>> {
    let school = sqlx::query_scalar!("select account_locate($1)", id)
        .fetch_one(db)
        .await?;
    Ok(school.map(|s| Home::of_key(&s)))
}

/// Reads one.
pub async fn find(db: &mut PgConnection, home: &Home, id: Uuid) -> Result<Option<Account>> {
    let row = sqlx::query_as!(
        Row,
        "select school_id, id, authority_id, email, display_name, title, staff_code, state, created_at,
                last_sign_in_at, activated_at
           from account where school_id = $1 and id = $2",
        home.key(),
        id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Row::account))
}

/// Reads one and keeps others from changing it, or its roles, until the transaction ends.
pub async fn lock(db: &mut PgConnection, home: &Home, id: Uuid) -> Result<Option<Account>> {
    let row = sqlx::query_as!(
        Row,
        "select school_id, id, authority_id, email, display_name, title, staff_code, state, created_at,
                last_sign_in_at, activated_at
           from account where school_id = $1 and id = $2 for no key update",
        home.key(),
        id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Row::account))
}

/// Locks several as `lock` does, in the order of their ids so that two callers never wait for each other; answers which
/// of them there are.
pub async fn lock_all(db: &mut PgConnection, home: &Home, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select id from account where school_id = $1 and id = any($2) order by id for no key update",
        home.key(),
        ids
    )
    .fetch_all(db)
    .await?)
}

/// Reads a page in order of creation: ids rise with time.
pub async fn list(
    db: &mut PgConnection,
    home: &Home,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Account>> {
    let rows = sqlx::query_as!(
        Row,
        "select school_id, id, authority_id, email, display_name, title, staff_code, state, created_at,
                last_sign_in_at, activated_at
           from account
          where school_id = $1 and ($2::uuid is null or id > $2) order by id limit $3",
        home.key(),
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Row::account).collect())
}

/// Reads what proves the owner.
pub async fn credentials(db: &mut PgConnection, home: &Home, id: Uuid) -> Result<Option<Credentials>> {
    let row = sqlx::query!(
        "select state, password_hash, totp_sealed from account where school_id = $1 and id = $2",
        home.key(),
        id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| Credentials {
        id,
        home: home.clone(),
        state: State::of_sql(&r.state),
        password_hash: r.password_hash,
        totp_sealed: r.totp_sealed,
    }))
}

/// Sets password and second factor; the account waits for the confirmation.
pub async fn set_secrets(
    db: &mut PgConnection,
    home: &Home,
    id: Uuid,
    password_hash: &str,
    totp_sealed: &[u8],
) -> Result<()> {
    sqlx::query!(
        "update account set password_hash = $3, totp_sealed = $4 where school_id = $1 and id = $2",
        home.key(),
        id,
        password_hash,
        totp_sealed
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets the password alone.
pub async fn set_password(db: &mut PgConnection, home: &Home, id: Uuid, password_hash: &str) -> Result<()> {
    sqlx::query!(
        "update account set password_hash = $3 where school_id = $1 and id = $2",
        home.key(),
        id,
        password_hash
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes password and second factor away: the account waits for its next activation.
pub async fn forget_secrets(db: &mut PgConnection, home: &Home, id: Uuid) -> Result<()> {
    sqlx::query!(
        "update account set state = 'pending', password_hash = null, totp_sealed = null, activated_at = null
          where school_id = $1 and id = $2",
        home.key(),
        id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The second factor is confirmed: from now on active.
pub async fn activate(db: &mut PgConnection, home: &Home, id: Uuid, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update account set state = 'active', activated_at = $3 where school_id = $1 and id = $2",
        home.key(),
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Suspends or restores.
pub async fn set_state(
    db: &mut PgConnection,
    home: &Home,
    id: Uuid,
    state: State,
    cause: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "update account set state = $3, suspend_cause = $4 where school_id = $1 and id = $2",
        home.key(),
        id,
        state.as_str(),
        cause
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Remembers the sign-in of now.
pub async fn signed_in(db: &mut PgConnection, home: &Home, id: Uuid, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update account set last_sign_in_at = $3 where school_id = $1 and id = $2",
        home.key(),
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
