//! Groups on the wire.

use std::collections::BTreeSet;

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    CloseGroupRequest, CreateGroupRequest, GetGroupRequest, Group, ListGroupsRequest, ListGroupsResponse,
    UpdateGroupRequest, group::Kind as WireKind,
};
use tonic::{Request, Response};

use super::{Answer, form::Form, name, paging::Paging, people};
use crate::{
    app::{self, ask::Ask, event, staff_group::Placed},
    model::{
        staff_group::{Kind, MOST_MEMBERS, Shape},
        text,
    },
    state::State,
};

/// CreateGroup.
pub async fn create_group(state: &State, request: Request<CreateGroupRequest>) -> Answer<Group> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let given = request.group.clone().unwrap_or_default();
    let mut form = Form::default();
    let school = form.take("parent", name::school(&request.parent));
    let kind = form.take("group.kind", kind(given.kind()));
    let shape = shape(
        &mut form,
        "group.",
        (&given.display_name, &given.head, &given.members),
    );
    let ((school, kind), shape) = form.finish(school.zip(kind).zip(shape))?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    let group = app::staff_group::create_group(state, ask, school, kind, shape).await?;
    Ok(Response::new(group))
}

/// UpdateGroup.
pub async fn update_group(state: &State, request: Request<UpdateGroupRequest>) -> Answer<Group> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let named = form.take("name", name::of_school(&request.name, "groups"));
    let shape = shape(
        &mut form,
        "",
        (&request.display_name, &request.head, &request.members),
    );
    let etag = form.take("etag", name::etag(&request.etag));
    let ((named, shape), etag) = form.finish(named.zip(shape).zip(etag))?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    let group = app::staff_group::update_group(state, ask, named, shape, etag).await?;
    Ok(Response::new(group))
}

fn kind(given: WireKind) -> Result<Kind, &'static str> {
    match given {
        WireKind::Unspecified => Err("must be given"),
        WireKind::Department => Ok(Kind::Department),
        WireKind::Team => Ok(Kind::Team),
        WireKind::Group => Ok(Kind::Group),
    }
}

fn shape(
    form: &mut Form,
    prefix: &str,
    (display_name, head, members): (&str, &str, &[String]),
) -> Option<Shape> {
    let display_name = form.take(
        &format!("{prefix}display_name"),
        text::required(display_name, 200),
    );
    let names = members.iter().map(String::as_str);
    let members: BTreeSet<_> = people::members(form, &format!("{prefix}members"), names, (0, MOST_MEMBERS))?;
    let head = match head {
        "" => Some(None),
        head => people::head(form, &format!("{prefix}head"), head, &members).map(Some),
    };
    Some(Shape {
        display_name: display_name?,
        head: head?,
        members,
    })
}

/// CloseGroup.
pub async fn close_group(state: &State, request: Request<CloseGroupRequest>) -> Answer<Group> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let named = form.take("name", name::of_school(&request.name, "groups"));
    let (school, id) = form.finish(named)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    let group = app::staff_group::close_group(state, ask, school, id).await?;
    Ok(Response::new(group))
}

/// GetGroup.
pub async fn get_group(state: &State, request: Request<GetGroupRequest>) -> Answer<Group> {
    let caller = Caller::of(&request)?;
    let mut form = Form::default();
    let named = form.take("name", name::of_school(&request.get_ref().name, "groups"));
    let (school, id) = form.finish(named)?;
    let placed = app::staff_group::get_group(state, &caller, school, id).await?;
    Ok(Response::new(wire(placed)))
}

/// ListGroups.
pub async fn list_groups(state: &State, request: Request<ListGroupsRequest>) -> Answer<ListGroupsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, paging) = Paging::of(
        "ListGroups",
        (&request.parent, name::school),
        request.page_size,
        &request.page_token,
    )?;
    let (after, limit) = (paging.after_id()?, paging.limit());
    let found = app::staff_group::list_groups(state, &caller, school, after, limit).await?;
    let (found, next_page_token) = paging.cut(found, |placed| placed.group.id.to_string());
    Ok(Response::new(ListGroupsResponse {
        groups: found.into_iter().map(wire).collect(),
        next_page_token,
    }))
}

fn wire(placed: Placed) -> Group {
    let Placed { school, group } = placed;
    let kind = match group.kind {
        Kind::Department => WireKind::Department,
        Kind::Team => WireKind::Team,
        Kind::Group => WireKind::Group,
    };
    Group {
        name: app::staff_group::name(&school, group.id),
        kind: kind.into(),
        display_name: group.display_name,
        head: group.head.map(event::account_name).unwrap_or_default(),
        members: group.members.into_iter().map(event::account_name).collect(),
        etag: group.etag.to_string(),
        create_time: Some(to_timestamp(group.created_at)),
        close_time: group.closed_at.map(to_timestamp),
    }
}
