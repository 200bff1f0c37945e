//! SignCeremony: opens the key, signs what was shown, hands the signatures to the archive.

use std::collections::BTreeMap;

use hocba_chassis::{
    Caller, Failure, Role,
    act_token::{self, ActToken},
    database,
    once::{self, Once},
    outbox,
};
use hocba_evidence::{Certificate, Document, Kind, xades};
use hocba_policy::Resource;
use hocba_proto::{
    archive::{DocumentToSign, FinishedSignature},
    signing::{self, SignCeremonyRequest},
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::{
    Error, State,
    app::peer,
    model::{
        ceremony::{Ceremony, Item},
        kind::{KeyKind, claimed_role},
        name::Name,
        passphrase,
    },
    rpc, store, wire,
};

/// Signs the ceremony.
///
/// # Errors
/// See the contract.
pub async fn sign_ceremony(
    state: &State,
    caller: &Caller,
    name: &Name,
    request: SignCeremonyRequest,
) -> Result<signing::Ceremony, Error> {
    const RPC: &str = rpc::SIGN_CEREMONY;
    let school = &name.school;
    let words = passphrase::normalize(&Zeroizing::new(request.passphrase));
    let body = SignCeremonyRequest {
        name: request.name,
        request_id: request.request_id,
        ..SignCeremonyRequest::default()
    };
    let now = state.clock.now();
    let mut tx = database::begin(&state.pool, school).await?;
    let ceremony = store::ceremony::get(&mut tx, school, name.id).await?;
    let person = caller.person()?;
    let own = ceremony.as_ref().is_some_and(|it| it.signer == person.account);
    let resource = Resource::school(school).relation_if("owner", own);
    state.policy.authorize(caller, RPC, &resource)?;
    let ceremony = ceremony.ok_or(Error::CeremonyUnknown)?;
    let mut items = store::ceremony::items(&mut tx, school, name.id).await?;
    let slots = wire::slots(&ceremony.slots)?;
    // Looked up before the key is opened, taken when the token is spent.
    if let Once::Again(_) = once::begin(&mut tx, caller, RPC, &body.request_id, &body, now).await? {
        return Ok(wire::ceremony(school, ceremony, items));
    }
    tx.rollback().await?;
    if ceremony.state == "finished" {
        return Err(Error::CeremonyFinished);
    }
    let act = state
        .tokens
        .verify_act(&request.act_token, "ceremony.sign", &ceremony.digest, person)
        .await?;
    let mut kind = KeyKind::Personal;
    for slot in &slots {
        may(&act, slot)?;
        kind = KeyKind::of_slot(slot);
    }
    let (certificate, key) = open(state, school, person.account, kind, &words).await?;
    let mut waiting = Waiting::new();
    for slot in slots {
        for document in peer::documents(state, caller, &ceremony.target, &slot.to_string()).await? {
            waiting.insert(
                (slot.to_string(), document.document.clone()),
                (slot.clone(), document),
            );
        }
    }

    let mut tx = database::begin(&state.pool, school).await?;
    let ticket = match once::begin(&mut tx, caller, RPC, &body.request_id, &body, now).await? {
        Once::First(ticket) => ticket,
        Once::Again(_) => return Ok(wire::ceremony(school, ceremony, items)),
    };
    act_token::spend(&mut tx, &act, now).await?;
    store::ceremony::set_state(&mut tx, school, name.id, "signing", None).await?;
    once::finish(&mut tx, &ticket, &signing::Ceremony::default()).await?;
    tx.commit().await?;

    let chain = vec![certificate, state.authority.issuing.clone()];
    let work = Work {
        key,
        chain,
        signer: person.name(),
        now,
    };
    let shown = shown(&mut items, waiting);
    let signed = tokio::task::spawn_blocking(move || {
        let all = shown.iter().map(|(slot, document)| work.sign(slot, document));
        all.collect::<Result<Vec<FinishedSignature>, Failure>>()
    });
    let signatures = signed.await.map_err(Failure::internal)??;
    let slots: Vec<String> = signatures.iter().map(|it| it.slot.clone()).collect();
    let answers = peer::put(state, caller, signatures).await?;
    for (slot, (document, reason)) in slots.into_iter().zip(answers) {
        if let Some(item) = items
            .iter_mut()
            .find(|it| it.slot == slot && it.document == document)
        {
            item.answered(reason);
        }
    }
    finish(state, caller, name, ceremony, items).await
}

/// The role of the slot by the act token; the seal is applied at the school (A2).
fn may(act: &ActToken, slot: &Kind) -> Result<(), Error> {
    let role = match slot {
        Kind::Subject(_) => act.role == Role::SubjectTeacher || act.role == Role::HomeroomTeacher,
        Kind::Homeroom => act.role == Role::HomeroomTeacher,
        Kind::Principal => act.role == Role::Principal,
        Kind::Seal => act.role == Role::OfficeClerk,
    };
    if !role {
        return Err(act_token::invalid().meta("what", "role").into());
    }
    if *slot == Kind::Seal && !act.premises {
        return Err(Error::NotOnPremises);
    }
    Ok(())
}

/// The certificate in force and its key, opened by the words. Every try is counted before it is made.
async fn open(
    state: &State,
    school: &str,
    account: uuid::Uuid,
    kind: KeyKind,
    words: &str,
) -> Result<(Certificate, EcdsaKeyPair), Error> {
    let kind = kind.to_string();
    let now = state.clock.now();
    let mut tx = database::begin(&state.pool, school).await?;
    let row = store::certificate::in_force(&mut tx, school, account, &kind, now).await?;
    let row = row.ok_or(Error::CertificateMissing)?;
    let (wrapped, left) = store::key::try_open(&mut tx, school, &row.serial, now)
        .await?
        .ok_or(Error::TooManyTries)?;
    tx.commit().await?;
    let _place = state.opening.acquire().await.map_err(Failure::internal)?;
    let (words, serial) = (Zeroizing::new(words.to_owned()), row.serial.clone());
    let opened = tokio::task::spawn_blocking(move || {
        let der = wrapped.open(&words, &serial)?;
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new()).ok()
    });
    let key = opened.await.map_err(Failure::internal)?;
    let key = key.ok_or(Error::PassphraseWrong { left })?;
    let mut tx = database::begin(&state.pool, school).await?;
    store::key::opened(&mut tx, school, &row.serial).await?;
    tx.commit().await?;
    let certificate = Certificate::parse(&row.der).map_err(|flaw| Failure::internal(flaw.to_string()))?;
    Ok((certificate, key))
}

/// What waits now, by slot and document.
type Waiting = BTreeMap<(String, String), (Kind, DocumentToSign)>;

/// The documents that are as the signer saw them. What changed or waits no more is refused, and what was not
/// shown is left alone.
fn shown(items: &mut [Item], mut waiting: Waiting) -> Vec<(Kind, DocumentToSign)> {
    let mut shown = Vec::new();
    for item in items.iter_mut().filter(|item| item.is_pending()) {
        match waiting.remove(&(item.slot.clone(), item.document.clone())) {
            Some((slot, document)) if document.content_digest == item.content_digest => {
                shown.push((slot, document));
            }
            Some(_) | None => item.answered("STALE_DIGEST".to_owned()),
        }
    }
    shown
}

/// What every signature of a ceremony is made with.
struct Work {
    key: EcdsaKeyPair,
    chain: Vec<Certificate>,
    signer: String,
    now: OffsetDateTime,
}

impl Work {
    fn sign(&self, slot: &Kind, document: &DocumentToSign) -> Result<FinishedSignature, Failure> {
        let own = |flaw: hocba_evidence::Flaw| Failure::internal(flaw.to_string());
        let read = Document::parse(&document.xml).map_err(own)?;
        // We sign the bytes we have: that they are those that were shown is computed, not believed.
        if read.content_digest(slot).map_err(own)? != document.content_digest {
            return Err(Failure::internal(
                "the archive's digest is not that of its document",
            ));
        }
        let role = claimed_role(slot);
        let prepared = xades::prepare(&read, slot, &self.chain, role, self.now).map_err(own)?;
        let value = self
            .key
            .sign(&SystemRandom::new(), &prepared.to_sign)
            .map_err(Failure::internal)?;
        Ok(FinishedSignature {
            document: document.document.clone(),
            slot: slot.to_string(),
            signature_xml: prepared.finish(value.as_ref()),
            content_digest: document.content_digest.clone(),
            signer: self.signer.clone(),
        })
    }
}

async fn finish(
    state: &State,
    caller: &Caller,
    name: &Name,
    mut ceremony: Ceremony,
    items: Vec<Item>,
) -> Result<signing::Ceremony, Error> {
    let school = &name.school;
    let now = state.clock.now();
    let mut tx = database::begin(&state.pool, school).await?;
    store::ceremony::set_items(&mut tx, school, name.id, &items).await?;
    let done = !items.iter().any(Item::is_pending);
    ceremony.state = if done { "finished" } else { "signing" }.to_owned();
    ceremony.finished_at = done.then_some(now);
    store::ceremony::set_state(&mut tx, school, name.id, &ceremony.state, ceremony.finished_at).await?;
    let count = |state: &str| items.iter().filter(|item| item.state == state).count();
    let event = outbox::Event {
        school: school.clone(),
        subject: name.to_string(),
        kind: "ceremony.signed".to_owned(),
        facts: serde_json::json!({
            "slots": ceremony.slots, "digest": ceremony.digest, "signed": count("signed"), "refused": count("refused"),
        }),
        actor: caller.subject(),
    };
    outbox::put(&mut tx, &event, now).await?;
    tx.commit().await?;
    Ok(wire::ceremony(school, ceremony, items))
}
