//! The import of the pupils of a year.

use crate::house::{CLASS, House, YEAR, article, reason};
use hocba_proto::records::{
    CommitPupilImportRequest, FindingChoice, ListPupilsRequest, PreviewPupilImportRequest, finding::Kind,
    pupil_import::State as ImportState,
};

#[tokio::test]
async fn a4_1_an_import_writes_nothing_before_its_commit_and_a_second_changes_nothing() {
    let house = House::with_classes().await;
    let mut records = house.records();
    let list = ListPupilsRequest { parent: CLASS.into() };
    let preview = PreviewPupilImportRequest {
        parent: YEAR.into(),
        file: crate::house::pupils_file(),
        request_id: "p1".into(),
    };
    let import = records
        .preview_pupil_import(house.admin.ask(preview.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (import.row_count, import.create_count, import.change_count),
        (997, 996, 0)
    );
    let again = records
        .preview_pupil_import(house.admin.ask(preview))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.name, import.name, "the same request_id reads the file once");
    let pupils = records
        .list_pupils(house.principal.ask(list.clone()))
        .await
        .unwrap()
        .into_inner()
        .pupils;
    assert!(pupils.is_empty(), "a preview writes nothing");

    let mut commit = CommitPupilImportRequest {
        name: import.name.clone(),
        choices: vec![],
        request_id: "c1".into(),
    };
    let refused = records
        .commit_pupil_import(house.admin.ask(commit.clone()))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "IMPORT_CHOICE_MISSING");
    let open = import
        .findings
        .iter()
        .find(|finding| !finding.choices.is_empty())
        .unwrap();
    commit.choices = vec![FindingChoice {
        finding: open.id.clone(),
        choice: "keep_first".into(),
    }];
    commit.request_id = "c2".into();
    let principal = records
        .commit_pupil_import(house.principal.ask(commit.clone()))
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&principal).as_str(), article(&principal).as_str()),
        ("PERMISSION_DENIED", "A10.4")
    );
    let done = records
        .commit_pupil_import(house.admin.ask(commit.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(done.state(), ImportState::Committed);
    let repeat = records
        .commit_pupil_import(house.admin.ask(commit.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(repeat, done);
    commit.request_id = "c3".into();
    let over = records
        .commit_pupil_import(house.admin.ask(commit))
        .await
        .unwrap_err();
    assert_eq!(reason(&over), "IMPORT_COMMITTED");

    let pupils = records
        .list_pupils(house.principal.ask(list))
        .await
        .unwrap()
        .into_inner()
        .pupils;
    assert_eq!(pupils.len(), 37, "class 5A");
    let preview = PreviewPupilImportRequest {
        parent: YEAR.into(),
        file: crate::house::pupils_file(),
        request_id: "p2".into(),
    };
    let second = records
        .preview_pupil_import(house.admin.ask(preview))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (second.create_count, second.change_count, second.unchanged_count),
        (0, 0, 996)
    );
}

#[tokio::test]
async fn a4_1_one_wrong_row_keeps_the_whole_file_out() {
    let house = House::with_classes().await;
    let mut records = house.records();
    let preview = PreviewPupilImportRequest {
        parent: YEAR.into(),
        file: crate::finished::list(&["5A", "5Z"]),
        request_id: String::new(),
    };
    let import = records
        .preview_pupil_import(house.admin.ask(preview))
        .await
        .unwrap()
        .into_inner();
    let errors: Vec<(i32, &str, &str)> = import
        .findings
        .iter()
        .filter(|finding| finding.kind() == Kind::Error)
        .map(|finding| (finding.row, finding.column.as_str(), finding.code.as_str()))
        .collect();
    assert_eq!(errors, [(4, "Lớp", "CLASS_UNKNOWN"), (5, "Lớp", "CLASS_UNKNOWN")]);
    let commit = CommitPupilImportRequest {
        name: import.name,
        choices: vec![],
        request_id: String::new(),
    };
    let refused = records
        .commit_pupil_import(house.admin.ask(commit))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "IMPORT_HAS_ERRORS");
    let list = ListPupilsRequest { parent: CLASS.into() };
    let pupils = records
        .list_pupils(house.principal.ask(list))
        .await
        .unwrap()
        .into_inner()
        .pupils;
    assert!(pupils.is_empty(), "nor the rows that were right");
}
