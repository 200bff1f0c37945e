//! Rows of `sign_in` and `refresh_token`.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    error::Result,
    model::{
        account::State,
        home::Home,
        sign_in::{Client, EndCause, Family},
    },
};

/// Starts a sign-in with the first refresh token.
pub async fn insert(
    db: &mut PgConnection,
    home: &Home,
    id: Uuid,
    account: Uuid,
    client: &Client,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into sign_in (school_id, id, account_id, client_digest, address, started_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        home.key(),
        id,
        account,
        client.digest,
        client.address,
        now,
        expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Adds a refresh token's digest to a sign-in's family.
pub async fn insert_token(
    db: &mut PgConnection,
    home: &Home,
    sign_in: Uuid,
    digest: &[u8],
    generation: i32,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into refresh_token (school_id, digest, sign_in_id, generation, issued_at)
         values ($1, $2, $3, $4, $5)",
        home.key(),
        digest,
        sign_in,
        generation,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Which tenant a refresh token belongs to. Needs no school.
pub async fn locate_token(db: &mut PgConnection, digest: &[u8]) -> Result<Option<Home>> {
    let school = sqlx::query_scalar!("select refresh_token_locate($1)", digest)
        .fetch_one(db)
        .await?;
    Ok(school.map(|s| Home::of_key(&s)))
}

/// Reads the family of a presented token and keeps other refreshes of it waiting.
pub async fn lock_family(db: &mut PgConnection, home: &Home, digest: &[u8]) -> Result<Option<Family>> {
    // The sign-in first and alone: under the lock the tokens are read anew, with what the one before wrote.
    let sign_in = sqlx::query!(
        "select s.id, s.account_id, s.client_digest, s.address, s.expires_at, s.ended_at
           from sign_in s
          where s.school_id = $1
            and s.id = (select t.sign_in_id from refresh_token t where t.school_id = $1 and t.digest = $2)
            for update",
        home.key(),
        digest
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(sign_in) = sign_in else { return Ok(None) };
    let token = sqlx::query!(
        r#"select t.generation, t.rotated_at, a.state,
                  (select max(n.generation) from refresh_token n
                    where n.school_id = t.school_id and n.sign_in_id = t.sign_in_id) as "newest!"
             from refresh_token t
             join account a on a.school_id = t.school_id and a.id = $3
            where t.school_id = $1 and t.digest = $2"#,
        home.key(),
        digest,
        sign_in.account_id
    )
    .fetch_optional(db)
    .await?;
    Ok(token.map(|t| Family {
        sign_in: sign_in.id,
        account: sign_in.account_id,
        state: State::of_sql(&t.state),
        client: Client {
            digest: sign_in.client_digest,
            address: sign_in.address,
        },
        expires_at: sign_in.expires_at,
        ended_at: sign_in.ended_at,
        generation: t.generation,
        rotated_at: t.rotated_at,
        newest: t.newest,
    }))
}

/// Marks the presented token as rotated.
pub async fn rotate(db: &mut PgConnection, home: &Home, digest: &[u8], now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update refresh_token set rotated_at = $3 where school_id = $1 and digest = $2",
        home.key(),
        digest,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether a sign-in of an account is open. Locked against ending until the transaction ends: what is
/// given out on the strength of it comes before its end, or not at all.
pub async fn lock_open(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<bool> {
    let row = sqlx::query!(
        "select id from sign_in
          where school_id = $1 and account_id = $2 and id = $3 and ended_at is null and expires_at > $4
            for update",
        home.key(),
        account,
        id,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}

/// Ends open sign-ins of an account, one or all; answers which ended.
pub async fn end(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    only: Option<Uuid>,
    cause: EndCause,
    now: OffsetDateTime,
) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "update sign_in set ended_at = $4, end_cause = $5
          where school_id = $1 and account_id = $2 and ($3::uuid is null or id = $3) and ended_at is null
          returning id",
        home.key(),
        account,
        only,
        now,
        cause.as_str()
    )
    .fetch_all(db)
    .await?)
}

/// Ends a sign-in whose time is over; answers whose it was, unless it ended meanwhile.
pub async fn end_lapsed(
    db: &mut PgConnection,
    home: &Home,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!(
        "update sign_in set ended_at = $3, end_cause = 'expired'
          where school_id = $1 and id = $2 and ended_at is null and expires_at <= $3
          returning account_id",
        home.key(),
        id,
        now
    )
    .fetch_optional(db)
    .await?)
}

/// Open sign-ins whose time is over, at most 100, of all tenants.
pub async fn lapsed(db: &mut PgConnection, now: OffsetDateTime) -> Result<Vec<(Home, Uuid)>> {
    let rows = sqlx::query!(
        r#"select out_school as "school!", out_id as "id!" from sign_ins_lapsed($1, 100)"#,
        now
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| (Home::of_key(&r.school), r.id))
        .collect())
}

/// Tenants where a role or delegation ended by its date and nobody was told.
pub async fn homes_with_lapsed_roles(db: &mut PgConnection, today: Date) -> Result<Vec<Home>> {
    let rows = sqlx::query_scalar!(r#"select out_school as "school!" from roles_lapsed($1)"#, today)
        .fetch_all(db)
        .await?;
    Ok(rows.iter().map(|s| Home::of_key(s)).collect())
}
