//! Pupils on the wire.

use hocba_chassis::Caller;
use hocba_proto::records::{self as wire, GetPupilRequest, Identity, ListPupilsRequest, ListPupilsResponse};
use tonic::{Request, Response};

use super::{Answer, name};
use crate::{app, state::State, store::pupil::Pupil};

pub(super) async fn list_pupils(
    state: &State,
    request: Request<ListPupilsRequest>,
) -> Answer<ListPupilsResponse> {
    let caller = Caller::of(&request)?;
    let (school, year, class) = name::class("parent", &request.get_ref().parent)?;
    let pupils = app::pupil::list_pupils(state, &caller, &school, &year, &class).await?;
    let pupils = pupils
        .into_iter()
        .map(|pupil| answer(&school, &year, pupil))
        .collect();
    Ok(Response::new(ListPupilsResponse { pupils }))
}

pub(super) async fn get_pupil(state: &State, request: Request<GetPupilRequest>) -> Answer<wire::Pupil> {
    let caller = Caller::of(&request)?;
    let (school, id) = name::child("name", "schools/{school}/pupils/{pupil}", &request.get_ref().name)?;
    let (pupil, year) = app::pupil::get_pupil(state, &caller, &school, id).await?;
    Ok(Response::new(answer(&school, &year, pupil)))
}

fn answer(school: &str, year: &str, pupil: Pupil) -> wire::Pupil {
    let identity = pupil.identity;
    wire::Pupil {
        name: format!("schools/{school}/pupils/{}", pupil.id),
        class: pupil
            .class
            .map(|class| format!("schools/{school}/years/{year}/classes/{class}"))
            .unwrap_or_default(),
        disability: identity.disability,
        identity: Some(Identity {
            pupil_code: identity.pupil_code,
            personal_id: identity.personal_id.unwrap_or_default(),
            display_name: identity.display_name,
            sex: identity.sex,
            birth_date: identity.birth_date,
            ethnic_group: identity.ethnic_group,
            nationality: identity.nationality,
            birthplace: identity.birthplace,
            home_place: identity.home_place,
            address: identity.address,
            father: identity.father,
            mother: identity.mother,
            guardian: identity.guardian,
            register_number: identity.register_number,
            entry_date: identity.entry_date,
        }),
    }
}
