//! How accounts are used, read from sign-ins, attempts and roles; and rows of `security_check`.

use std::collections::BTreeMap;

use hocba_chassis::database::constraint;
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    model::{
        home::Home,
        security::{Check, Finding, Sign, Use},
        slug::Slug,
    },
};

/// Since when and until when uses are compared, and the digest of a client that gave no text.
pub struct Span<'a> {
    /// Since when.
    pub since: OffsetDateTime,
    /// Until when.
    pub now: OffsetDateTime,
    /// The day it is.
    pub today: Date,
    /// What says nothing about a client.
    pub no_client: &'a [u8],
}

/// Reads what sign-ins and roles tell of several accounts of a tenant.
pub async fn uses(
    db: &mut PgConnection,
    home: &Home,
    accounts: &[Uuid],
    span: &Span<'_>,
) -> Result<BTreeMap<Uuid, Use>> {
    let mut all: BTreeMap<Uuid, Use> = accounts.iter().map(|id| (*id, Use::default())).collect();
    let open = sqlx::query!(
        r#"select account_id, count(*) as "sign_ins!", count(distinct client_digest) as "clients!" from sign_in
            where school_id = $1 and account_id = any($2) and ended_at is null and expires_at > $3
            group by account_id"#,
        home.key(),
        accounts,
        span.now
    )
    .fetch_all(&mut *db)
    .await?;
    for row in open {
        let seen = all.entry(row.account_id).or_default();
        (seen.open_sign_ins, seen.open_clients) = (row.sign_ins, row.clients);
    }
    let parallel = sqlx::query_scalar!(
        "select distinct a.account_id from sign_in a
           join sign_in b on b.school_id = a.school_id and b.account_id = a.account_id and b.id > a.id
                         and b.client_digest <> a.client_digest
          where a.school_id = $1 and a.account_id = any($2) and a.started_at > $3 and b.started_at > $3
            and a.client_digest <> $4 and b.client_digest <> $4
            and a.started_at < coalesce(b.ended_at, b.expires_at)
            and b.started_at < coalesce(a.ended_at, a.expires_at)",
        home.key(),
        accounts,
        span.since,
        span.no_client
    )
    .fetch_all(&mut *db)
    .await?;
    for account in parallel {
        all.entry(account).or_default().parallel = true;
    }
    let shared = sqlx::query!(
        "select distinct a.account_id, b.account_id as other from sign_in a
           join sign_in b on b.school_id = a.school_id and b.client_digest = a.client_digest
                         and b.account_id <> a.account_id
          where a.school_id = $1 and a.account_id = any($2) and a.started_at > $3 and b.started_at > $3
            and a.client_digest <> $4",
        home.key(),
        accounts,
        span.since,
        span.no_client
    )
    .fetch_all(&mut *db)
    .await?;
    for row in shared {
        all.entry(row.account_id)
            .or_default()
            .shared_with
            .insert(row.other);
    }
    let roles = sqlx::query!(
        r#"select account_id as "account!", min(start_date) as "since!" from role_held
            where school_id = $1 and account_id = any($2)
              and start_date <= $3 and (end_date is null or $3 <= end_date)
            group by account_id"#,
        home.key(),
        accounts,
        span.today
    )
    .fetch_all(db)
    .await?;
    for row in roles {
        all.entry(row.account).or_default().role_since = Some(row.since);
    }
    Ok(all)
}

/// How many accounts a school has.
pub async fn count_accounts(db: &mut PgConnection, school: &Slug) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        r#"select count(*)::int as "count!" from account where school_id = $1"#,
        school.as_str()
    )
    .fetch_one(db)
    .await?)
}

/// Adds a check with its findings.
pub async fn insert(db: &mut PgConnection, school: &Slug, check: &Check) -> Result<()> {
    sqlx::query!(
        "insert into security_check (school_id, id, account_count, note, checked_at, checked_by)
         values ($1, $2, $3, $4, $5, $6)",
        school.as_str(),
        check.id,
        check.account_count,
        check.note,
        check.at,
        check.by
    )
    .execute(&mut *db)
    .await?;
    for (place, finding) in (0..).zip(&check.findings) {
        sqlx::query!(
            "insert into security_finding (school_id, check_id, place, account_id, sign, note)
             values ($1, $2, $3, $4, $5, $6)",
            school.as_str(),
            check.id,
            place,
            finding.account,
            finding.sign.as_str(),
            finding.note
        )
        .execute(&mut *db)
        .await
        .map_err(|e| match constraint(&e) {
            Some("security_finding_account_fk") => Error::MemberUnknown {
                account: finding.account,
            },
            _ => e.into(),
        })?;
    }
    Ok(())
}

/// Reads a school's checks, the newest first (ids rise with time), one of them or all before one.
pub async fn list(
    db: &mut PgConnection,
    school: &Slug,
    only: Option<Uuid>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Check>> {
    let rows = sqlx::query!(
        "select id, account_count, note, checked_at, checked_by from security_check
          where school_id = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or id < $3)
          order by id desc limit $4",
        school.as_str(),
        only,
        before,
        limit
    )
    .fetch_all(&mut *db)
    .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut findings: BTreeMap<Uuid, Vec<Finding>> = BTreeMap::new();
    let found = sqlx::query!(
        "select check_id, account_id, sign, note from security_finding
          where school_id = $1 and check_id = any($2) order by check_id, place",
        school.as_str(),
        &ids
    )
    .fetch_all(db)
    .await?;
    for row in found {
        findings.entry(row.check_id).or_default().push(Finding {
            account: row.account_id,
            sign: Sign::parse(&row.sign).ok_or(Error::Damaged("security_finding.sign"))?,
            note: row.note,
        });
    }
    Ok(rows
        .into_iter()
        .map(|row| Check {
            findings: findings.remove(&row.id).unwrap_or_default(),
            id: row.id,
            account_count: row.account_count,
            note: row.note,
            by: row.checked_by,
            at: row.checked_at,
        })
        .collect())
}
