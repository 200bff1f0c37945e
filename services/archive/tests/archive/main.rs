//! The archive alone over real mutual TLS with a real database.

mod documents;
mod evidence;
mod log;
mod packages;
mod signing;
mod world;
