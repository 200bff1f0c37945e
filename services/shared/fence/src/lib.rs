//! The term fence: what makes a lock true inside a guarded database (A6.3, A10.2, A5.2c, A11.1a).
//!
//! Records guards `marks(school, year, semester)`, archive guards `books(school, year)`. Writers pass
//! [`check`] (or, for a correction in a locked term, [`use_scope`]) as the **first** statement of their
//! transaction; a trigger on every guarded table repeats the check for forgotten paths. The lock service
//! installs fences through [`FenceServer`]; the guarded service takes part through [`Guard`], inside the
//! installing transaction.
//!
//! Promises: **T1** after an installation of epoch *e* is answered, no row with a lower epoch commits ·
//! **T2** a closing and the seals of the open entry sessions are one transaction · **T3** an installation
//! is granted or refused within [`PATIENCE`] and writers can neither starve nor hold it · **T4** a fence's
//! epoch only rises, whoever connects.
//!
//! Map: [`term`] what is locked · [`write`] the writer's side · [`install`] the lock's side · [`list`]
//! reading · [`service`] the RPCs · [`error`] what can fail. The reasoning stands in
//! `migrations/0101_fence.sql`.

pub mod error;
pub mod install;
pub mod list;
pub mod service;
pub mod term;
pub mod write;

pub use error::{Error, Refusal};
pub use install::{Closing, Fence, Guard, Installed, PATIENCE, Scope, State, install};
pub use list::{list, state};
pub use service::FenceServer;
pub use term::{Kind, Semester, Term};
pub use write::{check, use_scope};

/// The migrations of a guarded database, versions 0101 to 0199; they need the chassis' first.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();
