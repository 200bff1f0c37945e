//! Article 6: the principal's decisions, the board's accounts, completeness.

use std::time::Duration;

use hocba_cluster::{
    person::{Person, reason},
    school::request_id,
};
use hocba_proto::{
    identity::{
        Account, CreateWorkingGroupRequest, EndWorkingGroupRequest, GetMeRequest, ListAccountsRequest,
        RestoreAccountRequest, SuspendAccountRequest, WorkingGroup, account,
        identity_service_client::IdentityServiceClient, working_group,
    },
    records::{ListMarkSheetsRequest, mark_sheet::State},
};

use crate::{refused, school};

/// The feed of ended sign-ins is asked every second.
const SECONDS: Duration = Duration::from_secs(15);

#[tokio::test]
async fn a6_1_the_working_group_begins_and_ends_with_the_decision() {
    let (cluster, school) = school().await;
    let mut identity = IdentityServiceClient::new(cluster.channel());
    let member = school.teacher.login.account.clone();
    let create = CreateWorkingGroupRequest {
        parent: school.name.clone(),
        working_group: Some(WorkingGroup {
            decision_number: "12/QĐ-TH".to_owned(),
            decision_date: "2025-09-05".to_owned(),
            end_date: "2027-05-31".to_owned(),
            members: vec![working_group::Member {
                account: member.clone(),
                duty: "Tổ trưởng".to_owned(),
            }],
            head: member,
            ..WorkingGroup::default()
        }),
        request_id: request_id(),
    };
    refused(
        identity
            .create_working_group(school.admin.ask(create.clone()).unwrap())
            .await,
    );
    let group = identity
        .create_working_group(school.principal.ask(create).unwrap())
        .await
        .unwrap()
        .into_inner();
    let roles = |person: Person| {
        let mut identity = identity.clone();
        async move {
            let me = identity
                .get_me(person.ask(GetMeRequest {}).unwrap())
                .await
                .unwrap()
                .into_inner();
            me.account.unwrap().roles
        }
    };
    let during = roles(cluster.sign_in(&school.teacher.login).await.unwrap()).await;
    assert!(during.iter().any(|role| role == "working_group"), "{during:?}");
    let end = EndWorkingGroupRequest {
        name: group.name,
        request_id: request_id(),
    };
    identity
        .clone()
        .end_working_group(school.principal.ask(end).unwrap())
        .await
        .unwrap();
    let after = roles(cluster.sign_in(&school.teacher.login).await.unwrap()).await;
    assert!(!after.iter().any(|role| role == "working_group"), "{after:?}");
}

#[tokio::test]
async fn a6_2_the_board_sees_and_suspends_accounts() {
    let (cluster, school) = school().await;
    let mut identity = IdentityServiceClient::new(cluster.channel());
    let list = ListAccountsRequest {
        parent: school.name.clone(),
        ..ListAccountsRequest::default()
    };
    let accounts = identity
        .list_accounts(school.principal.ask(list).unwrap())
        .await
        .unwrap()
        .into_inner()
        .accounts;
    assert_eq!(accounts.len(), 3);
    let good = |one: &Account| one.second_factor && one.last_sign_in_time.is_some();
    assert!(accounts.iter().all(good), "{accounts:?}");

    let suspend = |name: &str| SuspendAccountRequest {
        name: name.to_owned(),
        cause: "nghi lộ mật khẩu".to_owned(),
        request_id: request_id(),
    };
    refused(
        identity
            .suspend_account(
                school
                    .teacher
                    .ask(suspend(&school.principal.login.account))
                    .unwrap(),
            )
            .await,
    );
    let own = suspend(&school.principal.login.account);
    refused(identity.suspend_account(school.principal.ask(own).unwrap()).await);
    let teacher = suspend(&school.teacher.login.account);
    let suspended = identity
        .suspend_account(school.principal.ask(teacher).unwrap())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(suspended.state(), account::State::Suspended);
    // The token in the teacher's hand is refused by a service that never asked identity for it.
    cluster
        .eventually("records refuses the suspended teacher", SECONDS, || async {
            let list = ListMarkSheetsRequest {
                parent: school.class.clone(),
                period: 0,
            };
            let answer = school.records().list_mark_sheets(school.teacher.ask(list)?).await;
            anyhow::ensure!(answer.is_err(), "still answered");
            Ok(())
        })
        .await
        .unwrap();
    let restore = RestoreAccountRequest {
        name: school.teacher.login.account.clone(),
        request_id: request_id(),
    };
    identity
        .restore_account(school.principal.ask(restore).unwrap())
        .await
        .unwrap();
    let back = cluster.sign_in(&school.teacher.login).await.unwrap();
    identity.get_me(back.ask(GetMeRequest {}).unwrap()).await.unwrap();
}

#[tokio::test]
async fn a6_4_the_board_sees_what_is_missing_sheet_by_sheet() {
    let (_, school) = school().await;
    let sheet = school.sheet("MT", "end2");
    let list = || {
        let request = ListMarkSheetsRequest {
            parent: school.class.clone(),
            period: 0,
        };
        let mut records = school.records();
        let ask = school.principal.ask(request).unwrap();
        async move {
            records
                .list_mark_sheets(ask)
                .await
                .unwrap()
                .into_inner()
                .mark_sheets
        }
    };
    let before = list().await;
    assert!(
        before
            .iter()
            .all(|sheet| sheet.state() == State::Empty && sheet.required_count > 0)
    );
    let session = school.enter(&sheet).await.unwrap();
    school.finish(&session).await.unwrap();
    let after = list().await;
    let complete: Vec<_> = after
        .iter()
        .filter(|sheet| sheet.state() == State::Complete)
        .collect();
    assert_eq!(complete.len(), 1);
    assert_eq!(
        (complete[0].name.as_str(), complete[0].sealed_count),
        (sheet.as_str(), complete[0].required_count)
    );
    // Who is late has a name.
    assert!(
        after
            .iter()
            .any(|sheet| sheet.teacher == school.teacher.login.account)
    );
    let outsider = ListMarkSheetsRequest {
        parent: school.class.replace(&school.name, "schools/nowhere"),
        period: 0,
    };
    let status = school
        .records()
        .list_mark_sheets(school.principal.ask(outsider).unwrap())
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "OTHER_SCHOOL");
}
