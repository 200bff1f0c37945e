//! `hocbactl verify`: what holds of a document or a package, from its files and what the reader trusts. Needs no
//! network and none of our services.

use std::{fs, path::Path};

use anyhow::Context as _;
use hocba_evidence::{
    Anchors, Document, Finding, Flaw, Verdict,
    package::{self, Files},
    verdict::overall,
    verify,
};

/// What the reader trusts.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Authorities of signatures.
    pub anchors: Anchors,
    /// The public key of the log, when it is at hand.
    pub log_key: Option<Vec<u8>>,
}

impl Trust {
    /// From a PEM file and a hex key.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read(anchors: &Path, log_key: Option<&str>) -> anyhow::Result<Self> {
        let pem = fs::read(anchors).with_context(|| format!("không đọc được {}", anchors.display()))?;
        let key = log_key.map(|hex| data_encoding::HEXLOWER_PERMISSIVE.decode(hex.trim().as_bytes()));
        Ok(Self {
            anchors: Anchors::from_pem(&pem)?,
            log_key: key.transpose().context("khoá của nhật kí phải là hex")?,
        })
    }
}

/// What was found, and the answer for the whole.
#[derive(Debug, Clone)]
pub struct Report {
    /// One line a finding.
    pub findings: Vec<Finding>,
    /// The worst of them.
    pub verdict: Verdict,
}

/// Verifies a package (a folder) or one document (an XML file).
///
/// # Errors
/// Something that is there and cannot be read.
pub fn verify(path: &Path, trust: &Trust) -> anyhow::Result<Report> {
    let findings = if path.is_dir() {
        package::verify(&folder(path)?, &trust.anchors, trust.log_key.as_deref())
    } else {
        let xml = fs::read(path).with_context(|| format!("không đọc được {}", path.display()))?;
        document(&xml, trust)
    };
    Ok(Report {
        verdict: overall(&findings),
        findings,
    })
}

fn document(xml: &[u8], trust: &Trust) -> Vec<Finding> {
    match Document::parse(xml) {
        Ok(document) => verify::document(&document, &trust.anchors)
            .iter()
            .map(|checked| checked.finding(""))
            .collect(),
        Err(Flaw(why)) => vec![Finding::new("document", Verdict::Invalid, why)],
    }
}

/// All files below a folder by their path in it.
fn folder(root: &Path) -> anyhow::Result<Files> {
    let mut files = Files::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("không đọc được {}", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let inside = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
                files.insert(inside, fs::read(&path)?);
            }
        }
    }
    Ok(files)
}

impl Report {
    /// For people: what does not hold first, the good news in short.
    #[must_use]
    pub fn lines(&self, all: bool) -> Vec<String> {
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
        let shown = findings.iter().filter(|it| all || it.verdict != Verdict::Valid);
        let mut lines: Vec<String> = shown
            .map(|it| format!("{}: {} ({})", it.verdict, it.about.trim(), it.detail))
            .collect();
        let valid = findings.iter().filter(|it| it.verdict == Verdict::Valid).count();
        lines.push(format!(
            "{}: {valid} of {} checks hold",
            self.verdict,
            findings.len()
        ));
        lines
    }
}
