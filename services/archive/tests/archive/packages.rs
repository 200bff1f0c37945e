//! A class's year to its end: all signatures, the package, and what a stranger finds in it.

use futures::TryStreamExt as _;
use hocba_archive::model::tarball;
use hocba_chassis::clock::{Clock, new_id, to_timestamp};
use hocba_evidence::{package, verdict::overall};
use hocba_proto::archive::{
    ClassPackage, ComposeYearDocumentsRequest, CreateClassPackageRequest, DownloadClassPackageRequest,
    GetClassPackageRequest, GetYearDocumentRequest, ListYearDocumentsRequest, RecordApprovalRequest, Verdict,
    VerifyYearDocumentRequest, class_package, year_document::State,
};
use hocba_testing::{TestPerson, TestSigner};
use uuid::Uuid;

use crate::{
    signing::sign,
    world::{CLASS, SCHOOL, World, reason},
};

struct Staff {
    people: Vec<(&'static str, TestPerson, TestSigner)>,
    principal: TestPerson,
}

fn staff(world: &World) -> Staff {
    let person = |id: &str, role| {
        let account: Uuid = id.parse().unwrap();
        world.identity.sign_in(account, Some(SCHOOL), &[role], 300)
    };
    let signer = |person: &TestPerson, title| {
        world
            .authority
            .signer(Some(&person.account.to_string()), SCHOOL, title)
            .unwrap()
    };
    let maths = person("0198f000-0000-7000-8000-000000000101", "subject_teacher");
    let words = person("0198f000-0000-7000-8000-000000000102", "subject_teacher");
    let homeroom = person("0198f000-0000-7000-8000-000000000200", "homeroom_teacher");
    let principal = world.identity.person(SCHOOL, &["principal"]);
    let clerk = world.identity.person(SCHOOL, &["office_clerk"]);
    let keys = [
        signer(&maths, "teacher"),
        signer(&words, "teacher"),
        signer(&homeroom, "teacher"),
        signer(&principal, "principal"),
        world.authority.signer(None, SCHOOL, "seal").unwrap(),
    ];
    let people = [maths, words, homeroom, principal.clone(), clerk];
    let slots = ["subject-to", "subject-tv", "homeroom", "principal", "seal"];
    Staff {
        people: slots
            .into_iter()
            .zip(people)
            .zip(keys)
            .map(|((slot, person), key)| (slot, person, key))
            .collect(),
        principal,
    }
}

async fn create(world: &World, principal: &TestPerson) -> ClassPackage {
    let ask = principal.ask(CreateClassPackageRequest {
        parent: CLASS.into(),
        ..Default::default()
    });
    world
        .client()
        .create_class_package(ask)
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test]
async fn v4_a_class_is_signed_sealed_and_packed() {
    let world = World::start().await;
    let Staff { people, principal } = staff(&world);
    let ask = ComposeYearDocumentsRequest {
        parent: CLASS.into(),
        ..Default::default()
    };
    world
        .client()
        .compose_year_documents(principal.ask(ask))
        .await
        .unwrap();
    let approval = RecordApprovalRequest {
        class: CLASS.into(),
        review: format!("schools/{SCHOOL}/reviews/{}", new_id()),
        approved: true,
        decide_time: Some(to_timestamp(Clock::system().now())),
        request_id: "a".into(),
    };
    world
        .internal("workflow")
        .record_approval(principal.ask(approval))
        .await
        .unwrap();
    for (slot, person, key) in &people {
        sign(&world, CLASS, slot, person, key).await;
    }
    let ask = ListYearDocumentsRequest {
        parent: CLASS.into(),
        ..Default::default()
    };
    let list = world
        .client()
        .list_year_documents(principal.ask(ask))
        .await
        .unwrap();
    let document = list.into_inner().year_documents.remove(0);
    assert_eq!(document.state(), State::Sealed);
    let ask = VerifyYearDocumentRequest {
        name: document.name.clone(),
    };
    let found = world
        .client()
        .verify_year_document(principal.ask(ask))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.verdict(), Verdict::Valid, "{found:?}");

    let made = create(&world, &principal).await;
    assert_eq!(made.state(), class_package::State::AwaitingSignatures);
    assert_eq!(
        create(&world, &principal).await.name,
        made.name,
        "the same documents, the same package"
    );
    let download = || DownloadClassPackageRequest {
        name: made.name.clone(),
    };
    let early = world
        .client()
        .download_class_package(principal.ask(download()))
        .await;
    assert_eq!(reason(early.map(|_| tonic::Response::new(()))), "NOT_SEALED_YET");
    for (slot, person, key) in people.iter().skip(3) {
        sign(&world, &made.name, slot, person, key).await;
    }
    let ask = GetClassPackageRequest {
        name: made.name.clone(),
    };
    let now = world
        .client()
        .get_class_package(principal.ask(ask))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(now.state(), class_package::State::Sealed);
    assert_eq!(now.signed_slots, ["principal", "seal"]);

    let answer = world
        .client()
        .download_class_package(principal.ask(download()))
        .await
        .unwrap();
    let chunks: Vec<_> = answer.into_inner().try_collect().await.unwrap();
    let tar: Vec<u8> = chunks.into_iter().flat_map(|it| it.chunk).collect();
    let files = tarball::read(&tar).unwrap();
    let anchors = world.authority.anchors().unwrap();
    let found = package::verify(&files, &anchors, Some(&world.log_key));
    assert_eq!(overall(&found), hocba_evidence::Verdict::Valid, "{found:#?}");

    // A mark that changes after the seal makes a new version; the sealed one stays as it was.
    world.book.lock().unwrap().1[0].lines[1]
        .value
        .as_mut()
        .unwrap()
        .score = Some(10);
    let ask = ComposeYearDocumentsRequest {
        parent: CLASS.into(),
        ..Default::default()
    };
    world
        .client()
        .compose_year_documents(principal.ask(ask))
        .await
        .unwrap();
    let ask = GetYearDocumentRequest {
        name: document.name.replace("documents/1", "documents/2"),
    };
    let new = world
        .client()
        .get_year_document(principal.ask(ask))
        .await
        .unwrap()
        .into_inner();
    let signed: Vec<_> = new
        .slots
        .iter()
        .filter(|slot| slot.signed)
        .map(|slot| slot.slot.as_str())
        .collect();
    assert_eq!(
        signed,
        ["subject-tv"],
        "whose section is the same signs no second time"
    );
    let ask = VerifyYearDocumentRequest { name: document.name };
    let old = world
        .client()
        .verify_year_document(principal.ask(ask))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(old.verdict(), Verdict::Valid);
}
