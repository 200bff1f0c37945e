//! Enrolments on the wire.

use hocba_chassis::{Caller, Failure, name as names};
use hocba_proto::records::{self as wire, UpdateEnrolmentRequest};
use tonic::{Request, Response};

use super::Answer;
use crate::{
    app::{self, Ask},
    state::State,
    store::enrolment::Enrolment,
};

pub(super) async fn update_enrolment(
    state: &State,
    request: Request<UpdateEnrolmentRequest>,
) -> Answer<wire::Enrolment> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let given = request.enrolment.clone().unwrap_or_default();
    let pattern = "schools/{school}/years/{year}/pupils/{pupil}";
    let [school, year, pupil] = names::parse("enrolment.name", pattern, &given.name)?;
    let small = |field: &str, number: i32, most: i16| {
        let parsed = i16::try_from(number)
            .ok()
            .filter(|number| (0..=most).contains(number));
        parsed.ok_or_else(|| Failure::bad_request(format!("enrolment.{field}"), format!("từ 0 đến {most}")))
    };
    let new = Enrolment {
        pupil: names::id("enrolment.name", &pupil)?,
        class: String::new(),
        left_on: None,
        height_cm: small("height_cm", given.height_cm, 250)?,
        weight_hg: small("weight_hg", given.weight_hg, 2000)?,
        absences_with_leave: small("absences_with_leave", given.absences_with_leave, 366)?,
        absences_without_leave: small("absences_without_leave", given.absences_without_leave, 366)?,
        etag: if given.etag.is_empty() {
            0
        } else {
            given.etag.parse().unwrap_or(-1)
        },
    };
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: &request,
    };
    let now = app::enrolment::update_enrolment(state, ask, (&school, &year), new).await?;
    Ok(Response::new(wire::Enrolment {
        name: given.name,
        class: format!("schools/{school}/years/{year}/classes/{}", now.class),
        height_cm: now.height_cm.into(),
        weight_hg: now.weight_hg.into(),
        absences_with_leave: now.absences_with_leave.into(),
        absences_without_leave: now.absences_without_leave.into(),
        etag: now.etag.to_string(),
    }))
}
