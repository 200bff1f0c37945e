//! Packages: complete, signed, proved; and every way to bend one is told.

use hocba_evidence::{
    Finding, Verdict,
    log::{
        checkpoint,
        entry::{Entry, Fact},
        merkle,
    },
    package::{self, Files, Proof, Sealed},
    sha256,
    verdict::overall,
};
use hocba_testing::TestAuthority;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use uuid::Uuid;

use crate::world::{SCHOOL, book, now, signed, signers};

const CLASS: &str = "schools/01018a01/years/2025-2026/classes/5a";

struct World {
    authority: TestAuthority,
    key: Ed25519KeyPair,
    files: Files,
}

fn world() -> World {
    let authority = TestAuthority::make().unwrap();
    let key = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
    let people = signers(&authority);
    let documents: Vec<Sealed> = (1..=3)
        .map(|pupil| {
            let document = format!("schools/{SCHOOL}/years/2025-2026/pupils/p{pupil}/documents/1");
            Sealed {
                pupil: format!("p{pupil}"),
                xml: signed(book(&document, "T"), &people),
                document,
            }
        })
        .collect();
    let entry = |index: usize, sealed: &Sealed| {
        let fact = Fact {
            event_id: Uuid::from_u128(index as u128),
            subject: sealed.document.clone(),
            kind: "year_document.sealed".to_owned(),
            facts: format!("{{\"digest\":\"{}\"}}", sha256(&sealed.xml)),
            actor: "accounts/a5".to_owned(),
            occurred_at: now(),
        };
        Entry::new(SCHOOL, index as i64, fact, vec![index as u8; 16])
    };
    let entries: Vec<Entry> = documents
        .iter()
        .enumerate()
        .map(|(index, it)| entry(index, it))
        .collect();
    let leaves: Vec<merkle::Hash> = entries.iter().map(|it| it.leaf_hash).collect();
    let proofs: Vec<Proof> = entries
        .iter()
        .enumerate()
        .map(|(index, it)| Proof::of(it, &merkle::path(&leaves, index).unwrap()))
        .collect();
    let note = checkpoint::note(SCHOOL, 3, &merkle::root(&leaves), &key);
    let name = format!("schools/{SCHOOL}/packages/1");
    let bag = package::build(&name, SCHOOL, CLASS, "2026-05-28", documents, &proofs, &note).unwrap();
    let mut files = bag.files;
    package::put_statement(&mut files, signed(bag.statement, &people[3..]));
    World {
        authority,
        key,
        files,
    }
}

impl World {
    fn check(&self) -> Vec<Finding> {
        package::verify(
            &self.files,
            &self.authority.anchors().unwrap(),
            Some(self.key.public_key().as_ref()),
        )
    }

    /// What is wrong, as `about: detail`.
    fn wrongs(&self) -> Vec<String> {
        let wrong = self
            .check()
            .into_iter()
            .filter(|it| it.verdict == Verdict::Invalid);
        wrong.map(|it| format!("{}: {}", it.about, it.detail)).collect()
    }

    fn path(&self, part: &str) -> String {
        self.files
            .keys()
            .find(|path| path.contains(part))
            .unwrap()
            .clone()
    }

    /// As a forger would: writes manifest and tag manifest anew, so that BagIt is content.
    fn recompute(&mut self) {
        let list = |files: &Files, own: &dyn Fn(&str) -> bool| {
            let lines = files.iter().filter(|(path, _)| own(path));
            lines
                .map(|(path, bytes)| format!("{}  {path}\n", sha256(bytes)))
                .collect::<String>()
                .into_bytes()
        };
        let manifest = list(&self.files, &|path| path.starts_with("data/"));
        self.files.insert("manifest-sha256.txt".to_owned(), manifest);
        let tags = ["bag-info.txt", "bagit.txt", "manifest-sha256.txt"];
        let tag_manifest = list(&self.files, &|path| tags.contains(&path));
        self.files
            .insert("tagmanifest-sha256.txt".to_owned(), tag_manifest);
    }
}

#[test]
fn an_untouched_package_is_valid() {
    let world = world();
    let found = world.check();
    assert_eq!(overall(&found), Verdict::Valid, "{found:#?}");
}

#[test]
fn e3_a_flipped_byte_is_named_with_its_file() {
    let mut world = world();
    let path = world.path("002-p2");
    let bytes = world.files.get_mut(&path).unwrap();
    let place = bytes.windows(7).position(|it| it == b"<level>").unwrap() + 7;
    bytes[place] = b'C';
    let wrongs = world.wrongs();
    assert!(
        wrongs
            .iter()
            .any(|it| it.starts_with(&path) && it.contains("it was changed")),
        "{wrongs:#?}"
    );
    assert!(
        wrongs
            .iter()
            .any(|it| it.starts_with(&path) && it.contains("section-subject-to was changed"))
    );
}

#[test]
fn e3_a_removed_pupil_shows_even_when_all_manifests_are_written_anew() {
    let mut world = world();
    let path = world.path("003-p3");
    world.files.remove(&path);
    let mut roster: package::Roster = serde_json::from_slice(&world.files["data/roster.json"]).unwrap();
    world.recompute();
    assert!(
        world
            .wrongs()
            .contains(&format!("{path}: the book of a pupil on the roster is missing"))
    );
    roster.pupils.pop();
    world.files.insert(
        "data/roster.json".to_owned(),
        serde_json::to_vec(&roster).unwrap(),
    );
    world.recompute();
    assert_eq!(
        world.wrongs(),
        [
            "tagmanifest-sha256.txt: is not the one that principal and seal signed",
            "data/roster.json: is not the one that principal and seal signed"
        ]
    );
}

#[test]
fn e3_a_recomputed_manifest_line_shows() {
    let mut world = world();
    let path = world.path("001-p1");
    world.files.get_mut(&path).unwrap().push(b'\n');
    world.recompute();
    let wrongs = world.wrongs();
    assert!(
        !wrongs.iter().any(|it| it.contains("it was changed")),
        "the manifests agree: {wrongs:#?}"
    );
    assert!(
        wrongs.contains(&"tagmanifest-sha256.txt: is not the one that principal and seal signed".to_owned())
    );
    assert!(wrongs.contains(&format!("{path}: is not the book the roster names")));
}

#[test]
fn e3_a_file_too_many_and_a_missing_statement_show() {
    let mut world = world();
    world
        .files
        .insert("data/documents/004-p4.xml".to_owned(), b"<document/>".to_vec());
    world.files.remove("statement.xml");
    let wrongs = world.wrongs();
    assert!(wrongs.contains(&"statement.xml: is missing: nobody signed the package".to_owned()));
    assert!(wrongs.contains(&"data/documents/004-p4.xml: is not listed in manifest-sha256.txt".to_owned()));
    assert!(wrongs.iter().any(|it| it.contains("not on the roster")));
}

#[test]
fn e3_another_log_or_key_does_not_prove() {
    let world = world();
    let other = Ed25519KeyPair::from_seed_unchecked(&[4; 32]).unwrap();
    let found = package::verify(
        &world.files,
        &world.authority.anchors().unwrap(),
        Some(other.public_key().as_ref()),
    );
    let wrong = found.iter().find(|it| it.verdict == Verdict::Invalid).unwrap();
    assert_eq!(wrong.detail, "the checkpoint is not signed by the log's key");
    let found = package::verify(&world.files, &world.authority.anchors().unwrap(), None);
    assert_eq!(overall(&found), Verdict::Unchecked);
}
