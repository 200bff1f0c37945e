//! Identity's feed of ended sign-ins, suspensions and role changes, polled every two seconds.

use std::{future::Future, time::Duration};

use hocba_proto::identity::{
    AccountEvent, ListAccountEventsRequest, account_event::Kind,
    identity_internal_service_client::IdentityInternalServiceClient,
};
use sqlx::PgPool;
use tonic::transport::Channel;

use crate::{client, error::Failure, token_keys::Tokens};

/// How often the feed is read.
pub const POLL: Duration = Duration::from_secs(2);

/// Follows the feed for ever so that ended sign-ins' tokens are refused here. In memory: after a start
/// it reads what identity keeps, which is longer than any token lives.
pub async fn follow_in_memory(identity: Channel, tokens: Tokens) {
    let mut after = 0;
    loop {
        match page(&identity, after).await {
            Ok(events) => {
                for event in &events {
                    remember(&tokens, event);
                    after = event.sequence;
                }
                if !events.is_empty() {
                    continue;
                }
            }
            Err(status) => tracing::warn!(code = ?status.code(), "the feed of sign-ins is away"),
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Applies one event to the tokens' judgement.
pub fn remember(tokens: &Tokens, event: &AccountEvent) {
    match event.kind() {
        Kind::SignInEnded => {
            if let Ok(sign_in) = event.sign_in.parse() {
                tokens.end_sign_in(sign_in);
            }
        }
        Kind::AccountSuspended | Kind::AccountRestored => {
            if let Ok(account) = event.account.parse() {
                tokens.set_suspended(account, event.kind() == Kind::AccountSuspended);
            }
        }
        // Roles stand in the token, which lives five minutes; the refresh brings the new ones.
        Kind::RolesChanged | Kind::Unspecified => {}
    }
}

/// Follows the feed for ever with a cursor in the database: each event is handled at least once, in
/// order, also over restarts. `handle` must be idempotent; its failure is tried again.
pub async fn follow<F, Fut>(identity: Channel, pool: PgPool, feed: &'static str, mut handle: F)
where
    F: FnMut(AccountEvent) -> Fut + Send,
    Fut: Future<Output = Result<(), Failure>> + Send,
{
    loop {
        if let Err(error) = step(&identity, &pool, feed, &mut handle).await {
            tracing::warn!(%error, feed, "the feed is tried again");
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn step<F, Fut>(
    identity: &Channel,
    pool: &PgPool,
    feed: &'static str,
    handle: &mut F,
) -> Result<(), Failure>
where
    F: FnMut(AccountEvent) -> Fut,
    Fut: Future<Output = Result<(), Failure>>,
{
    loop {
        let after = sqlx::query_scalar!("select sequence from feed_cursor where feed = $1", feed)
            .fetch_optional(pool)
            .await?
            .unwrap_or_default();
        let events = page(identity, after)
            .await
            .map_err(|_| Failure::away("identity"))?;
        if events.is_empty() {
            return Ok(());
        }
        for event in events {
            let sequence = event.sequence;
            handle(event).await?;
            sqlx::query!(
                "insert into feed_cursor (feed, sequence) values ($1, $2)
                 on conflict (feed) do update set sequence = greatest(feed_cursor.sequence, excluded.sequence)",
                feed,
                sequence,
            )
            .execute(pool)
            .await?;
        }
    }
}

async fn page(identity: &Channel, after: i64) -> Result<Vec<AccountEvent>, tonic::Status> {
    let request = client::background("feed", ListAccountEventsRequest { after, page_size: 0 });
    let answer = IdentityInternalServiceClient::new(identity.clone())
        .list_account_events(request)
        .await?;
    Ok(answer.into_inner().events)
}
