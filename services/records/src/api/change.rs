//! The feed of changes on the wire.

use std::sync::Arc;

use futures::{StreamExt as _, stream::BoxStream};
use hocba_chassis::{Caller, Failure, clock::to_timestamp, page};
use hocba_proto::records::{
    self as wire, ListChangesRequest, ListChangesResponse, WatchChangesRequest, WatchChangesResponse,
    change::Kind as WireKind,
};
use tonic::{Request, Response, Status};

use super::{Answer, name};
use crate::{
    app,
    model::change::{Change, Kind},
    state::State,
};

pub(super) async fn list_changes(
    state: &State,
    request: Request<ListChangesRequest>,
) -> Answer<ListChangesResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, after) = place(&request.parent, request.after)?;
    let limit = page::size(request.page_size);
    let page = app::change::list_changes(state, &caller, &school, after, limit).await?;
    Ok(Response::new(ListChangesResponse {
        changes: page.changes.into_iter().map(change).collect(),
        sequence: page.sequence,
        newest_sequence: page.newest,
    }))
}

pub(super) async fn watch_changes(
    state: &Arc<State>,
    request: Request<WatchChangesRequest>,
) -> Answer<BoxStream<'static, Result<WatchChangesResponse, Status>>> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, after) = place(&request.parent, request.after)?;
    let pages = app::change::watch_changes(state, &caller, &school, after).await?;
    let messages = pages.map(|page| {
        let page = page?;
        Ok(WatchChangesResponse {
            changes: page.changes.into_iter().map(change).collect(),
            sequence: page.sequence,
        })
    });
    Ok(Response::new(messages.boxed()))
}

fn place(parent: &str, after: i64) -> Result<(String, i64), Failure> {
    let school = name::school("parent", parent)?;
    if after < 0 {
        return Err(Failure::bad_request("after", "từ 0 trở lên"));
    }
    Ok((school, after))
}

fn change(change: Change) -> wire::Change {
    let kind = match change.kind {
        Kind::SchoolYear => WireKind::SchoolYear,
        Kind::Class => WireKind::Class,
        Kind::TeachingAssignment => WireKind::TeachingAssignment,
        Kind::Pupil => WireKind::Pupil,
        Kind::Enrolment => WireKind::Enrolment,
        Kind::MarkSheetSealed => WireKind::MarkSheetSealed,
        Kind::MarkSheetCorrected => WireKind::MarkSheetCorrected,
        Kind::YearResult => WireKind::YearResult,
        Kind::Promotion => WireKind::Promotion,
        Kind::MonthlyChecklist => WireKind::MonthlyChecklist,
        Kind::ClassFinding => WireKind::ClassFinding,
        Kind::SpotCheck => WireKind::SpotCheck,
        Kind::Exemption => WireKind::Exemption,
        Kind::Elective => WireKind::Elective,
    };
    wire::Change {
        sequence: change.sequence,
        kind: kind.into(),
        resource: change.resource,
        time: Some(to_timestamp(change.at)),
    }
}
