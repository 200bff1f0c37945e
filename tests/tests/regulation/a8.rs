//! Article 8: the homeroom teacher's class.

use hocba_cluster::school::{account, request_id};
use hocba_proto::records::{Enrolment, ListPupilsRequest, ListYearResultsRequest, UpdateEnrolmentRequest};

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
