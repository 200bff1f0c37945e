//! The district's reads on the wire.

use hocba_chassis::{Caller, Failure, clock::to_timestamp, page};
use hocba_proto::records::{
    self as wire, ListDistrictReadsRequest, ListDistrictReadsResponse, ReadPupilWithReasonRequest,
};
use tonic::{Request, Response};

use super::{Answer, name, pupil};
use crate::{app, state::State, store::district_read::DistrictRead};

pub(super) async fn read_pupil_with_reason(
    state: &State,
    request: Request<ReadPupilWithReasonRequest>,
) -> Answer<wire::Pupil> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, id) = name::child("name", pupil::PATTERN, &request.name)?;
    let (found, year) =
        app::district_read::read_pupil_with_reason(state, &caller, &school, id, request.reason).await?;
    Ok(Response::new(pupil::answer(&school, &year, found)))
}

pub(super) async fn list_district_reads(
    state: &State,
    request: Request<ListDistrictReadsRequest>,
) -> Answer<ListDistrictReadsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let school = name::school("parent", &request.parent)?;
    let binding = format!("ListDistrictReads {}", request.parent);
    let before = page::position(&binding, &request.page_token)?
        .map(|id| id.parse())
        .transpose()
        .map_err(|_| Failure::bad_request("page_token", "không đúng dạng"))?;
    let size = page::size(request.page_size);
    let mut reads =
        app::district_read::list_district_reads(state, &caller, &school, before, size + 1).await?;
    let most = usize::try_from(size).unwrap_or_default();
    let more = reads.len() > most;
    reads.truncate(most);
    let last = reads.last().filter(|_| more);
    let next_page_token = last
        .map(|read| page::token(&binding, &read.id.to_string()))
        .unwrap_or_default();
    let answer = |read: DistrictRead| wire::DistrictRead {
        name: format!("schools/{school}/districtReads/{}", read.id),
        pupil: format!("schools/{school}/pupils/{}", read.pupil),
        officer: format!("accounts/{}", read.officer),
        reason: read.reason,
        read_time: Some(to_timestamp(read.at)),
    };
    Ok(Response::new(ListDistrictReadsResponse {
        district_reads: reads.into_iter().map(answer).collect(),
        next_page_token,
    }))
}
