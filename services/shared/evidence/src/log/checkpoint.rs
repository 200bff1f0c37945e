//! The signed head of a tree: a note in the form of the Go checksum database and C2SP tlog-checkpoint.

use data_encoding::{BASE64, HEXLOWER};
use ring::{
    digest::{SHA256, digest},
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};

use super::merkle::Hash;
use crate::Flaw;

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

/// A head whose signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many entries the tree holds.
    pub size: usize,
    /// Its root.
    pub root: Hash,
}

/// Reads a note and verifies the log's own signature on it; other signatures (of witnesses) are passed over.
///
/// # Errors
/// Not a note of this log, or not signed by this key.
pub fn open(log: &str, note: &str, public: &[u8]) -> Result<Head, Flaw> {
    let origin = origin(log);
    let (text, signatures) = note
        .split_once("\n\n")
        .map(|(text, signatures)| (format!("{text}\n"), signatures))
        .ok_or_else(|| Flaw::new("not a signed note"))?;
    let mut lines = text.lines();
    let (name, size, root) = (lines.next(), lines.next(), lines.next());
    if name != Some(origin.as_str()) || lines.next().is_some() {
        return Err(Flaw::new("the checkpoint is of another log"));
    }
    let size = size
        .and_then(|size| size.parse().ok())
        .ok_or_else(|| Flaw::new("no size of the tree"))?;
    let root = root.and_then(|root| BASE64.decode(root.as_bytes()).ok());
    let root = root
        .and_then(|root| Hash::try_from(root).ok())
        .ok_or_else(|| Flaw::new("no root of the tree"))?;
    let id = key_id(&origin, public);
    let prefix = format!("\u{2014} {origin} ");
    let signed = signatures
        .lines()
        .filter_map(|line| BASE64.decode(line.strip_prefix(&prefix)?.as_bytes()).ok())
        .filter_map(|line| line.strip_prefix(id.as_slice()).map(<[u8]>::to_vec))
        .any(|value| {
            UnparsedPublicKey::new(&ED25519, public)
                .verify(text.as_bytes(), &value)
                .is_ok()
        });
    if signed {
        Ok(Head { size, root })
    } else {
        Err(Flaw::new("the checkpoint is not signed by the log's key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    #[test]
    fn a_note_opens_with_its_own_key_and_log_only() {
        let note = note("01018a01", 3, &[7; 32], &key(1));
        let open = |log, note: &str, seed| open(log, note, key(seed).public_key().as_ref());
        assert_eq!(
            open("01018a01", &note, 1).unwrap(),
            Head {
                size: 3,
                root: [7; 32]
            }
        );
        assert!(open("01018a02", &note, 1).is_err());
        assert!(open("01018a01", &note, 2).is_err());
        assert!(open("01018a01", &note.replacen('3', "4", 1), 1).is_err());
        let witnessed = format!("{note}\u{2014} witness AAAA\n");
        assert!(open("01018a01", &witnessed, 1).is_ok());
    }
}
