//! A deployment's authority, signers, and a book they sign.

use hocba_evidence::{Element, Kind, Section, document};
use hocba_testing::{TestAuthority, TestSigner};
use time::OffsetDateTime;

pub(crate) const SCHOOL: &str = "01018a01";
pub(crate) const DOCUMENT: &str = "schools/01018a01/years/2025-2026/pupils/p1/documents/1";

/// To the second, as signatures say it.
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().replace_nanosecond(0).unwrap()
}

pub(crate) fn kind(id: &str) -> Kind {
    Kind::parse(id).unwrap()
}

/// A small book: two subjects, the homeroom teacher's part.
pub(crate) fn book(name: &str, maths: &str) -> Vec<u8> {
    let section = |slot: &str, signer: &str, body: Element| Section {
        slot: kind(slot),
        signer: format!("accounts/{signer}"),
        body,
    };
    let sections = [
        section(
            "subject-to",
            "a1",
            Element::new("subject")
                .attribute("pupil", "p1")
                .field("level", maths),
        ),
        section(
            "subject-tv",
            "a2",
            Element::new("subject")
                .attribute("pupil", "p1")
                .field("level", "H"),
        ),
        section(
            "homeroom",
            "a3",
            Element::new("year").field("comment", "Em đọc tốt, 2 < 3 & \"chăm\"\r\n"),
        ),
    ];
    let frame = document::Frame {
        kind: "year-document",
        document: name.to_owned(),
        school: SCHOOL.to_owned(),
        body: Element::new("book").field("pupil", "Nguyễn Văn An"),
    };
    document::compose(&frame, &sections, &[Kind::Principal, Kind::Seal]).xml
}

/// Everybody who signs the book, in order.
pub(crate) fn signers(authority: &TestAuthority) -> Vec<(Kind, TestSigner)> {
    vec![
        (
            kind("subject-to"),
            authority.signer(Some("a1"), SCHOOL, "teacher").unwrap(),
        ),
        (
            kind("subject-tv"),
            authority.signer(Some("a2"), SCHOOL, "teacher").unwrap(),
        ),
        (
            Kind::Homeroom,
            authority.signer(Some("a3"), SCHOOL, "teacher").unwrap(),
        ),
        (
            Kind::Principal,
            authority.signer(Some("a4"), SCHOOL, "principal").unwrap(),
        ),
        (Kind::Seal, authority.signer(None, SCHOOL, "seal").unwrap()),
    ]
}

/// The document with these signers' signatures.
pub(crate) fn signed(mut xml: Vec<u8>, signers: &[(Kind, TestSigner)]) -> Vec<u8> {
    for (slot, signer) in signers {
        let signature = signer.sign(&xml, slot, now()).unwrap();
        xml = document::assemble(&xml, [(slot, signature.as_slice())]).unwrap();
    }
    xml
}
