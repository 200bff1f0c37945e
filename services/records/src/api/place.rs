//! Administrative units on the wire.

use hocba_chassis::{Caller, Failure, page};
use hocba_proto::records::{
    self as wire, ImportPlacesRequest, ImportPlacesResponse, ListPlacesRequest, ListPlacesResponse,
    place::Kind as WireKind,
};
use time::Date;
use tonic::{Request, Response};

use super::Answer;
use crate::{
    app::{self, Ask},
    model::{
        calendar::{format_day, parse_day},
        place::{Kind, Place},
    },
    state::State,
};

pub(super) async fn import_places(
    state: &State,
    request: Request<ImportPlacesRequest>,
) -> Answer<ImportPlacesResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let first = day("start_date", &request.start_date)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let counts = app::place::import_places(state, ask, &request.file, first).await?;
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    Ok(Response::new(ImportPlacesResponse {
        created_count: number(counts.created),
        changed_count: number(counts.changed),
        unchanged_count: number(counts.unchanged),
    }))
}

pub(super) async fn list_places(
    state: &State,
    request: Request<ListPlacesRequest>,
) -> Answer<ListPlacesResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let day = day("valid_on", &request.valid_on)?;
    let province = Some(request.province_code.as_str()).filter(|code| !code.is_empty());
    if province.is_some_and(|code| code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(Failure::bad_request("province_code", "cần mã 2 chữ số").into());
    }
    let binding = format!("ListPlaces {} {}", request.province_code, request.valid_on);
    let after = page::position(&binding, &request.page_token)?
        .map(|text| position(&text).ok_or_else(|| Failure::bad_request("page_token", "không đúng dạng")))
        .transpose()?;
    let size = usize::try_from(page::size(request.page_size)).unwrap_or_default();
    let mut places = app::place::list_places(state, &caller, province, day, after.as_ref(), size + 1).await?;
    let more = places.len() > size;
    places.truncate(size);
    let last = places.last().filter(|_| more);
    let next_page_token = last
        .map(|it| page::token(&binding, &format!("{} {}", it.code, format_day(it.valid_from))))
        .unwrap_or_default();
    Ok(Response::new(ListPlacesResponse {
        places: places.into_iter().map(answer).collect(),
        next_page_token,
    }))
}

fn day(field: &str, text: &str) -> Result<Option<Date>, Failure> {
    match text {
        "" => Ok(None),
        text => parse_day(text)
            .map(Some)
            .ok_or_else(|| Failure::bad_request(field, "ngày có dạng YYYY-MM-DD")),
    }
}

fn position(text: &str) -> Option<(String, Date)> {
    let (code, first) = text.split_once(' ')?;
    Some((code.to_owned(), parse_day(first)?))
}

fn answer(place: Place) -> wire::Place {
    let kind = match place.kind {
        Kind::Province => WireKind::Province,
        Kind::City => WireKind::City,
        Kind::Commune => WireKind::Commune,
        Kind::Ward => WireKind::Ward,
        Kind::Township => WireKind::Township,
        Kind::SpecialZone => WireKind::SpecialZone,
    };
    wire::Place {
        code: place.code,
        display_name: place.name,
        kind: kind.into(),
        province_code: place.province.unwrap_or_default(),
        start_date: format_day(place.valid_from),
        end_date: place.valid_to.map(format_day).unwrap_or_default(),
        successor_code: place.successor.unwrap_or_default(),
    }
}
