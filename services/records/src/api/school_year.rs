//! School years on the wire.

use hocba_chassis::{Caller, Failure};
use hocba_proto::records::{
    self as wire, CreateSchoolYearRequest, GetSchoolYearRequest, UpdateCalendarRequest,
};
use tonic::{Request, Response};

use super::{
    Answer,
    mark_sheet::{parse_period, wire_period},
    name,
};
use crate::{
    app::{self, Ask},
    model::calendar::{DueDay, format_day, parse_day},
    state::State,
    store::school_year::{Calendar, SchoolYear, TestDay},
};

pub(super) async fn create_school_year(
    state: &State,
    request: Request<CreateSchoolYearRequest>,
) -> Answer<wire::SchoolYear> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let school = name::school("parent", &request.parent)?;
    name::year_id("year_id", &request.year_id)?;
    let given = request.school_year.clone().unwrap_or_default();
    let mut refusal = None;
    for (field, text) in [
        ("school_year.school_code", &given.school_code),
        ("school_year.school_name", &given.school_name),
    ] {
        if text.trim().is_empty() {
            let before = refusal
                .take()
                .unwrap_or_else(|| Failure::bad_request(field, "không được để trống"));
            refusal = Some(before);
        }
    }
    if let Some(refusal) = refusal {
        return Err(refusal.into());
    }
    let year = SchoolYear {
        year: request.year_id.clone(),
        rule_set: given.rule_set,
        school_code: given.school_code,
        school_name: given.school_name,
        commune: given.commune,
        province: given.province,
        grace_minutes: if given.grace_minutes == 0 {
            60
        } else {
            given.grace_minutes
        },
        etag: 1,
    };
    if !(1..=1440).contains(&year.grace_minutes) {
        return Err(Failure::bad_request("school_year.grace_minutes", "từ 1 đến 1440 phút").into());
    }
    let calendar = Calendar {
        test_days: days("school_year.test_days", &given.test_days)?,
        due_days: dues("school_year.due_days", &given.due_days)?,
    };
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let (year, calendar) = app::school_year::create_school_year(state, ask, &school, year, &calendar).await?;
    Ok(Response::new(answer(&school, year, &calendar)))
}

pub(super) async fn get_school_year(
    state: &State,
    request: Request<GetSchoolYearRequest>,
) -> Answer<wire::SchoolYear> {
    let caller = Caller::of(&request)?;
    let (school, year) = name::year("name", &request.get_ref().name)?;
    let (year, calendar) = app::school_year::get_school_year(state, &caller, &school, &year).await?;
    Ok(Response::new(answer(&school, year, &calendar)))
}

pub(super) async fn update_calendar(
    state: &State,
    request: Request<UpdateCalendarRequest>,
) -> Answer<wire::SchoolYear> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = name::year("name", &request.name)?;
    let etag = request
        .etag
        .parse()
        .map_err(|_| Failure::bad_request("etag", "không đúng dạng"))?;
    let calendar = Calendar {
        test_days: days("test_days", &request.test_days)?,
        due_days: dues("due_days", &request.due_days)?,
    };
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let (year, calendar) =
        app::school_year::update_calendar(state, ask, &school, &year, &calendar, etag).await?;
    Ok(Response::new(answer(&school, year, &calendar)))
}

/// All malformed days are told, not the first.
fn days(field: &str, given: &[wire::TestDay]) -> Result<Vec<TestDay>, Failure> {
    let (mut days, mut refusal) = (Vec::with_capacity(given.len()), None::<Failure>);
    for (at, day) in given.iter().enumerate() {
        let grade = i16::try_from(day.grade)
            .ok()
            .filter(|grade| (1..=5).contains(grade));
        let semester = matches!(day.semester.as_str(), "semester1" | "semester2");
        match (grade, semester, parse_day(&day.first_day)) {
            (Some(grade), true, Some(first_day)) => {
                days.push(TestDay {
                    grade,
                    semester: day.semester.clone(),
                    first_day,
                });
            }
            _ => {
                let (at, words) = (
                    format!("{field}[{at}]"),
                    "cần khối 1-5, semester1 hoặc semester2, ngày YYYY-MM-DD",
                );
                refusal = Some(match refusal {
                    Some(before) => before.violation(at, words),
                    None => Failure::bad_request(at, words),
                });
            }
        }
    }
    refusal.map_or(Ok(days), Err)
}

/// At most one day a period.
fn dues(field: &str, given: &[wire::DueDay]) -> Result<Vec<DueDay>, Failure> {
    let (mut days, mut refusal) = (Vec::<DueDay>::with_capacity(given.len()), None::<Failure>);
    for (at, due) in given.iter().enumerate() {
        let known = days
            .iter()
            .any(|day| Some(day.period) == parse_period(due.period()));
        match (parse_period(due.period()), parse_day(&due.day)) {
            (Some(period), Some(day)) if !known => days.push(DueDay { period, day }),
            _ => {
                let (at, words) = (
                    format!("{field}[{at}]"),
                    "cần thời điểm đánh giá (mỗi thời điểm một lần) và ngày YYYY-MM-DD",
                );
                refusal = Some(match refusal {
                    Some(before) => before.violation(at, words),
                    None => Failure::bad_request(at, words),
                });
            }
        }
    }
    refusal.map_or(Ok(days), Err)
}

fn answer(school: &str, year: SchoolYear, calendar: &Calendar) -> wire::SchoolYear {
    wire::SchoolYear {
        name: format!("schools/{school}/years/{}", year.year),
        rule_set: year.rule_set,
        school_code: year.school_code,
        school_name: year.school_name,
        commune: year.commune,
        province: year.province,
        due_days: calendar
            .due_days
            .iter()
            .map(|due| wire::DueDay {
                period: wire_period(due.period).into(),
                day: format_day(due.day),
            })
            .collect(),
        test_days: calendar
            .test_days
            .iter()
            .map(|day| wire::TestDay {
                grade: i32::from(day.grade),
                semester: day.semester.clone(),
                first_day: format_day(day.first_day),
            })
            .collect(),
        grace_minutes: year.grace_minutes,
        etag: year.etag.to_string(),
    }
}
