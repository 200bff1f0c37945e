//! Rows of `recovery`.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Result,
    model::{
        home::Home,
        recovery::{Recovery, State},
    },
};

struct Row {
    id: Uuid,
    account_id: Uuid,
    cause: String,
    state: String,
    starter: Uuid,
    started_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    decider: Option<Uuid>,
    decided_at: Option<OffsetDateTime>,
}

impl Row {
    fn recovery(self) -> Recovery {
        Recovery {
            id: self.id,
            account: self.account_id,
            cause: self.cause,
            state: State::of_sql(&self.state),
            starter: self.starter,
            started_at: self.started_at,
            expires_at: self.expires_at,
            decider: self.decider,
            decided_at: self.decided_at,
        }
    }
}

/// Adds an open one.
pub async fn insert(db: &mut PgConnection, home: &Home, recovery: &Recovery) -> Result<()> {
    sqlx::query!(
        "insert into recovery (school_id, id, account_id, cause, state, starter, started_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        home.key(),
        recovery.id,
        recovery.account,
        recovery.cause,
        recovery.state.as_str(),
        recovery.starter,
        recovery.started_at,
        recovery.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Reads one.
pub async fn find(db: &mut PgConnection, home: &Home, account: Uuid, id: Uuid) -> Result<Option<Recovery>> {
    let row = sqlx::query_as!(
        Row,
        "select id, account_id, cause, state, starter, started_at, expires_at, decider, decided_at
           from recovery where school_id = $1 and account_id = $2 and id = $3",
        home.key(),
        account,
        id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Row::recovery))
}

/// Reads the one of an account that waits for its approval.
pub async fn find_open(db: &mut PgConnection, home: &Home, account: Uuid) -> Result<Option<Recovery>> {
    let row = sqlx::query_as!(
        Row,
        "select id, account_id, cause, state, starter, started_at, expires_at, decider, decided_at
           from recovery where school_id = $1 and account_id = $2 and state = 'open'",
        home.key(),
        account
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Row::recovery))
}

/// Whether an account was ever recovered: from then on its codes come from two people.
pub async fn ever(db: &mut PgConnection, home: &Home, account: Uuid) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from recovery
                           where school_id = $1 and account_id = $2 and state = 'approved') as "ever!""#,
        home.key(),
        account
    )
    .fetch_one(db)
    .await?)
}

/// Reads a page, the newest first.
pub async fn list(
    db: &mut PgConnection,
    home: &Home,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Recovery>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, account_id, cause, state, starter, started_at, expires_at, decider, decided_at
           from recovery where school_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3",
        home.key(),
        before,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Row::recovery).collect())
}

/// Ends an open one; false when it ended meanwhile.
pub async fn decide(
    db: &mut PgConnection,
    home: &Home,
    id: Uuid,
    state: State,
    decider: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "update recovery set state = $3, decider = $4, decided_at = $5
          where school_id = $1 and id = $2 and state = 'open'",
        home.key(),
        id,
        state.as_str(),
        decider,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Expires an open one whose time is over; answers whose it was, unless it ended meanwhile.
pub async fn expire(
    db: &mut PgConnection,
    home: &Home,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!(
        "update recovery set state = 'expired', decided_at = $3
          where school_id = $1 and id = $2 and state = 'open' and expires_at <= $3
          returning account_id",
        home.key(),
        id,
        now
    )
    .fetch_optional(db)
    .await?)
}

/// Open ones whose time is over, at most 100, of all tenants.
pub async fn lapsed(db: &mut PgConnection, now: OffsetDateTime) -> Result<Vec<(Home, Uuid)>> {
    let rows = sqlx::query!(
        r#"select out_school as "school!", out_id as "id!" from recoveries_lapsed($1, 100)"#,
        now
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| (Home::of_key(&r.school), r.id))
        .collect())
}
