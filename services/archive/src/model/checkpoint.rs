//! The signed head of a tree: a note in the form of the Go checksum database and C2SP tlog-checkpoint.

use data_encoding::{BASE64, HEXLOWER};
use ring::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair as _},
};

use super::merkle::Hash;

/// The first line of a log's note.
#[must_use]
pub fn origin(log: &str) -> String {
    format!("hocba/log/{log}")
}

/// The signed note of a head.
#[must_use]
pub fn note(log: &str, size: i64, root: &Hash, key: &Ed25519KeyPair) -> String {
    let origin = origin(log);
    let text = format!("{origin}\n{size}\n{}\n", BASE64.encode(root));
    let mut line = key_id(&origin, key.public_key().as_ref());
    line.extend_from_slice(key.sign(text.as_bytes()).as_ref());
    format!("{text}\n\u{2014} {origin} {}\n", BASE64.encode(&line))
}

/// The key's verifier line, as witnesses are configured with it: `name+hash+key`.
#[must_use]
pub fn verifier(log: &str, public: &[u8]) -> String {
    let origin = origin(log);
    let mut key = vec![1];
    key.extend_from_slice(public);
    let id = HEXLOWER.encode(&key_id(&origin, public));
    format!("{origin}+{id}+{}", BASE64.encode(&key))
}

fn key_id(origin: &str, public: &[u8]) -> Vec<u8> {
    let mut bytes = origin.as_bytes().to_vec();
    bytes.extend_from_slice(b"\n\x01");
    bytes.extend_from_slice(public);
    let sum = digest(&SHA256, &bytes);
    sum.as_ref().iter().take(4).copied().collect()
}
