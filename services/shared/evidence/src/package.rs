//! The package of a class (A11.2): a BagIt bag whose tag manifest is signed.
//!
//! ```text
//! bagit.txt bag-info.txt manifest-sha256.txt tagmanifest-sha256.txt
//! statement.xml                  signed by principal and seal: digest of the tag manifest and of the roster
//! data/roster.json               every pupil of the class, the document's name and digest
//! data/documents/NNN-{pupil}.xml one sealed year document a pupil
//! data/log/checkpoint.txt        the signed head of the school's log
//! data/log/proofs.json           that each document's sealing stands in it
//! ```
//!
//! The statement stands outside the tag manifest, which it signs. A manifest recomputed by a forger agrees
//! with its files, as BagIt wants, and no longer with the statement.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};

mod check;

pub use check::verify;

use crate::{Element, Flaw, Kind, document, hash::sha256, log::entry::Entry};

const BAGIT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
const MANIFEST: &str = "manifest-sha256.txt";
const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
const STATEMENT: &str = "statement.xml";
const ROSTER: &str = "data/roster.json";
const CHECKPOINT: &str = "data/log/checkpoint.txt";
const PROOFS: &str = "data/log/proofs.json";

/// Files by path, as they lie in the package's folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The class as the package holds it: nobody is missing, nobody too many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// The class, `schools/{school}/years/{year}/classes/{class}`.
    pub class: String,
    /// One line a pupil, in roster order.
    pub pupils: Vec<Pupil>,
}

/// A pupil's line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pupil {
    /// The pupil's id.
    pub pupil: String,
    /// The document's name with version.
    pub document: String,
    /// Where it lies in the package.
    pub path: String,
    /// SHA-256 of the file, lower hex.
    pub sha256: String,
}

/// That an entry stands in the tree of the package's checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The entry's place in the log.
    pub index: i64,
    /// The event's id.
    pub event_id: uuid::Uuid,
    /// The document.
    pub subject: String,
    /// `year_document.sealed`.
    pub kind: String,
    /// The facts byte for byte as appended; they name the document's digest.
    pub facts: String,
    /// Who caused it, `accounts/{account}`.
    pub actor: String,
    /// When, in microseconds of Unix time.
    pub occurred_micros: i64,
    /// The commitment's salt, lower hex.
    pub salt: String,
    /// The audit path, leaf to root, lower hex.
    pub path: Vec<String>,
}

impl Proof {
    /// Of an entry and its path.
    #[must_use]
    pub fn of(entry: &Entry, path: &[[u8; 32]]) -> Self {
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        let micros = entry.fact.occurred_at.unix_timestamp_nanos() / 1000;
        Self {
            index: entry.index,
            event_id: entry.fact.event_id,
            subject: entry.fact.subject.clone(),
            kind: entry.fact.kind.clone(),
            facts: entry.fact.facts.clone(),
            actor: entry.fact.actor.clone(),
            occurred_micros: i64::try_from(micros).unwrap_or_default(),
            salt: hex(&entry.salt),
            path: path.iter().map(|hash| hex(hash)).collect(),
        }
    }
}

/// A sealed document for the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The pupil's id.
    pub pupil: String,
    /// The document's name with version.
    pub document: String,
    /// The document with all its signatures.
    pub xml: Vec<u8>,
}

/// A package without its signed statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bag {
    /// All files but the statement.
    pub files: Files,
    /// The statement with its slots empty.
    pub statement: Vec<u8>,
    /// SHA-256 of the tag manifest, lower hex.
    pub tag_manifest: String,
}

/// Puts a package together. `date` is `YYYY-MM-DD`; documents come in roster order.
///
/// # Errors
/// A roster or proof that cannot be written.
pub fn build(
    name: &str,
    school: &str,
    class: &str,
    date: &str,
    documents: Vec<Sealed>,
    proofs: &[Proof],
    checkpoint: &str,
) -> Result<Bag, Flaw> {
    let mut files = Files::new();
    let mut pupils = Vec::with_capacity(documents.len());
    for (index, sealed) in documents.into_iter().enumerate() {
        let path = format!("data/documents/{:03}-{}.xml", index + 1, sealed.pupil);
        pupils.push(Pupil {
            pupil: sealed.pupil,
            document: sealed.document,
            sha256: sha256(&sealed.xml),
            path: path.clone(),
        });
        files.insert(path, sealed.xml);
    }
    let count = pupils.len();
    let roster = Roster {
        class: class.to_owned(),
        pupils,
    };
    files.insert(ROSTER.to_owned(), json(&roster)?);
    files.insert(PROOFS.to_owned(), json(&proofs)?);
    files.insert(CHECKPOINT.to_owned(), checkpoint.as_bytes().to_vec());
    let octets: usize = files.values().map(Vec::len).sum();
    let payload = files.len();
    let manifest = manifest(&files);
    files.insert(MANIFEST.to_owned(), manifest);
    files.insert("bagit.txt".to_owned(), BAGIT.as_bytes().to_vec());
    let info = format!(
        "Source-Organization: {school}\nExternal-Identifier: {name}\nBagging-Date: {date}\n\
         Payload-Oxum: {octets}.{payload}\nBag-Software-Agent: hocba\n"
    );
    files.insert("bag-info.txt".to_owned(), info.into_bytes());
    let tags: Files = files
        .iter()
        .filter(|(path, _)| !path.starts_with("data/"))
        .map(|(path, bytes)| (path.clone(), bytes.clone()))
        .collect();
    let tag_manifest = self::manifest(&tags);
    let digest = sha256(&tag_manifest);
    files.insert(TAG_MANIFEST.to_owned(), tag_manifest);
    let roster = files.get(ROSTER).map(|bytes| sha256(bytes)).unwrap_or_default();
    let frame = document::Frame {
        kind: "package-statement",
        document: name.to_owned(),
        school: school.to_owned(),
        body: Element::new("package")
            .field("class", class)
            .field("tag-manifest", digest.as_str())
            .field("roster", roster)
            .field("document-count", count.to_string()),
    };
    Ok(Bag {
        files,
        statement: document::compose(&frame, &[], &[Kind::Principal, Kind::Seal]).xml,
        tag_manifest: digest,
    })
}

/// Puts the signed statement into a package.
pub fn put_statement(files: &mut Files, statement: Vec<u8>) {
    files.insert(STATEMENT.to_owned(), statement);
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Flaw> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| Flaw::new(error.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn manifest(files: &Files) -> Vec<u8> {
    let mut text = String::new();
    for (path, bytes) in files {
        // Writing into a String does not fail.
        let _ = writeln!(text, "{}  {path}", sha256(bytes));
    }
    text.into_bytes()
}
