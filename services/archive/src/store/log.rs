//! The log's queue, entries and heads. Every function works on the log of the transaction's school.

use hocba_evidence::log::{
    entry::{Entry, Fact},
    merkle::Hash,
};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// An event that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its place in the queue.
    pub seq: i64,
    /// The event.
    pub fact: Fact,
    /// The trace it belongs to.
    pub trace_parent: String,
}

/// A signed head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Entries.
    pub tree_size: i64,
    /// The root.
    pub root_hash: Vec<u8>,
    /// The signed note.
    pub note: String,
    /// When.
    pub signed_at: OffsetDateTime,
}

/// Puts an event into the queue, once by id; one that is integrated already is left alone.
///
/// # Errors
/// The database's.
pub async fn put(
    conn: &mut PgConnection,
    log: &str,
    fact: &Fact,
    trace_parent: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into log_queue (school_id, event_id, subject, kind, facts, actor, trace_parent, occurred_at)
         select $1, $2, $3, $4, $5, $6, $7, $8
         where not exists (select from log_entry where school_id = $1 and event_id = $2)
         on conflict do nothing",
        log,
        fact.event_id,
        fact.subject,
        fact.kind,
        fact.facts,
        fact.actor,
        trace_parent,
        fact.occurred_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The logs with something to integrate.
///
/// # Errors
/// The database's.
pub async fn waiting_logs(pool: &PgPool) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(r#"select log as "log!" from log_waiting() as log"#)
        .fetch_all(pool)
        .await
}

/// Makes this transaction the log's only sequencer; false when another one works.
///
/// # Errors
/// The database's.
pub async fn alone(conn: &mut PgConnection, log: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtext('log'), hashtext($1)) as "alone!""#,
        log
    )
    .fetch_one(conn)
    .await
}

/// The next events that are not in the tree yet, oldest first; those that are in it leave the queue.
///
/// # Errors
/// The database's.
pub async fn next(conn: &mut PgConnection, log: &str, limit: i64) -> Result<Vec<Waiting>, sqlx::Error> {
    sqlx::query!(
        "delete from log_queue q using log_entry e
         where q.school_id = $1 and e.school_id = $1 and e.event_id = q.event_id",
        log
    )
    .execute(&mut *conn)
    .await?;
    let rows = sqlx::query!(
        "select seq, event_id, subject, kind, facts, actor, trace_parent, occurred_at
         from log_queue where school_id = $1 order by seq limit $2",
        log,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Waiting {
            seq: row.seq,
            fact: Fact {
                event_id: row.event_id,
                subject: row.subject,
                kind: row.kind,
                facts: row.facts,
                actor: row.actor,
                occurred_at: row.occurred_at,
            },
            trace_parent: row.trace_parent,
        })
        .collect())
}

/// Writes an entry.
///
/// # Errors
/// The database's.
pub async fn insert(conn: &mut PgConnection, log: &str, entry: &Entry) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into log_entry (school_id, index, event_id, subject, kind, facts, actor, occurred_at, salt,
             commitment, leaf_hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        log,
        entry.index,
        entry.fact.event_id,
        entry.fact.subject,
        entry.fact.kind,
        entry.fact.facts,
        entry.fact.actor,
        entry.fact.occurred_at,
        entry.salt,
        entry.commitment,
        entry.leaf_hash.as_slice(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes integrated events out of the queue.
///
/// # Errors
/// The database's.
pub async fn done(conn: &mut PgConnection, log: &str, seqs: &[i64]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from log_queue where school_id = $1 and seq = any($2)",
        log,
        seqs
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes a head.
///
/// # Errors
/// The database's.
pub async fn put_head(conn: &mut PgConnection, log: &str, head: &Head) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into log_head (school_id, tree_size, root_hash, note, signed_at) values ($1, $2, $3, $4, $5)",
        log,
        head.tree_size,
        head.root_hash,
        head.note,
        head.signed_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The latest head.
///
/// # Errors
/// The database's.
pub async fn head(conn: &mut PgConnection, log: &str) -> Result<Option<Head>, sqlx::Error> {
    sqlx::query_as!(
        Head,
        "select tree_size, root_hash, note, signed_at from log_head
         where school_id = $1 order by tree_size desc limit 1",
        log,
    )
    .fetch_optional(conn)
    .await
}

/// The leaf hashes of the first `size` entries. A gap or a bent hash is an error.
///
/// # Errors
/// The database's, or a log that is not whole.
pub async fn leaves(conn: &mut PgConnection, log: &str, size: i64) -> Result<Vec<Hash>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        "select leaf_hash from log_entry where school_id = $1 and index < $2 order by index",
        log,
        size,
    )
    .fetch_all(conn)
    .await?;
    let leaves: Option<Vec<Hash>> = rows.into_iter().map(|row| row.try_into().ok()).collect();
    leaves
        .filter(|leaves| i64::try_from(leaves.len()) == Ok(size))
        .ok_or_else(|| sqlx::Error::Decode("the log has a gap or a bent hash".into()))
}

struct Row {
    index: i64,
    event_id: Uuid,
    subject: String,
    kind: String,
    facts: String,
    actor: String,
    occurred_at: OffsetDateTime,
    salt: Vec<u8>,
    commitment: Vec<u8>,
    leaf_hash: Vec<u8>,
}

impl TryFrom<Row> for Entry {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            index: row.index,
            fact: Fact {
                event_id: row.event_id,
                subject: row.subject,
                kind: row.kind,
                facts: row.facts,
                actor: row.actor,
                occurred_at: row.occurred_at,
            },
            salt: row.salt,
            commitment: row.commitment,
            leaf_hash: row
                .leaf_hash
                .try_into()
                .map_err(|_| sqlx::Error::Decode("a bent hash".into()))?,
        })
    }
}

/// A page of entries after an index; empty filters take all.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: &mut PgConnection,
    log: &str,
    (subject, kind): (&str, &str),
    after: i64,
    limit: i64,
) -> Result<Vec<Entry>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select index, event_id, subject, kind, facts, actor, occurred_at, salt, commitment, leaf_hash
         from log_entry
         where school_id = $1 and index > $2 and ($3 = '' or subject = $3) and ($4 = '' or kind = $4)
         order by index limit $5",
        log,
        after,
        subject,
        kind,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// The entries that say these documents were sealed; those that are not in the log yet are left out.
///
/// # Errors
/// The database's.
pub async fn sealings(
    conn: &mut PgConnection,
    log: &str,
    documents: &[String],
) -> Result<Vec<Entry>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select index, event_id, subject, kind, facts, actor, occurred_at, salt, commitment, leaf_hash
         from log_entry
         where school_id = $1 and subject = any($2) and kind = 'year_document.sealed' order by index",
        log,
        documents,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// The entry of an event.
///
/// # Errors
/// The database's.
pub async fn get(conn: &mut PgConnection, log: &str, event: Uuid) -> Result<Option<Entry>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select index, event_id, subject, kind, facts, actor, occurred_at, salt, commitment, leaf_hash
         from log_entry where school_id = $1 and event_id = $2",
        log,
        event,
    )
    .fetch_optional(conn)
    .await?;
    row.map(Entry::try_from).transpose()
}
