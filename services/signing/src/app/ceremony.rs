//! CreateCeremony, GetCeremony, ListCeremonies.

use hocba_chassis::{
    Caller, Failure,
    clock::new_id,
    database,
    once::{self, Once},
    outbox, page,
};
use hocba_evidence::Kind;
use hocba_policy::Resource;
use hocba_proto::archive::DocumentToSign;
use hocba_proto::signing::{self, CreateCeremonyRequest, ListCeremoniesRequest, ListCeremoniesResponse};
use uuid::Uuid;

use crate::{
    Error, State,
    app::peer,
    model::{
        ceremony::{Ceremony, Item},
        digest,
        name::Name,
    },
    rpc, store, wire,
};

/// What waits for the caller, as a list to sign.
///
/// # Errors
/// See the contract.
pub async fn create_ceremony(
    state: &State,
    caller: &Caller,
    school: &str,
    slots: &[Kind],
    request: &CreateCeremonyRequest,
) -> Result<signing::Ceremony, Error> {
    const RPC: &str = rpc::CREATE_CEREMONY;
    state.policy.authorize(caller, RPC, &Resource::school(school))?;
    if !request.target.starts_with(&format!("schools/{school}/")) {
        return Err(Failure::bad_request("target", "phải là một lớp hoặc một gói của trường").into());
    }
    let signer = caller.person()?.account;
    let now = state.clock.now();
    let mut tx = database::begin(&state.pool, school).await?;
    let ticket = match once::begin(&mut tx, caller, RPC, &request.request_id, request, now).await? {
        Once::First(ticket) => ticket,
        Once::Again(answer) => return Ok(once::again(&answer)?),
    };
    let mut items = Vec::new();
    for slot in slots {
        let slot = slot.to_string();
        let waiting = peer::documents(state, caller, &request.target, &slot).await?;
        let pending = |it: DocumentToSign| Item::pending(slot.clone(), it.document, it.content_digest);
        items.extend(waiting.into_iter().map(pending));
    }
    if items.is_empty() {
        return Err(Error::NothingToSign);
    }
    let name = Name::ceremony(school, new_id());
    let ceremony = Ceremony {
        id: name.id,
        target: request.target.clone(),
        slots: slots.iter().map(ToString::to_string).collect(),
        signer,
        digest: digest::ceremony(&name, &items),
        state: "open".to_owned(),
        created_at: now,
        finished_at: None,
    };
    store::ceremony::insert(&mut tx, school, &ceremony, &items).await?;
    let event = outbox::Event {
        school: school.to_owned(),
        subject: name.to_string(),
        kind: "ceremony.created".to_owned(),
        facts: serde_json::json!({ "slots": ceremony.slots, "documents": items.len(), "digest": ceremony.digest }),
        actor: caller.subject(),
    };
    outbox::put(&mut tx, &event, now).await?;
    let answer = wire::ceremony(school, ceremony, items);
    once::finish(&mut tx, &ticket, &answer).await?;
    tx.commit().await?;
    Ok(answer)
}

/// One ceremony.
///
/// # Errors
/// See the contract.
pub async fn get_ceremony(state: &State, caller: &Caller, name: &Name) -> Result<signing::Ceremony, Error> {
    let school = &name.school;
    let mut tx = database::begin(&state.pool, school).await?;
    let ceremony = store::ceremony::get(&mut tx, school, name.id).await?;
    let own = ceremony
        .as_ref()
        .is_some_and(|it| caller.person().is_ok_and(|person| person.account == it.signer));
    let resource = Resource::school(school).relation_if("owner", own);
    state.policy.authorize(caller, rpc::GET_CEREMONY, &resource)?;
    let ceremony = ceremony.ok_or(Error::CeremonyUnknown)?;
    let items = store::ceremony::items(&mut tx, school, name.id).await?;
    Ok(wire::ceremony(school, ceremony, items))
}

/// A page of the caller's ceremonies.
///
/// # Errors
/// See the contract.
pub async fn list_ceremonies(
    state: &State,
    caller: &Caller,
    school: &str,
    request: &ListCeremoniesRequest,
) -> Result<ListCeremoniesResponse, Error> {
    state
        .policy
        .authorize(caller, rpc::LIST_CEREMONIES, &Resource::school(school))?;
    let signer = caller.person()?.account;
    let binding = format!("{school} {signer}");
    let before = match page::position(&binding, &request.page_token)? {
        Some(text) => {
            Some(Uuid::parse_str(&text).map_err(|_| Failure::bad_request("page_token", "không hợp lệ"))?)
        }
        None => None,
    };
    let size = page::size(request.page_size);
    let mut tx = database::begin(&state.pool, school).await?;
    let mut rows = store::ceremony::page(&mut tx, school, signer, before, size + 1).await?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| more);
    Ok(ListCeremoniesResponse {
        next_page_token: last
            .map(|it| page::token(&binding, &it.id.to_string()))
            .unwrap_or_default(),
        ceremonies: rows
            .into_iter()
            .map(|it| wire::ceremony(school, it, Vec::new()))
            .collect(),
    })
}
