//! Absences on the wire.

use hocba_chassis::{Caller, Failure};
use hocba_proto::records::{
    ListAbsencesRequest, ListAbsencesResponse, MonthlyAbsence, RecordAbsencesRequest, RecordAbsencesResponse,
};
use tonic::{Request, Response};

use super::{Answer, name, pupil};
use crate::{
    app::{
        self, Ask,
        absence::{Address, Recorded},
    },
    model::month::Month,
    state::State,
    store::absence::Absence,
};

pub(super) async fn record_absences(
    state: &State,
    request: Request<RecordAbsencesRequest>,
) -> Answer<RecordAbsencesResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let at = address(&request.parent, &request.month)?;
    let given = request.absences.iter().map(|it| absence(&at, it));
    let given = given.collect::<Result<_, _>>()?;
    // What is no number is no etag of ours.
    let etag = (!request.etag.is_empty()).then(|| request.etag.parse().unwrap_or(-1));
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let now = app::absence::record_absences(state, ask, &at, given, etag).await?;
    let (absences, etag) = answer(&at, now);
    Ok(Response::new(RecordAbsencesResponse { absences, etag }))
}

pub(super) async fn list_absences(
    state: &State,
    request: Request<ListAbsencesRequest>,
) -> Answer<ListAbsencesResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let at = address(&request.parent, &request.month)?;
    let now = app::absence::list_absences(state, &caller, &at).await?;
    let (absences, etag) = answer(&at, now);
    Ok(Response::new(ListAbsencesResponse { absences, etag }))
}

fn address(class: &str, month: &str) -> Result<Address, Failure> {
    let (school, year, class) = name::class("parent", class)?;
    let month = Month::parse(month).ok_or_else(|| Failure::bad_request("month", "cần tháng dạng 2025-10"))?;
    Ok(Address {
        school,
        year,
        class,
        month,
    })
}

fn absence(at: &Address, given: &MonthlyAbsence) -> Result<Absence, Failure> {
    let (school, pupil) = name::child("absences.pupil", pupil::PATTERN, &given.pupil)?;
    if school != at.school {
        return Err(Failure::bad_request("absences.pupil", "không thuộc trường này"));
    }
    let days = |days: i32| u8::try_from(days).ok().filter(|days| *days <= 31).map(i16::from);
    match (days(given.days_with_leave), days(given.days_without_leave)) {
        (Some(with_leave), Some(without_leave)) if with_leave + without_leave <= 31 => Ok(Absence {
            pupil,
            with_leave,
            without_leave,
        }),
        _ => Err(Failure::bad_request(
            "absences",
            "số ngày nghỉ trong tháng từ 0 đến 31",
        )),
    }
}

fn answer(at: &Address, now: Recorded) -> (Vec<MonthlyAbsence>, String) {
    let answer = |it: Absence| MonthlyAbsence {
        pupil: format!("schools/{}/pupils/{}", at.school, it.pupil),
        days_with_leave: it.with_leave.into(),
        days_without_leave: it.without_leave.into(),
    };
    (
        now.absences.into_iter().map(answer).collect(),
        now.etag.to_string(),
    )
}
