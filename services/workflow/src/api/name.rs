//! Resource names of workflow, parsed at the border.

use hocba_chassis::{
    Failure,
    name::{self, parse},
};
use uuid::Uuid;

/// A school's id.
pub(super) fn school(field: &str, text: &str) -> Result<String, Failure> {
    let [school] = parse(field, "schools/{school}", text)?;
    Ok(school)
}

/// A child's school and id, by a pattern such as `schools/{school}/dossiers/{dossier}`.
pub(super) fn child(pattern: &str, text: &str) -> Result<(String, Uuid), Failure> {
    let [school, id] = parse("name", pattern, text)?;
    Ok((school, name::id("name", &id)?))
}

/// A class of this school.
pub(super) fn class(school: &str, text: &str) -> Result<String, Failure> {
    let pattern = "schools/{school}/years/{year}/classes/{class}";
    let [its_school, ..] = parse::<3>("review.class", pattern, text)?;
    if its_school == school {
        Ok(text.to_owned())
    } else {
        Err(Failure::bad_request("review.class", "phải là lớp của trường"))
    }
}
