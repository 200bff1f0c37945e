//! What act tokens bind: SHA-256 over lines, each ended by a line feed.

use hocba_evidence::sha256;
use uuid::Uuid;

use super::{ceremony::Item, kind::KeyKind, name::Name};

fn lines(lines: &[&str]) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    sha256(text.as_bytes())
}

/// Of a decision on certificates, for `certificate.authorize`.
#[must_use]
pub fn authorize(school: &str, grants: &[(Uuid, KeyKind)]) -> String {
    let (school, count) = (format!("schools/{school}"), grants.len().to_string());
    let grants: Vec<String> = grants
        .iter()
        .map(|(account, kind)| format!("accounts/{account} {kind}"))
        .collect();
    let mut all = vec!["hocba-certificates-v1", &school, &count];
    all.extend(grants.iter().map(String::as_str));
    lines(&all)
}

/// Of a new key, for `key.create`.
#[must_use]
pub fn key(authorization: &Name) -> String {
    lines(&["hocba-key-v1", &authorization.to_string()])
}

/// Of a ceremony, for `ceremony.sign`.
#[must_use]
pub fn ceremony(name: &Name, items: &[Item]) -> String {
    let (name, count) = (name.to_string(), items.len().to_string());
    let items: Vec<String> = items
        .iter()
        .map(|item| format!("{} {} {}", item.slot, item.document, item.content_digest))
        .collect();
    let mut all = vec!["hocba-ceremony-v1", &name, &count];
    all.extend(items.iter().map(String::as_str));
    lines(&all)
}
