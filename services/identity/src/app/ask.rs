//! Once: the same request_id and body give the first answer again, from the effect's own transaction.

use std::ops::{Deref, DerefMut};

use hocba_chassis::{
    caller::Caller,
    once::{self, Once, Ticket},
};
use prost::Message;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use crate::{error::Result, model::home::Home, state::State};

/// One mutation asked for: who, what, and how its result is written on the wire.
pub struct Ask<'a, R, T, M> {
    /// Who asks.
    pub caller: &'a Caller,
    /// The request as it came: its digest guards the request_id.
    pub request: &'a R,
    /// Its request_id; empty when the client wants no such promise.
    pub request_id: &'a str,
    /// Writes the result for the wire.
    pub answer: fn(T) -> M,
}

/// A mutation whose request or result holds personal values. The digest that guards its request_id is over a keyed
/// digest of the request, and what is kept of the answer is the id of the thing: a repeat reads it anew.
pub type SealedAsk<'a> = Ask<'a, String, Uuid, String>;

impl<'a> SealedAsk<'a> {
    /// One asked for with a body that the vault has digested.
    pub fn of(caller: &'a Caller, body: &'a String, request_id: &'a str) -> Self {
        Self {
            caller,
            request: body,
            request_id,
            answer: |id| id.to_string(),
        }
    }
}

/// A mutation has begun, or was done before.
pub enum Begun<M> {
    /// The first time: go on in this transaction.
    First(Doing),
    /// Done before: this was the answer.
    Again(M),
}

/// The transaction of a mutation that is being done.
pub struct Doing {
    tx: Transaction<'static, Postgres>,
    ticket: Ticket,
}

impl Deref for Doing {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for Doing {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}

impl<R: Message, T, M: Message + Default> Ask<'_, R, T, M> {
    /// Begins the transaction of a mutation in a tenant.
    pub async fn begin(&self, state: &State, home: &Home, rpc: &'static str) -> Result<Begun<M>> {
        let mut tx = state.begin(home).await?;
        let now = state.clock.now();
        Ok(
            match once::begin(&mut tx, self.caller, rpc, self.request_id, self.request, now).await? {
                Once::First(ticket) => Begun::First(Doing { tx, ticket }),
                Once::Again(bytes) => Begun::Again(once::again(&bytes)?),
            },
        )
    }

    /// Keeps the answer and commits.
    pub async fn finish(&self, mut doing: Doing, result: T) -> Result<M> {
        let answer = (self.answer)(result);
        once::finish(&mut doing.tx, &doing.ticket, &answer).await?;
        doing.tx.commit().await?;
        Ok(answer)
    }

    /// As `finish`, for a result that holds a secret: what is kept is the result without it.
    pub async fn finish_secret(&self, mut doing: Doing, result: T, without: T) -> Result<M> {
        once::finish(&mut doing.tx, &doing.ticket, &(self.answer)(without)).await?;
        doing.tx.commit().await?;
        Ok((self.answer)(result))
    }
}
