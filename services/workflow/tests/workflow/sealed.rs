//! What a thief of the database finds: nothing that people wrote, and no act token.

use hocba_chassis::Role;
use hocba_proto::{
    archive::RelatedDocument,
    workflow::{
        CloseChecklistItemRequest, CreateReviewRequest, DecideReviewRequest, GetDossierRequest, Review,
        decide_review_request::Decision,
    },
};

use crate::world::{CLASS, PARENT, World, reason, wanted};

#[tokio::test]
async fn w6_what_people_wrote_and_their_act_tokens_stand_sealed() {
    let world = World::start().await;
    let related = RelatedDocument {
        document: format!("{PARENT}/packages/p1"),
        kind: "package".into(),
        ..RelatedDocument::default()
    };
    world.archive.kept().lock().unwrap().related.push(related);
    let dossier = world.submitted().await;
    world
        .consent(&world.principal, &dossier, "Bài chấm sót một câu.")
        .await
        .unwrap();
    world.attested(&dossier).await;
    world.apply(&world.teacher, &dossier.name).await.unwrap();
    let close = CloseChecklistItemRequest {
        name: dossier.name.clone(),
        number: 1,
        proof: "Đã ghi đĩa mới.".into(),
        request_id: "close".into(),
    };
    let closed = world
        .client()
        .close_checklist_item(world.group.ask(close))
        .await
        .unwrap()
        .into_inner();

    // Who may read it reads it as it was written; records was shown the tokens themselves.
    let change = &closed.changes[0];
    assert_eq!(change.new_value.as_ref().unwrap().comment, "Chăm.");
    assert_eq!(closed.reason, "Cộng sót một câu.");
    assert_eq!(closed.decision_reason, "Bài chấm sót một câu.");
    assert_eq!(closed.checklist[0].proof, "Đã ghi đĩa mới.");
    let permit = world.records.get().applied[0].permit.clone().unwrap();
    let mut written = vec![
        "Chăm.".to_owned(),
        "Cộng sót một câu.".to_owned(),
        "Bài chấm sót một câu.".to_owned(),
        "Đã ghi đĩa mới.".to_owned(),
        permit.consent.unwrap().token,
    ];
    written.extend(permit.attestations.into_iter().map(|it| it.token));
    assert_eq!(written.len(), 8);
    for value in written {
        assert_eq!(
            world.database.tables_with(&value).await.unwrap(),
            [""; 0],
            "{value}"
        );
    }
    // The search finds what stands clear.
    let clear = world.database.tables_with(&dossier.digest).await.unwrap();
    assert!(clear.contains(&"dossier".to_owned()), "{clear:?}");
}

#[tokio::test]
async fn w6_a_note_on_a_class_stands_sealed() {
    let world = World::start().await;
    let create = CreateReviewRequest {
        parent: PARENT.into(),
        review: Some(Review {
            class: CLASS.into(),
            ..Review::default()
        }),
        request_id: String::new(),
    };
    let review = world.client().create_review(world.admin.ask(create)).await;
    let review = review.unwrap().into_inner();
    let note = "Em An còn thiếu nhận xét.";
    let decide = DecideReviewRequest {
        name: review.name.clone(),
        decision: Decision::Return.into(),
        note: note.into(),
        act_token: world.act(&world.vice, Role::VicePrincipal, "review.decide", &review.digest),
        request_id: "decide".into(),
    };
    let returned = world.client().decide_review(world.vice.ask(decide)).await;
    assert_eq!(returned.unwrap().into_inner().note, note);
    assert_eq!(world.database.tables_with(note).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn w6_what_was_moved_to_another_dossier_does_not_open_there() {
    let world = World::start().await;
    let one = world.dossier().await;
    let mut request = wanted();
    request.dossier.as_mut().unwrap().reason = "Khác.".into();
    let other = world.client().create_dossier(world.teacher.ask(request)).await;
    let other = other.unwrap().into_inner();
    let get = |name: &str| {
        let ask = world.teacher.ask(GetDossierRequest { name: name.into() });
        let mut client = world.client();
        async move { client.get_dossier(ask).await }
    };
    get(&one.name).await.unwrap();
    // An administrator copies key and reason of the first into all.
    world
        .sql(
            "update dossier set data_key = first.data_key, reason = first.reason
             from (select data_key, reason from dossier order by dossier_id limit 1) first",
        )
        .await
        .unwrap();
    get(&one.name).await.unwrap();
    assert_eq!(reason(get(&other.name).await), "INTERNAL");
}
