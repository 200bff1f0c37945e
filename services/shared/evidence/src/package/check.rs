//! What holds of a package, from its files and what the reader trusts.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use time::OffsetDateTime;

use super::{BAGIT, CHECKPOINT, Files, MANIFEST, PROOFS, Proof, ROSTER, Roster, STATEMENT, TAG_MANIFEST};
use crate::{
    Anchors, Document, Finding, Flaw, Verdict,
    hash::sha256,
    log::{
        checkpoint::{self, Head},
        entry::{Entry, Fact},
        merkle,
    },
    verdict::overall,
    verify,
};

/// Checks a package: its form, manifests, statement, roster, every document, and the proofs of the log when the
/// log's public key (Ed25519, 32 bytes) is at hand. Every flaw found is named, not the first alone.
#[must_use]
pub fn verify(files: &Files, anchors: &Anchors, log_key: Option<&[u8]>) -> Vec<Finding> {
    let mut findings = Vec::new();
    structure(files, &mut findings);
    statement(files, anchors, &mut findings);
    match roster(files) {
        Ok(roster) => {
            members(files, &roster, &mut findings);
            for pupil in &roster.pupils {
                if let Some(xml) = files.get(&pupil.path) {
                    findings.push(book(&pupil.path, &pupil.document, xml, anchors));
                }
            }
            log(files, &roster, log_key, &mut findings);
        }
        Err(Flaw(why)) => findings.push(Finding::new(ROSTER, Verdict::Invalid, why)),
    }
    findings
}

/// The package's own form: BagIt 1.0, every file in a manifest, every digest right.
fn structure(files: &Files, findings: &mut Vec<Finding>) {
    let before = findings.len();
    let mut wrong = |about: &str, detail: &str| findings.push(Finding::new(about, Verdict::Invalid, detail));
    if files.get("bagit.txt").map(Vec::as_slice) != Some(BAGIT.as_bytes()) {
        wrong("bagit.txt", "is not that of BagIt 1.0");
    }
    for (manifest, payload) in [(MANIFEST, true), (TAG_MANIFEST, false)] {
        let Some(listed) = files.get(manifest).and_then(|bytes| read_manifest(bytes)) else {
            wrong(manifest, "is missing or cannot be read");
            continue;
        };
        let own = |path: &&String| {
            path.starts_with("data/") == payload && *path != TAG_MANIFEST && *path != STATEMENT
        };
        for path in files.keys().filter(own) {
            if !listed.contains_key(path) {
                wrong(path, &format!("is not listed in {manifest}"));
            }
        }
        for (path, digest) in &listed {
            match files.get(path) {
                None => wrong(path, &format!("is listed in {manifest} and missing")),
                Some(bytes) if sha256(bytes) != *digest => {
                    wrong(
                        path,
                        &format!("has another digest than {manifest} says: it was changed"),
                    );
                }
                Some(_) => {}
            }
        }
    }
    if findings.len() == before {
        let detail = format!("{} files as the manifests list them", files.len());
        findings.push(Finding::new("manifests", Verdict::Valid, detail));
    }
}

fn read_manifest(bytes: &[u8]) -> Option<BTreeMap<String, String>> {
    let mut listed = BTreeMap::new();
    for line in std::str::from_utf8(bytes).ok()?.lines() {
        let (digest, path) = line.split_once("  ")?;
        listed.insert(path.to_owned(), digest.to_owned());
    }
    Some(listed)
}

/// The statement: signed by principal and seal, over this tag manifest and this roster.
fn statement(files: &Files, anchors: &Anchors, findings: &mut Vec<Finding>) {
    let Some(xml) = files.get(STATEMENT) else {
        findings.push(Finding::new(
            STATEMENT,
            Verdict::Invalid,
            "is missing: nobody signed the package",
        ));
        return;
    };
    let document = match Document::parse(xml) {
        Ok(document) if document.kind() == "package-statement" && document.slots().len() == 2 => document,
        Ok(_) => {
            findings.push(Finding::new(
                STATEMENT,
                Verdict::Invalid,
                "is not the statement of a package",
            ));
            return;
        }
        Err(Flaw(why)) => {
            findings.push(Finding::new(STATEMENT, Verdict::Invalid, why));
            return;
        }
    };
    findings.extend(
        verify::document(&document, anchors)
            .iter()
            .map(|it| it.finding(STATEMENT)),
    );
    for (path, field) in [(TAG_MANIFEST, "tag-manifest"), (ROSTER, "roster")] {
        let digest = files.get(path).map(|bytes| sha256(bytes));
        findings.push(if digest == Some(document.frame_text(field)) {
            Finding::new(path, Verdict::Valid, "is the one that principal and seal signed")
        } else {
            Finding::new(
                path,
                Verdict::Invalid,
                "is not the one that principal and seal signed",
            )
        });
    }
}

fn roster(files: &Files) -> Result<Roster, Flaw> {
    let bytes = files.get(ROSTER).ok_or_else(|| Flaw::new("is missing"))?;
    serde_json::from_slice(bytes).map_err(|_| Flaw::new("cannot be read"))
}

/// Nobody is missing, nobody too many, and each file is the roster's.
fn members(files: &Files, roster: &Roster, findings: &mut Vec<Finding>) {
    let before = findings.len();
    let listed: BTreeSet<&String> = roster.pupils.iter().map(|pupil| &pupil.path).collect();
    let mut wrong = |about: &str, detail: &str| findings.push(Finding::new(about, Verdict::Invalid, detail));
    for pupil in &roster.pupils {
        match files.get(&pupil.path) {
            None => wrong(&pupil.path, "the book of a pupil on the roster is missing"),
            Some(xml) if sha256(xml) != pupil.sha256 => {
                wrong(&pupil.path, "is not the book the roster names")
            }
            Some(_) => {}
        }
    }
    let documents = files.keys().filter(|path| path.starts_with("data/documents/"));
    for path in documents.filter(|path| !listed.contains(path)) {
        wrong(path, "is the book of somebody who is not on the roster");
    }
    if listed.len() != roster.pupils.len() {
        wrong(ROSTER, "names a file twice");
    }
    if findings.len() == before {
        let detail = format!("{} pupils, nobody missing", roster.pupils.len());
        findings.push(Finding::new("roster", Verdict::Valid, detail));
    }
}

/// One book: every slot signed and valid; told in one line.
fn book(path: &str, name: &str, xml: &[u8], anchors: &Anchors) -> Finding {
    let document = match Document::parse(xml) {
        Ok(document) => document,
        Err(Flaw(why)) => return Finding::new(path, Verdict::Invalid, why),
    };
    if document.name() != name || document.kind() != "year-document" {
        return Finding::new(
            path,
            Verdict::Invalid,
            "is another document than the roster names",
        );
    }
    let found: Vec<Finding> = verify::document(&document, anchors)
        .iter()
        .map(|checked| checked.finding(""))
        .collect();
    let verdict = overall(&found);
    let worst = found.iter().find(|finding| finding.verdict == verdict);
    match (verdict, worst) {
        (Verdict::Valid, _) => Finding::new(path, verdict, format!("{} signatures", found.len())),
        (_, Some(worst)) => Finding::new(path, verdict, format!("{}: {}", worst.about.trim(), worst.detail)),
        (_, None) => Finding::new(path, verdict, "has no slots"),
    }
}

/// The proofs: each book's sealing stands in the school's log.
fn log(files: &Files, roster: &Roster, key: Option<&[u8]>, findings: &mut Vec<Finding>) {
    let Some(key) = key else {
        let detail = "the public key of the log is not at hand";
        findings.push(Finding::new("log", Verdict::Unchecked, detail));
        return;
    };
    let head = head(files, roster, key);
    let (school, head, proofs) = match head {
        Ok(it) => it,
        Err(Flaw(why)) => {
            findings.push(Finding::new(CHECKPOINT, Verdict::Invalid, why));
            return;
        }
    };
    let before = findings.len();
    for pupil in &roster.pupils {
        let proof = proofs.iter().find(|proof| proof.subject == pupil.document);
        let holds = match proof {
            None => Err(Flaw::new("has no proof of the log")),
            Some(proof) => proved(&school, &head, proof, &pupil.sha256),
        };
        if let Err(Flaw(why)) = holds {
            findings.push(Finding::new(&pupil.path, Verdict::Invalid, why));
        }
    }
    if findings.len() == before {
        let detail = format!(
            "every book stands in the log's {} entries; no witness was asked",
            head.size
        );
        findings.push(Finding::new("log", Verdict::Valid, detail));
    }
}

fn head(files: &Files, roster: &Roster, key: &[u8]) -> Result<(String, Head, Vec<Proof>), Flaw> {
    let school = roster.class.split('/').nth(1).unwrap_or_default().to_owned();
    let note = files
        .get(CHECKPOINT)
        .and_then(|bytes| std::str::from_utf8(bytes).ok());
    let head = checkpoint::open(&school, note.unwrap_or_default(), key)?;
    let proofs = files
        .get(PROOFS)
        .and_then(|bytes| serde_json::from_slice(bytes).ok());
    Ok((
        school,
        head,
        proofs.ok_or_else(|| Flaw::new("the proofs cannot be read"))?,
    ))
}

fn proved(log: &str, head: &Head, proof: &Proof, sha256: &str) -> Result<(), Flaw> {
    let unreadable = || Flaw::new("its proof cannot be read");
    let facts: serde_json::Value = serde_json::from_str(&proof.facts).map_err(|_| unreadable())?;
    if proof.kind != "year_document.sealed" || facts.get("digest").and_then(|it| it.as_str()) != Some(sha256)
    {
        return Err(Flaw::new("is not the document whose sealing the log holds"));
    }
    let hex = |text: &String| HEXLOWER.decode(text.as_bytes()).map_err(|_| unreadable());
    let nanos = i128::from(proof.occurred_micros) * 1000;
    let fact = Fact {
        event_id: proof.event_id,
        subject: proof.subject.clone(),
        kind: proof.kind.clone(),
        facts: proof.facts.clone(),
        actor: proof.actor.clone(),
        occurred_at: OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(|_| unreadable())?,
    };
    let entry = Entry::new(log, proof.index, fact, hex(&proof.salt)?);
    let mut path = Vec::with_capacity(proof.path.len());
    for hash in &proof.path {
        path.push(merkle::Hash::try_from(hex(hash)?).map_err(|_| unreadable())?);
    }
    let index = usize::try_from(proof.index).map_err(|_| unreadable())?;
    if merkle::includes(&head.root, head.size, index, &entry.leaf_hash, &path) {
        Ok(())
    } else {
        Err(Flaw::new("its sealing does not stand in the log"))
    }
}
