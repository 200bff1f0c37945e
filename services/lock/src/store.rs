//! The SQL: loads and saves what the model decides, decides nothing.

pub mod term;
