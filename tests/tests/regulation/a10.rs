//! Article 10: rights, rules of assessment, the year's start.

use hocba_cluster::school::{account, request_id};
use hocba_proto::{
    identity::{
        GrantRoleRequest, RevokeRoleRequest, RoleBinding, identity_service_client::IdentityServiceClient,
    },
    records::{BatchCreateClassesRequest, Class, GetSchoolYearRequest, ListClassesRequest},
};

use crate::{refused, school};

#[tokio::test]
async fn a10_1_a_right_is_in_force_until_it_is_taken_back() {
    let (cluster, school) = school().await;
    let mut identity = IdentityServiceClient::new(cluster.channel());
    let person = account(&cluster, &school.admin, &school.name, &[]).await.unwrap();
    let list = || ListClassesRequest {
        parent: format!("{}/years/2025-2026", school.name),
    };
    assert_eq!(
        refused(school.records().list_classes(person.ask(list()).unwrap()).await),
        "PERMISSION_DENIED"
    );
    let grant = GrantRoleRequest {
        parent: person.login.account.clone(),
        role_binding: Some(RoleBinding {
            role: "inspector".to_owned(),
            ..RoleBinding::default()
        }),
        request_id: request_id(),
    };
    let given = identity
        .grant_role(school.principal.ask(grant).unwrap())
        .await
        .unwrap()
        .into_inner();
    let inspector = cluster.sign_in(&person.login).await.unwrap();
    school
        .records()
        .list_classes(inspector.ask(list()).unwrap())
        .await
        .unwrap();
    let revoke = RevokeRoleRequest {
        name: given.name,
        request_id: request_id(),
    };
    identity
        .revoke_role(school.principal.ask(revoke).unwrap())
        .await
        .unwrap();
    let after = cluster.sign_in(&person.login).await.unwrap();
    assert_eq!(
        refused(school.records().list_classes(after.ask(list()).unwrap()).await),
        "PERMISSION_DENIED"
    );
}

#[tokio::test]
async fn a10_3_a_year_names_the_rules_it_is_assessed_by() {
    let (_, school) = school().await;
    let ask = GetSchoolYearRequest {
        name: format!("{}/years/2025-2026", school.name),
    };
    let year = school
        .records()
        .get_school_year(school.teacher.ask(ask).unwrap())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(year.rule_set, "tt27-2020");
}

#[tokio::test]
async fn a10_4_the_year_begins_with_classes_and_the_offices_list() {
    let (_, school) = school().await;
    let mut records = school.records();
    let parent = format!("{}/years/2025-2026", school.name);
    let list = ListClassesRequest {
        parent: parent.clone(),
    };
    let classes = records
        .list_classes(school.admin.ask(list).unwrap())
        .await
        .unwrap()
        .into_inner()
        .classes;
    let counts: Vec<_> = classes
        .iter()
        .map(|class| (class.display_name.as_str(), class.pupil_count))
        .collect();
    assert_eq!(counts, [("5A", 3), ("5B", 2)]);
    // A class that is there is never another one.
    let other_grade = BatchCreateClassesRequest {
        parent,
        classes: vec![Class {
            display_name: "5A".to_owned(),
            grade: 4,
            ..Class::default()
        }],
        request_id: request_id(),
    };
    refused(
        records
            .batch_create_classes(school.admin.ask(other_grade.clone()).unwrap())
            .await,
    );
    assert_eq!(
        refused(
            records
                .batch_create_classes(school.teacher.ask(other_grade).unwrap())
                .await
        ),
        "PERMISSION_DENIED"
    );
}
