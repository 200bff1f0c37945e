//! Redis: the fast mirror of terms and the fan-out that wakes watchers. Never asked whether something is
//! allowed; when it is away or wiped, watchers learn a little later and nothing else changes (T5).

use std::{sync::Arc, time::Duration};

use futures::StreamExt as _;
use hocba_proto::lock;
use prost::Message as _;
use redis::{Client, Script, aio::MultiplexedConnection};
use tokio::{sync::Mutex, time::timeout};

use crate::{State, model::name::TermName};

/// How long Redis may take before it counts as away.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long to wait before asking a Redis that was away.
const AGAIN: Duration = Duration::from_secs(1);
/// Where changed terms are named.
const CHANNEL: &str = "hocba:term";

/// Only a larger epoch replaces what stands: a late publication of an older one changes nothing.
const PUBLISH: &str = r"
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch and tonumber(epoch) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'term', ARGV[2])
redis.call('PUBLISH', KEYS[2], ARGV[3])
return 1
";

/// The mirror; cheap to clone.
#[derive(Clone)]
pub struct Mirror {
    client: Client,
    connection: Arc<Mutex<Option<MultiplexedConnection>>>,
    script: Arc<Script>,
}

impl Mirror {
    /// By the URL of Redis; connects at the first use.
    ///
    /// # Errors
    /// A URL that does not parse.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        Ok(Self {
            client: Client::open(url)?,
            connection: Arc::default(),
            script: Arc::new(Script::new(PUBLISH)),
        })
    }

    /// Publishes a term in the background: nobody waits for Redis.
    pub fn publish(&self, name: &TermName, term: lock::Term) {
        let (mirror, name) = (self.clone(), name.clone());
        tokio::spawn(async move {
            match timeout(PATIENCE, mirror.try_publish(&name, &term)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => mirror.lost(&error.to_string()).await,
                Err(_) => mirror.lost("no answer in time").await,
            }
        });
    }

    /// The term as last published; `None` when Redis is away or knows nothing.
    pub async fn read(&self, name: &TermName) -> Option<lock::Term> {
        let bytes: Option<Vec<u8>> = timeout(PATIENCE, async {
            let mut connection = self.connect().await?;
            redis::cmd("HGET")
                .arg(key(name))
                .arg("term")
                .query_async(&mut connection)
                .await
        })
        .await
        .ok()?
        .ok()?;
        lock::Term::decode(bytes?.as_slice()).ok()
    }

    async fn try_publish(&self, name: &TermName, term: &lock::Term) -> redis::RedisResult<()> {
        let mut connection = self.connect().await?;
        let _: i64 = self
            .script
            .key(key(name))
            .key(CHANNEL)
            .arg(term.epoch)
            .arg(term.encode_to_vec())
            .arg(name.to_string())
            .invoke_async(&mut connection)
            .await?;
        Ok(())
    }

    async fn connect(&self) -> redis::RedisResult<MultiplexedConnection> {
        let mut slot = self.connection.lock().await;
        if let Some(connection) = &*slot {
            return Ok(connection.clone());
        }
        let connection = self.client.get_multiplexed_async_connection().await?;
        Ok(slot.insert(connection).clone())
    }

    async fn lost(&self, why: &str) {
        tracing::warn!(why, "redis is away, the mirror is late");
        *self.connection.lock().await = None;
    }
}

/// Passes on what other instances published, for ever.
pub async fn listen(state: State) {
    loop {
        if let Err(error) = listen_once(&state).await {
            tracing::debug!(%error, "redis is away, watchers poll");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn listen_once(state: &State) -> redis::RedisResult<()> {
    let mut subscription = state.mirror.client.get_async_pubsub().await?;
    subscription.subscribe(CHANNEL).await?;
    let mut messages = subscription.on_message();
    while let Some(message) = messages.next().await {
        if let Some(name) = message
            .get_payload::<String>()
            .ok()
            .as_deref()
            .and_then(TermName::parse)
        {
            // Nobody watching is no error.
            drop(state.changed.send(name));
        }
    }
    Ok(())
}

fn key(name: &TermName) -> String {
    format!("hocba:term:{name}")
}
