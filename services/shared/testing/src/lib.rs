//! hocba-testing: real parts for tests of one service. A database cloned from a migrated template,
//! certificates, an identity that gives tokens, an archive that keeps events. Nothing here is mocked in
//! the service under test: it speaks mutual TLS to peers that answer.
//!
//! `HOCBA_TEST_POSTGRES` is the superuser URL of a PostgreSQL that belongs to the test run; `make test`
//! starts one.

pub mod archive;
pub mod authority;
pub mod database;
pub mod identity;
pub mod peer;
pub mod pki;
pub mod wait;

pub use archive::TestArchive;
pub use authority::{TestAuthority, TestSigner};
pub use database::TestDatabase;
pub use identity::{TestIdentity, TestPerson};
pub use peer::{TestPeer, channel_as};
pub use pki::Pki;
pub use wait::eventually;
