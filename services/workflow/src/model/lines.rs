//! What act tokens bind: SHA-256 over lines, each ended by a line feed.

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

/// SHA-256 (lower hex) over these lines.
#[must_use]
pub fn bound(lines: &[&str]) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    hex(text.as_bytes())
}

/// SHA-256, lower hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, bytes).as_ref())
}
