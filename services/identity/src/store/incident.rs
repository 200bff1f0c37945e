//! Rows of `incident` and `incident_step`.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::Result,
    model::{
        incident::{Incident, Kind, Outcome, State, Step},
        slug::Slug,
    },
};

/// Adds one.
pub async fn insert(db: &mut PgConnection, school: &Slug, incident: &Incident) -> Result<()> {
    sqlx::query!(
        "insert into incident (school_id, id, kind, description, reporter, contact, state, reported_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        school.as_str(),
        incident.id,
        incident.kind.as_str(),
        incident.description,
        incident.reporter,
        incident.contact,
        incident.state.as_str(),
        incident.reported_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Keeps others from acting on one until the transaction ends.
pub async fn lock(db: &mut PgConnection, school: &Slug, id: Uuid) -> Result<()> {
    sqlx::query!(
        "select id from incident where school_id = $1 and id = $2 for no key update",
        school.as_str(),
        id
    )
    .fetch_optional(db)
    .await?;
    Ok(())
}

/// Which incidents are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Only this.
    pub only: Option<Uuid>,
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those this person reported.
    pub reporter: Option<Uuid>,
    /// Only those after this.
    pub after: Option<Uuid>,
}

/// Reads a school's incidents, the oldest first (ids rise with time), with what was done about them.
pub async fn list(db: &mut PgConnection, school: &Slug, filter: Filter, limit: i64) -> Result<Vec<Incident>> {
    let rows = sqlx::query!(
        "select id, kind, description, reporter, contact, state, outcome, reported_at from incident
          where school_id = $1 and ($2::uuid is null or id = $2) and ($3::text is null or state = $3)
            and ($4::uuid is null or reporter = $4) and ($5::uuid is null or id > $5)
          order by id limit $6",
        school.as_str(),
        filter.only,
        filter.state.map(State::as_str),
        filter.reporter,
        filter.after,
        limit
    )
    .fetch_all(&mut *db)
    .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut steps: BTreeMap<Uuid, Vec<Step>> = BTreeMap::new();
    let found = sqlx::query!(
        "select incident_id, state, actor, acted_at, note from incident_step
          where school_id = $1 and incident_id = any($2) order by incident_id, place",
        school.as_str(),
        &ids
    )
    .fetch_all(db)
    .await?;
    for row in found {
        steps.entry(row.incident_id).or_default().push(Step {
            state: State::of_sql(&row.state),
            actor: row.actor,
            at: row.acted_at,
            note: row.note,
        });
    }
    Ok(rows
        .into_iter()
        .map(|row| Incident {
            steps: steps.remove(&row.id).unwrap_or_default(),
            id: row.id,
            kind: Kind::of_sql(&row.kind),
            description: row.description,
            reporter: row.reporter,
            contact: row.contact,
            state: State::of_sql(&row.state),
            outcome: row.outcome.as_deref().map(Outcome::of_sql),
            reported_at: row.reported_at,
        })
        .collect())
}

/// Adds what was done, at its place, and sets where the incident stands by it.
pub async fn act(
    db: &mut PgConnection,
    school: &Slug,
    id: Uuid,
    (place, step): (i32, &Step),
    outcome: Option<Outcome>,
) -> Result<()> {
    sqlx::query!(
        "insert into incident_step (school_id, incident_id, place, state, actor, acted_at, note)
         values ($1, $2, $3, $4, $5, $6, $7)",
        school.as_str(),
        id,
        place,
        step.state.as_str(),
        step.actor,
        step.at,
        step.note
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update incident set state = $3, outcome = $4 where school_id = $1 and id = $2",
        school.as_str(),
        id,
        step.state.as_str(),
        outcome.map(Outcome::as_str)
    )
    .execute(db)
    .await?;
    Ok(())
}
