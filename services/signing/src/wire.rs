//! Model to messages, and names out of them.

use hocba_chassis::{
    Failure,
    clock::to_timestamp,
    name::{self, parse},
};
use hocba_evidence::Kind;
use hocba_proto::signing::{self, ceremony, ceremony_item, certificate};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    model::{
        ceremony::{Ceremony, Item},
        digest,
        kind::KeyKind,
        name::{Name, certificate as certificate_name},
    },
    store,
};

/// A school's id.
///
/// # Errors
/// BAD_REQUEST.
pub fn school(field: &str, text: &str) -> Result<String, Failure> {
    let [school] = parse(field, "schools/{school}", text)?;
    Ok(school)
}

/// An account's id.
///
/// # Errors
/// BAD_REQUEST.
pub fn account(field: &str, text: &str) -> Result<Uuid, Failure> {
    let [account] = parse(field, "accounts/{account}", text)?;
    name::id(field, &account)
}

/// An authorization's name.
///
/// # Errors
/// BAD_REQUEST.
pub fn authorization_name(text: &str) -> Result<Name, Failure> {
    const PATTERN: &str = "schools/{school}/certificateAuthorizations/{authorization}";
    let [school, id] = parse("authorization", PATTERN, text)?;
    Ok(Name::authorization(&school, name::id("authorization", &id)?))
}

/// A ceremony's name.
///
/// # Errors
/// BAD_REQUEST.
pub fn ceremony_name(text: &str) -> Result<Name, Failure> {
    let [school, id] = parse("name", "schools/{school}/ceremonies/{ceremony}", text)?;
    Ok(Name::ceremony(&school, name::id("name", &id)?))
}

/// A certificate's school and serial number.
///
/// # Errors
/// BAD_REQUEST.
pub fn certificate_id(text: &str) -> Result<(String, String), Failure> {
    let [school, serial] = parse("name", "schools/{school}/certificates/{serial}", text)?;
    Ok((school, serial))
}

/// For whom and what the principal decides.
///
/// # Errors
/// BAD_REQUEST.
pub fn grants(grants: &[signing::CertificateGrant]) -> Result<Vec<(Uuid, KeyKind)>, Failure> {
    if !(1..=200).contains(&grants.len()) {
        return Err(Failure::bad_request("grants", "từ 1 đến 200"));
    }
    let mut all: Vec<(Uuid, KeyKind)> = Vec::with_capacity(grants.len());
    for grant in grants {
        let one = (
            account("grants.account", &grant.account)?,
            key_kind(grant.kind())?,
        );
        if all.contains(&one) {
            return Err(Failure::bad_request("grants", "có người được ghi hai lần"));
        }
        all.push(one);
    }
    Ok(all)
}

/// The slots of a ceremony: several only where none covers another.
///
/// # Errors
/// BAD_REQUEST.
pub fn slots(slots: &[String]) -> Result<Vec<Kind>, Failure> {
    let bad = |words: &str| Failure::bad_request("slots", words);
    let mut kinds = Vec::with_capacity(slots.len());
    for slot in slots {
        kinds.push(Kind::parse(slot).ok_or_else(|| bad("phải là subject-…, homeroom, principal hoặc seal"))?);
    }
    kinds.sort();
    kinds.dedup();
    let alone = kinds.iter().any(|kind| !kind.covers_own_section_only());
    match kinds.len() {
        0 => Err(bad("phải có ít nhất một chỗ kí")),
        1 => Ok(kinds),
        2..=20 if !alone => Ok(kinds),
        _ => Err(bad("chỉ các môn học được kí chung một lượt")),
    }
}

fn key_kind(kind: signing::KeyKind) -> Result<KeyKind, Failure> {
    match kind {
        signing::KeyKind::Personal => Ok(KeyKind::Personal),
        signing::KeyKind::Seal => Ok(KeyKind::Seal),
        signing::KeyKind::Unspecified => {
            Err(Failure::bad_request("grants.kind", "phải là PERSONAL hoặc SEAL"))
        }
    }
}

fn kind(id: &str) -> signing::KeyKind {
    match KeyKind::parse(id) {
        Some(KeyKind::Personal) => signing::KeyKind::Personal,
        Some(KeyKind::Seal) => signing::KeyKind::Seal,
        None => signing::KeyKind::Unspecified,
    }
}

/// An authorization.
#[must_use]
pub fn authorization(school: &str, row: &store::authorization::Row) -> signing::CertificateAuthorization {
    let name = Name::authorization(school, row.id);
    signing::CertificateAuthorization {
        digest: digest::key(&name),
        name: name.to_string(),
        account: format!("accounts/{}", row.account_id),
        kind: kind(&row.kind).into(),
        authorizer: format!("accounts/{}", row.authorized_by),
        authorize_time: Some(to_timestamp(row.authorized_at)),
    }
}

/// A certificate.
#[must_use]
pub fn certificate(school: &str, row: store::certificate::Row, now: OffsetDateTime) -> signing::Certificate {
    let state = if row.revoked_at.is_some() {
        certificate::State::Revoked
    } else if row.ends_at <= now {
        certificate::State::Expired
    } else {
        certificate::State::Active
    };
    signing::Certificate {
        name: certificate_name(school, &row.serial),
        kind: kind(&row.kind).into(),
        account: format!("accounts/{}", row.account_id),
        state: state.into(),
        der: row.der,
        start_time: Some(to_timestamp(row.starts_at)),
        end_time: Some(to_timestamp(row.ends_at)),
        authorization: Name::authorization(school, row.authorization_id).to_string(),
        revoke_time: row.revoked_at.map(to_timestamp),
    }
}

/// A ceremony with its items.
#[must_use]
pub fn ceremony(school: &str, ceremony: Ceremony, items: Vec<Item>) -> signing::Ceremony {
    let state = match ceremony.state.as_str() {
        "open" => ceremony::State::Open,
        "signing" => ceremony::State::Signing,
        "finished" => ceremony::State::Finished,
        _ => ceremony::State::Unspecified,
    };
    signing::Ceremony {
        name: Name::ceremony(school, ceremony.id).to_string(),
        target: ceremony.target,
        slots: ceremony.slots,
        signer: format!("accounts/{}", ceremony.signer),
        items: items.into_iter().map(item).collect(),
        digest: ceremony.digest,
        state: state.into(),
        create_time: Some(to_timestamp(ceremony.created_at)),
        finish_time: ceremony.finished_at.map(to_timestamp),
    }
}

fn item(item: Item) -> signing::CeremonyItem {
    let state = match item.state.as_str() {
        "pending" => ceremony_item::State::Pending,
        "signed" => ceremony_item::State::Signed,
        "refused" => ceremony_item::State::Refused,
        _ => ceremony_item::State::Unspecified,
    };
    signing::CeremonyItem {
        slot: item.slot,
        document: item.document,
        content_digest: item.content_digest,
        state: state.into(),
        reason: item.reason,
    }
}
