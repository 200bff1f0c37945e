//! CreateAccount, BatchCreateAccounts, GetAccount, ListAccounts, SuspendAccount, RestoreAccount.

use hocba_proto::identity::{
    BatchCreateAccountsRequest, CreateAccountRequest, GetAccountRequest, GetMeRequest,
    ListAccountEventsRequest, ListAccountsRequest, RefreshSignInRequest, RestoreAccountRequest,
    SuspendAccountRequest, account::State, account_event::Kind,
};

use crate::harness::{INSIDE, OTHER, SCHOOL, World, account, ask, digest, reason};

fn new(email: &str, school: &str, roles: &[&str]) -> CreateAccountRequest {
    CreateAccountRequest {
        account: Some(account(email, school)),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        request_id: String::new(),
    }
}

#[tokio::test]
async fn create_account_gives_first_roles_and_a_code_once() {
    let world = World::with_schools().await;
    let mut client = world.client();
    let op = &world.operator;
    let request = CreateAccountRequest {
        request_id: "r".into(),
        ..new("HT@a.vn", SCHOOL, &["principal"])
    };
    let first = client
        .create_account(op.ask(request.clone()))
        .await
        .unwrap()
        .into_inner();
    let made = first.account.clone().unwrap();
    assert_eq!(
        (made.email.as_str(), made.state(), made.roles),
        ("ht@a.vn", State::Pending, vec!["principal".to_owned()])
    );
    assert_eq!(made.authority, "authorities/gia-lam");
    assert_eq!(first.activation_code.len(), 19);
    let again = client.create_account(op.ask(request)).await.unwrap().into_inner();
    assert_eq!(again.activation_code, "", "a code is shown once");
    assert_eq!(again.account, first.account);
    // While it is pending, asking anew gives a new code and the old one stops.
    let renewed = client
        .create_account(op.ask(new("ht@a.vn", SCHOOL, &[])))
        .await
        .unwrap()
        .into_inner();
    assert!(renewed.existed && renewed.activation_code != first.activation_code);
    let person = world.activate("ht@a.vn", &renewed.activation_code).await;
    world.confirm(&person).await;
    assert_eq!(
        reason(client.create_account(op.ask(new("ht@a.vn", SCHOOL, &[]))).await),
        "EMAIL_TAKEN"
    );
    assert_eq!(
        reason(client.create_account(op.ask(new("ht@a.vn", OTHER, &[]))).await),
        "EMAIL_TAKEN"
    );
    assert_eq!(
        reason(client.create_account(op.ask(new("x@a.vn", "nowhere", &[]))).await),
        "SCHOOL_UNKNOWN"
    );
    let refused = client
        .create_account(op.ask(new("x@a.vn", SCHOOL, &["subject_teacher"])))
        .await;
    assert_eq!(
        reason(refused),
        "ROLE_NOT_GRANTABLE",
        "operators give the first two roles only"
    );
    assert_eq!(
        reason(client.create_account(op.ask(new("x", SCHOOL, &["king"]))).await),
        "BAD_REQUEST"
    );
    let officer = client
        .create_account(op.ask(new("can.bo@h.vn", "", &["district_officer"])))
        .await
        .unwrap();
    assert_eq!(officer.into_inner().account.unwrap().school, "");
    world.stop().await;
}

#[tokio::test]
async fn batch_create_accounts_answers_per_item_and_changes_nothing_twice() {
    let world = World::with_schools().await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    world.account("gv@b.vn", OTHER).await;
    let batch = |request_id: &str| BatchCreateAccountsRequest {
        parent: format!("schools/{SCHOOL}"),
        requests: vec![
            new("n1@a.vn", "", &["subject_teacher", "homeroom_teacher"]),
            new("gv@b.vn", "", &["subject_teacher"]),
            new("n2@a.vn", "", &["principal"]),
            new("gv@a.vn", "", &["subject_teacher"]),
        ],
        request_id: request_id.to_owned(),
    };
    let mut client = world.client();
    let first = client
        .batch_create_accounts(admin.ask(batch("r1")))
        .await
        .unwrap()
        .into_inner()
        .results;
    let reasons: Vec<_> = first.iter().map(|item| item.reason.as_str()).collect();
    assert_eq!(reasons, ["", "EMAIL_TAKEN", "ROLE_NOT_GRANTABLE", ""]);
    assert!(!first[0].activation_code.is_empty() && !first[0].existed);
    assert!(
        first[3].activation_code.is_empty() && first[3].existed,
        "active: needs no code"
    );

    let again = client
        .batch_create_accounts(admin.ask(batch("r1")))
        .await
        .unwrap()
        .into_inner()
        .results;
    assert!(again.iter().all(|item| item.activation_code.is_empty()));
    assert_eq!(again[0].account, first[0].account);
    let renewed = client
        .batch_create_accounts(admin.ask(batch("r2")))
        .await
        .unwrap()
        .into_inner()
        .results;
    assert!(renewed[0].existed && !renewed[0].activation_code.is_empty());
    assert_eq!(renewed[0].account, first[0].account);

    let refused = client.batch_create_accounts(teacher.ask(batch("r3"))).await;
    assert_eq!(reason(refused), "PERMISSION_DENIED");
    let elsewhere = BatchCreateAccountsRequest {
        parent: format!("schools/{OTHER}"),
        ..batch("r4")
    };
    assert_eq!(
        reason(client.batch_create_accounts(admin.ask(elsewhere)).await),
        "OTHER_SCHOOL"
    );
    let empty = BatchCreateAccountsRequest {
        requests: Vec::new(),
        ..batch("r5")
    };
    assert_eq!(
        reason(client.batch_create_accounts(admin.ask(empty)).await),
        "BAD_REQUEST"
    );
    world.stop().await;
}

#[tokio::test]
async fn get_and_list_accounts_for_those_who_manage_them() {
    let world = World::with_schools().await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let away = world.person("gv@b.vn", OTHER, &["system_admin"]).await;
    let mut client = world.client();
    let get = |name: &str| GetAccountRequest {
        name: name.to_owned(),
    };
    let own = client
        .get_account(teacher.ask(get(&teacher.name)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (own.state(), own.roles),
        (State::Active, vec!["subject_teacher".to_owned()])
    );
    assert_eq!(
        reason(client.get_account(teacher.ask(get(&admin.name))).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(
        reason(client.get_account(away.ask(get(&admin.name))).await),
        "OTHER_SCHOOL"
    );
    let nil = format!("accounts/{}", uuid::Uuid::nil());
    assert_eq!(
        reason(client.get_account(world.operator.ask(get(&nil))).await),
        "ACCOUNT_UNKNOWN"
    );
    assert_eq!(
        reason(client.get_account(admin.ask(get("accounts/me"))).await),
        "BAD_REQUEST"
    );

    let list = |token: &str| ListAccountsRequest {
        parent: format!("schools/{SCHOOL}"),
        page_size: 1,
        page_token: token.to_owned(),
    };
    let first = client
        .list_accounts(admin.ask(list("")))
        .await
        .unwrap()
        .into_inner();
    let second = client
        .list_accounts(admin.ask(list(&first.next_page_token)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (&first.accounts[0].name, &second.accounts[0].name),
        (&admin.name, &teacher.name)
    );
    assert_eq!(second.next_page_token, "");
    assert_eq!(
        reason(client.list_accounts(teacher.ask(list(""))).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(
        reason(client.list_accounts(away.ask(list(""))).await),
        "OTHER_SCHOOL"
    );
    world.stop().await;
}

#[tokio::test]
async fn suspend_account_ends_everything_but_drafts_and_restore_brings_it_back() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let mut client = world.client();
    let suspend = |name: &str, request_id: &str| SuspendAccountRequest {
        name: name.to_owned(),
        cause: "Nghi lộ mật khẩu".to_owned(),
        request_id: request_id.to_owned(),
    };
    let restore = |name: &str| RestoreAccountRequest {
        name: name.to_owned(),
        request_id: String::new(),
    };
    let answer = client
        .suspend_account(principal.ask(suspend(&teacher.name, "r")))
        .await
        .unwrap();
    assert_eq!(answer.get_ref().state(), State::Suspended);
    let again = client
        .suspend_account(principal.ask(suspend(&teacher.name, "r")))
        .await
        .unwrap();
    assert_eq!(again.get_ref(), answer.get_ref());
    assert_eq!(
        reason(
            client
                .suspend_account(principal.ask(suspend(&teacher.name, "s")))
                .await
        ),
        "ACCOUNT_STATE"
    );

    let refresh = RefreshSignInRequest {
        refresh_token: teacher.signed_in.refresh_token.clone(),
        client: "thiết bị".to_owned(),
    };
    assert_eq!(
        reason(client.get_me(teacher.ask(GetMeRequest {})).await),
        "UNAUTHENTICATED"
    );
    assert_eq!(
        reason(client.refresh_sign_in(ask("", INSIDE, refresh.clone())).await),
        "ACCOUNT_SUSPENDED"
    );
    assert_eq!(reason(world.sign_in(&teacher, 1).await), "ACCOUNT_SUSPENDED");
    let wrong = world
        .sign_in_with(&teacher.email, "không phải đâu nhé", &teacher.code(1))
        .await;
    assert_eq!(
        reason(wrong),
        "SIGN_IN_REFUSED",
        "told only to who knows the password"
    );

    // The feed says suspended, not ended: an ended sign-in would seal the drafts.
    let feed = ListAccountEventsRequest::default();
    let told = world
        .internal("records")
        .list_account_events(feed)
        .await
        .unwrap()
        .into_inner()
        .events;
    let kinds: Vec<_> = told.iter().map(|event| event.kind()).collect();
    assert_eq!(kinds, [Kind::AccountSuspended]);

    client
        .restore_account(principal.ask(restore(&teacher.name)))
        .await
        .unwrap();
    assert_eq!(
        reason(
            client
                .restore_account(principal.ask(restore(&teacher.name)))
                .await
        ),
        "ACCOUNT_STATE"
    );
    assert_eq!(
        reason(client.refresh_sign_in(ask("", INSIDE, refresh)).await),
        "SIGN_IN_OVER"
    );
    world.sign_in(&teacher, 1).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a6_2_suspend_account_by_the_board_but_never_the_own_or_the_principals() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let away = world.person("ht@b.vn", OTHER, &["principal"]).await;
    let mut client = world.client();
    let suspend = |name: &str| SuspendAccountRequest {
        name: name.to_owned(),
        cause: "Thử".to_owned(),
        request_id: String::new(),
    };
    let restore = |name: &str| RestoreAccountRequest {
        name: name.to_owned(),
        request_id: String::new(),
    };
    assert_eq!(
        reason(client.suspend_account(admin.ask(suspend(&admin.name))).await),
        "OWN_ACCOUNT"
    );
    assert_eq!(
        reason(client.suspend_account(admin.ask(suspend(&principal.name))).await),
        "ROLE_NOT_GRANTABLE"
    );
    assert_eq!(
        reason(client.suspend_account(teacher.ask(suspend(&admin.name))).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(
        reason(client.suspend_account(away.ask(suspend(&admin.name))).await),
        "OTHER_SCHOOL"
    );
    assert_eq!(
        reason(client.restore_account(away.ask(restore(&admin.name))).await),
        "OTHER_SCHOOL"
    );
    assert_eq!(
        reason(client.restore_account(teacher.ask(restore(&admin.name))).await),
        "PERMISSION_DENIED"
    );
    let silent = SuspendAccountRequest {
        cause: String::new(),
        ..suspend(&teacher.name)
    };
    assert_eq!(
        reason(client.suspend_account(admin.ask(silent)).await),
        "BAD_REQUEST"
    );
    client
        .suspend_account(world.operator.ask(suspend(&principal.name)))
        .await
        .unwrap();
    let late = world
        .step_up(&principal, "dossier.consent", &digest("a"), "principal")
        .await;
    assert_eq!(reason(late), "UNAUTHENTICATED");
    world.stop().await;
}
