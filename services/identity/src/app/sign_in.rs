//! SignIn, RefreshSignIn, SignOut, ListSignIns.

use hocba_chassis::{
    caller::Caller,
    clock,
    token::{AccessClaims, ISSUER},
};
use hocba_policy::Resource;
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{account::load, attempt, event, factor, school::resource_of_home, standing};
use crate::{
    error::{Error, Result},
    model::{
        account::State as AccountState,
        account_event::Kind,
        challenge::Usage,
        day,
        email::Email,
        factor::{Given, Proved},
        home::Home,
        network,
        password::Password,
        sign_in::{ACCESS_LIFETIME, Client, EndCause, LIFETIME, Start, Stay, Verdict, Which, user_agent},
    },
    state::State,
    store,
    vault::sha256,
};

/// The use a code is spent on at a sign-in.
const CODE_USE: &str = "sign_in";

/// A sign-in and its tokens.
pub struct Tokens {
    /// The sign-in.
    pub sign_in: Uuid,
    /// Whose.
    pub account: Uuid,
    /// The access token.
    pub access: String,
    /// When it ends.
    pub access_expires_at: OffsetDateTime,
    /// The refresh token.
    pub refresh: String,
    /// When the sign-in ends at the latest.
    pub expires_at: OffsetDateTime,
    /// Role ids in force.
    pub roles: Vec<&'static str>,
}

/// A password that fits, and whether the second factor does.
pub struct Proof {
    /// Whose.
    pub account: Uuid,
    /// Its tenant.
    pub home: Home,
    /// The second factor, when it is right.
    pub factor: Option<Proved>,
}

/// Checks password and second factor of an e-mail, in the same time whether or not anybody has it. Answers
/// nothing unless the password fits.
pub async fn prove(state: &State, email: &Email, password: &str, given: &Given) -> Result<Option<Proof>> {
    let mut db = state.begin(&Home::Deployment).await?;
    let found = store::account::find_by_email(&mut db, email).await?;
    drop(db);
    let credentials = match &found {
        Some((home, id)) => {
            let mut db = state.begin(home).await?;
            store::account::credentials(&mut db, home, *id).await?
        }
        None => None,
    };
    let stored = credentials.as_ref().and_then(|c| c.password_hash.clone());
    let fits = state.hashing.verify(Password::given(password), stored).await?;
    let Some(credentials) = credentials.filter(|_| fits) else {
        return Ok(None);
    };
    let mut db = state.begin(&credentials.home).await?;
    let factor = factor::check(state, &mut db, &credentials, given).await?.ok();
    Ok(Some(Proof {
        account: credentials.id,
        home: credentials.home,
        factor,
    }))
}

/// Signs in with password and second factor.
pub async fn sign_in(
    state: &State,
    caller: &Caller,
    email: Email,
    password: &str,
    given: &Given,
    client: &str,
) -> Result<Tokens> {
    const RPC: &str = "hocba.identity.v1.IdentityService/SignIn";
    state.policy.authorize(caller, RPC, &Resource::deployment())?;
    factor::fresh(state, given, &Usage::SignIn)?;
    let admitted = attempt::admit(state, "sign_in", email.as_str()).await?;
    let proof = prove(state, &email, password, given).await?;
    let Some(Proof {
        account: id,
        home,
        factor: Some(proved),
    }) = proof
    else {
        note_refusal(state, &email).await?;
        return Err(Error::SignInRefused);
    };
    let mut tx = state.begin(&home).await?;
    let now = state.clock.now();
    // Attempts that race with the same code queue at this lock: the first spends it, the others are told so.
    let account = store::account::lock(&mut tx, &home, id)
        .await?
        .ok_or(Error::SignInRefused)?;
    match account.state {
        AccountState::Active => {}
        AccountState::Pending => return Err(Error::SignInRefused),
        AccountState::Suspended => return Err(Error::AccountSuspended),
    }
    let mut tx = factor::spend(state, tx, &home, id, &proved, CODE_USE, now).await?;
    let (sign_in, expires_at) = (clock::new_id(), now + LIFETIME);
    let networks = store::network::all(&mut tx, &home).await?;
    let start = Start {
        id: sign_in,
        account: id,
        client: client_of(caller, client),
        user_agent: user_agent(caller.client_agent.as_deref()),
        premises: network::inside(&networks, caller.client_address),
        security_key: matches!(proved, Proved::Key { .. }),
        started_at: now,
        expires_at,
    };
    store::sign_in::insert(&mut tx, &home, &start).await?;
    let refresh = next_token(state, &mut tx, &home, sign_in, 1, now).await?;
    store::account::signed_in(&mut tx, &home, id, now).await?;
    store::attempt::clear(&mut tx, admitted.key()).await?;
    event::put(
        state,
        &mut tx,
        &home,
        Some(id),
        event::sign_in_name(id, sign_in),
        "sign_in.started",
        json!({ "security_key": start.security_key, "premises": start.premises }),
    )
    .await?;
    let tokens = tokens(state, &mut tx, &home, id, sign_in, refresh, expires_at).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// Exchanges a refresh token.
pub async fn refresh_sign_in(state: &State, caller: &Caller, token: &str, client: &str) -> Result<Tokens> {
    const RPC: &str = "hocba.identity.v1.IdentityService/RefreshSignIn";
    state.policy.authorize(caller, RPC, &Resource::deployment())?;
    let digest = sha256(token.as_bytes());
    let mut db = state.begin(&Home::Deployment).await?;
    let home = store::sign_in::locate_token(&mut db, &digest)
        .await?
        .ok_or(Error::RefreshTokenInvalid)?;
    drop(db);
    let mut tx = state.begin(&home).await?;
    let family = store::sign_in::lock_family(&mut tx, &home, &digest)
        .await?
        .ok_or(Error::RefreshTokenInvalid)?;
    let now = state.clock.now();
    let (id, sign_in) = (family.account, family.sign_in);
    let refresh = match family.judge(&client_of(caller, client), now) {
        Verdict::Rotate => {
            store::sign_in::rotate(&mut tx, &home, &digest, now).await?;
            next_token(state, &mut tx, &home, sign_in, family.newest + 1, now).await?
        }
        Verdict::Again => state.vault.refresh_token(sign_in, family.newest),
        Verdict::Reused => {
            let ended = end(
                state,
                &mut tx,
                &home,
                id,
                Which::One(sign_in),
                EndCause::TokenReused,
                None,
            )
            .await?;
            tx.commit().await?;
            forget(state, &ended);
            return Err(Error::RefreshTokenReused);
        }
        Verdict::Over => return Err(Error::SignInOver),
        Verdict::Suspended => return Err(Error::AccountSuspended),
    };
    store::sign_in::touch(&mut tx, &home, sign_in, now).await?;
    let tokens = tokens(state, &mut tx, &home, id, sign_in, refresh, family.expires_at).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// Ends the own sign-in, another of the own, or all of the own.
pub async fn sign_out(
    state: &State,
    caller: &Caller,
    named: Option<(Uuid, Uuid)>,
    everywhere: bool,
) -> Result<usize> {
    const RPC: &str = "hocba.identity.v1.IdentityService/SignOut";
    let person = caller.person()?;
    let id = person.account;
    let mut db = state.begin(&Home::Deployment).await?;
    let home = store::account::locate(&mut db, id)
        .await?
        .ok_or(Error::AccountUnknown)?;
    drop(db);
    let mut tx = state.begin(&home).await?;
    let mut resource = resource_of_home(&mut tx, &home).await?;
    if named.is_none_or(|(owner, _)| owner == id) {
        resource = resource.relation("self");
    }
    state.policy.authorize(caller, RPC, &resource)?;
    let which = if everywhere {
        Which::All
    } else {
        Which::One(named.map_or(person.sign_in, |(_, sign_in)| sign_in))
    };
    let ended = end(state, &mut tx, &home, id, which, EndCause::SignedOut, Some(id)).await?;
    tx.commit().await?;
    forget(state, &ended);
    Ok(ended.len())
}

/// Lists an account's sign-ins, the newest first.
pub async fn list_sign_ins(
    state: &State,
    caller: &Caller,
    account: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Stay>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListSignIns";
    let (mut db, found) = load(state, caller, RPC, account).await?;
    let now = state.clock.now();
    store::sign_in::list(&mut db, &found.home, account, &sha256(b""), before, limit, now).await
}

/// Ends sign-ins and tells everybody: the outbox for the log, the feed for the services.
pub async fn end(
    state: &State,
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    which: Which,
    cause: EndCause,
    actor: Option<Uuid>,
) -> Result<Vec<Uuid>> {
    let now = state.clock.now();
    let ended = store::sign_in::end(db, home, account, which, cause, now).await?;
    for sign_in in &ended {
        told_ended(state, db, home, account, *sign_in, cause, actor).await?;
    }
    for sign_in in &ended {
        store::account_event::put(db, home, Kind::SignInEnded, account, Some(*sign_in), now).await?;
    }
    Ok(ended)
}

/// Our own judge of tokens is told at once; the others' read the feed.
pub fn forget(state: &State, ended: &[Uuid]) {
    for sign_in in ended {
        state.tokens.end_sign_in(*sign_in);
    }
}

/// The outbox event of an end.
pub async fn told_ended(
    state: &State,
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    sign_in: Uuid,
    cause: EndCause,
    actor: Option<Uuid>,
) -> Result<()> {
    let subject = event::sign_in_name(account, sign_in);
    event::put(
        state,
        db,
        home,
        actor,
        subject,
        "sign_in.ended",
        json!({ "cause": cause.as_str() }),
    )
    .await
}

/// A refusal leaves a trace (A3) when somebody has the e-mail. The throttle bounds how many there can be.
async fn note_refusal(state: &State, email: &Email) -> Result<()> {
    let mut db = state.begin(&Home::Deployment).await?;
    let found = store::account::find_by_email(&mut db, email).await?;
    drop(db);
    if let Some((home, id)) = found {
        let mut tx = state.begin(&home).await?;
        event::put(
            state,
            &mut tx,
            &home,
            None,
            event::account_name(id),
            "sign_in.refused",
            json!({}),
        )
        .await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn next_token(
    state: &State,
    db: &mut PgConnection,
    home: &Home,
    sign_in: Uuid,
    generation: i32,
    now: OffsetDateTime,
) -> Result<String> {
    let token = state.vault.refresh_token(sign_in, generation);
    store::sign_in::insert_token(db, home, sign_in, &sha256(token.as_bytes()), generation, now).await?;
    Ok(token)
}

async fn tokens(
    state: &State,
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    sign_in: Uuid,
    refresh: String,
    expires_at: OffsetDateTime,
) -> Result<Tokens> {
    let now = state.clock.now();
    let standing = standing::of(db, home, account, day::of(now)).await?;
    let authority = match home {
        Home::School(school) => store::school::find(db, school).await?.map(|s| s.authority),
        Home::Deployment => store::account::find(db, home, account)
            .await?
            .and_then(|a| a.authority),
    };
    let roles = standing::ids(&standing.roles());
    let access_expires_at = expires_at.min(now + ACCESS_LIFETIME);
    let access = state.keys.access(&AccessClaims {
        iss: ISSUER.to_owned(),
        sub: account.to_string(),
        sid: sign_in.to_string(),
        school: home.school().map(ToString::to_string),
        authority: authority.map(|a| a.to_string()),
        roles: roles.iter().map(ToString::to_string).collect(),
        grant: Vec::new(),
        act: standing
            .acting
            .iter()
            .map(|(role, by)| (role.as_str().to_owned(), by.to_string()))
            .collect(),
        iat: now.unix_timestamp(),
        exp: access_expires_at.unix_timestamp(),
        jti: clock::new_id().to_string(),
    })?;
    Ok(Tokens {
        sign_in,
        account,
        access,
        access_expires_at,
        refresh,
        expires_at,
        roles,
    })
}

fn client_of(caller: &Caller, text: &str) -> Client {
    let address = caller
        .client_address
        .map(|a| a.to_canonical().to_string())
        .unwrap_or_default();
    Client {
        digest: sha256(text.as_bytes()),
        address,
    }
}
