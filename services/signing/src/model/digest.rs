//! What act tokens bind: SHA-256 over lines, each ended by a line feed.

use hocba_evidence::sha256;
use uuid::Uuid;

use super::{ceremony::Item, kind::KeyKind, name::Name};

fn lines(lines: &[&str]) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    sha256(text.as_bytes())
}

/// Of an authorization, for `certificate.authorize`.
#[must_use]
pub fn authorize(school: &str, account: Uuid, kind: KeyKind) -> String {
    let (school, account) = (format!("schools/{school}"), format!("accounts/{account}"));
    lines(&["hocba-certificate-v1", &school, &account, &kind.to_string()])
}

/// Of a new key, for `key.create`.
#[must_use]
pub fn key(authorization: &Name) -> String {
    lines(&["hocba-key-v1", &authorization.to_string()])
}

/// Of a ceremony, for `ceremony.sign`.
#[must_use]
pub fn ceremony(name: &Name, slot: &str, items: &[Item]) -> String {
    let (name, count) = (name.to_string(), items.len().to_string());
    let items: Vec<String> = items
        .iter()
        .map(|item| format!("{} {}", item.document, item.content_digest))
        .collect();
    let mut all = vec!["hocba-ceremony-v1", &name, slot, &count];
    all.extend(items.iter().map(String::as_str));
    lines(&all)
}
