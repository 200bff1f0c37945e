//! Signing alone over real mutual TLS with a real database; identity and archive answer what the test says.

mod ceremonies;
mod keys;
mod world;
