//! Further attempts on the wire.

use hocba_chassis::{Caller, Failure, clock::to_timestamp};
use hocba_proto::records::{
    self as wire, CellVersion, DecideReassessmentRequest, ListCellVersionsRequest, ListCellVersionsResponse,
    ListReassessmentsRequest, ListReassessmentsResponse, ProposeReassessmentRequest,
    reassessment::{Kind as WireKind, State as WireState},
};
use tonic::{Request, Response};

use super::{Answer, draft::pupil_of, mark_sheet::value, name};
use crate::{
    app::{
        self, Ask,
        mark_sheet::Address,
        reassessment::{Kind, Proposal},
    },
    model::{
        calendar::{format_day, parse_day},
        period::Period,
    },
    state::State,
    store::reassessment::Reassessment,
};

const PATTERN: &str = "schools/{school}/years/{year}/reassessments/{reassessment}";

pub(super) async fn propose_reassessment(
    state: &State,
    request: Request<ProposeReassessmentRequest>,
) -> Answer<wire::Reassessment> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = name::year("parent", &request.parent)?;
    let given = request.reassessment.clone().unwrap_or_default();
    let at = name::sheet("reassessment.mark_sheet", &given.mark_sheet)?;
    if (&at.school, &at.year) != (&school, &year) {
        let words = "bảng điểm phải thuộc năm học ở parent";
        return Err(Failure::bad_request("reassessment.mark_sheet", words).into());
    }
    let kind = match given.kind() {
        WireKind::Unspecified => {
            return Err(
                Failure::bad_request("reassessment.kind", "kiểm tra lại hoặc đánh giá bổ sung").into(),
            );
        }
        WireKind::Retest => Kind::Retest,
        WireKind::Further => Kind::Further,
    };
    let proposal = Proposal {
        pupil: pupil_of(&school, "reassessment.pupil", &given.pupil)?,
        items: given.items,
        kind,
        plan: name::reason("reassessment.plan", &given.plan)?,
        due_day: parse_day(&given.due_day)
            .ok_or_else(|| Failure::bad_request("reassessment.due_day", "ngày có dạng YYYY-MM-DD"))?,
        at,
    };
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let made = app::reassessment::propose_reassessment(state, ask, proposal).await?;
    Ok(Response::new(answer(&school, &year, made)))
}

pub(super) async fn decide_reassessment(
    state: &State,
    request: Request<DecideReassessmentRequest>,
) -> Answer<wire::Reassessment> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year, id) = name::of_year("name", PATTERN, &request.name)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let at = (school.as_str(), year.as_str(), id);
    let decided = app::reassessment::decide_reassessment(state, ask, at, request.granted).await?;
    Ok(Response::new(answer(&school, &year, decided)))
}

pub(super) async fn list_reassessments(
    state: &State,
    request: Request<ListReassessmentsRequest>,
) -> Answer<ListReassessmentsResponse> {
    let caller = Caller::of(&request)?;
    let (school, year, class) = name::class("parent", &request.get_ref().parent)?;
    let all = app::reassessment::list_reassessments(state, &caller, (&school, &year, &class)).await?;
    let reassessments = all.into_iter().map(|it| answer(&school, &year, it)).collect();
    Ok(Response::new(ListReassessmentsResponse { reassessments }))
}

pub(super) async fn list_cell_versions(
    state: &State,
    request: Request<ListCellVersionsRequest>,
) -> Answer<ListCellVersionsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let at = name::sheet("parent", &request.parent)?;
    let pupil = pupil_of(&at.school, "pupil", &request.pupil)?;
    let cell = (pupil, request.item.as_str());
    let all = app::reassessment::list_cell_versions(state, &caller, &at, cell).await?;
    let versions = all.into_iter().map(|it| CellVersion {
        version: it.version,
        value: Some(value(it.value)),
        receipt: format!("schools/{}/receipts/{}", at.school, it.receipt),
        cause: it.cause,
        entered_by: format!("accounts/{}", it.entered_by),
        seal_time: Some(to_timestamp(it.sealed_at)),
    });
    Ok(Response::new(ListCellVersionsResponse {
        versions: versions.collect(),
    }))
}

fn answer(school: &str, year: &str, it: Reassessment) -> wire::Reassessment {
    let state = match (it.granted, it.waiting) {
        (None, _) => WireState::Proposed,
        (Some(false), _) => WireState::Declined,
        (Some(true), 0) => WireState::Done,
        (Some(true), _) => WireState::Granted,
    };
    let kind = match it.kind.as_str() {
        "retest" => WireKind::Retest,
        _ => WireKind::Further,
    };
    let at = Address {
        school: school.to_owned(),
        year: year.to_owned(),
        class: it.class,
        sheet: it.sheet,
        period: Period::parse(&it.period).unwrap_or(Period::End2),
    };
    wire::Reassessment {
        name: format!("schools/{school}/years/{year}/reassessments/{}", it.id),
        mark_sheet: name::sheet_name(&at),
        pupil: format!("schools/{school}/pupils/{}", it.pupil),
        items: it.items,
        kind: kind.into(),
        plan: it.plan,
        due_day: format_day(it.due_day),
        state: state.into(),
        proposed_by: format!("accounts/{}", it.proposed_by),
        propose_time: Some(to_timestamp(it.proposed_at)),
        decided_by: it
            .decided_by
            .map(|by| format!("accounts/{by}"))
            .unwrap_or_default(),
        decide_time: it.decided_at.map(to_timestamp),
    }
}
