//! Resource names of records, parsed at the border.

use hocba_chassis::{Failure, name};
use uuid::Uuid;

use crate::{
    app::mark_sheet::Address,
    error::Error,
    model::{calendar, sheet, text::clean},
};

pub(super) fn school(field: &str, text: &str) -> Result<String, Failure> {
    let [school] = name::parse(field, "schools/{school}", text)?;
    Ok(school)
}

pub(super) fn year(field: &str, text: &str) -> Result<(String, String), Failure> {
    let [school, year] = name::parse(field, "schools/{school}/years/{year}", text)?;
    year_id(field, &year)?;
    Ok((school, year))
}

pub(super) fn year_id(field: &str, year: &str) -> Result<(), Failure> {
    if calendar::is_year(year) {
        Ok(())
    } else {
        Err(Failure::bad_request(field, "năm học có dạng 2025-2026"))
    }
}

pub(super) fn class(field: &str, text: &str) -> Result<(String, String, String), Failure> {
    let [school, year, class] = name::parse(field, "schools/{school}/years/{year}/classes/{class}", text)?;
    year_id(field, &year)?;
    Ok((school, year, class))
}

/// A class that narrows a list of a year; none when empty.
pub(super) fn class_of_year(
    field: &str,
    (school, year): (&str, &str),
    text: &str,
) -> Result<Option<String>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let (of_school, of_year, class) = class(field, text)?;
    if (of_school.as_str(), of_year.as_str()) == (school, year) {
        Ok(Some(class))
    } else {
        Err(Failure::bad_request(field, "lớp không thuộc năm học này"))
    }
}

/// A child with a UUID, such as `schools/{school}/receipts/{receipt}`.
pub(super) fn child(field: &str, pattern: &str, text: &str) -> Result<(String, Uuid), Failure> {
    let [school, id] = name::parse(field, pattern, text)?;
    Ok((school, name::id(field, &id)?))
}

/// A child of a year with a UUID.
pub(super) fn of_year(field: &str, pattern: &str, text: &str) -> Result<(String, String, Uuid), Failure> {
    let [school, year, id] = name::parse(field, pattern, text)?;
    year_id(field, &year)?;
    Ok((school, year, name::id(field, &id)?))
}

pub(super) fn import(field: &str, text: &str) -> Result<(String, String, Uuid), Failure> {
    let [school, year, id] = name::parse(field, "schools/{school}/years/{year}/pupilImports/{import}", text)?;
    Ok((school, year, name::id(field, &id)?))
}

pub(super) fn sheet(field: &str, text: &str) -> Result<Address, Error> {
    let pattern = "schools/{school}/years/{year}/classes/{class}/markSheets/{sheet}";
    let [school, year, class, id] = name::parse(field, pattern, text)?;
    year_id(field, &year)?;
    let (sheet, period) = sheet::parse(&id).ok_or(Error::SheetUnknown)?;
    Ok(Address {
        school,
        year,
        class,
        sheet,
        period,
    })
}

pub(super) fn sheet_name(at: &Address) -> String {
    let Address {
        school,
        year,
        class,
        sheet,
        period,
    } = at;
    format!(
        "schools/{school}/years/{year}/classes/{class}/markSheets/{}",
        sheet::id(sheet, *period)
    )
}

/// A reason in people's words, 1 to 500 characters.
pub(super) fn reason(field: &str, text: &str) -> Result<String, Failure> {
    let text = clean(text);
    if (1..=500).contains(&text.chars().count()) {
        Ok(text)
    } else {
        Err(Failure::bad_request(field, "từ 1 đến 500 kí tự"))
    }
}
