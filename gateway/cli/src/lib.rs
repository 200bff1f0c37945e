//! hocbactl: the command line of hocba.
//!
//! `status` asks a gateway how its services are, `tasks` what waits for a person, `demo` loads the demo school and plays its year.
//! Everything that talks to a deployment goes through the gateway, as any other client does.

pub mod cluster_file;
pub mod connection;
pub mod demo;
pub mod failure;
pub mod progress;
pub mod session;
pub mod staff_list;
pub mod status;
pub mod tasks;
pub mod verify;
