//! Article 8: the homeroom teacher's class.

use hocba_cluster::school::{account, request_id};
use hocba_proto::records::{
    ClassFinding, CreateClassFindingRequest, Enrolment, ListClassFindingsRequest, ListPupilsRequest,
    ListYearResultsRequest, SettleClassFindingRequest, UpdateEnrolmentRequest, class_finding::State,
};

use crate::{refused, school};

#[tokio::test]
async fn a8_1_the_homeroom_teacher_has_the_list_of_the_own_class() {
    let (_, school) = school().await;
    let mut records = school.records();
    let own = ListPupilsRequest {
        parent: school.class.clone(),
    };
    let pupils = records
        .list_pupils(school.teacher.ask(own).unwrap())
        .await
        .unwrap()
        .into_inner()
        .pupils;
    assert_eq!(pupils.len(), 3);
    assert!(
        pupils
            .iter()
            .all(|pupil| pupil.class == school.class && pupil.identity.is_some())
    );
    let other = ListPupilsRequest {
        parent: school.class.replace("5a", "5b"),
    };
    assert_eq!(
        refused(records.list_pupils(school.teacher.ask(other).unwrap()).await),
        "PERMISSION_DENIED"
    );
}

#[tokio::test]
async fn a8_2_the_homeroom_teacher_keeps_absences_and_nobody_elses() {
    let (cluster, school) = school().await;
    let mut records = school.records();
    let list = ListPupilsRequest {
        parent: school.class.clone(),
    };
    let pupil = records
        .list_pupils(school.teacher.ask(list).unwrap())
        .await
        .unwrap()
        .into_inner()
        .pupils
        .remove(0);
    let id = pupil.name.rsplit('/').next().unwrap();
    let enrolment = Enrolment {
        name: format!("{}/years/2025-2026/pupils/{id}", school.name),
        height_cm: 138,
        weight_hg: 325,
        absences_with_leave: 4,
        absences_without_leave: 1,
        etag: "1".to_owned(),
        ..Enrolment::default()
    };
    let update = || UpdateEnrolmentRequest {
        enrolment: Some(enrolment.clone()),
        request_id: request_id(),
    };
    let stranger = account(&cluster, &school.admin, &school.name, &["homeroom_teacher"])
        .await
        .unwrap();
    assert_eq!(
        refused(records.update_enrolment(stranger.ask(update()).unwrap()).await),
        "PERMISSION_DENIED"
    );
    let kept = records
        .update_enrolment(school.teacher.ask(update()).unwrap())
        .await
        .unwrap()
        .into_inner();
    assert_eq!((kept.absences_with_leave, kept.absences_without_leave), (4, 1));
    // What somebody else read before is not written over it.
    assert_eq!(
        refused(
            records
                .update_enrolment(school.teacher.ask(update()).unwrap())
                .await
        ),
        "ETAG_MISMATCH"
    );
    let results = ListYearResultsRequest {
        parent: school.class.clone(),
    };
    let results = records
        .list_year_results(school.teacher.ask(results).unwrap())
        .await
        .unwrap()
        .into_inner();
    assert!(results.results.iter().all(|result| result.missing_cell_count > 0));
}

#[tokio::test]
async fn a8_4_what_the_homeroom_teacher_finds_in_the_books_stands_before_the_board_until_it_is_settled() {
    let (cluster, school) = school().await;
    let mut records = school.records();
    let list = ListPupilsRequest {
        parent: school.class.clone(),
    };
    let pupils = records
        .list_pupils(school.teacher.ask(list).unwrap())
        .await
        .unwrap()
        .into_inner()
        .pupils;
    let words = "Nhận xét môn Tiếng Việt chép nhầm của bạn khác.";
    let create = |class: &str, pupil: &str| CreateClassFindingRequest {
        parent: class.to_owned(),
        class_finding: Some(ClassFinding {
            pupil: pupil.to_owned(),
            words: words.to_owned(),
            ..ClassFinding::default()
        }),
        request_id: request_id(),
    };
    // The books of a class are checked by its own homeroom teacher: not by another class's, not by the board.
    let stranger = account(&cluster, &school.admin, &school.name, &["homeroom_teacher"])
        .await
        .unwrap();
    for person in [&stranger, &school.principal] {
        let ask = person.ask(create(&school.class, &pupils[0].name)).unwrap();
        assert_eq!(
            refused(records.create_class_finding(ask).await),
            "PERMISSION_DENIED"
        );
    }
    let other = create(&school.class.replace("5a", "5b"), "");
    assert_eq!(
        refused(
            records
                .create_class_finding(school.teacher.ask(other).unwrap())
                .await
        ),
        "PERMISSION_DENIED"
    );
    let found = records
        .create_class_finding(
            school
                .teacher
                .ask(create(&school.class, &pupils[0].name))
                .unwrap(),
        )
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.finder, school.teacher.login.account);

    let open = || {
        let request = ListClassFindingsRequest {
            parent: format!("{}/years/2025-2026", school.name),
            open_only: true,
            ..ListClassFindingsRequest::default()
        };
        let ask = school.principal.ask(request).unwrap();
        let mut records = school.records();
        async move {
            let listed = records.list_class_findings(ask).await.unwrap();
            listed.into_inner().class_findings
        }
    };
    assert_eq!(open().await, std::slice::from_ref(&found));
    let settle = || SettleClassFindingRequest {
        name: found.name.clone(),
        settlement: "Giáo viên bộ môn đã lập hồ sơ sửa.".to_owned(),
        request_id: request_id(),
    };
    let settled = records
        .settle_class_finding(school.teacher.ask(settle()).unwrap())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (settled.state(), settled.words.as_str(), settled.settler.as_str()),
        (State::Settled, words, school.teacher.login.account.as_str())
    );
    assert_eq!(open().await, []);
    assert_eq!(
        refused(
            records
                .settle_class_finding(school.teacher.ask(settle()).unwrap())
                .await
        ),
        "FINDING_SETTLED"
    );
}
