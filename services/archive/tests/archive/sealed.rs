//! What a thief of the disk finds: sealed objects, and rows that tell nothing of what is inside.

use hocba_evidence::sha256;
use hocba_proto::archive::{
    ComposeYearDocumentsRequest, DownloadYearDocumentRequest, DownloadYearDocumentResponse, EvidenceOpening,
    UploadEvidenceRequest, upload_evidence_request::Part,
};
use hocba_testing::TestPerson;
use sqlx::Executor as _;
use tonic::{Response, Status};

use crate::world::{CLASS, PUPIL, SCHOOL, World, reason};

async fn compose(world: &World, person: &TestPerson) {
    let ask = ComposeYearDocumentsRequest {
        parent: CLASS.into(),
        ..Default::default()
    };
    let made = world.client().compose_year_documents(person.ask(ask)).await;
    made.unwrap();
}

async fn download(
    world: &World,
    person: &TestPerson,
    version: u8,
) -> Result<Response<DownloadYearDocumentResponse>, Status> {
    let name = format!("schools/{SCHOOL}/years/2025-2026/pupils/{PUPIL}/documents/{version}");
    let ask = DownloadYearDocumentRequest { name };
    world.client().download_year_document(person.ask(ask)).await
}

fn contains(bytes: &[u8], value: &str) -> bool {
    bytes
        .windows(value.len())
        .any(|window| window == value.as_bytes())
}

#[tokio::test]
async fn v7_books_and_evidence_lie_sealed_and_their_rows_name_nobody() {
    let world = World::start().await;
    let principal = world.identity.person(SCHOOL, &["principal"]);
    compose(&world, &principal).await;
    let teacher = world.identity.person(SCHOOL, &["subject_teacher"]);
    let paper = b"%PDF-1.7 Nguy\xe1\xbb\x85n V\xc4\x83n An".to_vec();
    let opening = EvidenceOpening {
        parent: format!("schools/{SCHOOL}"),
        sha256: sha256(&paper),
    };
    let parts = [Part::Opening(opening), Part::Chunk(paper)];
    let parts = futures::stream::iter(parts.map(|part| UploadEvidenceRequest { part: Some(part) }));
    world.client().upload_evidence(teacher.ask(parts)).await.unwrap();

    let objects = world.objects();
    assert_eq!(objects.len(), 2);
    for object in &objects {
        assert_eq!(object.name, sha256(&object.bytes), "named by what is sealed");
        for value in ["Nguyễn Văn An", "%PDF", "<?xml", "yeu_nuoc"] {
            assert!(!contains(&object.bytes, value), "{value} in {}", object.name);
        }
    }
    let book = download(&world, &principal, 1).await.unwrap().into_inner();
    let text = String::from_utf8(book.xml).unwrap();
    let comment = "Chăm &lt;học&gt;";
    assert!(text.contains("Nguyễn Văn An") && text.contains(comment));
    for value in ["Nguyễn Văn An", "Chăm <học>", comment] {
        assert_eq!(
            world.database.tables_with(value).await.unwrap(),
            [""; 0],
            "{value}"
        );
    }
    // The search finds what stands clear.
    let clear = world.database.tables_with(PUPIL).await.unwrap();
    assert!(clear.contains(&"year_document".to_owned()), "{clear:?}");

    let service = world.database.service().await.unwrap();
    service
        .execute("select set_config('hocba.school', '01018a01', false)")
        .await
        .unwrap();
    assert!(service.execute("delete from data_key").await.is_err());
    assert!(service.execute("update data_key set owner = 'x'").await.is_err());
}

#[tokio::test]
async fn v7_a_section_has_a_salt_and_a_new_version_keeps_it_where_nothing_changed() {
    let world = World::start().await;
    let principal = world.identity.person(SCHOOL, &["principal"]);
    compose(&world, &principal).await;
    world.book.lock().unwrap().1[0].lines[1]
        .value
        .as_mut()
        .unwrap()
        .score = Some(10);
    compose(&world, &principal).await;
    let mut salts = Vec::new();
    for version in [1, 2] {
        let book = download(&world, &principal, version).await.unwrap().into_inner();
        let text = String::from_utf8(book.xml).unwrap();
        let of_version: Vec<String> = text
            .split(" salt=\"")
            .skip(1)
            .map(|rest| rest[..32].to_owned())
            .collect();
        salts.push(of_version);
    }
    // The frame, the two subjects, the homeroom teacher's part.
    assert_eq!(salts[0].len(), 4);
    let same: Vec<bool> = salts[0]
        .iter()
        .zip(&salts[1])
        .map(|(old, new)| old == new)
        .collect();
    assert_eq!(same, [true, true, false, true], "{salts:?}");
}

#[tokio::test]
async fn v1_an_object_that_is_bent_gone_or_of_another_place_is_not_given_out() {
    let world = World::start().await;
    let principal = world.identity.person(SCHOOL, &["principal"]);
    compose(&world, &principal).await;
    world.book.lock().unwrap().1[0].height_cm = 140;
    compose(&world, &principal).await;
    download(&world, &principal, 1).await.unwrap();
    download(&world, &principal, 2).await.unwrap();

    // An administrator exchanges two versions of the same pupil, under the same key.
    let owner = world.database.superuser().await.unwrap();
    owner
        .execute("alter table year_document disable trigger all")
        .await
        .unwrap();
    let exchange = "update year_document set object = other.object, digest = other.digest
        from year_document other where year_document.version <> other.version";
    owner.execute(exchange).await.unwrap();
    assert_eq!(reason(download(&world, &principal, 1).await), "INTERNAL");
    owner.execute(exchange).await.unwrap();
    download(&world, &principal, 1).await.unwrap();

    for object in world.objects() {
        let mut bent = object.bytes.clone();
        *bent.last_mut().unwrap() ^= 1;
        std::fs::write(&object.path, bent).unwrap();
    }
    assert_eq!(reason(download(&world, &principal, 1).await), "INTERNAL");
    for object in world.objects() {
        std::fs::remove_file(object.path).unwrap();
    }
    assert_eq!(reason(download(&world, &principal, 2).await), "INTERNAL");
}
