//! Roles of groups on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    GrantGroupRoleRequest, GroupRoleBinding, ListGroupRoleBindingsRequest, ListGroupRoleBindingsResponse,
    RevokeGroupRoleRequest,
};
use tonic::{Request, Response};

use super::{Answer, account::role, form::Form, name, paging::Paging};
use crate::{
    app::{
        self,
        ask::Ask,
        event,
        staff_group_role::{NewGroupRole, Placed},
    },
    model::day,
    state::State,
};

/// GrantGroupRole.
pub async fn grant_group_role(
    state: &State,
    request: Request<GrantGroupRoleRequest>,
) -> Answer<GroupRoleBinding> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let named = form.take("parent", name::of_school(&request.parent, "groups"));
    let new = read(&mut form, &request.role_binding.clone().unwrap_or_default());
    let (named, new) = form.finish(named.zip(new))?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    let binding = app::staff_group_role::grant_group_role(state, ask, named, new).await?;
    Ok(Response::new(binding))
}

fn read(form: &mut Form, given: &GroupRoleBinding) -> Option<NewGroupRole> {
    let role = form.take("role_binding.role", role(&given.role));
    let start = form.take("role_binding.start_date", day::parse(&given.start_date));
    let end = form.take("role_binding.end_date", day::parse(&given.end_date));
    if let (Some(Some(start)), Some(Some(end))) = (start, end)
        && end < start
    {
        form.note("role_binding.end_date", "must not be before start_date");
    }
    Some(NewGroupRole {
        role: role?,
        start: start?,
        end: end?,
    })
}

/// RevokeGroupRole.
pub async fn revoke_group_role(
    state: &State,
    request: Request<RevokeGroupRoleRequest>,
) -> Answer<GroupRoleBinding> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let named = form.take("name", name::group_role(&request.name));
    let (school, group, id) = form.finish(named)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    let binding = app::staff_group_role::revoke_group_role(state, ask, school, group, id).await?;
    Ok(Response::new(binding))
}

/// ListGroupRoleBindings.
pub async fn list_group_role_bindings(
    state: &State,
    request: Request<ListGroupRoleBindingsRequest>,
) -> Answer<ListGroupRoleBindingsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let named = form.take("parent", name::of_school(&request.parent, "groups"));
    let named = form.finish(named)?;
    let paging = Paging::read(
        "ListGroupRoleBindings",
        &request.parent,
        request.page_size,
        &request.page_token,
    )?;
    let (after, limit) = (paging.after_id()?, paging.limit());
    let found = app::staff_group_role::list_group_role_bindings(state, &caller, named, after, limit).await?;
    let (found, next_page_token) = paging.cut(found, |placed| placed.role.id.to_string());
    Ok(Response::new(ListGroupRoleBindingsResponse {
        role_bindings: found.into_iter().map(wire).collect(),
        next_page_token,
    }))
}

fn wire(placed: Placed) -> GroupRoleBinding {
    let Placed {
        school,
        group,
        role,
        today,
    } = placed;
    GroupRoleBinding {
        name: format!(
            "{}/roleBindings/{}",
            app::staff_group::name(&school, group),
            role.id
        ),
        role: role.role.as_str().to_owned(),
        start_date: day::text(role.start),
        end_date: role.end.map(day::text).unwrap_or_default(),
        grantor: event::account_name(role.granted_by),
        grant_time: Some(to_timestamp(role.granted_at)),
        revoke_time: role.revoked_at.map(to_timestamp),
        in_force: role.in_force(today),
    }
}
