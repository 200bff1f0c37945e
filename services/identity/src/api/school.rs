//! Schools on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    CreateSchoolRequest, GetSchoolRequest, ListSchoolsRequest, ListSchoolsResponse, School,
};
use tonic::{Request, Response};

use super::{Answer, form::Form, name, paging::Paging};
use crate::{
    app::{self, ask::Ask, school::NewSchool},
    model::{school as model, slug::Slug, text},
    state::State,
};

/// CreateSchool.
pub async fn create_school(state: &State, request: Request<CreateSchoolRequest>) -> Answer<School> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let new = read(&request)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(app::school::create_school(state, ask, new).await?))
}

fn read(request: &CreateSchoolRequest) -> Result<NewSchool, crate::error::Error> {
    let given = request.school.clone().unwrap_or_default();
    let mut form = Form::default();
    let id = form.take("school_id", Slug::parse(&request.school_id));
    let authority = form.take("school.authority", name::authority(&given.authority));
    let code = form.take("school.code", text::required(&given.code, 30));
    let display_name = form.take("school.display_name", text::required(&given.display_name, 200));
    let commune = form.take("school.commune", text::optional(&given.commune, 200));
    let province = form.take("school.province", text::optional(&given.province, 200));
    let read = (|| {
        Some(NewSchool {
            id: id?,
            authority: authority?,
            code: code?,
            display_name: display_name?,
            commune: commune?,
            province: province?,
        })
    })();
    form.finish(read)
}

/// GetSchool.
pub async fn get_school(state: &State, request: Request<GetSchoolRequest>) -> Answer<School> {
    let caller = Caller::of(&request)?;
    let mut form = Form::default();
    let id = form.take("name", name::school(&request.get_ref().name));
    let id = form.finish(id)?;
    Ok(Response::new(wire(
        app::school::get_school(state, &caller, id).await?,
    )))
}

/// ListSchools.
pub async fn list_schools(
    state: &State,
    request: Request<ListSchoolsRequest>,
) -> Answer<ListSchoolsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let authority = match request.authority.as_str() {
        "" => Some(None),
        given => form.take("authority", name::authority(given)).map(Some),
    };
    let authority = form.finish(authority)?;
    let paging = Paging::read(
        "ListSchools",
        &request.authority,
        request.page_size,
        &request.page_token,
    )?;
    let after = paging.after().unwrap_or_default();
    let found = app::school::list_schools(state, &caller, authority, after, paging.limit()).await?;
    let (schools, next_page_token) = paging.cut(found, |school| school.id.to_string());
    Ok(Response::new(ListSchoolsResponse {
        schools: schools.into_iter().map(wire).collect(),
        next_page_token,
    }))
}

fn wire(school: model::School) -> School {
    School {
        name: format!("schools/{}", school.id),
        code: school.code,
        display_name: school.display_name,
        commune: school.commune,
        province: school.province,
        authority: format!("authorities/{}", school.authority),
        create_time: Some(to_timestamp(school.created_at)),
    }
}
