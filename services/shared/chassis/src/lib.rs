//! hocba-chassis: what every service stands on. No domain noun lives here.
//!
//! Map: [`run`] and [`probe`] from arguments to a drained server · [`config`] · [`telemetry`] · [`tls`] mutual TLS with
//! reload · [`edges`] who may call whom · [`door`] the layer every call passes · [`caller`] who asks ·
//! [`token`], [`token_keys`], [`act_token`] · [`feed`] ended sign-ins · [`error`] failures with details ·
//! [`database`], [`once`], [`outbox`], [`relay`] · [`client`] calls to peers · [`name`], [`page`], [`clock`].

pub mod act_token;
pub mod caller;
pub mod client;
pub mod clock;
pub mod config;
pub mod database;
pub mod door;
pub mod edges;
pub mod error;
pub mod feed;
pub mod migrate;
pub mod name;
pub mod once;
pub mod outbox;
pub mod page;
pub mod probe;
pub mod relay;
pub mod run;
pub mod serve;
mod statements;
pub mod telemetry;
pub mod tls;
pub mod token;
pub mod token_keys;

pub use caller::{Caller, Person, Role};
pub use clock::Clock;
pub use error::Failure;
pub use run::Context;
