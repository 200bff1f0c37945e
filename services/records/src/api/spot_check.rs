//! Spot checks on the wire.

use data_encoding::HEXLOWER;
use hocba_chassis::{Caller, Failure, clock::to_timestamp};
use hocba_proto::records::{
    self as wire, CreateSpotCheckRequest, GetSpotCheckRequest, ListSpotCheckTasksRequest,
    ListSpotCheckTasksResponse, ListSpotChecksRequest, ListSpotChecksResponse,
    RecordSpotCheckFindingsRequest, SpotCheckItem, spot_check::State as WireState,
    spot_check_item::Verdict as WireVerdict,
};
use tonic::{Request, Response};

use super::{
    Answer,
    mark_sheet::{parse_period, wire_period},
    name,
};
use crate::{
    app::{
        self, Ask,
        mark_sheet::Address,
        spot_check::{Said, Standing, Wish},
    },
    model::{
        period::Period,
        spot_check::{LARGEST, State as CheckState, Verdict},
        text::clean,
    },
    state::State,
    store::spot_check::Item,
};

const PATTERN: &str = "schools/{school}/years/{year}/spotChecks/{spot_check}";

pub(super) async fn create_spot_check(
    state: &State,
    request: Request<CreateSpotCheckRequest>,
) -> Answer<wire::SpotCheck> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = name::year("parent", &request.parent)?;
    let given = request.spot_check.clone().unwrap_or_default();
    let period = parse_period(given.period())
        .ok_or_else(|| Failure::bad_request("spot_check.period", "phải chọn thời điểm"))?;
    if !(1..=LARGEST).contains(&given.size) {
        return Err(Failure::bad_request("spot_check.size", "từ 1 đến 200 bài").into());
    }
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if given.seed.len() > 64 || !given.seed.chars().all(sound) {
        let words = "nhiều nhất 64 chữ thường không dấu, số, gạch nối";
        return Err(Failure::bad_request("spot_check.seed", words).into());
    }
    let mut classes = Vec::with_capacity(given.classes.len());
    for class in &given.classes {
        let (of_school, of_year, class) = name::class("spot_check.classes", class)?;
        if (&of_school, &of_year) != (&school, &year) {
            let words = "lớp phải thuộc năm học ở parent";
            return Err(Failure::bad_request("spot_check.classes", words).into());
        }
        classes.push(class);
    }
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let wish = Wish {
        period,
        classes,
        size: given.size,
        seed: given.seed,
    };
    let made = app::spot_check::create_spot_check(state, ask, (&school, &year), wish).await?;
    Ok(Response::new(whole(&school, &year, made)))
}

pub(super) async fn get_spot_check(
    state: &State,
    request: Request<GetSpotCheckRequest>,
) -> Answer<wire::SpotCheck> {
    let caller = Caller::of(&request)?;
    let (school, year, id) = name::of_year("name", PATTERN, &request.get_ref().name)?;
    let found = app::spot_check::get_spot_check(state, &caller, (&school, &year, id)).await?;
    Ok(Response::new(whole(&school, &year, found)))
}

pub(super) async fn list_spot_checks(
    state: &State,
    request: Request<ListSpotChecksRequest>,
) -> Answer<ListSpotChecksResponse> {
    let caller = Caller::of(&request)?;
    let (school, year) = name::year("parent", &request.get_ref().parent)?;
    let all = app::spot_check::list_spot_checks(state, &caller, (&school, &year)).await?;
    let spot_checks = all.iter().map(|it| brief(&school, &year, it)).collect();
    Ok(Response::new(ListSpotChecksResponse { spot_checks }))
}

pub(super) async fn record_spot_check_findings(
    state: &State,
    request: Request<RecordSpotCheckFindingsRequest>,
) -> Answer<wire::SpotCheck> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year, id) = name::of_year("name", PATTERN, &request.name)?;
    if request.findings.is_empty() || request.findings.len() > 200 {
        return Err(Failure::bad_request("findings", "từ 1 đến 200 bài").into());
    }
    let mut said: Vec<Said> = Vec::with_capacity(request.findings.len());
    for finding in &request.findings {
        let note = clean(&finding.note);
        if note.chars().count() > 500 {
            return Err(Failure::bad_request("findings.note", "nhiều nhất 500 kí tự").into());
        }
        let paper = finding
            .paper_score
            .map(|score| i16::try_from(score).unwrap_or(i16::MAX));
        said.push((finding.number, paper, note));
    }
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let at = (school.as_str(), year.as_str(), id);
    let now = app::spot_check::record_spot_check_findings(state, ask, at, said).await?;
    Ok(Response::new(whole(&school, &year, now)))
}

pub(super) async fn list_spot_check_tasks(
    state: &State,
    request: Request<ListSpotCheckTasksRequest>,
) -> Answer<ListSpotCheckTasksResponse> {
    let caller = Caller::of(&request)?;
    let school = name::school("parent", &request.get_ref().parent)?;
    let items = app::spot_check::list_spot_check_tasks(state, &caller, &school).await?;
    Ok(Response::new(ListSpotCheckTasksResponse {
        items: items.into_iter().map(|it| item(&school, it)).collect(),
    }))
}

fn brief(school: &str, year: &str, standing: &Standing) -> wire::SpotCheck {
    let state = match standing.state() {
        CheckState::Open => WireState::Open,
        CheckState::Different => WireState::Different,
        CheckState::Settled => WireState::Settled,
    };
    let check = &standing.check;
    wire::SpotCheck {
        name: format!("schools/{school}/years/{year}/spotChecks/{}", check.id),
        period: Period::parse(&check.period)
            .map(wire_period)
            .unwrap_or_default()
            .into(),
        classes: check
            .classes
            .iter()
            .map(|class| format!("schools/{school}/years/{year}/classes/{class}"))
            .collect(),
        size: check.size,
        seed: check.seed.clone(),
        population_count: check.population,
        state: state.into(),
        created_by: format!("accounts/{}", check.created_by),
        create_time: Some(to_timestamp(check.created_at)),
        items: Vec::new(),
    }
}

fn whole(school: &str, year: &str, standing: Standing) -> wire::SpotCheck {
    let brief = brief(school, year, &standing);
    wire::SpotCheck {
        items: standing.items.into_iter().map(|it| item(school, it)).collect(),
        ..brief
    }
}

fn item(school: &str, it: Item) -> SpotCheckItem {
    let verdict = match it.verdict {
        None => WireVerdict::Unspecified,
        Some(Verdict::Agrees) => WireVerdict::Agrees,
        Some(Verdict::Differs) => WireVerdict::Differs,
        Some(Verdict::NoPaper) => WireVerdict::NoPaper,
    };
    let at = Address {
        school: school.to_owned(),
        year: it.year,
        class: it.class,
        sheet: it.item,
        period: Period::parse(&it.period).unwrap_or(Period::End2),
    };
    SpotCheckItem {
        number: it.number,
        spot_check: format!("schools/{school}/years/{}/spotChecks/{}", at.year, it.check),
        mark_sheet: name::sheet_name(&at),
        pupil: format!("schools/{school}/pupils/{}", it.pupil),
        score: it.score.into(),
        verdict: verdict.into(),
        paper_score: it.paper_score.map(i32::from),
        note: it.note,
        teacher: it.teacher.map(|it| format!("accounts/{it}")).unwrap_or_default(),
        corrected: it.corrected,
        cell_digest: HEXLOWER.encode(&it.digest),
    }
}
