//! Rows of `role_binding`.

use hocba_chassis::caller::Role;
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    model::{
        home::Home,
        role_binding::{Decision, RoleBinding},
        slug::Slug,
    },
};

struct Row {
    id: Uuid,
    account_id: Uuid,
    role: String,
    start_date: Date,
    end_date: Option<Date>,
    decision_number: String,
    decision_date: Option<Date>,
    duty: String,
    granted_at: OffsetDateTime,
    granted_by: Option<Uuid>,
    revoked_at: Option<OffsetDateTime>,
    working_group_id: Option<Uuid>,
}

impl Row {
    fn binding(self) -> Result<RoleBinding> {
        let decided = !self.decision_number.is_empty() || self.decision_date.is_some();
        Ok(RoleBinding {
            id: self.id,
            account: self.account_id,
            role: Role::parse(&self.role).ok_or(Error::Damaged("role_binding.role"))?,
            start: self.start_date,
            end: self.end_date,
            decision: decided.then_some(Decision {
                number: self.decision_number,
                date: self.decision_date,
            }),
            duty: self.duty,
            granted_by: self.granted_by,
            granted_at: self.granted_at,
            revoked_at: self.revoked_at,
            working_group: self.working_group_id,
        })
    }
}

/// Adds one.
pub async fn insert(db: &mut PgConnection, home: &Home, binding: &RoleBinding) -> Result<()> {
    let decision = binding.decision.as_ref();
    sqlx::query!(
        "insert into role_binding (school_id, id, account_id, role, start_date, end_date, decision_number,
                                   decision_date, duty, granted_at, granted_by, working_group_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        home.key(),
        binding.id,
        binding.account,
        binding.role.as_str(),
        binding.start,
        binding.end,
        decision.map_or("", |d| d.number.as_str()),
        decision.and_then(|d| d.date),
        binding.duty,
        binding.granted_at,
        binding.granted_by,
        binding.working_group
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Reads one.
pub async fn find(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    id: Uuid,
) -> Result<Option<RoleBinding>> {
    sqlx::query_as!(
        Row,
        "select id, account_id, role, start_date, end_date, decision_number, decision_date, duty, granted_at,
                granted_by, revoked_at, working_group_id
           from role_binding where school_id = $1 and account_id = $2 and id = $3",
        home.key(),
        account,
        id
    )
    .fetch_optional(db)
    .await?
    .map(Row::binding)
    .transpose()
}

/// Reads a page in order of granting: ids rise with time.
pub async fn list(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RoleBinding>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, account_id, role, start_date, end_date, decision_number, decision_date, duty, granted_at,
                granted_by, revoked_at, working_group_id
           from role_binding
          where school_id = $1 and account_id = $2 and ($3::uuid is null or id > $3) order by id limit $4",
        home.key(),
        account,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::binding).collect()
}

/// Reads the bindings of a working group's members, of an ended group those it had at the end, in order of joining.
pub async fn of_working_group(db: &mut PgConnection, school: &Slug, group: Uuid) -> Result<Vec<RoleBinding>> {
    let rows = sqlx::query_as!(
        Row,
        "select b.id, b.account_id, b.role, b.start_date, b.end_date, b.decision_number, b.decision_date, b.duty,
                b.granted_at, b.granted_by, b.revoked_at, b.working_group_id
           from role_binding b
           join working_group g on g.school_id = b.school_id and g.id = b.working_group_id
          where b.school_id = $1 and b.working_group_id = $2
            and (b.revoked_at is null or b.revoked_at = g.ended_at)
          order by b.id",
        school.as_str(),
        group
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::binding).collect()
}

/// Reads the roles in force on a day, of several accounts: their own and those of their groups.
pub async fn in_force(
    db: &mut PgConnection,
    home: &Home,
    accounts: &[Uuid],
    day: Date,
) -> Result<Vec<(Uuid, Role)>> {
    let rows = sqlx::query!(
        r#"select account_id as "account!", role as "role!" from role_held
            where school_id = $1 and account_id = any($2)
              and start_date <= $3 and (end_date is null or $3 <= end_date)"#,
        home.key(),
        accounts,
        day
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok((
                r.account,
                Role::parse(&r.role).ok_or(Error::Damaged("role_binding.role"))?,
            ))
        })
        .collect()
}

/// Whether anybody of a tenant holds a role that was not taken back.
pub async fn anybody_is(db: &mut PgConnection, home: &Home, role: Role) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from role_binding where school_id = $1 and role = $2 and revoked_at is null)
           as "there!""#,
        home.key(),
        role.as_str()
    )
    .fetch_one(db)
    .await?)
}

/// Takes one back; what is taken back stays so.
pub async fn revoke(
    db: &mut PgConnection,
    home: &Home,
    id: Uuid,
    by: Uuid,
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "update role_binding set revoked_at = $3, revoked_by = $4
          where school_id = $1 and id = $2 and revoked_at is null",
        home.key(),
        id,
        now,
        by
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks the roles of a tenant that ended before a day as told; answers whose they were.
pub async fn tell_lapsed(
    db: &mut PgConnection,
    home: &Home,
    today: Date,
    now: OffsetDateTime,
) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "update role_binding set lapse_told_at = $3
          where school_id = $1 and end_date < $2 and revoked_at is null and lapse_told_at is null
          returning account_id",
        home.key(),
        today,
        now
    )
    .fetch_all(db)
    .await?)
}

/// Whether active people other than this one hold a role on a day.
pub async fn others_hold(
    db: &mut PgConnection,
    home: &Home,
    but: Uuid,
    role: Role,
    day: Date,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from role_binding b
                            join account a on a.school_id = b.school_id and a.id = b.account_id
                           where b.school_id = $1 and b.account_id <> $2 and b.role = $3
                             and a.state = 'active' and b.revoked_at is null and b.start_date <= $4
                             and (b.end_date is null or b.end_date >= $4)) as "others!""#,
        home.key(),
        but,
        role.as_str(),
        day
    )
    .fetch_one(db)
    .await?)
}
