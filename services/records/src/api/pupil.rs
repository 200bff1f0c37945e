//! Pupils on the wire.

use hocba_chassis::{Caller, Failure};
use hocba_proto::records::{
    self as wire, CreatePupilRequest, GetPupilRequest, ListIncompletePupilsRequest,
    ListIncompletePupilsResponse, ListPupilsRequest, ListPupilsResponse, ListStudyYearsRequest,
    ListStudyYearsResponse, LookUpPupilRequest, UpdatePupilRequest,
};
use tonic::{Request, Response};

use super::{Answer, name};
use crate::{
    app::{self, Ask, pupil_change::Change},
    model::{
        ethnic_group,
        pupil::{Cv, Identity, Page, StudyYear, Unit},
    },
    state::State,
    store::pupil::Pupil,
};

/// A pupil's resource name.
pub(super) const PATTERN: &str = "schools/{school}/pupils/{pupil}";

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
    let (school, id) = name::child("name", PATTERN, &request.get_ref().name)?;
    let (pupil, year) = app::pupil::get_pupil(state, &caller, &school, id).await?;
    Ok(Response::new(answer(&school, &year, pupil)))
}

pub(super) async fn look_up_pupil(
    state: &State,
    request: Request<LookUpPupilRequest>,
) -> Answer<wire::Pupil> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let school = name::school("parent", &request.parent)?;
    let (pupil, year) =
        app::pupil::look_up_pupil(state, &caller, &school, request.personal_id.trim()).await?;
    Ok(Response::new(answer(&school, &year, pupil)))
}

pub(super) async fn create_pupil(state: &State, request: Request<CreatePupilRequest>) -> Answer<wire::Pupil> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year, class) = name::class("parent", &request.parent)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let page = page(request.pupil.clone().unwrap_or_default());
    let made = app::pupil_change::create_pupil(state, ask, (&school, &year, &class), page).await?;
    Ok(Response::new(answer(&school, &year, made)))
}

pub(super) async fn update_pupil(state: &State, request: Request<UpdatePupilRequest>) -> Answer<wire::Pupil> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let given = request.pupil.clone().unwrap_or_default();
    let (school, id) = name::child("pupil.name", PATTERN, &given.name)?;
    let etag = match given.etag.as_str() {
        "" => 0,
        text => text
            .parse()
            .map_err(|_| Failure::bad_request("pupil.etag", "không đúng dạng"))?,
    };
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let change = Change {
        id,
        page: page(given),
        paths: request.update_mask.clone().unwrap_or_default().paths,
        etag,
    };
    let (now, year) = app::pupil_change::update_pupil(state, ask, &school, change).await?;
    Ok(Response::new(answer(&school, &year, now)))
}

pub(super) async fn list_incomplete_pupils(
    state: &State,
    request: Request<ListIncompletePupilsRequest>,
) -> Answer<ListIncompletePupilsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = name::year("parent", &request.parent)?;
    let class = name::class_of_year("class", (&school, &year), &request.class)?;
    let (pupils, count) =
        app::pupil::list_incomplete_pupils(state, &caller, (&school, &year), class.as_deref()).await?;
    let pupils = pupils.into_iter().map(|it| wire::IncompletePupil {
        name: format!("schools/{school}/pupils/{}", it.id),
        display_name: it.display_name,
        class: format!("schools/{school}/years/{year}/classes/{}", it.class),
        missing_fields: it.missing.into_iter().map(str::to_owned).collect(),
    });
    Ok(Response::new(ListIncompletePupilsResponse {
        pupils: pupils.collect(),
        pupil_count: i32::try_from(count).unwrap_or(i32::MAX),
    }))
}

pub(super) async fn list_study_years(
    state: &State,
    request: Request<ListStudyYearsRequest>,
) -> Answer<ListStudyYearsResponse> {
    let caller = Caller::of(&request)?;
    let (school, id) = name::child("parent", PATTERN, &request.get_ref().parent)?;
    let (earlier, own) = app::pupil::list_study_years(state, &caller, &school, id).await?;
    let earlier = earlier.into_iter().map(|year| study_year(year, false));
    let own = own.into_iter().map(|year| study_year(year, true));
    Ok(Response::new(ListStudyYearsResponse {
        study_years: earlier.chain(own).collect(),
    }))
}

pub(super) fn answer(school: &str, year: &str, pupil: Pupil) -> wire::Pupil {
    let Page { identity, cv } = pupil.page;
    wire::Pupil {
        name: format!("schools/{school}/pupils/{}", pupil.id),
        class: pupil
            .class
            .map(|class| format!("schools/{school}/years/{year}/classes/{class}"))
            .unwrap_or_default(),
        disability: identity.disability.clone(),
        religion: cv.religion,
        learner_code: cv.learner_code,
        birthplace_unit: cv.birthplace_unit.map(wire_unit),
        home_place_unit: cv.home_place_unit.map(wire_unit),
        address_unit: cv.address_unit.map(wire_unit),
        earlier_years: cv
            .earlier_years
            .into_iter()
            .map(|it| study_year(it, false))
            .collect(),
        ethnic_group_code: ethnic_group::code(&identity.ethnic_group)
            .unwrap_or_default()
            .to_owned(),
        etag: pupil.etag.to_string(),
        identity: Some(wire_identity(identity)),
    }
}

pub(super) fn wire_identity(identity: Identity) -> wire::Identity {
    wire::Identity {
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
    }
}

fn page(given: wire::Pupil) -> Page {
    let identity = given.identity.unwrap_or_default();
    Page {
        identity: Identity {
            pupil_code: identity.pupil_code,
            personal_id: Some(identity.personal_id).filter(|id| !id.is_empty()),
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
            disability: given.disability,
        },
        cv: Cv {
            religion: given.religion,
            learner_code: given.learner_code,
            birthplace_unit: given.birthplace_unit.map(unit),
            home_place_unit: given.home_place_unit.map(unit),
            address_unit: given.address_unit.map(unit),
            earlier_years: given
                .earlier_years
                .into_iter()
                .map(|it| StudyYear {
                    year: it.school_year,
                    class: it.class,
                    school: it.school,
                    register_number: it.register_number,
                    entry_date: it.entry_date,
                })
                .collect(),
        },
    }
}

fn unit(given: wire::AdministrativeUnit) -> Unit {
    Unit {
        code: given.code,
        name: given.display_name,
        valid_on: given.valid_on,
        province: given.province_code,
    }
}

fn wire_unit(unit: Unit) -> wire::AdministrativeUnit {
    wire::AdministrativeUnit {
        code: unit.code,
        display_name: unit.name,
        valid_on: unit.valid_on,
        province_code: unit.province,
    }
}

fn study_year(year: StudyYear, own: bool) -> wire::StudyYear {
    wire::StudyYear {
        school_year: year.year,
        class: year.class,
        school: year.school,
        register_number: year.register_number,
        entry_date: year.entry_date,
        own,
    }
}
