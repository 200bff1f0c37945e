//! What waits, read from the rows it is about.

use sqlx::PgConnection;
use time::Date;

use crate::{
    error::{Error, Result},
    model::{
        slug::Slug,
        task::{Kind, Task},
    },
};

/// Reads what waits in a school: pending accounts, and what ends from today to a day without a successor. What is due
/// first comes first.
pub async fn list(db: &mut PgConnection, school: &Slug, today: Date, ahead: Date) -> Result<Vec<Task>> {
    let rows = sqlx::query!(
        r#"select kind as "kind!", id as "id!", account_id as "account!", since, due from (
            select 'account.activate' as kind, id, id as account_id, created_at as since, null::date as due
              from account where school_id = $1 and state = 'pending'
            union all
            select 'working_group.renew', g.id, g.head, null, g.end_date
              from working_group g
             where g.school_id = $1 and g.ended_at is null and g.end_date between $2 and $3
               and not exists (select from working_group n where n.school_id = g.school_id and n.ended_at is null
                                  and n.end_date > g.end_date)
            union all
            select 'delegation.renew', d.id, d.delegate, null, d.end_date
              from delegation d
             where d.school_id = $1 and d.revoked_at is null and d.end_date between $2 and $3
               and not exists (select from delegation n where n.school_id = d.school_id and n.revoked_at is null
                                  and n.end_date > d.end_date)
            union all
            select 'integrator.renew', i.id, i.id, null, i.end_date
              from integrator i
             where i.school_id = $1 and i.revoked_at is null and i.end_date between $2 and $3
        ) as waiting
        order by due nulls last, since, id limit 200"#,
        school.as_str(),
        today,
        ahead
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Task {
                kind: Kind::parse(&r.kind).ok_or(Error::Damaged("a task's kind"))?,
                id: r.id,
                account: r.account,
                since: r.since,
                due: r.due,
            })
        })
        .collect()
}
