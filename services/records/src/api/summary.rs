//! The class summary and the completeness list on the wire.

use hocba_chassis::{Caller, Failure};
use hocba_proto::{
    records::{self as wire, ExportClassSummaryRequest, ExportCompletenessRequest},
    types::Period as WirePeriod,
};
use tonic::{Request, Response};

use super::{Answer, mark_file::workbook, name};
use crate::{app, model::period::Period, state::State};

pub(super) async fn export_class_summary(
    state: &State,
    request: Request<ExportClassSummaryRequest>,
) -> Answer<wire::Workbook> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year, class) = name::class("parent", &request.parent)?;
    let period = period(request.period())?;
    let found = app::summary::export_class_summary(state, &caller, (&school, &year, &class), period).await?;
    Ok(Response::new(workbook(found)))
}

pub(super) async fn export_completeness(
    state: &State,
    request: Request<ExportCompletenessRequest>,
) -> Answer<wire::Workbook> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = name::year("parent", &request.parent)?;
    let period = period(request.period())?;
    let found = app::summary::export_completeness(state, &caller, (&school, &year), period).await?;
    Ok(Response::new(workbook(found)))
}

fn period(given: WirePeriod) -> Result<Period, Failure> {
    match given {
        WirePeriod::Unspecified => Err(Failure::bad_request(
            "period",
            "chọn một trong bốn thời điểm đánh giá",
        )),
        WirePeriod::Mid1 => Ok(Period::Mid1),
        WirePeriod::End1 => Ok(Period::End1),
        WirePeriod::Mid2 => Ok(Period::Mid2),
        WirePeriod::End2 => Ok(Period::End2),
    }
}
