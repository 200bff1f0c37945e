//! The SQL; decides nothing.

pub mod assignment;
pub mod class;
pub mod correction;
pub mod district_read;
pub mod draft;
pub mod enrolment;
pub mod mark;
pub mod pupil;
pub mod pupil_import;
pub mod school_year;
pub mod session;
pub mod year_result;
