//! Documents: what a signature covers, and what shows when somebody touches it.

use hocba_evidence::{Anchors, Document, Kind, Verdict, document, verify};
use hocba_testing::TestAuthority;

use crate::world::{DOCUMENT, SCHOOL, book, kind, now, signed, signers};

/// Each slot's verdict and detail, in order.
fn told(xml: &[u8], anchors: &Anchors) -> Vec<(Verdict, String)> {
    let document = Document::parse(xml).unwrap();
    verify::document(&document, anchors)
        .into_iter()
        .map(|it| (it.verdict, it.detail))
        .collect()
}

fn verdicts(xml: &[u8], anchors: &Anchors) -> Vec<Verdict> {
    told(xml, anchors).into_iter().map(|it| it.0).collect()
}

fn replaced(xml: &[u8], old: &str, new: &str) -> Vec<u8> {
    let text = std::str::from_utf8(xml).unwrap();
    assert!(text.contains(old), "{old} is not there");
    text.replacen(old, new, 1).into_bytes()
}

#[test]
fn e1_the_whole_chain_is_valid_and_says_who_signed() {
    let authority = TestAuthority::make().unwrap();
    let xml = signed(book(DOCUMENT, "T"), &signers(&authority));
    let document = Document::parse(&xml).unwrap();
    assert_eq!((document.name(), document.school()), (DOCUMENT, SCHOOL));
    let found = verify::document(&document, &authority.anchors().unwrap());
    assert!(found.iter().all(|it| it.verdict == Verdict::Valid), "{found:?}");
    assert_eq!(
        found[0].signer.as_ref().unwrap().account.as_deref(),
        Some("accounts/a1")
    );
    assert_eq!(found[4].signer.as_ref().unwrap().title.as_deref(), Some("seal"));
    // The instant, not the day: the signature says it in Việt Nam's time, where the day begins earlier.
    let age = crate::world::now() - found[3].signed_at.unwrap();
    assert!(age.whole_minutes() == 0, "signed {age} ago");
}

#[test]
fn a_changed_mark_breaks_its_teacher_and_everybody_above() {
    let authority = TestAuthority::make().unwrap();
    let xml = signed(book(DOCUMENT, "H"), &signers(&authority));
    let bent = replaced(&xml, "<level>H</level>", "<level>T</level>");
    use Verdict::{Invalid, Valid};
    assert_eq!(
        verdicts(&bent, &authority.anchors().unwrap()),
        [Invalid, Valid, Invalid, Invalid, Invalid]
    );
    assert_eq!(
        told(&bent, &authority.anchors().unwrap())[4].1,
        "section-subject-to was changed after it was signed"
    );
}

#[test]
fn e1_every_single_byte_of_content_counts() {
    let authority = TestAuthority::make().unwrap();
    let xml = signed(book(DOCUMENT, "H"), &signers(&authority));
    let from = xml.windows(8).position(|it| it == b"<section").unwrap();
    let to = xml.windows(12).position(|it| it == b"<signatures>").unwrap();
    let anchors = authority.anchors().unwrap();
    for place in (from..to).step_by(3) {
        let mut bent = xml.clone();
        bent[place] ^= 1;
        // Either it is no document any more, or the seal says so.
        if let Ok(document) = Document::parse(&bent) {
            assert_ne!(
                verify::check(&document, &Kind::Seal, &anchors).verdict,
                Verdict::Valid,
                "byte {place}"
            );
        }
    }
}

#[test]
fn e1_a_section_of_another_pupil_or_version_does_not_fit() {
    let authority = TestAuthority::make().unwrap();
    let people = signers(&authority);
    let ours = signed(book(DOCUMENT, "T"), &people);
    // The frame of another document around the signed sections: everybody above the subjects notices.
    let other = replaced(
        &ours,
        DOCUMENT,
        "schools/01018a01/years/2025-2026/pupils/p2/documents/1",
    );
    use Verdict::{Invalid, Valid};
    assert_eq!(
        verdicts(&other, &authority.anchors().unwrap()),
        [Valid, Valid, Invalid, Invalid, Invalid]
    );
}

#[test]
fn e2_unsigned_slots_and_strange_authorities_could_not_be_checked() {
    let authority = TestAuthority::make().unwrap();
    let mut people = signers(&authority);
    people.truncate(3);
    let xml = signed(book(DOCUMENT, "T"), &people);
    use Verdict::{Unchecked, Valid};
    assert_eq!(
        verdicts(&xml, &authority.anchors().unwrap()),
        [Valid, Valid, Valid, Unchecked, Unchecked]
    );
    let stranger = TestAuthority::make().unwrap();
    // Another root of the same name: the link does not hold.
    assert_eq!(verdicts(&xml, &stranger.anchors().unwrap())[0], Verdict::Invalid);
    assert_eq!(told(&xml, &Anchors::default())[0].0, Unchecked);
}

#[test]
fn a_slot_takes_only_whom_it_belongs_to() {
    let authority = TestAuthority::make().unwrap();
    let wrong = [
        (
            "subject-to",
            authority.signer(Some("a9"), SCHOOL, "teacher").unwrap(),
        ),
        (
            "subject-to",
            authority.signer(Some("a1"), "01018a02", "teacher").unwrap(),
        ),
        (
            "principal",
            authority.signer(Some("a1"), SCHOOL, "teacher").unwrap(),
        ),
        ("seal", authority.signer(Some("a4"), SCHOOL, "principal").unwrap()),
    ];
    for (slot, signer) in wrong {
        let people: Vec<_> = signers(&authority)
            .into_iter()
            .filter(|it| it.0 < kind(slot))
            .collect();
        let xml = signed(book(DOCUMENT, "T"), &people);
        let xml = signed(xml, &[(kind(slot), signer)]);
        let document = Document::parse(&xml).unwrap();
        let found = verify::check(&document, &kind(slot), &authority.anchors().unwrap());
        assert_eq!(found.verdict, Verdict::Invalid, "{slot}");
        assert!(found.detail.contains("the certificate is"), "{}", found.detail);
    }
}

#[test]
fn nobody_signs_over_a_missing_signature() {
    let xml = book(DOCUMENT, "T");
    let document = Document::parse(&xml).unwrap();
    assert!(document.content_digest(&kind("subject-to")).is_ok());
    assert_eq!(
        document.content_digest(&Kind::Homeroom).unwrap_err().to_string(),
        "nothing has the Id value-subject-to"
    );
}

#[test]
fn what_a_document_of_ours_does_not_have_is_refused() {
    let xml = book(DOCUMENT, "T");
    let refused = |old: &str, new: &str| {
        let bent = replaced(&xml, old, new);
        Document::parse(&bent).map(|_| ()).unwrap_err().to_string()
    };
    assert!(refused("<document ", "<!DOCTYPE x [<!ENTITY a \"b\">]><document ").contains("document type"));
    assert!(refused("<level>T", "<level><!-- -->T").contains("comments"));
    assert!(refused("<level>T</level>", "<level><![CDATA[T]]></level>").contains("CDATA"));
    assert!(refused("section-subject-tv", "section-subject-to").contains("stands twice"));
    assert!(refused("<slot Id=\"slot-seal\"></slot>", "").contains("the slots are not those"));
    assert!(
        refused("</document>", "<section Id=\"section-x\"></section></document>")
            .contains("signatures are missing")
    );
    assert!(refused("<signatures>", "bonus<signatures>").contains("text where only elements stand"));
}

#[test]
fn a_slot_is_filled_once() {
    let authority = TestAuthority::make().unwrap();
    let people = signers(&authority);
    let xml = book(DOCUMENT, "T");
    let signature = people[0].1.sign(&xml, &people[0].0, now()).unwrap();
    let one = document::assemble(&xml, [(&people[0].0, signature.as_slice())]).unwrap();
    assert!(document::assemble(&one, [(&people[0].0, signature.as_slice())]).is_err());
}
