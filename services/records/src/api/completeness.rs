//! Completeness on the wire: live for the school, counted for the authority.

use std::sync::Arc;

use futures::{StreamExt as _, stream::BoxStream};
use hocba_chassis::{Caller, name::parse};
use hocba_proto::records::{
    GetDistrictOverviewRequest, GetDistrictOverviewResponse, PeriodOverview, SchoolOverview,
    SheetCompleteness, WatchCompletenessRequest, WatchCompletenessResponse,
};
use time::Date;
use tonic::{Request, Response, Status};

use super::{Answer, mark_sheet::wire_period, name};
use crate::{
    app::{self, completeness::Sheet},
    model::{
        calendar::format_day,
        completeness::{Overview, PeriodOverview as Counted},
    },
    state::State,
};

pub(super) async fn watch_completeness(
    state: &Arc<State>,
    request: Request<WatchCompletenessRequest>,
) -> Answer<BoxStream<'static, Result<WatchCompletenessResponse, Status>>> {
    let caller = Caller::of(&request)?;
    let (school, year) = name::year("parent", &request.get_ref().parent)?;
    let news = app::completeness::watch_completeness(state, &caller, &school, &year).await?;
    let messages = news.map(|news| {
        let news = news?;
        Ok(WatchCompletenessResponse {
            whole: news.whole,
            sheets: news.sheets.into_iter().map(sheet).collect(),
            gone_mark_sheets: news.gone.iter().map(name::sheet_name).collect(),
            sequence: news.sequence,
        })
    });
    Ok(Response::new(messages.boxed()))
}

pub(super) async fn get_district_overview(
    state: &State,
    request: Request<GetDistrictOverviewRequest>,
) -> Answer<GetDistrictOverviewResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let [authority] = parse("parent", "authorities/{authority}", &request.parent)?;
    name::year_id("year_id", &request.year_id)?;
    let schools = app::district::get_district_overview(state, &caller, &authority, &request.year_id).await?;
    Ok(Response::new(GetDistrictOverviewResponse {
        schools: schools.into_iter().map(overview).collect(),
    }))
}

fn sheet(sheet: Sheet) -> SheetCompleteness {
    SheetCompleteness {
        mark_sheet: name::sheet_name(&sheet.standing.address),
        period: wire_period(sheet.standing.address.period).into(),
        required_count: number(sheet.standing.required),
        sealed_count: number(sheet.standing.sealed),
        teacher: sheet
            .standing
            .teacher
            .map(|teacher| format!("accounts/{teacher}"))
            .unwrap_or_default(),
        teacher_name: sheet.teacher_name,
        due_date: day(sheet.due),
        late: sheet.late,
    }
}

fn overview(overview: Overview) -> SchoolOverview {
    SchoolOverview {
        school: format!("schools/{}", overview.school),
        school_name: overview.school_name,
        set_up: overview.set_up,
        class_count: number(overview.classes),
        pupil_count: number(overview.pupils),
        periods: overview.periods.iter().map(period).collect(),
        confirmed_count: number(overview.confirmed),
        decided_count: number(overview.decided),
    }
}

fn period(counted: &Counted) -> PeriodOverview {
    PeriodOverview {
        period: wire_period(counted.period).into(),
        sheet_count: number(counted.sheets),
        complete_count: number(counted.complete),
        late_count: number(counted.late),
        required_count: number(counted.required),
        sealed_count: number(counted.sealed),
        due_date: day(counted.due),
    }
}

pub(super) fn day(day: Option<Date>) -> String {
    day.map(format_day).unwrap_or_default()
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
