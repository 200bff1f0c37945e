//! Model to messages, and names out of them.

use hocba_chassis::{
    Failure,
    clock::{from_timestamp, to_timestamp},
    name,
};
use hocba_evidence::{
    Verdict,
    log::entry::{Entry, Fact},
    verify::Checked,
};
use hocba_proto::archive::{self, year_document::State};

use crate::{
    model::{
        evidence::Evidence,
        name::{ClassName, DocumentName, LogName, PackageName, Signable},
        slot::Slot,
    },
    store,
};

/// A class's name.
///
/// # Errors
/// BAD_REQUEST.
pub fn class_name(field: &str, text: &str) -> Result<ClassName, Failure> {
    let [school, year, class] = name::parse(field, "schools/{school}/years/{year}/classes/{class}", text)?;
    Ok(ClassName { school, year, class })
}

/// A document's name.
///
/// # Errors
/// BAD_REQUEST.
pub fn document_name(field: &str, text: &str) -> Result<DocumentName, Failure> {
    const PATTERN: &str = "schools/{school}/years/{year}/pupils/{pupil}/documents/{version}";
    let [school, year, pupil, version] = name::parse(field, PATTERN, text)?;
    let version = version.parse::<i32>().ok().filter(|version| *version > 0);
    Ok(DocumentName {
        school,
        year,
        pupil: name::id(field, &pupil)?,
        version: version.ok_or_else(|| Failure::bad_request(field, format!("phải có dạng {PATTERN}")))?,
    })
}

/// A package's name.
///
/// # Errors
/// BAD_REQUEST.
pub fn package_name(field: &str, text: &str) -> Result<PackageName, Failure> {
    let [school, id] = name::parse(field, "schools/{school}/packages/{package}", text)?;
    Ok(PackageName {
        school,
        id: name::id(field, &id)?,
    })
}

/// A document's or a package's name.
///
/// # Errors
/// BAD_REQUEST.
pub fn signable(field: &str, text: &str) -> Result<Signable, Failure> {
    if text.contains("/packages/") {
        package_name(field, text).map(Signable::Package)
    } else {
        document_name(field, text).map(Signable::Document)
    }
}

/// A log's name.
///
/// # Errors
/// BAD_REQUEST.
pub fn log_name(field: &str, text: &str) -> Result<LogName, Failure> {
    if text == "log" {
        return Ok(LogName::of(""));
    }
    let [school] = name::parse(field, "schools/{school}/log", text)?;
    Ok(LogName::of(&school))
}

/// An evidence file's school and digest.
///
/// # Errors
/// BAD_REQUEST.
pub fn evidence_name(field: &str, text: &str) -> Result<(String, String), Failure> {
    let [school, digest] = name::parse(field, "schools/{school}/evidence/{sha256}", text)?;
    if digest.len() == 64 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        Ok((school, digest))
    } else {
        Err(Failure::bad_request(field, "phải là SHA-256 dạng hex chữ thường"))
    }
}

/// An event of a service's outbox.
///
/// # Errors
/// BAD_REQUEST.
pub fn event(event: archive::Event) -> Result<(LogName, Fact, String), Failure> {
    let log = if event.school.is_empty() {
        LogName::of("")
    } else {
        let [school] = name::parse("events.school", "schools/{school}", &event.school)?;
        LogName::of(&school)
    };
    if event.kind.is_empty() {
        return Err(Failure::bad_request("events.kind", "không được trống"));
    }
    let occurred_at = event
        .occur_time
        .as_ref()
        .and_then(from_timestamp)
        .ok_or_else(|| Failure::bad_request("events.occur_time", "phải là một thời điểm"))?;
    // PostgreSQL keeps microseconds, and the commitment covers what is kept.
    let occurred_at = occurred_at
        .replace_nanosecond(occurred_at.nanosecond() / 1000 * 1000)
        .unwrap_or(occurred_at);
    let fact = Fact {
        event_id: name::id("events.id", &event.id)?,
        subject: event.subject,
        kind: event.kind,
        facts: event.facts_json,
        actor: event.actor,
        occurred_at,
    };
    Ok((log, fact, event.trace_parent))
}

/// An evidence file.
#[must_use]
pub fn evidence(school: &str, file: Evidence) -> archive::Evidence {
    archive::Evidence {
        name: format!("schools/{school}/evidence/{}", file.sha256),
        media_type: file.media_type,
        size_bytes: file.size_bytes,
        uploader: file.uploader,
        create_time: Some(to_timestamp(file.created_at)),
    }
}

/// A head.
#[must_use]
pub fn checkpoint(name: &LogName, head: store::log::Head) -> archive::Checkpoint {
    archive::Checkpoint {
        name: name.to_string(),
        tree_size: head.tree_size,
        root_hash: head.root_hash,
        note: head.note,
        sign_time: Some(to_timestamp(head.signed_at)),
    }
}

/// An entry.
#[must_use]
pub fn log_entry(entry: Entry) -> archive::LogEntry {
    archive::LogEntry {
        index: entry.index,
        event_id: entry.fact.event_id.to_string(),
        subject: entry.fact.subject,
        kind: entry.fact.kind,
        facts_json: entry.fact.facts,
        occur_time: Some(to_timestamp(entry.fact.occurred_at)),
        actor: entry.fact.actor,
        salt: entry.salt,
        commitment: entry.commitment,
        leaf_hash: entry.leaf_hash.to_vec(),
    }
}

/// A document with its slots.
#[must_use]
pub fn year_document(
    (school, year): (&str, &str),
    row: &store::year_document::Row,
    slots: &[Slot],
) -> archive::YearDocument {
    let state = match row.state.as_str() {
        "open" => State::Open,
        "sealed" => State::Sealed,
        "superseded" => State::Superseded,
        _ => State::Unspecified,
    };
    archive::YearDocument {
        name: row.name(school, year).to_string(),
        class: format!("schools/{school}/years/{year}/classes/{}", row.class_id),
        version: row.version,
        state: state.into(),
        slots: slots.iter().map(slot).collect(),
        digest: row.digest.clone(),
        compose_time: Some(to_timestamp(row.composed_at)),
    }
}

fn slot(slot: &Slot) -> archive::Slot {
    let signature = slot.signature.as_ref();
    archive::Slot {
        slot: slot.kind.to_string(),
        signer: slot.signer.clone(),
        signed: signature.is_some(),
        signed_by: signature.map(|it| it.by.clone()).unwrap_or_default(),
        sign_time: signature.map(|it| to_timestamp(it.at)),
    }
}

/// A package with the slots of its statement.
#[must_use]
pub fn class_package(school: &str, row: &store::class_package::Row, slots: &[Slot]) -> archive::ClassPackage {
    let state = match row.state.as_str() {
        "sealed" => archive::class_package::State::Sealed,
        "awaiting_signatures" => archive::class_package::State::AwaitingSignatures,
        _ => archive::class_package::State::Unspecified,
    };
    archive::ClassPackage {
        name: format!("schools/{school}/packages/{}", row.id),
        class: format!("schools/{school}/years/{}/classes/{}", row.year_id, row.class_id),
        state: state.into(),
        document_count: row.document_count,
        digest: row.tag_manifest.clone(),
        signed_slots: slots
            .iter()
            .filter(|slot| slot.signature.is_some())
            .map(|slot| slot.kind.to_string())
            .collect(),
        create_time: Some(to_timestamp(row.created_at)),
    }
}

/// What a verification found, slot by slot, and the worst of it.
#[must_use]
pub fn findings(found: &[Checked]) -> archive::VerifyYearDocumentResponse {
    let verdict = |verdict: Verdict| match verdict {
        Verdict::Valid => archive::Verdict::Valid,
        Verdict::Unchecked => archive::Verdict::Unchecked,
        Verdict::Invalid => archive::Verdict::Invalid,
    };
    let worst = found.iter().map(|it| it.verdict).max();
    archive::VerifyYearDocumentResponse {
        verdict: verdict(worst.unwrap_or(Verdict::Unchecked)).into(),
        findings: found
            .iter()
            .map(|it| archive::SlotFinding {
                slot: it.slot.to_string(),
                verdict: verdict(it.verdict).into(),
                detail: it.detail.clone(),
            })
            .collect(),
    }
}
