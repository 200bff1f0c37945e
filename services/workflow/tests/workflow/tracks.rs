//! The two tracks of a correction, and one in a locked term.

use hocba_proto::{
    archive::RelatedDocument,
    workflow::{
        CloseChecklistItemRequest,
        dossier::{State, Track},
    },
};

use crate::world::{PARENT, World, evidence, reason};

impl World {
    /// A document that holds the pupil's values.
    fn relate(&self, document: &str, slots: &[&str]) {
        let document = RelatedDocument {
            document: document.to_owned(),
            kind: "year_document".to_owned(),
            signed_slots: slots.iter().map(|slot| (*slot).to_owned()).collect(),
        };
        self.archive.kept().lock().unwrap().related.push(document);
    }
}

#[tokio::test]
async fn w4_a_late_correction_has_the_principals_reason_and_its_documents_are_followed_up() {
    let world = World::start().await;
    world.records.get().last_day = "2026-01-01";
    let book = format!("{PARENT}/years/2025-2026/pupils/0100000001/documents/1");
    world.relate(&book, &["subject-to"]);
    world.relate(&format!("{PARENT}/packages/p1"), &[]);
    let dossier = world.submitted().await;
    assert_eq!(dossier.track(), Track::Late);
    assert_eq!(
        reason(world.consent(&world.principal, &dossier, " ").await),
        "REASON_REQUIRED"
    );
    world
        .consent(&world.principal, &dossier, "Gia đình khiếu nại có căn cứ.")
        .await
        .unwrap();
    world.attested(&dossier).await;

    let close = |number| CloseChecklistItemRequest {
        name: dossier.name.clone(),
        number,
        proof: "Đã kí lại bản 2.".into(),
        request_id: String::new(),
    };
    let mut client = world.client();
    let early = client.close_checklist_item(world.group.ask(close(1))).await;
    assert_eq!(reason(early), "DOSSIER_STATE");

    let applied = world.apply(&world.teacher, &dossier.name).await.unwrap();
    assert_eq!(applied.checklist.len(), 2);
    assert_eq!(
        (
            applied.checklist[0].document.as_str(),
            applied.checklist[0].signed_slots.as_slice()
        ),
        (book.as_str(), ["subject-to".to_owned()].as_slice())
    );
    let closed = client
        .close_checklist_item(world.group.ask(close(1)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(closed.checklist[0].closer, world.group.name());
    assert_eq!(closed.checklist[1].closer, "");
    let unknown = client.close_checklist_item(world.group.ask(close(9))).await;
    assert_eq!(reason(unknown), "CHECKLIST_ITEM_UNKNOWN");
    let foreign = client.close_checklist_item(world.teacher.ask(close(2))).await;
    assert_eq!(reason(foreign), "PERMISSION_DENIED");
}

#[tokio::test]
async fn w4_a_signed_book_makes_a_correction_late_whatever_the_day() {
    let world = World::start().await;
    let book = format!("{PARENT}/years/2025-2026/pupils/0100000001/documents/1");
    world.relate(&book, &["homeroom"]);
    assert_eq!(world.submitted().await.track(), Track::Late);
}

#[tokio::test]
async fn a5_2c_in_a_locked_term_the_dossiers_own_scope_is_opened_and_reported() {
    let world = World::start().await;
    world.records.get().locked = true;
    let dossier = world.permitted().await;
    let applied = world.apply(&world.teacher, &dossier.name).await.unwrap();
    assert_eq!(applied.state(), State::Applied);
    let lock = world.lock.get();
    assert_eq!(lock.scopes.len(), 1);
    assert_eq!(
        (
            lock.scopes[0].dossier.as_str(),
            lock.scopes[0].cells_digest.as_str()
        ),
        (dossier.name.as_str(), dossier.digest.as_str())
    );
    assert_eq!(
        lock.scopes[0].name,
        format!("{PARENT}/years/2025-2026/terms/marks-semester1")
    );
    assert_eq!(lock.used[0].open_epoch, 8);
    let scope = world.records.get().applied[0].scope.unwrap();
    assert_eq!((scope.open_epoch, scope.close_epoch), (8, 9));
}

#[tokio::test]
async fn what_records_refuses_is_passed_on_and_nothing_is_applied() {
    let world = World::start().await;
    let dossier = world.permitted().await;
    let refused = async |with| {
        world.records.get().refusal = Some(with);
        let told = reason(world.apply(&world.teacher, &dossier.name).await);
        assert_eq!(told, with);
        world.get(&dossier.name).await.state()
    };
    // It was begun: only records knows whether it wrote, so nobody takes it back.
    assert_eq!(refused("ETAG_MISMATCH").await, State::Applying);
    // Records says that it will never write this.
    assert_eq!(refused("CELL_CHANGED").await, State::Permitted);
    world.records.get().refusal = None;
    world.apply(&world.teacher, &dossier.name).await.unwrap();
    assert_eq!(world.get(&dossier.name).await.evidence, [evidence()]);
}
