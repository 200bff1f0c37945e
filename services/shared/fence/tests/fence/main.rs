//! The fence against a real PostgreSQL: T1 to T4, and the wrong fences it must not be.
#![expect(clippy::expect_used, reason = "a test's helpers may fail the test")]

mod drain;
mod install;
mod opening;
mod row;
mod world;
mod wrong;
