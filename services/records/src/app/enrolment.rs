//! UpdateEnrolment: what the homeroom teacher keeps beside the marks (A8.2).

use hocba_fence::{Semester, Term};
use prost::Message;
use serde_json::json;

use super::{Ask, Turn, keep, pupil::class_of, tell, turn};
use crate::{
    error::Error,
    state::State,
    store::{
        absence,
        enrolment::{self, Enrolment},
    },
};

/// UpdateEnrolment.
pub async fn update_enrolment<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year): (&str, &str),
    new: Enrolment,
) -> Result<Enrolment, Error> {
    let mut tx = state.begin(school).await?;
    let found = enrolment::list(&mut tx, school, year, None, Some(new.pupil))
        .await?
        .pop();
    let class = found
        .as_ref()
        .map(|found| found.class.clone())
        .unwrap_or_default();
    let (resource, _) = class_of(&mut tx, ask.caller, school, year, &class).await?;
    state.authorize(ask.caller, "UpdateEnrolment", &resource)?;
    let found = found.ok_or(Error::PupilUnknown)?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "UpdateEnrolment").await? {
        hocba_fence::check(&mut tx, &Term::marks(school, year, Semester::Two)).await?;
        // Once a month is recorded the sums are not ours to set.
        let sums = |it: &Enrolment| (it.absences_with_leave, it.absences_without_leave);
        if sums(&found) != sums(&new) && absence::is_by_month(&mut tx, school, year, new.pupil).await? {
            return Err(Error::AbsencesByMonth);
        }
        if !enrolment::update(&mut tx, school, year, &new).await? {
            return Err(Error::EtagMismatch);
        }
        let subject = format!("schools/{school}/years/{year}/pupils/{}", new.pupil);
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            subject,
            "enrolment.updated",
            json!({}),
        )
        .await?;
        keep(&mut tx, &ticket, &new.pupil.to_string()).await?;
    }
    let now = enrolment::list(&mut tx, school, year, None, Some(new.pupil))
        .await?
        .pop();
    tx.commit().await?;
    now.ok_or(Error::PupilUnknown)
}
