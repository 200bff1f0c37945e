//! CreatePersonalKey, CreateSealKey.

use hocba_chassis::{Caller, Failure, Role, act_token, clock::new_id, database, outbox};
use hocba_policy::Resource;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use zeroize::Zeroizing;

use crate::{
    Error, State,
    app::peer,
    authority::Subject,
    model::{
        digest,
        kind::{KeyKind, title},
        name::{Name, certificate as certificate_name},
        passphrase,
        wrapped_key::WrappedKey,
    },
    rpc,
    store::{self, certificate::Row},
};

/// A key just made.
#[derive(Debug)]
pub struct Made {
    /// Its certificate.
    pub certificate: Row,
    /// The words that open it.
    pub passphrase: Zeroizing<String>,
}

/// A new key with its certificate, for whom the authorization names. The words are answered this once.
///
/// # Errors
/// See the contract.
pub async fn create_key(
    state: &State,
    caller: &Caller,
    name: &Name,
    kind: KeyKind,
    token: &str,
) -> Result<Made, Error> {
    let rpc = match kind {
        KeyKind::Personal => rpc::CREATE_PERSONAL_KEY,
        KeyKind::Seal => rpc::CREATE_SEAL_KEY,
    };
    let school = &name.school;
    state.policy.authorize(caller, rpc, &Resource::school(school))?;
    let person = caller.person()?;
    let now = state.clock.now();
    let act = state
        .tokens
        .verify_act(token, "key.create", &digest::key(name), person)
        .await?;
    if kind == KeyKind::Seal && act.role != Role::OfficeClerk {
        return Err(act_token::invalid().meta("what", "role").into());
    }
    let account = peer::account(state, caller, school, person.account).await?;
    let organization = peer::school(state, caller, school).await?.display_name;
    let serial = new_id();
    let id = serial.simple().to_string();
    let made = make(state, &id).await?;
    let (title, printed) = match kind {
        KeyKind::Personal => (title(&account.roles), account.display_name.as_str()),
        KeyKind::Seal => ("seal", organization.as_str()),
    };
    let subject = Subject {
        kind,
        account: person.account,
        name: printed,
        organization: &organization,
        school,
        title,
    };
    let issued = state
        .authority
        .issue(serial, &subject, &made.pair, now)
        .map_err(Failure::internal)?;

    let mut tx = database::begin(&state.pool, school).await?;
    let authorization = store::authorization::get(&mut tx, school, name.id).await?;
    let authorization = authorization.ok_or(Error::AuthorizationUnknown)?;
    if authorization.account_id != person.account || authorization.kind != kind.to_string() {
        return Err(Error::AuthorizationOther);
    }
    if authorization.serial.is_some() {
        return Err(Error::AuthorizationUsed);
    }
    act_token::spend(&mut tx, &act, now).await?;
    let row = Row {
        serial: id,
        kind: kind.to_string(),
        account_id: person.account,
        title: title.to_owned(),
        der: issued.certificate.der().to_vec(),
        starts_at: issued.starts_at,
        ends_at: issued.ends_at,
        authorization_id: name.id,
        revoked_at: None,
    };
    match store::certificate::insert(&mut tx, school, &row).await {
        Err(error) if database::constraint(&error) == Some("certificate_in_force") => {
            return Err(Error::CertificateExists);
        }
        other => other?,
    }
    store::key::insert(&mut tx, school, &row.serial, &made.wrapped).await?;
    store::authorization::used(&mut tx, school, name.id, &row.serial).await?;
    let event = outbox::Event {
        school: school.clone(),
        subject: certificate_name(school, &row.serial),
        kind: "certificate.issued".to_owned(),
        facts: serde_json::json!({
            "fingerprint": issued.certificate.fingerprint(), "kind": row.kind, "authorization": name.to_string(),
        }),
        actor: caller.subject(),
    };
    outbox::put(&mut tx, &event, now).await?;
    tx.commit().await?;
    Ok(Made {
        certificate: row,
        passphrase: made.words,
    })
}

struct New {
    pair: KeyPair,
    wrapped: WrappedKey,
    words: Zeroizing<String>,
}

/// A key pair and its wrapping: slow on purpose, beside the runtime's threads and few at once.
async fn make(state: &State, serial: &str) -> Result<New, Error> {
    let _place = state.opening.acquire().await.map_err(Failure::internal)?;
    let serial = serial.to_owned();
    let made = tokio::task::spawn_blocking(move || {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).ok()?;
        let words = passphrase::generate()?;
        let der = Zeroizing::new(pair.serialize_der());
        let wrapped = WrappedKey::wrap(&der, &words, &serial)?;
        Some(New { pair, wrapped, words })
    });
    let made = made.await.map_err(Failure::internal)?;
    Ok(made.ok_or_else(|| Failure::internal("no key could be made"))?)
}
