//! Delegations on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    CreateDelegationRequest, Delegation, ListDelegationsRequest, ListDelegationsResponse,
    RevokeDelegationRequest,
};
use tonic::{Request, Response};

use super::{Answer, form::Form, name, paging::Paging};
use crate::{
    app::{
        self,
        ask::Ask,
        delegation::{NewDelegation, Placed},
        event,
    },
    error::Error,
    model::{day, delegation::LONGEST_DAYS, text},
    state::State,
};

/// CreateDelegation.
pub async fn create_delegation(
    state: &State,
    request: Request<CreateDelegationRequest>,
) -> Answer<Delegation> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let new = read(state, &request)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(
        app::delegation::create_delegation(state, ask, new).await?,
    ))
}

fn read(state: &State, request: &CreateDelegationRequest) -> Result<NewDelegation, Error> {
    let given = request.delegation.clone().unwrap_or_default();
    let mut form = Form::default();
    let school = form.take("parent", name::school(&request.parent));
    let delegate = form.take("delegation.delegate", name::account(&given.delegate));
    let start = form.take("delegation.start_date", day::parse(&given.start_date));
    let end = day::parse(&given.end_date).and_then(|end| end.ok_or("must be given"));
    let end = form.take("delegation.end_date", end);
    let number = form.take(
        "delegation.decision_number",
        text::optional(&given.decision_number, 100),
    );
    if let (Some(start), Some(end)) = (start, end) {
        let days = (end - start.unwrap_or_else(|| day::of(state.clock.now()))).whole_days();
        if !(0..=LONGEST_DAYS).contains(&days) {
            form.note("delegation.end_date", "must be 0 to 366 days after start_date");
        }
    }
    let read = (|| {
        Some(NewDelegation {
            school: school?,
            delegate: delegate?,
            start: start?,
            end: end?,
            decision_number: number?,
        })
    })();
    form.finish(read)
}

/// RevokeDelegation.
pub async fn revoke_delegation(
    state: &State,
    request: Request<RevokeDelegationRequest>,
) -> Answer<Delegation> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let named = form.take("name", name::delegation(&request.name));
    let (school, id) = form.finish(named)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(
        app::delegation::revoke_delegation(state, ask, school, id).await?,
    ))
}

/// ListDelegations.
pub async fn list_delegations(
    state: &State,
    request: Request<ListDelegationsRequest>,
) -> Answer<ListDelegationsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, paging) = Paging::of(
        "ListDelegations",
        (&request.parent, name::school),
        request.page_size,
        &request.page_token,
    )?;
    let after = paging.after_id()?;
    let found =
        app::delegation::list_delegations(state, &caller, school.clone(), after, paging.limit()).await?;
    let (found, next_page_token) = paging.cut(found, |delegation| delegation.id.to_string());
    let today = day::of(state.clock.now());
    let delegations = found
        .into_iter()
        .map(|delegation| {
            wire(Placed {
                school: school.clone(),
                delegation,
                today,
            })
        })
        .collect();
    Ok(Response::new(ListDelegationsResponse {
        delegations,
        next_page_token,
    }))
}

fn wire(placed: Placed) -> Delegation {
    let Placed {
        school,
        delegation,
        today,
    } = placed;
    Delegation {
        name: format!("schools/{school}/delegations/{}", delegation.id),
        delegator: event::account_name(delegation.delegator),
        delegate: event::account_name(delegation.delegate),
        role: "principal".to_owned(),
        start_date: day::text(delegation.start),
        end_date: day::text(delegation.end),
        create_time: Some(to_timestamp(delegation.created_at)),
        revoke_time: delegation.revoked_at.map(to_timestamp),
        in_force: delegation.in_force(today),
        decision_number: delegation.decision_number,
    }
}
