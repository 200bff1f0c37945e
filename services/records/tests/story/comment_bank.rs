//! The comment bank: codes stand for texts, a teacher's own before the school's.

use hocba_proto::records::{
    CommentTemplate, DeleteCommentTemplateRequest, GetMarkSheetRequest, ListCommentTemplatesRequest,
    OpenEntrySessionRequest, SaveCommentTemplateRequest, SaveDraftsRequest, draft_result::Outcome,
};
use hocba_testing::TestPerson;
use tonic::Status;

use crate::house::{CLASS, House, SCHOOL, article, edit, reason, value};

async fn keep(
    house: &House,
    person: &TestPerson,
    (code, text, shared): (&str, &str, bool),
) -> Result<CommentTemplate, Status> {
    let request = SaveCommentTemplateRequest {
        parent: format!("schools/{SCHOOL}"),
        comment_template: Some(CommentTemplate {
            code: code.into(),
            text: text.into(),
            shared,
            ..CommentTemplate::default()
        }),
        request_id: String::new(),
    };
    let saved = house.records().save_comment_template(person.ask(request)).await?;
    Ok(saved.into_inner())
}

async fn list(house: &House, person: &TestPerson) -> Vec<String> {
    let request = ListCommentTemplatesRequest {
        parent: format!("schools/{SCHOOL}"),
    };
    let all = house
        .records()
        .list_comment_templates(person.ask(request))
        .await
        .unwrap();
    let all = all.into_inner().comment_templates.into_iter();
    all.map(|it| it.text).collect()
}

#[tokio::test]
async fn a4_2a_a_code_of_the_comment_bank_is_kept_as_its_text() {
    let house = House::with_pupils().await;
    let teacher = &house.teacher;
    let denied = keep(&house, teacher, ("doc-tot", "x", true)).await.unwrap_err();
    assert_eq!(
        (reason(&denied), article(&denied)),
        ("PERMISSION_DENIED".into(), "A4.2a".into()),
        "the school's bank is the board's"
    );
    let shared = keep(&house, &house.principal, ("doc-tot", "Đọc to, rõ.", true))
        .await
        .unwrap();
    keep(&house, teacher, ("cham", "Chăm chỉ.", false)).await.unwrap();
    keep(&house, teacher, ("cham", "Rất chăm chỉ.", false))
        .await
        .unwrap();
    assert_eq!(list(&house, teacher).await, ["Rất chăm chỉ.", "Đọc to, rõ."]);
    let colleague = house.identity.person(SCHOOL, &["subject_teacher"]);
    assert_eq!(list(&house, &colleague).await, ["Đọc to, rõ."]);

    let mut records = house.records();
    let sheet = format!("{CLASS}/markSheets/to-end1");
    let request = OpenEntrySessionRequest {
        mark_sheet: sheet.clone(),
        request_id: String::new(),
    };
    let session = records
        .open_entry_session(teacher.ask(request))
        .await
        .unwrap()
        .into_inner()
        .name;
    let get = GetMarkSheetRequest { name: sheet };
    let pupils = records
        .get_mark_sheet(teacher.ask(get.clone()))
        .await
        .unwrap()
        .into_inner()
        .cells;
    let coded = |at: usize, code: &str| {
        let mut value = value("T", Some(9));
        value.comment = code.into();
        edit(&pupils[at].pupil, "TO", value)
    };
    let request = SaveDraftsRequest {
        name: session.clone(),
        drafts: vec![coded(0, "#cham"), coded(1, "#doc-tot"), coded(2, "#la")],
        request_id: String::new(),
    };
    let saved = records
        .save_drafts(teacher.ask(request))
        .await
        .unwrap()
        .into_inner()
        .results;
    let told: Vec<(Outcome, &str)> = saved
        .iter()
        .map(|it| (it.outcome(), it.expanded_comment.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Outcome::Ok, "Rất chăm chỉ."),
            (Outcome::Ok, "Đọc to, rõ."),
            (Outcome::Invalid, "")
        ]
    );
    let cells = records
        .get_mark_sheet(teacher.ask(get))
        .await
        .unwrap()
        .into_inner()
        .cells;
    assert_eq!(cells[0].value.as_ref().unwrap().comment, "Rất chăm chỉ.");

    // A teacher's own code goes before the school's.
    let own = keep(&house, teacher, ("doc-tot", "Đọc diễn cảm.", false))
        .await
        .unwrap();
    let request = SaveDraftsRequest {
        name: session,
        drafts: vec![coded(3, "#doc-tot")],
        request_id: String::new(),
    };
    let saved = records
        .save_drafts(teacher.ask(request))
        .await
        .unwrap()
        .into_inner()
        .results;
    assert_eq!(saved[0].expanded_comment, "Đọc diễn cảm.");

    let delete = |name: &str| DeleteCommentTemplateRequest {
        name: name.into(),
        request_id: String::new(),
    };
    let others = records
        .delete_comment_template(colleague.ask(delete(&own.name)))
        .await
        .unwrap_err();
    assert_eq!(reason(&others), "TEMPLATE_UNKNOWN");
    let board = records
        .delete_comment_template(teacher.ask(delete(&shared.name)))
        .await
        .unwrap_err();
    assert_eq!(reason(&board), "PERMISSION_DENIED");
    records
        .delete_comment_template(teacher.ask(delete(&own.name)))
        .await
        .unwrap();
    assert_eq!(list(&house, teacher).await.len(), 2);
}
