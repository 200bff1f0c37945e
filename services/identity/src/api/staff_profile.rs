//! Staff profiles on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    GetStaffProfileRequest, IncompleteStaff, ListIncompleteStaffRequest, ListIncompleteStaffResponse,
    StaffProfile, UpdateStaffProfileRequest, staff_profile::Sex as WireSex,
};
use time::Date;
use tonic::{Request, Response};

use super::{Answer, form::Form, name, paging::Paging};
use crate::{
    app::{self, ask::SealedAsk, event, staff_profile::Seen},
    model::{
        day,
        staff_profile::{self as model, Sex, past_day},
        text,
    },
    state::State,
};

/// GetStaffProfile.
pub async fn get_staff_profile(
    state: &State,
    request: Request<GetStaffProfileRequest>,
) -> Answer<StaffProfile> {
    let caller = Caller::of(&request)?;
    let mut form = Form::default();
    let account = form.take("name", name::staff_profile(&request.get_ref().name));
    let account = form.finish(account)?;
    let seen = app::staff_profile::get_staff_profile(state, &caller, account).await?;
    Ok(Response::new(wire(seen)))
}

/// UpdateStaffProfile.
pub async fn update_staff_profile(
    state: &State,
    request: Request<UpdateStaffProfileRequest>,
) -> Answer<StaffProfile> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let given = request.staff_profile.clone().unwrap_or_default();
    let mut form = Form::default();
    let account = form.take("staff_profile.name", name::staff_profile(&given.name));
    let etag = form.take("staff_profile.etag", name::etag(&given.etag));
    let profile = read(&mut form, &given, day::of(state.clock.now()));
    let ((account, etag), profile) = form.finish(account.zip(etag).zip(profile))?;
    let body = state.vault.body(&request);
    let ask = SealedAsk::of(&caller, &body, &request.request_id);
    let seen = app::staff_profile::update_staff_profile(state, ask, account, profile, etag).await?;
    Ok(Response::new(wire(seen)))
}

fn read(form: &mut Form, given: &StaffProfile, today: Date) -> Option<model::StaffProfile> {
    let birth_date = form.take("staff_profile.birth_date", past_day(&given.birth_date, today));
    let sex = match given.sex() {
        WireSex::Unspecified => None,
        WireSex::Female => Some(Sex::Female),
        WireSex::Male => Some(Sex::Male),
    };
    let personal_id = form.take(
        "staff_profile.personal_id",
        model::personal_id(&given.personal_id),
    );
    let phone = form.take("staff_profile.phone", model::phone(&given.phone));
    let qualification = form.take(
        "staff_profile.qualification",
        text::optional(&given.qualification, 200),
    );
    let position = form.take("staff_profile.position", text::optional(&given.position, 200));
    let join_date = form.take("staff_profile.join_date", day::parse(&given.join_date));
    Some(model::StaffProfile {
        birth_date: birth_date?,
        sex,
        personal_id: personal_id?,
        phone: phone?,
        qualification: qualification?,
        position: position?,
        join_date: join_date?,
    })
}

/// ListIncompleteStaff.
pub async fn list_incomplete_staff(
    state: &State,
    request: Request<ListIncompleteStaffRequest>,
) -> Answer<ListIncompleteStaffResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, paging) = Paging::of(
        "ListIncompleteStaff",
        (&request.parent, name::school),
        request.page_size,
        &request.page_token,
    )?;
    let (after, limit) = (paging.after_id()?, paging.limit());
    let found = app::staff_profile::list_incomplete_staff(state, &caller, school, after, limit).await?;
    let (found, next_page_token) = paging.cut(found, |person| person.account.to_string());
    let staff = found.into_iter().map(|person| IncompleteStaff {
        account: event::account_name(person.account),
        display_name: person.display_name,
        missing_fields: person.missing.into_iter().map(str::to_owned).collect(),
    });
    Ok(Response::new(ListIncompleteStaffResponse {
        staff: staff.collect(),
        next_page_token,
    }))
}

fn wire(seen: Seen) -> StaffProfile {
    let profile = seen.profile;
    let sex = match profile.sex {
        None => WireSex::Unspecified,
        Some(Sex::Female) => WireSex::Female,
        Some(Sex::Male) => WireSex::Male,
    };
    StaffProfile {
        name: app::staff_profile::place(seen.account),
        birth_date: profile.birth_date.map(day::text).unwrap_or_default(),
        sex: sex.into(),
        personal_id: profile.personal_id,
        phone: profile.phone,
        qualification: profile.qualification,
        position: profile.position,
        join_date: profile.join_date.map(day::text).unwrap_or_default(),
        etag: seen.etag.to_string(),
        update_time: seen.updated_at.map(to_timestamp),
    }
}
