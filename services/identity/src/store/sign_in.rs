//! Rows of `sign_in` and `refresh_token`.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    error::Result,
    model::{
        account::State,
        home::Home,
        sign_in::{Client, EndCause, Family, Start, Stay, Which},
    },
};

/// Starts a sign-in.
pub async fn insert(db: &mut PgConnection, home: &Home, start: &Start) -> Result<()> {
    sqlx::query!(
        "insert into sign_in (school_id, id, account_id, client_digest, address, user_agent, premises,
                              security_key, started_at, last_used_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)",
        home.key(),
        start.id,
        start.account,
        start.client.digest,
        start.client.address,
        start.user_agent,
        start.premises,
        start.security_key,
        start.started_at,
        start.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Remembers that a sign-in is used now.
pub async fn touch(db: &mut PgConnection, home: &Home, id: Uuid, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update sign_in set last_used_at = $3 where school_id = $1 and id = $2",
        home.key(),
        id,
        now
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

/// Ends open sign-ins of an account; answers which ended.
pub async fn end(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    which: Which,
    cause: EndCause,
    now: OffsetDateTime,
) -> Result<Vec<Uuid>> {
    let (only, but) = match which {
        Which::One(id) => (Some(id), None),
        Which::All => (None, None),
        Which::Others(id) => (None, Some(id)),
    };
    Ok(sqlx::query_scalar!(
        "update sign_in set ended_at = $4, end_cause = $5
          where school_id = $1 and account_id = $2 and ($3::uuid is null or id = $3)
            and ($6::uuid is null or id <> $6) and ended_at is null
          returning id",
        home.key(),
        account,
        only,
        now,
        cause.as_str(),
        but
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

/// Reads a page of an account's sign-ins, the newest first. `no_client` is the digest of a device that did
/// not name itself: it is nobody's shared device.
pub async fn list(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    no_client: &[u8],
    before: Option<Uuid>,
    limit: i64,
    now: OffsetDateTime,
) -> Result<Vec<Stay>> {
    let rows = sqlx::query!(
        r#"select s.id, s.started_at, s.last_used_at, s.user_agent, s.address, s.premises, s.security_key,
                  coalesce(s.ended_at, case when s.expires_at <= $6 then s.expires_at end) as ended_at,
                  coalesce(s.end_cause, 'expired') as "end_cause!",
                  exists (select 1 from sign_in o
                           where o.school_id = s.school_id and o.account_id = s.account_id and o.id <> s.id
                             and (o.client_digest, o.address) <> (s.client_digest, s.address)
                             and o.started_at < least(s.ended_at, s.expires_at)
                             and s.started_at < least(o.ended_at, o.expires_at)) as "parallel!",
                  exists (select 1 from sign_in o
                           where o.school_id = s.school_id and o.client_digest = s.client_digest
                             and o.client_digest <> $3 and o.account_id <> s.account_id) as "shared_device!"
             from sign_in s
            where s.school_id = $1 and s.account_id = $2 and ($4::uuid is null or s.id < $4)
            order by s.id desc limit $5"#,
        home.key(),
        account,
        no_client,
        before,
        limit,
        now
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Stay {
            id: r.id,
            started_at: r.started_at,
            last_used_at: r.last_used_at,
            end: r.ended_at.map(|at| (at, EndCause::of_sql(&r.end_cause))),
            user_agent: r.user_agent,
            address: r.address,
            premises: r.premises,
            security_key: r.security_key,
            parallel: r.parallel,
            shared_device: r.shared_device,
        })
        .collect())
}
