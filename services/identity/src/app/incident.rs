//! ReportIncident, ReportIncidentWithoutSignIn, AcknowledgeIncident, RecordIncidentAction, CloseIncident, GetIncident,
//! ListIncidents.

use hocba_chassis::{caller::Caller, clock};
use hocba_policy::Resource;
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    ask::{Begun, SealedAsk},
    attempt, event,
    school::{authorized, resource_of_home},
};
use crate::{
    error::{Error, Result},
    model::{
        home::Home,
        incident::{self, Act, Incident, Kind, Outcome, State as IncidentState},
        slug::Slug,
    },
    state::State,
    store::{self, incident::Filter},
};

/// What is reported.
pub struct Report {
    /// In which school.
    pub school: Slug,
    /// What it is about.
    pub kind: Kind,
    /// What happened.
    pub description: String,
}

/// An incident in words, as it is shown.
pub struct Opened {
    /// In which school.
    pub school: Slug,
    /// It, sealed.
    pub incident: Incident,
    /// What happened.
    pub description: String,
    /// How to reach who reported it without signing in.
    pub contact: String,
    /// What was done, by place.
    pub notes: Vec<String>,
}

/// Which incidents are asked for.
pub struct Asked {
    /// In which school.
    pub school: Slug,
    /// Only those in this state.
    pub state: Option<IncidentState>,
    /// Only those the caller reported.
    pub own: bool,
}

/// Reports an incident as the person signed in.
pub async fn report_incident(state: &State, ask: SealedAsk<'_>, report: Report) -> Result<Opened> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ReportIncident";
    let by = ask.caller.person()?.account;
    authorized(state, ask.caller, RPC, &report.school).await?;
    take(state, ask, RPC, report, Reporter::Account(by)).await
}

/// Reports an incident as somebody who cannot sign in. Says nothing about anybody: what is given is written down and
/// looked up nowhere. The address is throttled.
pub async fn report_incident_without_sign_in(
    state: &State,
    ask: SealedAsk<'_>,
    report: Report,
    contact: String,
) -> Result<OffsetDateTime> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ReportIncidentWithoutSignIn";
    state.policy.authorize(ask.caller, RPC, &Resource::deployment())?;
    let address = ask
        .caller
        .client_address
        .map(|address| address.to_canonical().to_string());
    match attempt::admit(state, "incident", &address.unwrap_or_default()).await {
        Err(Error::AttemptsThrottled { wait }) => return Err(Error::ReportsThrottled { wait }),
        other => other?,
    };
    let mut db = state.begin(&Home::School(report.school.clone())).await?;
    store::school::find(&mut db, &report.school)
        .await?
        .ok_or(Error::SchoolUnknown)?;
    drop(db);
    let taken = take(state, ask, RPC, report, Reporter::Contact(contact)).await?;
    Ok(taken.incident.reported_at)
}

enum Reporter {
    Account(Uuid),
    Contact(String),
}

async fn take(
    state: &State,
    ask: SealedAsk<'_>,
    rpc: &'static str,
    report: Report,
    reporter: Reporter,
) -> Result<Opened> {
    let Report {
        school,
        kind,
        description,
    } = report;
    let home = Home::School(school.clone());
    let mut tx = match ask.begin(state, &home, rpc).await? {
        Begun::First(tx) => tx,
        Begun::Again(id) => return again(state, &school, &id).await,
    };
    let id = clock::new_id();
    let (by, contact) = match reporter {
        Reporter::Account(account) => (Some(account), None),
        Reporter::Contact(contact) => (
            None,
            Some(state.vault.seal_words(&part(&school, id, "contact"), &contact)?),
        ),
    };
    let incident = Incident {
        id,
        kind,
        description: state
            .vault
            .seal_words(&part(&school, id, "description"), &description)?,
        reporter: by,
        contact,
        state: IncidentState::Reported,
        outcome: None,
        reported_at: state.clock.now(),
        steps: Vec::new(),
    };
    store::incident::insert(&mut tx, &school, &incident).await?;
    let facts = json!({ "kind": kind.as_str(), "signed_in": by.is_some() });
    event::put(
        state,
        &mut tx,
        &home,
        by,
        name(&school, id),
        "incident.reported",
        facts,
    )
    .await?;
    ask.finish(tx, id).await?;
    open(state, school, incident)
}

/// Takes notice of an incident, records what was done, or closes it.
pub async fn act(
    state: &State,
    ask: SealedAsk<'_>,
    (school, id): (Slug, Uuid),
    act: Act,
    note: String,
) -> Result<Opened> {
    let rpc = match act {
        Act::Acknowledge => "hocba.identity.v1.IdentityService/AcknowledgeIncident",
        Act::Record => "hocba.identity.v1.IdentityService/RecordIncidentAction",
        Act::Close(_) => "hocba.identity.v1.IdentityService/CloseIncident",
    };
    let by = ask.caller.person()?.account;
    let home = authorized(state, ask.caller, rpc, &school).await?;
    let mut tx = match ask.begin(state, &home, rpc).await? {
        Begun::First(tx) => tx,
        Begun::Again(id) => return again(state, &school, &id).await,
    };
    store::incident::lock(&mut tx, &school, id).await?;
    let mut incident = find(&mut tx, &school, id).await?;
    let to = incident
        .state
        .after(act)
        .ok_or(Error::IncidentState(incident.state))?;
    let place = i32::try_from(incident.steps.len()).unwrap_or(i32::MAX);
    let step = incident::Step {
        state: to,
        actor: by,
        at: state.clock.now(),
        note: state.vault.seal_words(&step_part(&school, id, place), &note)?,
    };
    incident.state = to;
    incident.outcome = match act {
        Act::Close(outcome) => Some(outcome),
        Act::Acknowledge | Act::Record => None,
    };
    store::incident::act(&mut tx, &school, id, (place, &step), incident.outcome).await?;
    incident.steps.push(step);
    let kind = match act {
        Act::Acknowledge => "incident.acknowledged",
        Act::Record => "incident.acted",
        Act::Close(_) => "incident.closed",
    };
    let facts = json!({ "outcome": incident.outcome.map(Outcome::as_str) });
    event::put(state, &mut tx, &home, Some(by), name(&school, id), kind, facts).await?;
    ask.finish(tx, id).await?;
    open(state, school, incident)
}

/// Answers an incident: to its reporter, and to who follows incidents up.
pub async fn get_incident(state: &State, caller: &Caller, school: Slug, id: Uuid) -> Result<Opened> {
    const RPC: &str = "hocba.identity.v1.IdentityService/GetIncident";
    let person = caller.person()?;
    let home = Home::School(school.clone());
    let mut db = state.begin(&home).await?;
    let found = match find(&mut db, &school, id).await {
        // Somebody else's is answered like one that is not there; one that cannot be read is neither.
        Err(Error::IncidentUnknown) => None,
        read => Some(read?),
    };
    let own = found
        .as_ref()
        .is_some_and(|incident| incident.reporter == Some(person.account));
    let resource = resource_of_home(&mut db, &home).await?.relation_if("self", own);
    state.policy.authorize(caller, RPC, &resource)?;
    open(state, school, found.ok_or(Error::IncidentUnknown)?)
}

/// Lists incidents: one's own, or a school's.
pub async fn list_incidents(
    state: &State,
    caller: &Caller,
    asked: Asked,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Opened>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListIncidents";
    let person = caller.person()?;
    let home = Home::School(asked.school.clone());
    let mut db = state.begin(&home).await?;
    let resource = resource_of_home(&mut db, &home)
        .await?
        .relation_if("self", asked.own);
    state.policy.authorize(caller, RPC, &resource)?;
    let filter = Filter {
        only: None,
        state: asked.state,
        reporter: asked.own.then_some(person.account),
        after,
    };
    let found = store::incident::list(&mut db, &asked.school, filter, limit).await?;
    found
        .into_iter()
        .map(|incident| open(state, asked.school.clone(), incident))
        .collect()
}

/// What a repeated request answers: the incident as it is by now.
async fn again(state: &State, school: &Slug, id: &str) -> Result<Opened> {
    let id = id.parse().map_err(|_| Error::Damaged("once.answer"))?;
    let mut db = state.begin(&Home::School(school.clone())).await?;
    let incident = find(&mut db, school, id).await?;
    open(state, school.clone(), incident)
}

async fn find(db: &mut PgConnection, school: &Slug, id: Uuid) -> Result<Incident> {
    let filter = Filter {
        only: Some(id),
        ..Filter::default()
    };
    let found = store::incident::list(db, school, filter, 1).await?;
    found.into_iter().next().ok_or(Error::IncidentUnknown)
}

fn open(state: &State, school: Slug, incident: Incident) -> Result<Opened> {
    let words = |place: &str, sealed: &[u8]| state.vault.open_words(place, sealed);
    let id = incident.id;
    let notes = (0..)
        .zip(&incident.steps)
        .map(|(place, step)| Ok(words(&step_part(&school, id, place), &step.note)?));
    Ok(Opened {
        notes: notes.collect::<Result<_>>()?,
        description: words(&part(&school, id, "description"), &incident.description)?,
        contact: match &incident.contact {
            Some(contact) => words(&part(&school, id, "contact"), contact)?,
            None => String::new(),
        },
        school,
        incident,
    })
}

/// `schools/{school}/incidents/{incident}`.
pub fn name(school: &Slug, id: Uuid) -> String {
    format!("schools/{school}/incidents/{id}")
}

fn part(school: &Slug, id: Uuid, field: &str) -> String {
    format!("{}/{field}", name(school, id))
}

fn step_part(school: &Slug, id: Uuid, place: i32) -> String {
    format!("{}/steps/{place}", name(school, id))
}
