//! The transparency log: appending, integrating, proving.

use hocba_chassis::{Caller, Failure, database, page, telemetry};
use hocba_evidence::log::{
    checkpoint,
    entry::{Entry, Fact},
    merkle,
};
use hocba_policy::Resource;
use hocba_proto::archive::{
    AppendEventsRequest, AppendEventsResponse, Checkpoint, Event, InclusionProof, ListLogEntriesRequest,
    ListLogEntriesResponse,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use uuid::Uuid;

use crate::{
    Error, State,
    model::name::LogName,
    rpc,
    store::log::{self, Head},
    wire,
};

/// Entries integrated at once.
const BATCH: i64 = 1000;

/// Makes events durable, each once.
///
/// # Errors
/// See the contract.
pub async fn append_events(
    state: &State,
    caller: &Caller,
    request: AppendEventsRequest,
) -> Result<AppendEventsResponse, Error> {
    state
        .policy
        .authorize(caller, rpc::APPEND_EVENTS, &Resource::deployment())?;
    let event_ids = request.events.iter().map(|event| event.id.clone()).collect();
    enqueue(state, request.events).await?;
    Ok(AppendEventsResponse { event_ids })
}

/// The same for our own outbox. Consecutive events of one log share a transaction; when it fails in the
/// middle, the relay repeats the whole batch and the ids keep it single.
///
/// # Errors
/// BAD_REQUEST for an event that is malformed, or the database's failure.
pub async fn enqueue(state: &State, events: Vec<Event>) -> Result<(), Failure> {
    let events = events
        .into_iter()
        .map(wire::event)
        .collect::<Result<Vec<(LogName, Fact, String)>, Failure>>()?;
    for group in events.chunk_by(|(left, ..), (right, ..)| left == right) {
        let Some((name, ..)) = group.first() else { continue };
        let mut tx = database::begin(&state.pool, name.key()).await?;
        for (_, fact, trace_parent) in group {
            log::put(&mut tx, name.key(), fact, trace_parent).await?;
        }
        tx.commit().await?;
    }
    state.appended.notify_one();
    Ok(())
}

/// Integrates for ever: when told of new events, and every half second for those of other instances.
pub async fn sequence(state: State) {
    loop {
        if let Err(error) = sequence_all(&state).await {
            tracing::warn!(%error, "events wait for the log");
        }
        let pause = std::time::Duration::from_millis(500);
        drop(tokio::time::timeout(pause, state.appended.notified()).await);
    }
}

/// Integrates what waits in all logs.
///
/// # Errors
/// The database's failure; what was integrated before it stays.
pub async fn sequence_all(state: &State) -> Result<(), Failure> {
    for log in log::waiting_logs(&state.pool).await? {
        while integrate(state, &log).await? == usize::try_from(BATCH).unwrap_or_default() {}
    }
    Ok(())
}

/// Integrates one batch and signs the new head, in one transaction; answers how many entries it wrote.
async fn integrate(state: &State, log: &str) -> Result<usize, Failure> {
    let mut tx = database::begin(&state.pool, log).await?;
    if !log::alone(&mut tx, log).await? {
        return Ok(0);
    }
    let waiting = log::next(&mut tx, log, BATCH).await?;
    let old = log::head(&mut tx, log).await?.map_or(0, |head| head.tree_size);
    let mut leaves = log::leaves(&mut tx, log, old).await?;
    let mut size = old;
    for event in &waiting {
        let span = tracing::info_span!(
            "log",
            otel.name = "log integrate",
            otel.kind = "consumer",
            kind = event.fact.kind,
            index = size,
        );
        telemetry::continue_trace(&span, &event.trace_parent);
        let mut salt = vec![0; 16];
        SystemRandom::new()
            .fill(&mut salt)
            .map_err(|_| Failure::internal("no randomness"))?;
        let entry = Entry::new(log, size, event.fact.clone(), salt);
        tracing::Instrument::instrument(log::insert(&mut tx, log, &entry), span).await?;
        leaves.push(entry.leaf_hash);
        size += 1;
    }
    if size > old {
        let root = merkle::root(&leaves);
        let head = Head {
            tree_size: size,
            root_hash: root.to_vec(),
            note: checkpoint::note(log, size, &root, &state.log_key),
            signed_at: state.clock.now(),
        };
        log::put_head(&mut tx, log, &head).await?;
        let seqs: Vec<i64> = waiting.iter().map(|event| event.seq).collect();
        log::done(&mut tx, log, &seqs).await?;
    }
    tx.commit().await?;
    Ok(waiting.len())
}

fn resource(name: &LogName) -> Resource {
    name.school().map_or_else(Resource::deployment, Resource::school)
}

/// The latest head.
///
/// # Errors
/// See the contract.
pub async fn get_checkpoint(state: &State, caller: &Caller, name: &LogName) -> Result<Checkpoint, Error> {
    state
        .policy
        .authorize(caller, rpc::GET_CHECKPOINT, &resource(name))?;
    let mut tx = database::begin(&state.pool, name.key()).await?;
    let head = log::head(&mut tx, name.key()).await?.ok_or(Error::LogEmpty)?;
    Ok(wire::checkpoint(name, head))
}

/// A page of entries.
///
/// # Errors
/// See the contract.
pub async fn list_log_entries(
    state: &State,
    caller: &Caller,
    name: &LogName,
    request: ListLogEntriesRequest,
) -> Result<ListLogEntriesResponse, Error> {
    state
        .policy
        .authorize(caller, rpc::LIST_LOG_ENTRIES, &resource(name))?;
    let binding = format!("{name}\n{}\n{}", request.subject, request.kind);
    let after = match page::position(&binding, &request.page_token)? {
        Some(position) => position
            .parse()
            .map_err(|_| Failure::bad_request("page_token", "không hợp lệ"))?,
        None => -1,
    };
    let size = page::size(request.page_size);
    let mut tx = database::begin(&state.pool, name.key()).await?;
    let filter = (request.subject.as_str(), request.kind.as_str());
    let mut entries = log::page(&mut tx, name.key(), filter, after, size + 1).await?;
    let more = i64::try_from(entries.len()).unwrap_or_default() > size;
    entries.truncate(usize::try_from(size).unwrap_or_default());
    let last = entries.last().filter(|_| more);
    Ok(ListLogEntriesResponse {
        next_page_token: last
            .map(|entry| page::token(&binding, &entry.index.to_string()))
            .unwrap_or_default(),
        log_entries: entries.into_iter().map(wire::log_entry).collect(),
    })
}

/// The proof that an entry stands in the latest tree. The tree is computed from the entries as they are
/// now: when one was changed behind our back, no proof is given out.
///
/// # Errors
/// See the contract.
pub async fn get_inclusion_proof(
    state: &State,
    caller: &Caller,
    name: &LogName,
    event: Uuid,
) -> Result<InclusionProof, Error> {
    state
        .policy
        .authorize(caller, rpc::GET_INCLUSION_PROOF, &resource(name))?;
    let mut tx = database::begin(&state.pool, name.key()).await?;
    prove(&mut tx, name, event).await
}

/// The proof itself, for packages too.
///
/// # Errors
/// ENTRY_UNKNOWN, or INTERNAL when the log was tampered with.
pub async fn prove(
    conn: &mut sqlx::PgConnection,
    name: &LogName,
    event: Uuid,
) -> Result<InclusionProof, Error> {
    let head = log::head(conn, name.key()).await?.ok_or(Error::EntryUnknown)?;
    let entry = log::get(conn, name.key(), event)
        .await?
        .ok_or(Error::EntryUnknown)?;
    let leaves = log::leaves(conn, name.key(), head.tree_size).await?;
    let index = usize::try_from(entry.index).unwrap_or(usize::MAX);
    if !entry.holds(name.key()) || merkle::root(&leaves).as_slice() != head.root_hash {
        return Err(Failure::internal("the log does not recompute to its head").into());
    }
    let path = merkle::path(&leaves, index).ok_or(Error::EntryUnknown)?;
    Ok(InclusionProof {
        entry: Some(wire::log_entry(entry)),
        checkpoint: Some(wire::checkpoint(name, head)),
        path: path.iter().map(|hash| hash.to_vec()).collect(),
    })
}
