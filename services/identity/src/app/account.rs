//! GetMe, GetAccount, ListAccounts, SuspendAccount, RestoreAccount, and CreateAccount with its batch.

use std::collections::BTreeSet;

use hocba_chassis::{
    caller::{Caller, Role},
    clock,
};
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    ask::{Ask, Begun},
    event, role_binding,
    school::resource_of_home,
    standing,
};
use crate::{
    error::{Error, Result},
    model::{
        account::{Account, NewAccount, State as AccountState},
        account_event::Kind,
        activation, day,
        delegation::Standing,
        home::Home,
        network,
        role_binding::NewBinding,
        sign_in::{EndCause, Which},
        slug::Slug,
    },
    state::State,
    store,
    vault::sha256,
};

/// An account with what its person is today.
#[derive(Clone)]
pub struct Seen {
    /// The account.
    pub account: Account,
    /// The authority: the officer's own, or the school's.
    pub authority: Option<Slug>,
    /// What the person is today.
    pub standing: Standing,
}

/// What became of one creation.
#[derive(Clone)]
pub enum Created {
    /// There is such an account now.
    Account {
        /// It.
        seen: Box<Seen>,
        /// The activation code, shown once.
        code: Option<String>,
        /// Whether it was there before.
        existed: bool,
    },
    /// In a batch: refused.
    Refused(&'static str),
}

impl Created {
    fn without_code(&self) -> Self {
        match self {
            Self::Account { seen, existed, .. } => Self::Account {
                seen: seen.clone(),
                code: None,
                existed: *existed,
            },
            Self::Refused(reason) => Self::Refused(reason),
        }
    }
}

/// The own account, as of now.
pub struct Me {
    /// The account.
    pub seen: Seen,
    /// The sign-in of the token.
    pub sign_in: Uuid,
    /// Whether the caller is inside the school.
    pub premises: bool,
}

/// Answers the own account.
pub async fn get_me(state: &State, caller: &Caller) -> Result<Me> {
    const RPC: &str = "hocba.identity.v1.IdentityService/GetMe";
    let person = caller.person()?;
    let mut db = state.begin(&Home::Deployment).await?;
    let home = store::account::locate(&mut db, person.account)
        .await?
        .ok_or(Error::AccountUnknown)?;
    let mut db = state.begin(&home).await?;
    let resource = resource_of_home(&mut db, &home).await?.relation("self");
    state.policy.authorize(caller, RPC, &resource)?;
    let account = store::account::find(&mut db, &home, person.account)
        .await?
        .ok_or(Error::AccountUnknown)?;
    let networks = store::network::all(&mut db, &home).await?;
    let premises = network::inside(&networks, caller.client_address);
    Ok(Me {
        seen: see(state, &mut db, account).await?,
        sign_in: person.sign_in,
        premises,
    })
}

/// Answers an account.
pub async fn get_account(state: &State, caller: &Caller, id: Uuid) -> Result<Seen> {
    const RPC: &str = "hocba.identity.v1.IdentityService/GetAccount";
    let (mut db, account) = load(state, caller, RPC, id).await?;
    see(state, &mut db, account).await
}

/// Lists a school's accounts.
pub async fn list_accounts(
    state: &State,
    caller: &Caller,
    school: Slug,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Seen>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListAccounts";
    let home = Home::School(school.clone());
    let mut db = state.begin(&home).await?;
    let found = store::school::find(&mut db, &school).await?;
    state
        .policy
        .authorize(caller, RPC, &super::school::resource_of(&school, found.as_ref()))?;
    let found = found.ok_or(Error::SchoolUnknown)?;
    let accounts = store::account::list(&mut db, &home, after, limit).await?;
    let ids: Vec<Uuid> = accounts.iter().map(|a| a.id).collect();
    let today = day::of(state.clock.now());
    let mut standings = standing::of_many(&mut db, &home, &ids, today).await?;
    Ok(accounts
        .into_iter()
        .map(|account| Seen {
            authority: Some(found.authority.clone()),
            standing: standings.remove(&account.id).unwrap_or_default(),
            account,
        })
        .collect())
}

/// Suspends an account and ends its sign-ins; drafts stay unsealed.
pub async fn suspend_account<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Seen, M>,
    id: Uuid,
    cause: String,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/SuspendAccount";
    change_state(state, ask, RPC, id, AccountState::Suspended, Some(&cause)).await
}

/// Lets a suspended account in again.
pub async fn restore_account<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Seen, M>,
    id: Uuid,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/RestoreAccount";
    change_state(state, ask, RPC, id, AccountState::Active, None).await
}

async fn change_state<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Seen, M>,
    rpc: &'static str,
    id: Uuid,
    to: AccountState,
    cause: Option<&str>,
) -> Result<M> {
    let person = ask.caller.person()?;
    let (_, account) = load(state, ask.caller, rpc, id).await?;
    if person.account == id {
        return Err(Error::OwnAccount);
    }
    let home = account.home;
    let mut tx = match ask.begin(state, &home, rpc).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    let account = store::account::lock(&mut tx, &home, id)
        .await?
        .ok_or(Error::AccountUnknown)?;
    let now = state.clock.now();
    let standing = standing::of(&mut tx, &home, id, day::of(now)).await?;
    // Who is set up by the deployment is taken out by it: a school's admin cannot remove its principal.
    if standing.own.contains(&Role::Principal) && !person.roles.contains(&Role::Operator) {
        return Err(Error::RoleNotGrantable(Role::Principal.as_str()));
    }
    // Who never finished the activation goes back to where the account was.
    let (to, kind, event_kind) = match (account.state, to) {
        (AccountState::Active | AccountState::Pending, AccountState::Suspended) => (
            AccountState::Suspended,
            Kind::AccountSuspended,
            "account.suspended",
        ),
        (AccountState::Suspended, AccountState::Active | AccountState::Pending) => {
            let to = if account.confirmed {
                AccountState::Active
            } else {
                AccountState::Pending
            };
            (to, Kind::AccountRestored, "account.restored")
        }
        (state, _) => return Err(Error::AccountState(state)),
    };
    store::account::set_state(&mut tx, &home, id, to, cause).await?;
    let ended = match to {
        AccountState::Suspended => {
            store::sign_in::end(&mut tx, &home, id, Which::All, EndCause::Suspended, now)
                .await?
                .len()
        }
        AccountState::Active | AccountState::Pending => 0,
    };
    let facts = json!({ "ended_sign_ins": ended });
    event::put(
        state,
        &mut tx,
        &home,
        Some(person.account),
        event::account_name(id),
        event_kind,
        facts,
    )
    .await?;
    store::account_event::put(&mut tx, &home, kind, id, None, now).await?;
    let seen = see(state, &mut tx, Account { state: to, ..account }).await?;
    let answer = ask.finish(tx, seen).await?;
    state.tokens.set_suspended(id, to == AccountState::Suspended);
    Ok(answer)
}

/// Creates an account and its first roles.
pub async fn create_account<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Created, M>,
    new: NewAccount,
    roles: BTreeSet<Role>,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/CreateAccount";
    let home = new.home.clone();
    let mut db = state.begin(&home).await?;
    state
        .policy
        .authorize(ask.caller, RPC, &resource_of_home(&mut db, &home).await?)?;
    drop(db);
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    require_home(&mut tx, &new).await?;
    let created = create(state, &mut tx, ask.caller, new, &roles).await?;
    if let Created::Account { code: None, .. } = created {
        return Err(Error::EmailTaken);
    }
    let without = created.without_code();
    ask.finish_secret(tx, created, without).await
}

/// Creates the accounts of a staff list; items fail one by one.
pub async fn batch_create_accounts<R: Message, M: Message + Default>(
    state: &State,
    ask: Ask<'_, R, Vec<Created>, M>,
    school: Slug,
    items: Vec<(NewAccount, BTreeSet<Role>)>,
) -> Result<M> {
    const RPC: &str = "hocba.identity.v1.IdentityService/BatchCreateAccounts";
    let home = Home::School(school.clone());
    let mut db = state.begin(&home).await?;
    state
        .policy
        .authorize(ask.caller, RPC, &resource_of_home(&mut db, &home).await?)?;
    drop(db);
    let mut tx = match ask.begin(state, &home, RPC).await? {
        Begun::First(tx) => tx,
        Begun::Again(answer) => return Ok(answer),
    };
    store::school::find(&mut tx, &school)
        .await?
        .ok_or(Error::SchoolUnknown)?;
    let mut results = Vec::with_capacity(items.len());
    for (new, roles) in items {
        results.push(match create(state, &mut tx, ask.caller, new, &roles).await {
            Ok(created) => created,
            Err(Error::EmailTaken) => Created::Refused("EMAIL_TAKEN"),
            Err(Error::RoleNotGrantable(_)) => Created::Refused("ROLE_NOT_GRANTABLE"),
            Err(Error::DecisionRequired) => Created::Refused("DECISION_REQUIRED"),
            Err(other) => return Err(other),
        });
    }
    let without = results.iter().map(Created::without_code).collect();
    ask.finish_secret(tx, results, without).await
}

async fn create(
    state: &State,
    tx: &mut PgConnection,
    caller: &Caller,
    new: NewAccount,
    roles: &BTreeSet<Role>,
) -> Result<Created> {
    let person = caller.person()?;
    for role in roles {
        role_binding::may_give_here(person, &new.home, *role)?;
    }
    let (id, now) = (clock::new_id(), state.clock.now());
    let home = new.home.clone();
    let fresh = store::account::insert(tx, id, &new, Some(person.account), now).await?;
    let id = if fresh {
        id
    } else {
        match store::account::find_by_email(tx, &new.email).await? {
            Some((there, id)) if there == home => id,
            _ => return Err(Error::EmailTaken),
        }
    };
    let account = store::account::lock(tx, &home, id)
        .await?
        .ok_or(Error::AccountUnknown)?;
    let code = match account.state {
        // Who lost a factor is let in by two people: one alone gives no code any more.
        AccountState::Pending if store::recovery::ever(tx, &home, id).await? => None,
        AccountState::Pending => {
            let code = activation::write(&state.vault.random()?);
            let digest = sha256(activation::canonical(&code).as_bytes());
            store::activation::put(tx, &home, id, &digest, now, now + activation::LIFETIME).await?;
            Some(code)
        }
        AccountState::Active | AccountState::Suspended => None,
    };
    let subject = event::account_name(id);
    if fresh {
        for role in roles {
            role_binding::give(
                state,
                tx,
                Some(person.account),
                &account,
                NewBinding::plain(*role),
            )
            .await?;
        }
        let facts = json!({ "roles": standing::ids(roles) });
        event::put(
            state,
            tx,
            &home,
            Some(person.account),
            subject,
            "account.created",
            facts,
        )
        .await?;
    } else if code.is_some() {
        event::put(
            state,
            tx,
            &home,
            Some(person.account),
            subject,
            "account.code_renewed",
            json!({}),
        )
        .await?;
    }
    let seen = Box::new(see(state, tx, account).await?);
    Ok(Created::Account {
        seen,
        code,
        existed: !fresh,
    })
}

async fn require_home(db: &mut PgConnection, new: &NewAccount) -> Result<()> {
    if let Some(school) = new.home.school() {
        store::school::find(db, school)
            .await?
            .ok_or(Error::SchoolUnknown)?;
    }
    if let Some(authority) = &new.authority {
        store::authority::find(db, authority)
            .await?
            .ok_or(Error::AuthorityUnknown)?;
    }
    Ok(())
}

/// Reads an account for a caller who may see it; answers the transaction that sees its tenant.
pub async fn load(
    state: &State,
    caller: &Caller,
    rpc: &str,
    id: Uuid,
) -> Result<(sqlx::Transaction<'static, sqlx::Postgres>, Account)> {
    let person = caller.person()?;
    let mut db = state.begin(&Home::Deployment).await?;
    let home = store::account::locate(&mut db, id).await?;
    drop(db);
    // An account nobody has is judged like one of the deployment: only operators learn that it is not there.
    let home = home.unwrap_or(Home::Deployment);
    let mut db = state.begin(&home).await?;
    let mut resource = resource_of_home(&mut db, &home).await?;
    if person.account == id {
        resource = resource.relation("self");
    }
    state.policy.authorize(caller, rpc, &resource)?;
    let account = store::account::find(&mut db, &home, id)
        .await?
        .ok_or(Error::AccountUnknown)?;
    Ok((db, account))
}

/// Adds to an account what its person is today.
pub async fn see(state: &State, db: &mut PgConnection, account: Account) -> Result<Seen> {
    let standing = standing::of(db, &account.home, account.id, day::of(state.clock.now())).await?;
    let authority = match &account.home {
        Home::School(school) => store::school::find(db, school).await?.map(|s| s.authority),
        Home::Deployment => account.authority.clone(),
    };
    Ok(Seen {
        account,
        authority,
        standing,
    })
}
