//! The rules as plain types and pure functions: no I/O, no clock, no randomness.

pub mod calendar;
pub mod cell;
pub mod change;
pub mod completeness;
pub mod correction;
pub mod draft;
pub mod ethnic_group;
pub mod grant;
pub mod import;
pub mod mark_file;
pub mod month;
pub mod movement;
pub mod naming;
pub mod need;
pub mod period;
pub mod pupil;
pub mod roll_over;
pub mod rule_set;
pub mod sheet;
pub mod spot_check;
pub mod spreadsheet;
pub mod summary;
pub mod text;
pub mod workbook;
pub mod year_result;
