//! Role bindings on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    GrantRoleRequest, ListRoleBindingsRequest, ListRoleBindingsResponse, RevokeRoleRequest, RoleBinding,
};
use tonic::{Request, Response};

use super::{Answer, account::role, form::Form, name, paging::Paging};
use crate::{
    app::{self, ask::Ask, event, role_binding::Placed},
    model::{
        day,
        role_binding::{Decision, NewBinding},
        text,
    },
    state::State,
};

/// GrantRole.
pub async fn grant_role(state: &State, request: Request<GrantRoleRequest>) -> Answer<RoleBinding> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let account = form.take("parent", name::account(&request.parent));
    let new = read(&mut form, &request.role_binding.clone().unwrap_or_default());
    let (account, new) = form.finish(account.zip(new))?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(
        app::role_binding::grant_role(state, ask, account, new).await?,
    ))
}

fn read(form: &mut Form, given: &RoleBinding) -> Option<NewBinding> {
    let role = form.take("role_binding.role", role(&given.role));
    let start = form.take("role_binding.start_date", day::parse(&given.start_date));
    let end = form.take("role_binding.end_date", day::parse(&given.end_date));
    let date = form.take("role_binding.decision_date", day::parse(&given.decision_date));
    let number = form.take(
        "role_binding.decision_number",
        text::optional(&given.decision_number, 100),
    );
    let duty = form.take("role_binding.duty", text::optional(&given.duty, 200));
    if let (Some(Some(start)), Some(Some(end))) = (start, end)
        && end < start
    {
        form.note("role_binding.end_date", "must not be before start_date");
    }
    let (number, date) = number.zip(date)?;
    let decided = !number.is_empty() || date.is_some();
    let decision = decided.then_some(Decision { number, date });
    Some(NewBinding {
        role: role?,
        start: start?,
        end: end?,
        decision,
        duty: duty?,
    })
}

/// RevokeRole.
pub async fn revoke_role(state: &State, request: Request<RevokeRoleRequest>) -> Answer<RoleBinding> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let named = form.take("name", name::of_account(&request.name, "roleBindings"));
    let (account, id) = form.finish(named)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(
        app::role_binding::revoke_role(state, ask, account, id).await?,
    ))
}

/// ListRoleBindings.
pub async fn list_role_bindings(
    state: &State,
    request: Request<ListRoleBindingsRequest>,
) -> Answer<ListRoleBindingsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (account, paging) = Paging::of(
        "ListRoleBindings",
        (&request.parent, name::account),
        request.page_size,
        &request.page_token,
    )?;
    let after = paging.after_id()?;
    let found = app::role_binding::list_role_bindings(state, &caller, account, after, paging.limit()).await?;
    let (found, next_page_token) = paging.cut(found, |placed| placed.binding.id.to_string());
    let role_bindings = found.into_iter().map(wire).collect();
    Ok(Response::new(ListRoleBindingsResponse {
        role_bindings,
        next_page_token,
    }))
}

fn wire(placed: Placed) -> RoleBinding {
    let Placed { home, binding, today } = placed;
    let working_group = home
        .school()
        .zip(binding.working_group)
        .map(|(school, id)| format!("schools/{school}/workingGroups/{id}"));
    RoleBinding {
        name: format!("accounts/{}/roleBindings/{}", binding.account, binding.id),
        role: binding.role.as_str().to_owned(),
        start_date: day::text(binding.start),
        end_date: binding.end.map(day::text).unwrap_or_default(),
        decision_number: binding
            .decision
            .as_ref()
            .map(|d| d.number.clone())
            .unwrap_or_default(),
        decision_date: binding
            .decision
            .as_ref()
            .and_then(|d| d.date)
            .map(day::text)
            .unwrap_or_default(),
        grantor: binding.granted_by.map(event::account_name).unwrap_or_default(),
        grant_time: Some(to_timestamp(binding.granted_at)),
        revoke_time: binding.revoked_at.map(to_timestamp),
        in_force: binding.in_force(today),
        duty: binding.duty,
        working_group: working_group.unwrap_or_default(),
    }
}
