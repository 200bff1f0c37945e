//! Rows of `integrator` and `assertion_use`.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    model::{
        integrator::{FieldGroup, Integrator, PublicKey},
        slug::Slug,
    },
};

struct Row {
    id: Uuid,
    display_name: String,
    key_algorithm: String,
    public_key: Vec<u8>,
    field_groups: Vec<String>,
    start_date: Date,
    end_date: Date,
    created_at: OffsetDateTime,
    created_by: Uuid,
    revoked_at: Option<OffsetDateTime>,
    last_sign_in_at: Option<OffsetDateTime>,
}

impl Row {
    fn integrator(self) -> Result<Integrator> {
        let groups = self
            .field_groups
            .iter()
            .map(|word| FieldGroup::parse(word).ok_or(Error::Damaged("integrator.field_groups")))
            .collect::<Result<BTreeSet<_>>>()?;
        Ok(Integrator {
            id: self.id,
            display_name: self.display_name,
            key: PublicKey::of_sql(&self.key_algorithm, self.public_key),
            groups,
            start: self.start_date,
            end: self.end_date,
            created_by: self.created_by,
            created_at: self.created_at,
            revoked_at: self.revoked_at,
            last_sign_in_at: self.last_sign_in_at,
        })
    }
}

/// Adds one.
pub async fn insert(db: &mut PgConnection, school: &Slug, new: &Integrator) -> Result<()> {
    let groups: Vec<String> = new.groups.iter().map(|group| group.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into integrator (school_id, id, display_name, key_algorithm, public_key, field_groups, start_date,
                                 end_date, created_at, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        school.as_str(),
        new.id,
        new.display_name,
        new.key.algorithm(),
        new.key.bytes(),
        &groups,
        new.start,
        new.end,
        new.created_at,
        new.created_by
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Reads one and keeps it from being taken back until the transaction ends.
pub async fn lock(db: &mut PgConnection, school: &Slug, id: Uuid) -> Result<Option<Integrator>> {
    let row = sqlx::query_as!(
        Row,
        "select id, display_name, key_algorithm, public_key, field_groups, start_date, end_date, created_at,
                created_by, revoked_at, last_sign_in_at
           from integrator where school_id = $1 and id = $2 for no key update",
        school.as_str(),
        id
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::integrator).transpose()
}

/// Reads a page in order of registration: ids rise with time.
pub async fn list(
    db: &mut PgConnection,
    school: &Slug,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Integrator>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, display_name, key_algorithm, public_key, field_groups, start_date, end_date, created_at,
                created_by, revoked_at, last_sign_in_at
           from integrator where school_id = $1 and ($2::uuid is null or id > $2) order by id limit $3",
        school.as_str(),
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::integrator).collect()
}

/// Takes the grant back; false when it was taken back before.
pub async fn revoke(
    db: &mut PgConnection,
    school: &Slug,
    id: Uuid,
    by: Uuid,
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "update integrator set revoked_at = $3, revoked_by = $4
          where school_id = $1 and id = $2 and revoked_at is null",
        school.as_str(),
        id,
        now,
        by
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Uses an assertion; false when it was used before.
pub async fn spend(
    db: &mut PgConnection,
    school: &Slug,
    id: Uuid,
    assertion: &str,
    expires_at: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into assertion_use (school_id, integrator_id, assertion_id, expires_at) values ($1, $2, $3, $4)
         on conflict on constraint assertion_use_pk do nothing",
        school.as_str(),
        id,
        assertion,
        expires_at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Remembers the sign-in of now.
pub async fn signed_in(db: &mut PgConnection, school: &Slug, id: Uuid, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update integrator set last_sign_in_at = $3 where school_id = $1 and id = $2",
        school.as_str(),
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets the assertions that nobody can use any more.
pub async fn forget_assertions(db: &mut PgConnection, before: OffsetDateTime) -> Result<()> {
    sqlx::query!("select assertion_uses_forget($1)", before)
        .fetch_one(db)
        .await?;
    Ok(())
}
