//! Incidents on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    AcknowledgeIncidentRequest, CloseIncidentRequest, GetIncidentRequest, Incident, ListIncidentsRequest,
    ListIncidentsResponse, RecordIncidentActionRequest, ReportIncidentRequest,
    ReportIncidentWithoutSignInRequest, ReportIncidentWithoutSignInResponse,
    incident::{Kind as WireKind, Outcome as WireOutcome, State as WireState, Step},
};
use prost::Message;
use tonic::{Request, Response};

use super::{Answer, form::Form, name, paging::Paging};
use crate::{
    app::{
        self,
        ask::SealedAsk,
        event,
        incident::{Asked, Opened, Report},
    },
    model::{
        incident::{Act, Kind, Outcome, State as IncidentState},
        text,
    },
    state::State,
};

/// ReportIncident.
pub async fn report_incident(state: &State, request: Request<ReportIncidentRequest>) -> Answer<Incident> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let report = read(&mut form, &request.parent, request.incident.as_ref());
    let report = form.finish(report)?;
    let body = state.vault.body(&request);
    let ask = SealedAsk::of(&caller, &body, &request.request_id);
    let opened = app::incident::report_incident(state, ask, report).await?;
    Ok(Response::new(wire(opened)))
}

/// ReportIncidentWithoutSignIn.
pub async fn report_incident_without_sign_in(
    state: &State,
    request: Request<ReportIncidentWithoutSignInRequest>,
) -> Answer<ReportIncidentWithoutSignInResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let report = read(&mut form, &request.parent, request.incident.as_ref());
    let contact = form.take("contact", text::required(&request.contact, 200));
    let (report, contact) = form.finish(report.zip(contact))?;
    let body = state.vault.body(&request);
    let ask = SealedAsk::of(&caller, &body, &request.request_id);
    let at = app::incident::report_incident_without_sign_in(state, ask, report, contact).await?;
    Ok(Response::new(ReportIncidentWithoutSignInResponse {
        report_time: Some(to_timestamp(at)),
    }))
}

fn read(form: &mut Form, parent: &str, given: Option<&Incident>) -> Option<Report> {
    let given = given.cloned().unwrap_or_default();
    let school = form.take("parent", name::school(parent));
    let kind = form.take("incident.kind", kind(given.kind()));
    let description = text::lines(&given.description, 4000).and_then(text::some);
    let description = form.take("incident.description", description);
    Some(Report {
        school: school?,
        kind: kind?,
        description: description?,
    })
}

/// AcknowledgeIncident.
pub async fn acknowledge_incident(
    state: &State,
    request: Request<AcknowledgeIncidentRequest>,
) -> Answer<Incident> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let note = text::lines(&request.note, 2000);
    let asked = (request.name.as_str(), request.request_id.as_str());
    act(state, &caller, &request, asked, Ok(Act::Acknowledge), note).await
}

/// RecordIncidentAction.
pub async fn record_incident_action(
    state: &State,
    request: Request<RecordIncidentActionRequest>,
) -> Answer<Incident> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let note = text::lines(&request.note, 2000).and_then(text::some);
    let asked = (request.name.as_str(), request.request_id.as_str());
    act(state, &caller, &request, asked, Ok(Act::Record), note).await
}

/// CloseIncident.
pub async fn close_incident(state: &State, request: Request<CloseIncidentRequest>) -> Answer<Incident> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let note = text::lines(&request.note, 2000).and_then(text::some);
    let asked = (request.name.as_str(), request.request_id.as_str());
    let close = outcome(request.outcome()).map(Act::Close);
    act(state, &caller, &request, asked, close, note).await
}

async fn act<R: Message>(
    state: &State,
    caller: &Caller,
    request: &R,
    (name, request_id): (&str, &str),
    act: Result<Act, &'static str>,
    note: Result<String, &'static str>,
) -> Answer<Incident> {
    let mut form = Form::default();
    let named = form.take("name", name::of_school(name, "incidents"));
    let act = form.take("outcome", act);
    let note = form.take("note", note);
    let ((named, act), note) = form.finish(named.zip(act).zip(note))?;
    let body = state.vault.body(request);
    let ask = SealedAsk::of(caller, &body, request_id);
    let opened = app::incident::act(state, ask, named, act, note).await?;
    Ok(Response::new(wire(opened)))
}

/// GetIncident.
pub async fn get_incident(state: &State, request: Request<GetIncidentRequest>) -> Answer<Incident> {
    let caller = Caller::of(&request)?;
    let mut form = Form::default();
    let named = form.take("name", name::of_school(&request.get_ref().name, "incidents"));
    let (school, id) = form.finish(named)?;
    let opened = app::incident::get_incident(state, &caller, school, id).await?;
    Ok(Response::new(wire(opened)))
}

/// ListIncidents.
pub async fn list_incidents(
    state: &State,
    request: Request<ListIncidentsRequest>,
) -> Answer<ListIncidentsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let school = form.take("parent", name::school(&request.parent));
    let asked = Asked {
        school: form.finish(school)?,
        state: match request.state() {
            WireState::Unspecified => None,
            WireState::Reported => Some(IncidentState::Reported),
            WireState::Acknowledged => Some(IncidentState::Acknowledged),
            WireState::Acted => Some(IncidentState::Acted),
            WireState::Closed => Some(IncidentState::Closed),
        },
        own: request.own,
    };
    let bound = format!("{} {} {}", request.parent, request.state, request.own);
    let paging = Paging::read("ListIncidents", &bound, request.page_size, &request.page_token)?;
    let (after, limit) = (paging.after_id()?, paging.limit());
    let found = app::incident::list_incidents(state, &caller, asked, after, limit).await?;
    let (found, next_page_token) = paging.cut(found, |opened| opened.incident.id.to_string());
    Ok(Response::new(ListIncidentsResponse {
        incidents: found.into_iter().map(wire).collect(),
        next_page_token,
    }))
}

fn kind(given: WireKind) -> Result<Kind, &'static str> {
    match given {
        WireKind::Unspecified => Err("must be given"),
        WireKind::NoAccess => Ok(Kind::NoAccess),
        WireKind::AccountMisused => Ok(Kind::AccountMisused),
        WireKind::DataWrong => Ok(Kind::DataWrong),
        WireKind::DataLeaked => Ok(Kind::DataLeaked),
        WireKind::SystemFault => Ok(Kind::SystemFault),
        WireKind::Other => Ok(Kind::Other),
    }
}

fn outcome(given: WireOutcome) -> Result<Outcome, &'static str> {
    match given {
        WireOutcome::Unspecified => Err("must be given"),
        WireOutcome::Resolved => Ok(Outcome::Resolved),
        WireOutcome::NoIncident => Ok(Outcome::NoIncident),
        WireOutcome::HandedOn => Ok(Outcome::HandedOn),
    }
}

fn wire_state(state: IncidentState) -> WireState {
    match state {
        IncidentState::Reported => WireState::Reported,
        IncidentState::Acknowledged => WireState::Acknowledged,
        IncidentState::Acted => WireState::Acted,
        IncidentState::Closed => WireState::Closed,
    }
}

fn wire(opened: Opened) -> Incident {
    let incident = opened.incident;
    let kind = match incident.kind {
        Kind::NoAccess => WireKind::NoAccess,
        Kind::AccountMisused => WireKind::AccountMisused,
        Kind::DataWrong => WireKind::DataWrong,
        Kind::DataLeaked => WireKind::DataLeaked,
        Kind::SystemFault => WireKind::SystemFault,
        Kind::Other => WireKind::Other,
    };
    let outcome = match incident.outcome {
        None => WireOutcome::Unspecified,
        Some(Outcome::Resolved) => WireOutcome::Resolved,
        Some(Outcome::NoIncident) => WireOutcome::NoIncident,
        Some(Outcome::HandedOn) => WireOutcome::HandedOn,
    };
    let steps = incident
        .steps
        .into_iter()
        .zip(opened.notes)
        .map(|(step, note)| Step {
            state: wire_state(step.state).into(),
            actor: event::account_name(step.actor),
            act_time: Some(to_timestamp(step.at)),
            note,
        });
    Incident {
        name: app::incident::name(&opened.school, incident.id),
        kind: kind.into(),
        description: opened.description,
        reporter: incident.reporter.map(event::account_name).unwrap_or_default(),
        contact: opened.contact,
        state: wire_state(incident.state).into(),
        outcome: outcome.into(),
        report_time: Some(to_timestamp(incident.reported_at)),
        steps: steps.collect(),
    }
}
