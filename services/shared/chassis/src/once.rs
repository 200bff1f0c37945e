//! Idempotency: a `request_id` with the same body gives the first answer again. Kept in the service's
//! own database, in the effect's transaction.

use prost::Message;
use ring::digest::{SHA256, digest};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::{
    caller::Caller,
    error::{Failure, SHARED},
};

/// Whether this call is the first of its request_id.
#[derive(Debug)]
pub enum Once {
    /// Do the work, then [`finish`] with the answer.
    First(Ticket),
    /// It was done: this is the answer, encoded. Empty when the RPC stores none because it answers secrets.
    Again(Vec<u8>),
}

/// What [`finish`] needs to know.
#[derive(Debug)]
pub struct Ticket {
    caller: String,
    rpc: &'static str,
    request_id: Option<String>,
}

/// Takes the request_id in the effect's transaction; a second call with it waits for the first one's
/// commit. Fails with REQUEST_ID_REUSED when the body differs. An empty request_id asks for nothing.
pub async fn begin<M: Message>(
    tx: &mut PgConnection,
    caller: &Caller,
    rpc: &'static str,
    request_id: &str,
    body: &M,
    now: OffsetDateTime,
) -> Result<Once, Failure> {
    let ticket = |request_id| Ticket {
        caller: caller.subject(),
        rpc,
        request_id,
    };
    if request_id.is_empty() {
        return Ok(Once::First(ticket(None)));
    }
    if request_id.len() > 64 {
        return Err(Failure::bad_request("request_id", "dài nhất 64 kí tự"));
    }
    let sum = digest(&SHA256, &body.encode_to_vec());
    let row = sqlx::query!(
        r#"select out_first as "first!", out_digest as digest, out_answer as answer from once_begin($1, $2, $3, $4, $5)"#,
        caller.subject(),
        rpc,
        request_id,
        sum.as_ref(),
        now,
    )
    .fetch_one(tx)
    .await?;
    if row.first {
        return Ok(Once::First(ticket(Some(request_id.to_owned()))));
    }
    if row.digest.as_deref() == Some(sum.as_ref()) {
        return Ok(Once::Again(row.answer.unwrap_or_default()));
    }
    Err(Failure::invalid(SHARED, "REQUEST_ID_REUSED").vi("Mã yêu cầu đã dùng cho một yêu cầu khác."))
}

/// Remembers the answer. Not called by RPCs that answer secrets.
pub async fn finish<M: Message>(tx: &mut PgConnection, ticket: &Ticket, answer: &M) -> Result<(), Failure> {
    let Some(request_id) = &ticket.request_id else {
        return Ok(());
    };
    sqlx::query!(
        "update once set answer = $4 where caller = $1 and rpc = $2 and request_id = $3",
        ticket.caller,
        ticket.rpc,
        request_id,
        answer.encode_to_vec(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Decodes a remembered answer.
pub fn again<M: Message + Default>(bytes: &[u8]) -> Result<M, Failure> {
    M::decode(bytes)
        .map_err(|error| Failure::internal(format!("a remembered answer does not decode: {error}")))
}
