//! SHA-256, the one digest we use.

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

/// SHA-256 in lower hex.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(raw(bytes).as_ref())
}

/// SHA-256 as bytes.
pub(crate) fn raw(bytes: &[u8]) -> impl AsRef<[u8]> + use<> {
    digest(&SHA256, bytes)
}
