//! xmlsec1, which knows nothing of us, judges every signature of a book.

use std::process::Command;

use hocba_testing::TestAuthority;

use crate::world::{DOCUMENT, book, signed, signers};

/// Whether xmlsec1 accepts a slot's signature.
fn accepts(folder: &std::path::Path, xml: &[u8], slot: &str) -> bool {
    let path = folder.join("book.xml");
    std::fs::write(&path, xml).unwrap();
    let output = Command::new("xmlsec1")
        .args([
            "--verify",
            "--trusted-pem",
            "root.pem",
            "--verification-gmt-time",
            "2026-06-01 00:00:00",
        ])
        .args(["--node-id", &format!("sig-{slot}")])
        .args([
            "--id-attr:Id",
            "section",
            "--id-attr:Id",
            "Signature",
            "--id-attr:Id",
            "SignatureValue",
        ])
        .args(["--id-attr:Id", "SignedProperties"])
        .arg(&path)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("xmlsec1 (Debian package xmlsec1) is needed here: {error}"));
    output.status.success()
}

#[test]
fn e1_xmlsec_accepts_every_signature_and_no_changed_byte() {
    let authority = TestAuthority::make().unwrap();
    let people = signers(&authority);
    let xml = signed(book(DOCUMENT, "H"), &people);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("root.pem"), &authority.pem).unwrap();
    for (slot, _) in &people {
        assert!(accepts(folder.path(), &xml, &slot.to_string()), "{slot}");
    }
    let text = String::from_utf8(xml)
        .unwrap()
        .replacen("<level>H</level>", "<level>T</level>", 1);
    for slot in ["subject-to", "homeroom", "principal", "seal"] {
        assert!(!accepts(folder.path(), text.as_bytes(), slot), "{slot}");
    }
}
