//! StepUp: one fresh proof of the second factor, for one act.

use hocba_chassis::{
    caller::{Caller, Role},
    clock,
    token::{ActClaims, ISSUER},
};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{attempt, event, factor, school::resource_of_home, standing};
use crate::{
    error::{Error, Result},
    model::{
        account::State as AccountState,
        act_token::{Digest, Issue, Purpose, code_use},
        challenge::Usage,
        day,
        factor::{Given as Factor, Wrong},
        home::Home,
        network,
        sign_in::ACT_LIFETIME,
    },
    state::State,
    store,
};

/// An act token as given out.
pub struct Given {
    /// The token.
    pub token: String,
    /// When it ends.
    pub expires_at: OffsetDateTime,
    /// Whether the caller is inside the school.
    pub premises: bool,
    /// The delegation, `schools/{school}/delegations/{delegation}`, when acting for another.
    pub delegation: Option<String>,
}

/// Gives an act token.
pub async fn step_up(
    state: &State,
    caller: &Caller,
    purpose: Purpose,
    digest: Digest,
    role: Role,
    factor: &Factor,
) -> Result<Given> {
    const RPC: &str = "hocba.identity.v1.IdentityService/StepUp";
    let person = caller.person()?;
    let id = person.account;
    let mut db = state.begin(&Home::Deployment).await?;
    let home = store::account::locate(&mut db, id)
        .await?
        .ok_or(Error::AccountUnknown)?;
    drop(db);
    let mut db = state.begin(&home).await?;
    let resource = resource_of_home(&mut db, &home).await?.relation("self");
    state.policy.authorize(caller, RPC, &resource)?;
    let credentials = store::account::credentials(&mut db, &home, id)
        .await?
        .ok_or(Error::AccountUnknown)?;
    let usage = Usage::StepUp {
        account: id,
        purpose,
        digest: digest.clone(),
    };
    factor::fresh(state, factor, &usage)?;
    let admitted = attempt::admit(state, "step_up", &id.to_string()).await?;
    let proved = match factor::check(state, &mut db, &credentials, factor).await? {
        Ok(proved) => proved,
        Err(Wrong::Code) => return Err(Error::TotpCodeWrong),
        Err(Wrong::Key(flaw)) => return Err(Error::AssertionRefused(flaw)),
    };
    drop(db);

    let now = state.clock.now();
    let mut tx = state.begin(&home).await?;
    // The account's lock first: a suspension or a change of roles is before this token or after it.
    let account = store::account::lock(&mut tx, &home, id)
        .await?
        .ok_or(Error::AccountUnknown)?;
    match account.state {
        AccountState::Active => {}
        AccountState::Pending | AccountState::Suspended => return Err(Error::AccountSuspended),
    }
    if !store::sign_in::lock_open(&mut tx, &home, id, person.sign_in, now).await? {
        return Err(Error::SignInOver);
    }
    let standing = standing::of(&mut tx, &home, id, day::of(now)).await?;
    let Some(delegation) = standing.holds(role) else {
        // The proof was good: only the counter is kept, the code stays unspent.
        store::attempt::clear(&mut tx, admitted.key()).await?;
        tx.commit().await?;
        return Err(Error::RoleNotInForce(role.as_str()));
    };
    let spent_on = code_use(purpose, &digest);
    let mut tx = factor::spend(state, tx, &home, id, &proved, &spent_on, now).await?;
    store::sign_in::touch(&mut tx, &home, person.sign_in, now).await?;
    let premises = network::inside(&store::network::all(&mut tx, &home).await?, caller.client_address);
    let issue = Issue {
        id: clock::new_id(),
        account: id,
        sign_in: person.sign_in,
        role: role.as_str().to_owned(),
        delegation,
        purpose,
        digest,
        premises,
    };
    store::act_token::insert(&mut tx, &home, &issue, now).await?;
    store::attempt::clear(&mut tx, admitted.key()).await?;
    let delegation = delegation.map(|by| delegation_name(&home, by));
    let facts = json!({
        "act_token": issue.id,
        "purpose": purpose.as_str(),
        "digest": issue.digest.as_str(),
        "role": role.as_str(),
        "delegation": delegation,
        "premises": premises,
    });
    event::put(
        state,
        &mut tx,
        &home,
        Some(id),
        event::account_name(id),
        "act_token.issued",
        facts,
    )
    .await?;
    let expires_at = now + ACT_LIFETIME;
    let token = state.keys.act(&claims(&home, &issue, role, now, expires_at))?;
    tx.commit().await?;
    Ok(Given {
        token,
        expires_at,
        premises,
        delegation,
    })
}

fn claims(
    home: &Home,
    issue: &Issue,
    role: Role,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> ActClaims {
    ActClaims {
        iss: ISSUER.to_owned(),
        sub: issue.account.to_string(),
        sid: issue.sign_in.to_string(),
        school: home.school().map(ToString::to_string),
        role: role.as_str().to_owned(),
        delegation: issue.delegation.map(|by| by.to_string()),
        purpose: issue.purpose.as_str().to_owned(),
        digest: issue.digest.as_str().to_owned(),
        premises: issue.premises,
        iat: now.unix_timestamp(),
        exp: expires_at.unix_timestamp(),
        jti: issue.id.to_string(),
    }
}

fn delegation_name(home: &Home, id: Uuid) -> String {
    home.school().map_or_else(
        || id.to_string(),
        |school| format!("schools/{school}/delegations/{id}"),
    )
}
