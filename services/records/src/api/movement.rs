//! Movements on the wire.

use hocba_chassis::{Caller, Failure, clock::to_timestamp, name as names};
use hocba_proto::records::{
    self as wire, ListMovementsRequest, ListMovementsResponse, RecordMovementRequest,
    movement::Kind as WireKind,
};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Answer, name};
use crate::{
    app::{self, Ask, movement::New},
    model::{
        calendar::{format_day, parse_day},
        movement::Kind,
    },
    state::State,
    store::movement::Movement,
};

pub(super) async fn record_movement(
    state: &State,
    request: Request<RecordMovementRequest>,
) -> Answer<wire::Movement> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year, pupil) = parent(&request.parent)?;
    let given = request.movement.clone().unwrap_or_default();
    let new = new(&school, &year, given)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let recorded = app::movement::record_movement(state, ask, (&school, &year), pupil, new).await?;
    Ok(Response::new(answer(&school, &year, recorded)))
}

pub(super) async fn list_movements(
    state: &State,
    request: Request<ListMovementsRequest>,
) -> Answer<ListMovementsResponse> {
    let caller = Caller::of(&request)?;
    let (school, year, pupil) = parent(&request.get_ref().parent)?;
    let movements = app::movement::list_movements(state, &caller, (&school, &year), pupil).await?;
    let movements = movements.into_iter().map(|it| answer(&school, &year, it));
    Ok(Response::new(ListMovementsResponse {
        movements: movements.collect(),
    }))
}

fn parent(text: &str) -> Result<(String, String, Uuid), Failure> {
    let [school, year, pupil] = names::parse("parent", "schools/{school}/years/{year}/pupils/{pupil}", text)?;
    name::year_id("parent", &year)?;
    Ok((school, year, names::id("parent", &pupil)?))
}

/// All that does not hold is told, not the first.
fn new(school: &str, year: &str, given: wire::Movement) -> Result<New, Failure> {
    let kind = match given.kind() {
        WireKind::Unspecified => None,
        WireKind::Entry => Some(Kind::Entry),
        WireKind::Repeat => Some(Kind::Repeat),
        WireKind::ClassChange => Some(Kind::ClassChange),
        WireKind::Leaving => Some(Kind::Leaving),
        WireKind::Return => Some(Kind::Return),
    };
    let class = match given.class.as_str() {
        "" => Some(None),
        text => name::class("movement.class", text)
            .ok()
            .filter(|(of, in_year, _)| of == school && in_year == year)
            .map(|(_, _, class)| Some(class)),
    };
    let short = given.reason.chars().count() <= 500;
    match (kind, parse_day(&given.day), class, short) {
        (Some(kind), Some(day), Some(class), true) => Ok(New {
            kind,
            day,
            class,
            reason: given.reason,
        }),
        (kind, day, class, short) => {
            let faults = [
                (kind.is_none(), "movement.kind", "cần loại biến động"),
                (day.is_none(), "movement.day", "cần ngày YYYY-MM-DD"),
                (class.is_none(), "movement.class", "phải là lớp của năm học này"),
                (!short, "movement.reason", "dài nhất 500 kí tự"),
            ];
            let mut told = faults.into_iter().filter(|(wrong, _, _)| *wrong);
            let (_, field, words) = told.next().unwrap_or_default();
            Err(told.fold(
                Failure::bad_request(field, words),
                |failure, (_, field, words)| failure.violation(field, words),
            ))
        }
    }
}

fn answer(school: &str, year: &str, it: Movement) -> wire::Movement {
    let kind = match it.kind {
        Kind::Entry => WireKind::Entry,
        Kind::Repeat => WireKind::Repeat,
        Kind::ClassChange => WireKind::ClassChange,
        Kind::Leaving => WireKind::Leaving,
        Kind::Return => WireKind::Return,
    };
    let class = |class: Option<String>| {
        class
            .map(|class| format!("schools/{school}/years/{year}/classes/{class}"))
            .unwrap_or_default()
    };
    wire::Movement {
        name: format!(
            "schools/{school}/years/{year}/pupils/{}/movements/{}",
            it.pupil, it.id
        ),
        kind: kind.into(),
        day: format_day(it.day),
        class: class(it.to),
        from_class: class(it.from),
        reason: it.reason,
        recorder: format!("accounts/{}", it.by),
        record_time: Some(to_timestamp(it.at)),
    }
}
