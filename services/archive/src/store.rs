//! The SQL and the object store; decides nothing.

pub mod approval;
pub mod class_package;
pub mod data_key;
pub mod evidence;
pub mod log;
pub mod object;
pub mod slot;
pub mod year_document;
