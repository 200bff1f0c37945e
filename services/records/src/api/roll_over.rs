//! The year's roll-over on the wire.

use hocba_chassis::{Caller, Failure, clock::to_timestamp, name as names};
use hocba_proto::records::{
    self as wire, ConfirmRollOverRequest, DiscardRollOverRequest, DiscardRollOverResponse,
    GetRollOverRequest, PreviewRollOverRequest, RollOverClass, RollOverMove, RollOverProblem, TeacherCopy,
    UpdateRollOverRequest, roll_over::State as WireState, roll_over_move::Outcome as WireOutcome,
};
use tonic::{Request, Response};

use super::{Answer, name};
use crate::{
    app::{
        self, Ask,
        roll_over::{Change, View, subject_name},
    },
    model::{
        roll_over::{Class, Outcome, Teachers},
        text::clean,
    },
    state::State,
};

fn roll_over(text: &str) -> Result<(String, String), Failure> {
    let [school, year] = names::parse("name", "schools/{school}/years/{year}/rollOver", text)?;
    name::year_id("name", &year)?;
    Ok((school, year))
}

pub(super) async fn preview_roll_over(
    state: &State,
    request: Request<PreviewRollOverRequest>,
) -> Answer<wire::RollOver> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = name::year("parent", &request.parent)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let found = app::roll_over::preview_roll_over(state, ask, &school, &year).await?;
    Ok(Response::new(answer(&school, found)))
}

pub(super) async fn get_roll_over(
    state: &State,
    request: Request<GetRollOverRequest>,
) -> Answer<wire::RollOver> {
    let caller = Caller::of(&request)?;
    let (school, year) = roll_over(&request.get_ref().name)?;
    let found = app::roll_over::get_roll_over(state, &caller, &school, &year).await?;
    Ok(Response::new(answer(&school, found)))
}

pub(super) async fn update_roll_over(
    state: &State,
    request: Request<UpdateRollOverRequest>,
) -> Answer<wire::RollOver> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = roll_over(&request.name)?;
    if request.classes.len() > 100 || request.moves.len() > 5_000 {
        return Err(Failure::bad_request("classes", "nhiều nhất 100 lớp và 5000 học sinh").into());
    }
    let mut change = Change {
        teachers: teachers(request.teachers()),
        ..Change::default()
    };
    for (at, given) in request.classes.iter().enumerate() {
        change.classes.push(class(at, given)?);
    }
    for (at, given) in request.moves.iter().enumerate() {
        let field = format!("moves[{at}]");
        let (of, pupil) = name::child(
            &format!("{field}.pupil"),
            "schools/{school}/pupils/{pupil}",
            &given.pupil,
        )?;
        let outcome = match given.outcome() {
            WireOutcome::MovesUp => Some(Outcome::MovesUp),
            WireOutcome::Repeats => Some(Outcome::Repeats),
            WireOutcome::Leaves => Some(Outcome::Leaves),
            WireOutcome::Unspecified => None,
        };
        let (Some(outcome), true) = (outcome, of == school) else {
            return Err(Failure::bad_request(
                field,
                "chọn học sinh của trường và lên lớp, ở lại hoặc rời trường",
            )
            .into());
        };
        let to = (!given.to_class.is_empty()).then(|| given.to_class.clone());
        change.moves.push((pupil, outcome, to));
    }
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let etag = etag(&request.etag)?;
    let found = app::roll_over::update_roll_over(state, ask, (&school, &year), change, etag).await?;
    Ok(Response::new(answer(&school, found)))
}

pub(super) async fn discard_roll_over(
    state: &State,
    request: Request<DiscardRollOverRequest>,
) -> Answer<DiscardRollOverResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = roll_over(&request.name)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    app::roll_over::discard_roll_over(state, ask, &school, &year).await?;
    Ok(Response::new(DiscardRollOverResponse {}))
}

pub(super) async fn confirm_roll_over(
    state: &State,
    request: Request<ConfirmRollOverRequest>,
) -> Answer<wire::RollOver> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = roll_over(&request.name)?;
    let etag = etag(&request.etag)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let found = app::roll_over::confirm_roll_over(state, ask, (&school, &year), etag).await?;
    Ok(Response::new(answer(&school, found)))
}

fn etag(text: &str) -> Result<i64, Failure> {
    text.parse()
        .map_err(|_| Failure::bad_request("etag", "cần etag của lần đọc gần nhất"))
}

fn class(at: usize, given: &RollOverClass) -> Result<Class, Failure> {
    let display_name = clean(&given.display_name);
    let id = display_name.to_lowercase();
    let sound =
        !id.is_empty() && id.len() <= 30 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let grade = i16::try_from(given.grade)
        .ok()
        .filter(|grade| (1..=5).contains(grade));
    let (true, Some(grade)) = (sound, grade) else {
        let words = "tên lớp gồm chữ không dấu và số như 5A, khối từ 1 đến 5";
        return Err(Failure::bad_request(format!("classes[{at}]"), words));
    };
    Ok(Class {
        id,
        display_name,
        grade,
        from: (!given.from_class.is_empty()).then(|| given.from_class.clone()),
    })
}

const fn teachers(given: TeacherCopy) -> Option<Teachers> {
    match given {
        TeacherCopy::Unspecified => None,
        TeacherCopy::None => Some(Teachers::None),
        TeacherCopy::Stay => Some(Teachers::Stay),
        TeacherCopy::Follow => Some(Teachers::Follow),
    }
}

fn answer(school: &str, mut seen: View) -> wire::RollOver {
    let own = seen.roll_over;
    let state = if own.confirmed_at.is_some() {
        WireState::Confirmed
    } else {
        WireState::Draft
    };
    let teachers = match own.plan.teachers {
        Teachers::None => TeacherCopy::None,
        Teachers::Stay => TeacherCopy::Stay,
        Teachers::Follow => TeacherCopy::Follow,
    };
    let classes = own.plan.classes.into_iter().map(|it| RollOverClass {
        display_name: it.display_name,
        grade: i32::from(it.grade),
        from_class: it.from.unwrap_or_default(),
    });
    let moves = own.plan.moves.into_iter().map(|it| {
        let outcome = match it.outcome {
            Outcome::MovesUp => WireOutcome::MovesUp,
            Outcome::Repeats => WireOutcome::Repeats,
            Outcome::Leaves => WireOutcome::Leaves,
        };
        RollOverMove {
            pupil: format!("schools/{school}/pupils/{}", it.pupil),
            pupil_name: seen.names.remove(&it.pupil).unwrap_or_default(),
            from_class: it.from,
            outcome: outcome.into(),
            to_class: it.to.unwrap_or_default(),
        }
    });
    let problems = seen.problems.into_iter().map(|(of, words)| RollOverProblem {
        subject: subject_name(school, &of),
        words,
    });
    wire::RollOver {
        name: format!("schools/{school}/years/{}/rollOver", own.year),
        state: state.into(),
        from_year: format!("schools/{school}/years/{}", own.from_year),
        classes: classes.collect(),
        moves: moves.collect(),
        teachers: teachers.into(),
        assignment_count: i32::try_from(seen.assignments).unwrap_or(i32::MAX),
        problems: problems.collect(),
        etag: own.etag.to_string(),
        confirm_time: own.confirmed_at.map(to_timestamp),
    }
}
