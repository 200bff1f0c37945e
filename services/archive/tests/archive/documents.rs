//! Year documents: composing, versions, the order of signatures, the lock of the books.

use hocba_chassis::clock::{Clock, new_id, to_timestamp};
use hocba_evidence::sha256;
use hocba_proto::{
    archive::{
        ComposeYearDocumentsRequest, ComposeYearDocumentsResponse, CreateClassPackageRequest,
        DownloadYearDocumentRequest, ListDocumentsToSignRequest, ListRelatedDocumentsRequest,
        ListYearDocumentsRequest, RecordApprovalRequest, Verdict, VerifyYearDocumentRequest, YearDocument,
        year_document::State,
    },
    lock::{Fence, InstallFenceRequest, fence_service_client::FenceServiceClient, term},
};
use hocba_testing::{TestAuthority, TestPerson};
use time::{Duration, OffsetDateTime};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::{
    signing,
    world::{CLASS, PUPIL, SCHOOL, World, reason},
};

async fn compose(
    world: &World,
    person: &TestPerson,
    request_id: &str,
) -> Result<Response<ComposeYearDocumentsResponse>, Status> {
    let ask = ComposeYearDocumentsRequest {
        parent: CLASS.into(),
        request_id: request_id.into(),
    };
    world.client().compose_year_documents(person.ask(ask)).await
}

async fn list(world: &World, person: &TestPerson, show_superseded: bool) -> Vec<YearDocument> {
    let ask = ListYearDocumentsRequest {
        parent: CLASS.into(),
        show_superseded,
        ..Default::default()
    };
    let answer = world.client().list_year_documents(person.ask(ask)).await.unwrap();
    answer.into_inner().year_documents
}

fn counts(answer: ComposeYearDocumentsResponse) -> (i32, i32, i32) {
    (answer.created_count, answer.renewed_count, answer.unchanged_count)
}

#[tokio::test]
async fn v3_facts_make_a_version_and_changed_facts_another() {
    let world = World::start().await;
    let principal = world.identity.person(SCHOOL, &["principal"]);
    let first = compose(&world, &principal, "one").await.unwrap().into_inner();
    assert_eq!(counts(first), (1, 0, 0));
    assert_eq!(
        counts(compose(&world, &principal, "one").await.unwrap().into_inner()),
        (1, 0, 0)
    );
    assert_eq!(
        counts(compose(&world, &principal, "two").await.unwrap().into_inner()),
        (0, 0, 1)
    );
    let document = list(&world, &principal, false).await.remove(0);
    let slots: Vec<_> = document.slots.iter().map(|slot| slot.slot.as_str()).collect();
    assert_eq!(
        slots,
        ["subject-to", "subject-tv", "homeroom", "principal", "seal"]
    );

    let ask = DownloadYearDocumentRequest {
        name: document.name.clone(),
    };
    let book = world
        .client()
        .download_year_document(principal.ask(ask))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(book.digest, sha256(&book.xml));
    let text = String::from_utf8(book.xml).unwrap();
    assert!(
        text.contains("Nguyễn Văn An") && text.contains("Chăm &lt;học&gt; &amp; "),
        "{text}"
    );
    let ask = VerifyYearDocumentRequest {
        name: document.name.clone(),
    };
    let verdict = world
        .client()
        .verify_year_document(principal.ask(ask))
        .await
        .unwrap();
    assert_eq!(verdict.into_inner().verdict(), Verdict::Unchecked);

    world.book.lock().unwrap().1[0].lines[1]
        .value
        .as_mut()
        .unwrap()
        .score = Some(10);
    assert_eq!(
        counts(compose(&world, &principal, "three").await.unwrap().into_inner()),
        (0, 1, 0)
    );
    let all = list(&world, &principal, true).await;
    let states: Vec<_> = all
        .iter()
        .map(|document| (document.version, document.state()))
        .collect();
    assert_eq!(states, [(1, State::Superseded), (2, State::Open)]);
    let ask = DownloadYearDocumentRequest { name: document.name };
    let old = world
        .client()
        .download_year_document(principal.ask(ask))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(old.digest, book.digest);

    let parent = format!("schools/{SCHOOL}/years/2025-2026/pupils/{PUPIL}");
    let ask = principal.ask(ListRelatedDocumentsRequest { parent });
    let related = world
        .internal("workflow")
        .list_related_documents(ask)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(related.documents[0].document, all[1].name);
}

#[tokio::test]
async fn facts_that_are_not_whole_are_refused() {
    let world = World::start().await;
    let principal = world.identity.person(SCHOOL, &["principal"]);
    world.book.lock().unwrap().1[0].lines.pop();
    assert_eq!(reason(compose(&world, &principal, "").await), "FACTS_INCOMPLETE");
    let teacher = world.identity.person(SCHOOL, &["subject_teacher"]);
    assert_eq!(reason(compose(&world, &teacher, "").await), "PERMISSION_DENIED");
}

#[tokio::test]
async fn v2_signatures_have_an_order_and_are_verified() {
    let world = World::start().await;
    let principal = world.identity.person(SCHOOL, &["principal"]);
    compose(&world, &principal, "").await.unwrap();
    let account: Uuid = "0198f000-0000-7000-8000-000000000101".parse().unwrap();
    let teacher = world
        .identity
        .sign_in(account, Some(SCHOOL), &["subject_teacher"], 300);
    let waiting = |person: TestPerson, slot: &str| {
        let ask = ListDocumentsToSignRequest {
            parent: CLASS.into(),
            slot: slot.into(),
        };
        let mut signing = world.internal("signing");
        async move { signing.list_documents_to_sign(person.ask(ask)).await }
    };
    assert_eq!(
        reason(waiting(principal.clone(), "principal").await),
        "SLOT_NOT_READY"
    );
    assert_eq!(
        reason(waiting(teacher.clone(), "subject-nn").await),
        "SLOT_UNKNOWN"
    );
    let mut stream = waiting(teacher.clone(), "subject-to").await.unwrap().into_inner();
    let document = stream.message().await.unwrap().unwrap();
    assert_eq!(document.signer, teacher.name());
    let mut none = waiting(teacher.clone(), "subject-tv").await.unwrap().into_inner();
    assert!(none.message().await.unwrap().is_none(), "another teacher's slot");

    let waiting = signing::Waiting::of(&document, "subject-to");
    assert_eq!(
        waiting.put(&world, &principal, b"<x/>".to_vec()).await,
        "WRONG_SIGNER"
    );
    let stale = signing::Waiting {
        content_digest: "0".repeat(64),
        ..waiting.clone()
    };
    assert_eq!(
        stale.put(&world, &teacher, b"<x/>".to_vec()).await,
        "STALE_DIGEST"
    );
    let empty = b"<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>".to_vec();
    assert_eq!(waiting.put(&world, &teacher, empty).await, "SIGNATURE_INVALID");
    // A good signature of somebody else's certificate, of another day, and of an authority nobody trusts.
    let other = world
        .authority
        .signer(Some("0198f000-0000-7000-8000-000000000102"), SCHOOL, "teacher")
        .unwrap();
    let signature = waiting.sign(&other, OffsetDateTime::now_utc());
    assert_eq!(
        waiting.put(&world, &teacher, signature).await,
        "SIGNATURE_INVALID"
    );
    let own = world
        .authority
        .signer(Some(&account.to_string()), SCHOOL, "teacher")
        .unwrap();
    let signature = waiting.sign(&own, OffsetDateTime::now_utc() - Duration::days(1));
    assert_eq!(
        waiting.put(&world, &teacher, signature).await,
        "SIGNATURE_INVALID"
    );
    let strange = TestAuthority::make()
        .unwrap()
        .signer(Some(&account.to_string()), SCHOOL, "teacher")
        .unwrap();
    let signature = waiting.sign(&strange, OffsetDateTime::now_utc());
    assert_eq!(
        waiting.put(&world, &teacher, signature).await,
        "SIGNATURE_INVALID"
    );
    let signature = waiting.sign(&own, OffsetDateTime::now_utc());
    assert_eq!(waiting.put(&world, &teacher, signature.clone()).await, "");
    assert_eq!(waiting.put(&world, &teacher, signature).await, "", "a repeat");
    let another = waiting.sign(&own, OffsetDateTime::now_utc());
    assert_eq!(waiting.put(&world, &teacher, another).await, "SLOT_SIGNED");
    let ask = CreateClassPackageRequest {
        parent: CLASS.into(),
        ..Default::default()
    };
    let package = world.client().create_class_package(principal.ask(ask)).await;
    assert_eq!(reason(package), "NOT_SEALED_YET");

    let ask = RecordApprovalRequest {
        class: CLASS.into(),
        review: format!("schools/{SCHOOL}/reviews/{}", new_id()),
        approved: true,
        decide_time: Some(to_timestamp(Clock::system().now())),
        request_id: "a".into(),
    };
    world
        .internal("workflow")
        .record_approval(principal.ask(ask.clone()))
        .await
        .unwrap();
    world
        .internal("workflow")
        .record_approval(principal.ask(ask))
        .await
        .unwrap();
}

#[tokio::test]
async fn v6_locked_books_take_nothing_more() {
    let world = World::start().await;
    let principal = world.identity.person(SCHOOL, &["principal"]);
    compose(&world, &principal, "one").await.unwrap();
    let fence = Fence {
        term: format!("schools/{SCHOOL}/years/2025-2026/terms/books"),
        epoch: 1,
        state: term::State::Closed.into(),
        lock_order: format!("schools/{SCHOOL}/lockOrders/{}", new_id()),
        ..Default::default()
    };
    FenceServiceClient::new(world.channel("lock"))
        .install_fence(Request::new(InstallFenceRequest { fence: Some(fence) }))
        .await
        .unwrap();
    world.book.lock().unwrap().1[0].height_cm = 140;
    assert_eq!(reason(compose(&world, &principal, "two").await), "BOOKS_LOCKED");
    assert_eq!(
        counts(compose(&world, &principal, "one").await.unwrap().into_inner()),
        (1, 0, 0)
    );
    assert_eq!(list(&world, &principal, false).await.len(), 1);
}
