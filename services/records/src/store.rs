//! The SQL; decides nothing.

pub mod absence;
pub mod assignment;
pub mod authority;
pub mod award;
pub mod change;
pub mod checklist;
pub mod class;
pub mod class_finding;
pub mod comment_template;
pub mod correction;
pub mod district_read;
pub mod draft;
pub mod enrolment;
pub mod mark;
pub mod mark_file;
pub mod movement;
pub mod need;
pub mod pupil;
pub mod pupil_import;
pub mod reassessment;
pub mod roll_over;
pub mod school_year;
pub mod session;
pub mod spot_check;
pub mod year_result;
