//! Integrators on the wire.

use std::collections::BTreeSet;

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    CreateIntegratorRequest, Integrator, ListIntegratorsRequest, ListIntegratorsResponse, PublicJwk,
    RevokeIntegratorRequest, SignInIntegratorRequest, SignInIntegratorResponse,
    integrator::FieldGroup as WireGroup,
};
use tonic::{Request, Response};

use super::{Answer, form::Form, name, paging::Paging};
use crate::{
    app::{
        self,
        ask::Ask,
        event,
        integrator::{NewIntegrator, Placed},
    },
    model::{
        day,
        integrator::{FieldGroup, PublicKey},
        text,
    },
    state::State,
};

/// CreateIntegrator.
pub async fn create_integrator(
    state: &State,
    request: Request<CreateIntegratorRequest>,
) -> Answer<Integrator> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let given = request.integrator.clone().unwrap_or_default();
    let mut form = Form::default();
    let school = form.take("parent", name::school(&request.parent));
    let display_name = form.take(
        "integrator.display_name",
        text::required(&given.display_name, 200),
    );
    let jwk = given.public_key.clone().unwrap_or_default();
    let key = form.take(
        "integrator.public_key",
        PublicKey::of_jwk(&jwk.kty, &jwk.crv, &jwk.x, &jwk.y),
    );
    let groups: BTreeSet<_> = given.field_groups().filter_map(group).collect();
    if groups.len() != given.field_groups.len() || groups.is_empty() {
        form.note(
            "integrator.field_groups",
            "must be known groups, at least one, none twice",
        );
    }
    let start = form.take("integrator.start_date", day::parse(&given.start_date));
    let end = day::parse(&given.end_date).and_then(|end| end.ok_or("must not be empty"));
    let end = form.take("integrator.end_date", end);
    let read = school.zip(display_name).zip(key).zip(start).zip(end);
    let ((((school, display_name), key), start), end) = form.finish(read)?;
    let new = NewIntegrator {
        school,
        display_name,
        key,
        groups,
        start,
        end,
    };
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(
        app::integrator::create_integrator(state, ask, new).await?,
    ))
}

/// ListIntegrators.
pub async fn list_integrators(
    state: &State,
    request: Request<ListIntegratorsRequest>,
) -> Answer<ListIntegratorsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, paging) = Paging::of(
        "ListIntegrators",
        (&request.parent, name::school),
        request.page_size,
        &request.page_token,
    )?;
    let after = paging.after_id()?;
    let found =
        app::integrator::list_integrators(state, &caller, school.clone(), after, paging.limit()).await?;
    let (found, next_page_token) = paging.cut(found, |integrator| integrator.id.to_string());
    let today = day::of(state.clock.now());
    let integrators = found
        .into_iter()
        .map(|integrator| {
            wire(Placed {
                school: school.clone(),
                integrator,
                today,
            })
        })
        .collect();
    Ok(Response::new(ListIntegratorsResponse {
        integrators,
        next_page_token,
    }))
}

/// RevokeIntegrator.
pub async fn revoke_integrator(
    state: &State,
    request: Request<RevokeIntegratorRequest>,
) -> Answer<Integrator> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let named = form.take("name", name::integrator(&request.name));
    let (school, id) = form.finish(named)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(
        app::integrator::revoke_integrator(state, ask, school, id).await?,
    ))
}

/// SignInIntegrator.
pub async fn sign_in_integrator(
    state: &State,
    request: Request<SignInIntegratorRequest>,
) -> Answer<SignInIntegratorResponse> {
    let caller = Caller::of(&request)?;
    let assertion = &request.get_ref().client_assertion;
    let access = app::integrator::sign_in_integrator(state, &caller, assertion, name::integrator).await?;
    Ok(Response::new(SignInIntegratorResponse {
        access_token: access.token,
        expire_time: Some(to_timestamp(access.expires_at)),
    }))
}

fn group(group: WireGroup) -> Option<FieldGroup> {
    match group {
        WireGroup::Unspecified => None,
        WireGroup::Roster => Some(FieldGroup::Roster),
        WireGroup::IdentityPage => Some(FieldGroup::IdentityPage),
        WireGroup::Marks => Some(FieldGroup::Marks),
        WireGroup::Results => Some(FieldGroup::Results),
        WireGroup::Completeness => Some(FieldGroup::Completeness),
    }
}

fn wire_group(group: FieldGroup) -> WireGroup {
    match group {
        FieldGroup::Roster => WireGroup::Roster,
        FieldGroup::IdentityPage => WireGroup::IdentityPage,
        FieldGroup::Marks => WireGroup::Marks,
        FieldGroup::Results => WireGroup::Results,
        FieldGroup::Completeness => WireGroup::Completeness,
    }
}

fn wire(placed: Placed) -> Integrator {
    let Placed {
        school,
        integrator,
        today,
    } = placed;
    let [kty, crv, x, y] = integrator.key.jwk();
    Integrator {
        name: app::integrator::name(&school, integrator.id),
        public_key: Some(PublicJwk { kty, crv, x, y }),
        field_groups: integrator
            .groups
            .iter()
            .map(|group| wire_group(*group).into())
            .collect(),
        start_date: day::text(integrator.start),
        end_date: day::text(integrator.end),
        creator: event::account_name(integrator.created_by),
        create_time: Some(to_timestamp(integrator.created_at)),
        revoke_time: integrator.revoked_at.map(to_timestamp),
        last_sign_in_time: integrator.last_sign_in_at.map(to_timestamp),
        in_force: integrator.in_force(today),
        display_name: integrator.display_name,
    }
}
