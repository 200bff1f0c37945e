//! Article 1 and 3: one system for all of a school, rights from the principal downwards.

use hocba_cluster::school::{account, request_id};
use hocba_proto::{
    identity::{
        GrantRoleRequest, ListAccountsRequest, RoleBinding, identity_service_client::IdentityServiceClient,
    },
    records::{GetMarkSheetRequest, ListClassesRequest, ListPupilsRequest},
};

use crate::{refused, school};

#[tokio::test]
async fn a1_nobody_reaches_another_school() {
    let (cluster, school) = school().await;
    let (_, other) = crate::school().await;
    let mut records = other.records();
    for stranger in [&school.principal, &school.admin, &school.teacher] {
        let list = ListPupilsRequest {
            parent: other.class.clone(),
        };
        assert_eq!(
            refused(records.list_pupils(stranger.ask(list).unwrap()).await),
            "OTHER_SCHOOL"
        );
        let sheet = GetMarkSheetRequest {
            name: other.sheet("TO", "end2"),
        };
        assert_eq!(
            refused(records.get_mark_sheet(stranger.ask(sheet).unwrap()).await),
            "OTHER_SCHOOL"
        );
        let accounts = ListAccountsRequest {
            parent: other.name.clone(),
            ..ListAccountsRequest::default()
        };
        let mut identity = IdentityServiceClient::new(cluster.channel());
        assert_eq!(
            refused(identity.list_accounts(stranger.ask(accounts).unwrap()).await),
            "OTHER_SCHOOL"
        );
    }
    // The same question at home is answered.
    let list = ListClassesRequest {
        parent: format!("{}/years/2025-2026", school.name),
    };
    let classes = school
        .records()
        .list_classes(school.principal.ask(list).unwrap())
        .await
        .unwrap();
    assert_eq!(classes.into_inner().classes.len(), 2);
}

#[tokio::test]
async fn a1_rights_come_downwards_only() {
    let (cluster, school) = school().await;
    let mut identity = IdentityServiceClient::new(cluster.channel());
    let vice = account(&cluster, &school.principal, &school.name, &["vice_principal"])
        .await
        .unwrap();
    let grant = |role: &str| GrantRoleRequest {
        parent: vice.login.account.clone(),
        role_binding: Some(RoleBinding {
            role: role.to_owned(),
            ..RoleBinding::default()
        }),
        request_id: request_id(),
    };
    // A teacher gives nothing; nobody of the school makes a second principal or administrator.
    refused(
        identity
            .grant_role(school.teacher.ask(grant("subject_teacher")).unwrap())
            .await,
    );
    for giver in [&school.principal, &school.admin, &vice] {
        for role in ["principal", "system_admin"] {
            refused(identity.grant_role(giver.ask(grant(role)).unwrap()).await);
        }
    }
    let given = identity
        .grant_role(school.admin.ask(grant("subject_teacher")).unwrap())
        .await
        .unwrap();
    assert!(given.into_inner().in_force);
}
