//! Carries the outbox to the archive: each event at least once, in the order it was written; the
//! archive keeps each id once. A row leaves only after it was acknowledged, so nothing is skipped,
//! however late its transaction commits.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use hocba_proto::archive::{
    AppendEventsRequest, Event, archive_internal_service_client::ArchiveInternalServiceClient,
};
use sqlx::PgPool;
use tonic::transport::Channel;

use crate::{client, clock::to_timestamp, error::Failure, telemetry};

/// Events a batch holds at most.
const BATCH: i64 = 500;
/// Pause when nothing waits.
const IDLE: Duration = Duration::from_millis(200);
/// Pause after a failure.
const AWAY: Duration = Duration::from_secs(1);

/// Makes events durable in this process.
pub type Append = dyn Fn(Vec<Event>) -> BoxFuture<'static, Result<(), Failure>> + Send + Sync;

/// Where events go: the archive over the wire, or its own queue when we are the archive.
#[derive(Clone)]
pub enum Sink {
    /// Another service: the archive.
    Archive(Channel),
    /// A function of this process; answers after the events are durable.
    Local(Arc<Append>),
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Archive(_) => "Sink::Archive",
            Self::Local(_) => "Sink::Local",
        })
    }
}

/// Carries events for ever.
pub async fn run(pool: PgPool, sink: Sink) {
    loop {
        let pause = match step(&pool, &sink).await {
            Ok(0) => IDLE,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "events wait in the outbox");
                AWAY
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Carries one batch; answers how many events it held.
pub async fn step(pool: &PgPool, sink: &Sink) -> Result<usize, Failure> {
    let mut tx = pool.begin().await?;
    // One relay at a time, so that two instances do not overtake each other.
    let ours = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(hashtext('outbox')) as "ours!""#)
        .fetch_one(&mut *tx)
        .await?;
    if !ours {
        return Ok(0);
    }
    let rows = sqlx::query!(
        "select seq, id, school, subject, kind, facts, actor, trace_parent, created_at
         from outbox order by seq limit $1",
        BATCH,
    )
    .fetch_all(&mut *tx)
    .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut done = Vec::with_capacity(rows.len());
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        // The delivery belongs to the trace of the effect, not to the relay's.
        let span = tracing::info_span!(
            "outbox",
            otel.name = "outbox relay",
            otel.kind = "producer",
            kind = row.kind
        );
        telemetry::continue_trace(&span, &row.trace_parent);
        let trace_parent = span.in_scope(telemetry::trace_parent);
        done.push(row.seq);
        events.push(Event {
            id: row.id.to_string(),
            school: if row.school.is_empty() {
                String::new()
            } else {
                format!("schools/{}", row.school)
            },
            subject: row.subject,
            kind: row.kind,
            facts_json: row.facts.to_string(),
            occur_time: Some(to_timestamp(row.created_at)),
            trace_parent,
            actor: row.actor,
        });
    }
    match sink {
        Sink::Archive(channel) => {
            let request = client::background("outbox", AppendEventsRequest { events });
            ArchiveInternalServiceClient::new(channel.clone())
                .append_events(request)
                .await
                .map_err(|status| Failure::away("archive").meta("code", format!("{:?}", status.code())))?;
        }
        Sink::Local(append) => append(events).await?,
    }
    sqlx::query!("delete from outbox where seq = any($1)", &done)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    tracing::debug!(events = done.len(), "events carried");
    Ok(done.len())
}
