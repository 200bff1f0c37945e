//! Working groups on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    CreateWorkingGroupRequest, EndWorkingGroupRequest, GetWorkingGroupRequest, ListWorkingGroupsRequest,
    ListWorkingGroupsResponse, UpdateWorkingGroupRequest, WorkingGroup,
    working_group::{Member as WireMember, State as WireState},
};
use tonic::{Request, Response};

use super::{Answer, form::Form, name, paging::Paging, people};
use crate::{
    app::{
        self,
        ask::Ask,
        event,
        working_group::{Change, NewWorkingGroup, People, Placed},
    },
    model::{
        day,
        role_binding::Decision,
        text,
        working_group::{LONGEST_DAYS, MOST_MEMBERS, Member, State as GroupState},
    },
    state::State,
};

/// CreateWorkingGroup.
pub async fn create_working_group(
    state: &State,
    request: Request<CreateWorkingGroupRequest>,
) -> Answer<WorkingGroup> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let new = read(state, &mut form, &request);
    let new = form.finish(new)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    let group = app::working_group::create_working_group(state, ask, new).await?;
    Ok(Response::new(group))
}

fn read(state: &State, form: &mut Form, request: &CreateWorkingGroupRequest) -> Option<NewWorkingGroup> {
    let given = request.working_group.clone().unwrap_or_default();
    let school = form.take("parent", name::school(&request.parent));
    let numbered = (given.decision_number.as_str(), given.decision_date.as_str());
    let decision = decision(form, "working_group.", numbered);
    let start = form.take("working_group.start_date", day::parse(&given.start_date));
    let end = day::parse(&given.end_date).and_then(|end| end.ok_or("must be given"));
    let end = form.take("working_group.end_date", end);
    let people = people(form, "working_group.", &given.head, &given.members);
    if let (Some(start), Some(end)) = (start, end) {
        let days = (end - start.unwrap_or_else(|| day::of(state.clock.now()))).whole_days();
        if !(0..=LONGEST_DAYS).contains(&days) {
            form.note(
                "working_group.end_date",
                "must be 0 to 1830 days after start_date",
            );
        }
    }
    Some(NewWorkingGroup {
        school: school?,
        decision: decision?,
        start: start?,
        end: end?,
        people: people?,
    })
}

/// UpdateWorkingGroup.
pub async fn update_working_group(
    state: &State,
    request: Request<UpdateWorkingGroupRequest>,
) -> Answer<WorkingGroup> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let change = read_change(&mut form, &request);
    let change = form.finish(change)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    let group = app::working_group::update_working_group(state, ask, change).await?;
    Ok(Response::new(group))
}

fn read_change(form: &mut Form, request: &UpdateWorkingGroupRequest) -> Option<Change> {
    let named = form.take("name", name::of_school(&request.name, "workingGroups"));
    let numbered = (request.decision_number.as_str(), request.decision_date.as_str());
    let decision = decision(form, "", numbered);
    let people = people(form, "", &request.head, &request.members);
    let etag = form.take("etag", name::etag(&request.etag));
    let (school, id) = named?;
    Some(Change {
        school,
        id,
        decision: decision?,
        people: people?,
        etag: etag?,
    })
}

fn decision(form: &mut Form, prefix: &str, (number, date): (&str, &str)) -> Option<Decision> {
    let number = form.take(&format!("{prefix}decision_number"), text::required(number, 100));
    let date = day::parse(date).and_then(|date| date.ok_or("must be given"));
    let date = form.take(&format!("{prefix}decision_date"), date);
    Some(Decision {
        number: number?,
        date: Some(date?),
    })
}

fn people(form: &mut Form, prefix: &str, head: &str, given: &[WireMember]) -> Option<People> {
    let field = format!("{prefix}members");
    let accounts = given.iter().map(|member| member.account.as_str());
    let who = people::members(form, &field, accounts, (1, MOST_MEMBERS))?;
    let head = people::head(form, &format!("{prefix}head"), head, &who);
    let members: Option<Vec<_>> = given
        .iter()
        .map(|member| {
            Some(Member {
                account: name::account(&member.account).ok()?,
                duty: form.take(&field, text::required(&member.duty, 200))?,
            })
        })
        .collect();
    Some(People {
        head: head?,
        members: members?,
    })
}

/// EndWorkingGroup.
pub async fn end_working_group(
    state: &State,
    request: Request<EndWorkingGroupRequest>,
) -> Answer<WorkingGroup> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let named = form.take("name", name::of_school(&request.name, "workingGroups"));
    let (school, id) = form.finish(named)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    let group = app::working_group::end_working_group(state, ask, school, id).await?;
    Ok(Response::new(group))
}

/// GetWorkingGroup.
pub async fn get_working_group(
    state: &State,
    request: Request<GetWorkingGroupRequest>,
) -> Answer<WorkingGroup> {
    let caller = Caller::of(&request)?;
    let mut form = Form::default();
    let named = form.take("name", name::of_school(&request.get_ref().name, "workingGroups"));
    let (school, id) = form.finish(named)?;
    let placed = app::working_group::get_working_group(state, &caller, school, id).await?;
    Ok(Response::new(wire(placed)))
}

/// ListWorkingGroups.
pub async fn list_working_groups(
    state: &State,
    request: Request<ListWorkingGroupsRequest>,
) -> Answer<ListWorkingGroupsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, paging) = Paging::of(
        "ListWorkingGroups",
        (&request.parent, name::school),
        request.page_size,
        &request.page_token,
    )?;
    let (after, limit) = (paging.after_id()?, paging.limit());
    let found = app::working_group::list_working_groups(state, &caller, school, after, limit).await?;
    let (found, next_page_token) = paging.cut(found, |placed| placed.group.id.to_string());
    Ok(Response::new(ListWorkingGroupsResponse {
        working_groups: found.into_iter().map(wire).collect(),
        next_page_token,
    }))
}

fn wire(placed: Placed) -> WorkingGroup {
    let Placed { school, group, today } = placed;
    let state = match group.state(today) {
        GroupState::Planned => WireState::Planned,
        GroupState::InForce => WireState::InForce,
        GroupState::Ended => WireState::Ended,
    };
    let member = |member: Member| WireMember {
        account: event::account_name(member.account),
        duty: member.duty,
    };
    WorkingGroup {
        name: format!("schools/{school}/workingGroups/{}", group.id),
        decision_number: group.decision.number,
        decision_date: group.decision.date.map(day::text).unwrap_or_default(),
        start_date: day::text(group.start),
        end_date: day::text(group.end),
        members: group.members.into_iter().map(member).collect(),
        head: event::account_name(group.head),
        etag: group.etag.to_string(),
        state: state.into(),
        creator: event::account_name(group.created_by),
        create_time: Some(to_timestamp(group.created_at)),
        end_time: group.ended_at.map(to_timestamp),
    }
}
