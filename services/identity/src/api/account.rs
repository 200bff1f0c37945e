//! Accounts on the wire.

use std::collections::BTreeSet;

use hocba_chassis::{
    caller::{Caller, Role},
    clock::to_timestamp,
};
use hocba_proto::identity::{
    Account, ActingRole, BatchCreateAccountsRequest, BatchCreateAccountsResponse, CreateAccountRequest,
    CreateAccountResponse, GetAccountRequest, GetMeRequest, ListAccountsRequest, ListAccountsResponse, Me,
    RestoreAccountRequest, SuspendAccountRequest, account::State as WireState,
};
use tonic::{Request, Response};

use super::{Answer, form::Form, name, paging::Paging};
use crate::{
    app::{
        self,
        account::{Created, Seen},
        ask::Ask,
        event, standing,
    },
    model::{
        account::{NewAccount, State as AccountState},
        email::Email,
        home::Home,
        text,
    },
    state::State,
};

/// GetMe.
pub async fn get_me(state: &State, request: Request<GetMeRequest>) -> Answer<Me> {
    let caller = Caller::of(&request)?;
    let me = app::account::get_me(state, &caller).await?;
    let id = me.seen.account.id;
    let school = me
        .seen
        .account
        .home
        .school()
        .map(ToString::to_string)
        .unwrap_or_default();
    let acting_roles = me.seen.standing.acting.iter().map(|(role, by)| ActingRole {
        role: role.as_str().to_owned(),
        delegation: format!("schools/{school}/delegations/{by}"),
    });
    Ok(Response::new(Me {
        acting_roles: acting_roles.collect(),
        sign_in: event::sign_in_name(id, me.sign_in),
        premises: me.premises,
        account: Some(wire(me.seen)),
    }))
}

/// GetAccount.
pub async fn get_account(state: &State, request: Request<GetAccountRequest>) -> Answer<Account> {
    let caller = Caller::of(&request)?;
    let mut form = Form::default();
    let id = form.take("name", name::account(&request.get_ref().name));
    let id = form.finish(id)?;
    Ok(Response::new(wire(
        app::account::get_account(state, &caller, id).await?,
    )))
}

/// ListAccounts.
pub async fn list_accounts(
    state: &State,
    request: Request<ListAccountsRequest>,
) -> Answer<ListAccountsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (school, paging) = Paging::of(
        "ListAccounts",
        (&request.parent, name::school),
        request.page_size,
        &request.page_token,
    )?;
    let found =
        app::account::list_accounts(state, &caller, school, paging.after_id()?, paging.limit()).await?;
    let (accounts, next_page_token) = paging.cut(found, |seen| seen.account.id.to_string());
    Ok(Response::new(ListAccountsResponse {
        accounts: accounts.into_iter().map(wire).collect(),
        next_page_token,
    }))
}

/// SuspendAccount.
pub async fn suspend_account(state: &State, request: Request<SuspendAccountRequest>) -> Answer<Account> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let id = form.take("name", name::account(&request.name));
    let cause = form.take("cause", text::required(&request.cause, 500));
    let (id, cause) = form.finish(id.zip(cause))?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(
        app::account::suspend_account(state, ask, id, cause).await?,
    ))
}

/// RestoreAccount.
pub async fn restore_account(state: &State, request: Request<RestoreAccountRequest>) -> Answer<Account> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let id = form.take("name", name::account(&request.name));
    let id = form.finish(id)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(
        app::account::restore_account(state, ask, id).await?,
    ))
}

/// CreateAccount.
pub async fn create_account(
    state: &State,
    request: Request<CreateAccountRequest>,
) -> Answer<CreateAccountResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let given = request.account.clone().unwrap_or_default();
    let home = match given.school.as_str() {
        "" => Some(Home::Deployment),
        school => form
            .take("account.school", name::school(school))
            .map(Home::School),
    };
    let read = home.and_then(|home| read(&mut form, "", &request, home));
    let (new, roles) = form.finish(read)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire_created,
    };
    Ok(Response::new(
        app::account::create_account(state, ask, new, roles).await?,
    ))
}

/// BatchCreateAccounts.
pub async fn batch_create_accounts(
    state: &State,
    request: Request<BatchCreateAccountsRequest>,
) -> Answer<BatchCreateAccountsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let school = form.take("parent", name::school(&request.parent));
    if request.requests.is_empty() || request.requests.len() > 200 {
        form.note("requests", "must be 1 to 200");
    }
    let mut items = Vec::new();
    if let Some(school) = &school {
        for (place, item) in request.requests.iter().enumerate() {
            let prefix = format!("requests[{place}].");
            let given = item.account.as_ref().map_or("", |a| a.school.as_str());
            if !given.is_empty() && given != request.parent {
                form.note(&format!("{prefix}account.school"), "must be the parent or empty");
            }
            items.extend(read(&mut form, &prefix, item, Home::School(school.clone())));
        }
    }
    let school = form.finish(school)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire_batch,
    };
    Ok(Response::new(
        app::account::batch_create_accounts(state, ask, school, items).await?,
    ))
}

fn read(
    form: &mut Form,
    prefix: &str,
    request: &CreateAccountRequest,
    home: Home,
) -> Option<(NewAccount, BTreeSet<Role>)> {
    let given = request.account.clone().unwrap_or_default();
    let at = |field: &str| format!("{prefix}{field}");
    let email = form.take(&at("account.email"), Email::parse(&given.email));
    let display_name = form.take(
        &at("account.display_name"),
        text::required(&given.display_name, 200),
    );
    let title = form.take(&at("account.title"), text::optional(&given.title, 200));
    let staff_code = form.take(&at("account.staff_code"), text::optional(&given.staff_code, 50));
    let authority = match (&home, given.authority.as_str()) {
        // A school's authority is the school's word, not the account's.
        (Home::School(_), _) | (Home::Deployment, "") => Some(None),
        (Home::Deployment, text) => form
            .take(&at("account.authority"), name::authority(text))
            .map(Some),
    };
    if request.roles.len() > 8 {
        form.note(&at("roles"), "must be at most 8");
    }
    let roles = roles(form, &at("roles"), &request.roles);
    let new = NewAccount {
        home,
        authority: authority?,
        email: email?,
        display_name: display_name?,
        title: title?,
        staff_code: staff_code?,
    };
    Some((new, roles?))
}

fn roles(form: &mut Form, field: &str, given: &[String]) -> Option<BTreeSet<Role>> {
    let read: Option<BTreeSet<Role>> = given.iter().map(|text| Role::parse(text)).collect();
    form.take(field, read.ok_or("must be known role ids"))
}

/// Writes an account.
pub fn wire(seen: Seen) -> Account {
    let account = seen.account;
    Account {
        name: event::account_name(account.id),
        email: account.email,
        display_name: account.display_name,
        title: account.title,
        school: account
            .home
            .school()
            .map(|s| format!("schools/{s}"))
            .unwrap_or_default(),
        authority: seen
            .authority
            .map(|a| format!("authorities/{a}"))
            .unwrap_or_default(),
        staff_code: account.staff_code,
        state: match account.state {
            AccountState::Pending => WireState::Pending,
            AccountState::Active => WireState::Active,
            AccountState::Suspended => WireState::Suspended,
        }
        .into(),
        create_time: Some(to_timestamp(account.created_at)),
        last_sign_in_time: account.last_sign_in_at.map(to_timestamp),
        second_factor: account.confirmed,
        roles: standing::ids(&seen.standing.roles())
            .into_iter()
            .map(str::to_owned)
            .collect(),
    }
}

fn wire_created(created: Created) -> CreateAccountResponse {
    match created {
        Created::Account { seen, code, existed } => CreateAccountResponse {
            account: Some(wire(*seen)),
            activation_code: code.unwrap_or_default(),
            reason: String::new(),
            existed,
        },
        Created::Refused(reason) => CreateAccountResponse {
            reason: reason.to_owned(),
            ..CreateAccountResponse::default()
        },
    }
}

fn wire_batch(results: Vec<Created>) -> BatchCreateAccountsResponse {
    BatchCreateAccountsResponse {
        results: results.into_iter().map(wire_created).collect(),
    }
}

/// Reads one role id.
pub fn role(text: &str) -> Result<Role, &'static str> {
    Role::parse(text).ok_or("must be a known role id")
}
