//! IdentityInternalService: what our own services ask.

use std::sync::Arc;

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    AccountEvent, ListAccountEventsRequest, ListAccountEventsResponse, ResolveAccountsRequest,
    ResolveAccountsResponse, ResolveSchoolRequest, ResolvedAccount, ResolvedSchool,
    account_event::Kind as WireKind, identity_internal_service_server::IdentityInternalService,
};
use tonic::{Request, Response};

use super::{Answer, form::Form, name};
use crate::{
    app::{self, account::Seen, event, standing},
    model::{
        account::State as AccountState,
        account_event::{self as model, Kind},
    },
    state::State,
};

/// The internal service.
pub struct Internal(pub Arc<State>);

#[tonic::async_trait]
impl IdentityInternalService for Internal {
    async fn list_account_events(
        &self,
        request: Request<ListAccountEventsRequest>,
    ) -> Answer<ListAccountEventsResponse> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let limit = if request.page_size <= 0 {
            500
        } else {
            request.page_size.min(500)
        };
        let events = app::account_event::list_account_events(&self.0, &caller, request.after, limit).await?;
        Ok(Response::new(ListAccountEventsResponse {
            events: events.into_iter().map(wire_event).collect(),
        }))
    }

    async fn resolve_accounts(
        &self,
        request: Request<ResolveAccountsRequest>,
    ) -> Answer<ResolveAccountsResponse> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let mut form = Form::default();
        if request.names.len() > 200 {
            form.note("names", "must be at most 200");
        }
        let mut ids = Vec::new();
        for (place, text) in request.names.iter().enumerate() {
            ids.extend(form.take(&format!("names[{place}]"), name::account(text)));
        }
        let ids = form.finish(Some(ids))?;
        let found = app::resolve::resolve_accounts(&self.0, &caller, &ids).await?;
        Ok(Response::new(ResolveAccountsResponse {
            accounts: found.into_iter().map(wire_account).collect(),
        }))
    }

    async fn resolve_school(&self, request: Request<ResolveSchoolRequest>) -> Answer<ResolvedSchool> {
        let caller = Caller::of(&request)?;
        let mut form = Form::default();
        let id = form.take("name", name::school(&request.get_ref().name));
        let id = form.finish(id)?;
        let school = app::resolve::resolve_school(&self.0, &caller, id).await?;
        Ok(Response::new(ResolvedSchool {
            name: format!("schools/{}", school.id),
            code: school.code,
            display_name: school.display_name,
            commune: school.commune,
            province: school.province,
            authority: format!("authorities/{}", school.authority),
        }))
    }
}

fn wire_event(event: model::AccountEvent) -> AccountEvent {
    let kind = match event.kind {
        Kind::SignInEnded => WireKind::SignInEnded,
        Kind::AccountSuspended => WireKind::AccountSuspended,
        Kind::AccountRestored => WireKind::AccountRestored,
        Kind::RolesChanged => WireKind::RolesChanged,
    };
    AccountEvent {
        sequence: event.sequence,
        kind: kind.into(),
        account: event.account.to_string(),
        sign_in: event.sign_in.map(|id| id.to_string()).unwrap_or_default(),
        school: event.home.school().map(ToString::to_string).unwrap_or_default(),
        occur_time: Some(to_timestamp(event.at)),
    }
}

fn wire_account(seen: Seen) -> ResolvedAccount {
    ResolvedAccount {
        name: event::account_name(seen.account.id),
        display_name: seen.account.display_name,
        title: seen.account.title,
        school: seen
            .account
            .home
            .school()
            .map(ToString::to_string)
            .unwrap_or_default(),
        roles: standing::ids(&seen.standing.roles())
            .into_iter()
            .map(str::to_owned)
            .collect(),
        active: seen.account.state == AccountState::Active,
    }
}
