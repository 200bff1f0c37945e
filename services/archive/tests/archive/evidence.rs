//! Evidence: kept once by digest; only what it may be.

use hocba_evidence::sha256;
use hocba_proto::archive::{
    CheckEvidenceRequest, Evidence, EvidenceOpening, GetEvidenceRequest, UploadEvidenceRequest,
    upload_evidence_request::Part,
};
use hocba_testing::TestPerson;
use tonic::{Response, Status};

use crate::world::{SCHOOL, World, reason};

async fn upload(
    world: &World,
    person: &TestPerson,
    bytes: &[u8],
    digest: &str,
) -> Result<Response<Evidence>, Status> {
    let opening = EvidenceOpening {
        parent: format!("schools/{SCHOOL}"),
        sha256: digest.to_owned(),
    };
    let mut parts = vec![Part::Opening(opening)];
    parts.extend(bytes.chunks(1 << 20).map(|chunk| Part::Chunk(chunk.to_vec())));
    let parts: Vec<_> = parts
        .into_iter()
        .map(|part| UploadEvidenceRequest { part: Some(part) })
        .collect();
    world
        .client()
        .upload_evidence(person.ask(futures::stream::iter(parts)))
        .await
}

#[tokio::test]
async fn v1_a_file_is_kept_once_under_its_digest() {
    let world = World::start().await;
    let teacher = world.identity.person(SCHOOL, &["subject_teacher"]);
    let pdf = b"%PDF-1.7 a paper".to_vec();
    let first = upload(&world, &teacher, &pdf, "").await.unwrap().into_inner();
    let again = upload(&world, &teacher, &pdf, &sha256(&pdf))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, again);
    assert_eq!(first.media_type, "application/pdf");
    assert_eq!(first.name, format!("schools/{SCHOOL}/evidence/{}", sha256(&pdf)));
    let digest = sha256(&pdf);
    let objects = world.objects();
    assert_eq!(objects.len(), 1);
    assert_eq!(objects[0].name, sha256(&objects[0].bytes));
    assert_ne!(objects[0].name, digest);

    let names = vec![
        first.name.clone(),
        format!("schools/{SCHOOL}/evidence/{}", "0".repeat(64)),
    ];
    let files = world
        .internal("workflow")
        .check_evidence(teacher.ask(CheckEvidenceRequest { names }))
        .await
        .unwrap()
        .into_inner()
        .files;
    assert_eq!(
        (files[0].exists, files[0].size_bytes, files[1].exists),
        (true, 16, false)
    );
}

#[tokio::test]
async fn what_is_no_evidence_is_refused() {
    let world = World::start().await;
    let teacher = world.identity.person(SCHOOL, &["subject_teacher"]);
    assert_eq!(
        reason(upload(&world, &teacher, b"MZ program", "").await),
        "EVIDENCE_TYPE"
    );
    let png = b"\x89PNG\r\n\x1a\n1234".to_vec();
    assert_eq!(
        reason(upload(&world, &teacher, &png, &"0".repeat(64)).await),
        "EVIDENCE_DIGEST"
    );
    let mut large = png.clone();
    large.resize(10_000_001, 0);
    assert_eq!(
        reason(upload(&world, &teacher, &large, "").await),
        "EVIDENCE_TOO_LARGE"
    );
    let stranger = world.identity.person("01018a02", &["subject_teacher"]);
    assert_eq!(reason(upload(&world, &stranger, &png, "").await), "OTHER_SCHOOL");
    let inspector = world.identity.person(SCHOOL, &["inspector"]);
    assert_eq!(
        reason(upload(&world, &inspector, &png, "").await),
        "PERMISSION_DENIED"
    );
    let name = format!("schools/{SCHOOL}/evidence/{}", sha256(&png));
    let ask = inspector.ask(GetEvidenceRequest { name });
    assert_eq!(reason(world.client().get_evidence(ask).await), "EVIDENCE_UNKNOWN");
}
