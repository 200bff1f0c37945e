//! hocba-cluster: boots a whole deployment from real binaries: PostgreSQL, Redis, certificates, six
//! services, the gateway. The launcher `hocba-dev` keeps one for development under `.run/`; tests boot
//! their own through [`Cluster`], with every wire in their hands.
//!
//! Map: [`node`] who is there and who calls whom · [`pki`] certificates · [`postgres`], [`redis`] the
//! databases · [`provision`] roles · [`process`], [`processes`] what runs · [`state`] what is remembered ·
//! [`deployment`] folders, secrets and environments · [`boot`] the steps from nothing to healthy ·
//! [`launcher`] the development cluster · [`cluster_file`] what other programs read · [`cluster`] the
//! tests' cluster · [`wire`] a connection that can be cut, delayed, frozen · [`traces`] a receiver of
//! spans · [`edge`] calls through the gateway · [`person`] somebody signed in · [`school`] a small school · [`rpcs`] the contract's
//! methods · [`filled`] requests made from the contract · [`needles`] what must not be found · [`figures`] what is
//! measured · [`dice`] randomness with a seed · [`files`], [`wait`] the small things.

pub mod boot;
pub mod cluster;
pub mod cluster_file;
pub mod deployment;
pub mod dice;
pub mod edge;
pub mod figures;
pub mod files;
pub mod filled;
pub mod launcher;
pub mod needles;
pub mod node;
pub mod person;
pub mod pki;
pub mod postgres;
pub mod process;
pub mod processes;
pub mod provision;
pub mod redis;
pub mod rpcs;
pub mod school;
pub mod state;
pub mod traces;
pub mod wait;
pub mod wire;

pub use cluster::{Cluster, Options};
pub use node::Node;
