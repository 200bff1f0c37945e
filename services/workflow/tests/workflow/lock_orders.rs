//! Orders: proposed, decided, executed, each by whom it must be, and finished after a crash.

use hocba_chassis::Role;
use hocba_proto::{
    types::Semester,
    workflow::{
        DecideLockOrderRequest, ExecuteLockOrderRequest, GetLockOrderRequest, ListLockOrdersRequest,
        ListTasksRequest, LockOrder, ProposeLockOrderRequest,
        decide_lock_order_request::Decision,
        lock_order::{Kind, State},
    },
};
use hocba_testing::{TestPeer, TestPerson, eventually};
use prost_types::Timestamp;
use tonic::Status;

use crate::world::{PARENT, PATIENCE, SCHOOL, World, reason};

fn order(number: &str, kind: Kind) -> LockOrder {
    LockOrder {
        kind: kind.into(),
        year: format!("{PARENT}/years/2025-2026"),
        semester: if kind == Kind::LockBooks {
            Semester::Unspecified.into()
        } else {
            Semester::One.into()
        },
        number: number.into(),
        reason: "Hết học kì I.".into(),
        ..LockOrder::default()
    }
}

impl World {
    async fn propose(&self, by: &TestPerson, order: LockOrder) -> Result<LockOrder, Status> {
        let ask = ProposeLockOrderRequest {
            parent: PARENT.into(),
            lock_order: Some(order),
            request_id: String::new(),
        };
        Ok(self.client().propose_lock_order(by.ask(ask)).await?.into_inner())
    }

    async fn decide(&self, by: &TestPerson, order: &LockOrder, token: String) -> Result<LockOrder, Status> {
        let ask = DecideLockOrderRequest {
            name: order.name.clone(),
            decision: Decision::Approve.into(),
            refusal: String::new(),
            act_token: token,
            request_id: String::new(),
        };
        Ok(self.client().decide_lock_order(by.ask(ask)).await?.into_inner())
    }

    async fn execute(&self, by: &TestPerson, order: &LockOrder) -> Result<LockOrder, Status> {
        let token = self.act(by, Role::SystemAdmin, "lock_order.execute", &order.digest);
        self.execute_by(by, order, token, "").await
    }

    async fn execute_by(
        &self,
        by: &TestPerson,
        order: &LockOrder,
        act_token: String,
        request_id: &str,
    ) -> Result<LockOrder, Status> {
        let ask = ExecuteLockOrderRequest {
            name: order.name.clone(),
            act_token,
            request_id: request_id.into(),
        };
        Ok(self.client().execute_lock_order(by.ask(ask)).await?.into_inner())
    }

    /// Proposed by the admin and approved by the principal.
    async fn approved(&self, number: &str, kind: Kind) -> LockOrder {
        let mut wanted = order(number, kind);
        if kind == Kind::UnlockMarks {
            wanted.end_time = Some(in_days(2));
        }
        let order = self.propose(&self.admin, wanted).await.unwrap();
        let token = self.act(
            &self.principal,
            Role::Principal,
            "lock_order.decide",
            &order.digest,
        );
        self.decide(&self.principal, &order, token).await.unwrap()
    }

    async fn tasks(&self, of: &TestPerson) -> Vec<(String, String)> {
        let ask = ListTasksRequest {
            parent: PARENT.into(),
        };
        let answer = self.client().list_tasks(of.ask(ask)).await.unwrap().into_inner();
        answer
            .tasks
            .into_iter()
            .map(|task| (task.kind, task.resource))
            .collect()
    }
}

fn in_days(days: i64) -> Timestamp {
    let now = hocba_chassis::Clock::system().now().unix_timestamp();
    Timestamp {
        seconds: now + days * 86_400,
        nanos: 0,
    }
}

#[tokio::test]
async fn w1_an_order_is_decided_by_the_principal_and_executed_by_another_person() {
    let world = World::start().await;
    let proposed = world
        .propose(&world.admin, order("21/QĐ", Kind::LockMarks))
        .await
        .unwrap();
    assert_eq!(proposed.state(), State::Proposed);
    assert_eq!(
        world.tasks(&world.principal).await,
        [("lock_order.decide".to_owned(), proposed.name.clone())]
    );

    // Not decided yet; and nobody but the principal decides.
    assert_eq!(
        reason(world.execute(&world.admin, &proposed).await),
        "NOT_APPROVED"
    );
    let token = world.act(
        &world.vice,
        Role::Principal,
        "lock_order.decide",
        &proposed.digest,
    );
    assert_eq!(
        reason(world.decide(&world.vice, &proposed, token).await),
        "PERMISSION_DENIED"
    );

    let by = &world.principal;
    let token = world.act(by, Role::Principal, "lock_order.decide", &proposed.digest);
    let approved = world.decide(by, &proposed, token).await.unwrap();
    assert_eq!(approved.state(), State::Approved);
    assert_eq!(approved.decision.as_ref().unwrap().account, by.name());
    let again = world.act(by, Role::Principal, "lock_order.decide", &proposed.digest);
    assert_eq!(
        reason(world.decide(by, &proposed, again).await),
        "ALREADY_DECIDED"
    );

    // A person with both roles, who decided, does not execute.
    let both = world.identity.person(SCHOOL, &["principal", "system_admin"]);
    let second = world
        .propose(&both, order("22/QĐ", Kind::LockMarks))
        .await
        .unwrap();
    let token = world.act(&both, Role::Principal, "lock_order.decide", &second.digest);
    world.decide(&both, &second, token).await.unwrap();
    assert_eq!(reason(world.execute(&both, &second).await), "SAME_PERSON");

    let executed = world.execute(&world.admin, &approved).await.unwrap();
    assert_eq!(
        (executed.state(), executed.epoch, executed.sealed_session_count),
        (State::Executed, 7, 2)
    );
    assert_eq!(
        reason(world.execute(&world.admin, &approved).await),
        "ALREADY_EXECUTED"
    );
    let closed = world.lock.get().closed.clone();
    assert_eq!(closed.len(), 1);
    assert_eq!(
        closed[0].name,
        format!("{PARENT}/years/2025-2026/terms/marks-semester1")
    );
    assert_eq!(closed[0].lock_order, approved.name);
    eventually("the order's events", PATIENCE, || async {
        let kinds = world.archive.kinds();
        let told = ["proposed", "approved", "executing", "executed"]
            .iter()
            .all(|step| kinds.contains(&format!("lock_order.{step}")));
        if told { Ok(()) } else { Err(kinds) }
    })
    .await;
}

#[tokio::test]
async fn w1_a_second_factor_is_for_one_act_over_one_content_once() {
    let world = World::start().await;
    let first = world
        .propose(&world.admin, order("1", Kind::LockMarks))
        .await
        .unwrap();
    let second = world
        .propose(&world.admin, order("2", Kind::LockBooks))
        .await
        .unwrap();
    let by = &world.principal;
    let (digest, decide) = (first.digest.as_str(), "lock_order.decide");
    let wrong = [
        (
            world.act(by, Role::Principal, decide, &second.digest),
            "ACT_TOKEN_DIGEST",
        ),
        (
            world.act(by, Role::Principal, "lock_order.execute", digest),
            "ACT_TOKEN_PURPOSE",
        ),
        (
            world.act(by, Role::SystemAdmin, decide, digest),
            "ACT_TOKEN_INVALID",
        ),
        (
            world.act(&world.admin, Role::Principal, decide, digest),
            "ACT_TOKEN_INVALID",
        ),
        (String::new(), "ACT_TOKEN_INVALID"),
        // An access token is no act token.
        (by.token.clone(), "ACT_TOKEN_INVALID"),
        (
            world
                .identity
                .act_with(by, Role::Principal, decide, digest, true, -60),
            "ACT_TOKEN_EXPIRED",
        ),
    ];
    for (token, expected) in wrong {
        assert_eq!(reason(world.decide(by, &first, token).await), expected);
    }

    let token = world.act(
        &world.admin,
        Role::SystemAdmin,
        "lock_order.execute",
        &first.digest,
    );
    let good = world.act(by, Role::Principal, "lock_order.decide", &first.digest);
    let approved = world.decide(by, &first, good).await.unwrap();
    world
        .execute_by(&world.admin, &approved, token.clone(), "e1")
        .await
        .unwrap();
    // The same click again, with the token that is spent, answers the same order.
    let again = world
        .execute_by(&world.admin, &approved, token, "e1")
        .await
        .unwrap();
    assert_eq!(again.state(), State::Executed);
    assert_eq!(world.lock.get().closed.len(), 1);
}

#[tokio::test]
async fn w2_what_was_ordered_never_changes() {
    let world = World::start().await;
    let approved = world.approved("21/QĐ", Kind::LockMarks).await;
    assert_eq!(
        reason(world.propose(&world.admin, order("21/QĐ", Kind::LockBooks)).await),
        "NUMBER_TAKEN"
    );
    // The service's own login may write the steps only.
    let service = world.database.service().await.unwrap();
    let mut tx = service.begin().await.unwrap();
    sqlx::query("select set_config('hocba.school', '01018a01', true)")
        .execute(&mut *tx)
        .await
        .unwrap();
    let refused = sqlx::query("update lock_order set reason = 'khác'")
        .execute(&mut *tx)
        .await
        .unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "42501");
    // And a database administrator cannot make one person of two.
    assert!(
        world
            .sql("update lock_order set state = 'executing', executed_by = decided_by, executed_at = now(), next_attempt_at = now()")
            .await
            .is_err()
    );
    let ask = GetLockOrderRequest {
        name: approved.name.clone(),
    };
    let read = world.client().get_lock_order(world.vice.ask(ask)).await;
    assert_eq!(read.unwrap().into_inner(), approved);
}

#[tokio::test]
async fn an_unlocking_ends_and_a_refused_order_is_not_executed() {
    let world = World::start().await;
    for end in [in_days(-1), in_days(32)] {
        let late = LockOrder {
            end_time: Some(end),
            ..order("3", Kind::UnlockMarks)
        };
        assert_eq!(
            reason(world.propose(&world.admin, late).await),
            "END_OUT_OF_RANGE"
        );
    }
    let approved = world.approved("4", Kind::UnlockMarks).await;
    let executed = world.execute(&world.admin, &approved).await.unwrap();
    assert_eq!((executed.state(), executed.epoch), (State::Executed, 8));
    assert_eq!(world.lock.get().windows[0].end_time, approved.end_time);

    let unwanted = world
        .propose(&world.admin, order("5", Kind::LockMarks))
        .await
        .unwrap();
    let refuse = |refusal: &str| DecideLockOrderRequest {
        name: unwanted.name.clone(),
        decision: Decision::Refuse.into(),
        refusal: refusal.into(),
        act_token: world.act(
            &world.principal,
            Role::Principal,
            "lock_order.decide",
            &unwanted.digest,
        ),
        request_id: String::new(),
    };
    let mute = world
        .client()
        .decide_lock_order(world.principal.ask(refuse("")))
        .await;
    assert_eq!(reason(mute), "BAD_REQUEST");
    let refused = world
        .client()
        .decide_lock_order(world.principal.ask(refuse("Còn lớp chưa nhập xong.")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(refused.state(), State::Refused);
    assert_eq!(
        reason(world.execute(&world.admin, &refused).await),
        "NOT_APPROVED"
    );

    let list = |size, token: &str| ListLockOrdersRequest {
        parent: PARENT.into(),
        page_size: size,
        page_token: token.into(),
    };
    let mut client = world.client();
    let page = client
        .list_lock_orders(world.admin.ask(list(1, "")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.lock_orders[0].name, refused.name);
    let rest = client
        .list_lock_orders(world.admin.ask(list(5, &page.next_page_token)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(rest.lock_orders.len(), 1);
    assert_eq!(rest.next_page_token, "");
}

#[tokio::test]
async fn w5_an_execution_without_lock_is_recorded_and_finished_when_lock_is_back() {
    let mut world = World::start().await;
    let approved = world.approved("21/QĐ", Kind::LockMarks).await;
    let peer = world.lock_peer.take().unwrap();
    let address = peer.address.clone();
    peer.stop().await;
    let executing = world.execute(&world.admin, &approved).await.unwrap();
    assert_eq!(executing.state(), State::Executing);
    assert!(executing.next_attempt_time.is_some());

    let tokens = world.identity.tokens();
    let routes = world.lock.routes();
    world.lock_peer = Some(
        TestPeer::serve_at(&world.pki, "lock", tokens, routes, &address)
            .await
            .unwrap(),
    );
    eventually("the order is executed", PATIENCE, || async {
        let ask = GetLockOrderRequest {
            name: approved.name.clone(),
        };
        let order = world.client().get_lock_order(world.admin.ask(ask)).await.unwrap();
        match order.into_inner() {
            order if order.state() == State::Executed => Ok(()),
            order => Err(order.state()),
        }
    })
    .await;
    let asked = world.lock.get().closed.clone();
    assert!(asked.iter().all(|ask| ask.request_id == asked[0].request_id));
}

#[tokio::test]
async fn what_lock_refuses_for_good_is_failed_and_frees_the_number() {
    let world = World::start().await;
    let approved = world.approved("21/QĐ", Kind::UnlockMarks).await;
    world.lock.get().refusal = Some("TERM_OPEN");
    let failed = world.execute(&world.admin, &approved).await.unwrap();
    assert_eq!(
        (failed.state(), failed.failure.as_str()),
        (State::Failed, "TERM_OPEN")
    );
    world.lock.get().refusal = None;
    world.approved("21/QĐ", Kind::LockMarks).await;
}
