//! Monthly checklists on the wire.

use hocba_chassis::{Caller, Failure, clock::to_timestamp, name as names};
use hocba_proto::records::{
    self as wire, CompleteMonthlyChecklistRequest, ListMonthlyChecklistsRequest,
    ListMonthlyChecklistsResponse, monthly_checklist::State as WireState,
};
use tonic::{Request, Response};

use super::{Answer, name};
use crate::{
    app::{self, Ask, absence::Address, checklist::Checklist},
    model::{
        calendar::format_day,
        month::{Month, Standing},
    },
    state::State,
};

pub(super) async fn list_monthly_checklists(
    state: &State,
    request: Request<ListMonthlyChecklistsRequest>,
) -> Answer<ListMonthlyChecklistsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = name::year("parent", &request.parent)?;
    let class = name::class_of_year("class", (&school, &year), &request.class)?;
    let month = match request.month.as_str() {
        "" => None,
        text => Some(month("month", text)?),
    };
    let at = (school.as_str(), year.as_str());
    let lists = app::checklist::list_monthly_checklists(state, &caller, at, class.as_deref(), month).await?;
    Ok(Response::new(ListMonthlyChecklistsResponse {
        monthly_checklists: lists.into_iter().map(|it| answer(&school, &year, it)).collect(),
    }))
}

pub(super) async fn complete_monthly_checklist(
    state: &State,
    request: Request<CompleteMonthlyChecklistRequest>,
) -> Answer<wire::MonthlyChecklist> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let pattern = "schools/{school}/years/{year}/classes/{class}/checklists/{month}";
    let [school, year, class, of_month] = names::parse("name", pattern, &request.name)?;
    name::year_id("name", &year)?;
    let at = Address {
        school,
        year,
        class,
        month: month("name", &of_month)?,
    };
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let statements = [
        ("movements_checked", request.movements_checked),
        ("pages_checked", request.pages_checked),
        ("books_checked", request.books_checked),
    ];
    let done = app::checklist::complete_monthly_checklist(state, ask, &at, statements).await?;
    Ok(Response::new(answer(&at.school, &at.year, done)))
}

fn month(field: &str, text: &str) -> Result<Month, Failure> {
    Month::parse(text).ok_or_else(|| Failure::bad_request(field, "cần tháng dạng 2025-10"))
}

fn answer(school: &str, year: &str, it: Checklist) -> wire::MonthlyChecklist {
    let state = match it.standing {
        Standing::Upcoming => WireState::Upcoming,
        Standing::Open => WireState::Open,
        Standing::Late => WireState::Late,
        Standing::Done => WireState::Done,
    };
    let small = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
    let account = |id: uuid::Uuid| format!("accounts/{id}");
    wire::MonthlyChecklist {
        name: format!(
            "schools/{school}/years/{year}/classes/{}/checklists/{}",
            it.class, it.month
        ),
        state: state.into(),
        due_date: format_day(it.month.due_day()),
        homeroom_teacher: it.homeroom.map(account).unwrap_or_default(),
        pupil_count: small(it.counts.pupils),
        recorded_count: small(it.counts.recorded),
        days_with_leave: small(it.counts.with_leave),
        days_without_leave: small(it.counts.without_leave),
        entry_count: small(it.counts.entries),
        class_change_count: small(it.counts.class_changes),
        leaving_count: small(it.counts.leavings),
        return_count: small(it.counts.returns),
        completer: it
            .completed
            .as_ref()
            .map(|done| account(done.by))
            .unwrap_or_default(),
        complete_time: it.completed.map(|done| to_timestamp(done.at)),
    }
}
