//! What lies in every service's database: remembered answers, spent tokens, the outbox and its relay.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use hocba_chassis::{
    act_token,
    caller::{Caller, Peer, Role},
    clock::Clock,
    once::{self, Once},
    outbox::{self, Event},
    relay::{self, Sink},
    run::Definition,
};
use hocba_testing::{Pki, TestArchive, TestDatabase, TestIdentity, channel_as, eventually};
use sqlx::PgPool;
use tokio::time::timeout;

const CHASSIS: Definition = Definition {
    name: "chassis",
    migrations: &[],
};

fn caller() -> Caller {
    Caller {
        peer: Peer::new("workflow"),
        person: None,
        decision: None,
        client_address: None,
        client_agent: None,
        deadline: None,
    }
}

async fn begin(pool: &PgPool, request_id: &str, body: &str) -> Result<Once, hocba_chassis::Failure> {
    let mut tx = pool.begin().await.unwrap();
    let turn = once::begin(
        &mut tx,
        &caller(),
        "Rpc",
        request_id,
        &body.to_owned(),
        Clock::system().now(),
    )
    .await?;
    if let Once::First(ticket) = &turn {
        once::finish(&mut tx, ticket, &format!("answer to {body}")).await?;
        tx.commit().await.unwrap();
    }
    Ok(turn)
}

#[tokio::test]
async fn c4_the_same_request_id_gives_the_first_answer_again_and_another_body_is_refused() {
    let database = TestDatabase::of(&CHASSIS).await.unwrap();
    let pool = database.service().await.unwrap();
    assert!(matches!(begin(&pool, "r1", "a").await.unwrap(), Once::First(_)));
    let Once::Again(kept) = begin(&pool, "r1", "a").await.unwrap() else {
        panic!("not again")
    };
    assert_eq!(once::again::<String>(&kept).unwrap(), "answer to a");
    assert_eq!(
        begin(&pool, "r1", "b").await.unwrap_err().reason(),
        "REQUEST_ID_REUSED"
    );
    assert!(
        matches!(begin(&pool, "", "a").await.unwrap(), Once::First(_)),
        "none asked for, none kept"
    );
    assert!(matches!(begin(&pool, "", "a").await.unwrap(), Once::First(_)));
    assert_eq!(
        begin(&pool, &"x".repeat(65), "a").await.unwrap_err().reason(),
        "BAD_REQUEST"
    );
}

#[tokio::test]
async fn a_second_call_waits_for_the_first_and_takes_its_place_when_it_is_undone() {
    let database = TestDatabase::of(&CHASSIS).await.unwrap();
    let pool = database.service().await.unwrap();
    let mut first = pool.begin().await.unwrap();
    let turn = once::begin(
        &mut first,
        &caller(),
        "Rpc",
        "r1",
        &"a".to_owned(),
        Clock::system().now(),
    )
    .await
    .unwrap();
    assert!(matches!(turn, Once::First(_)));
    let second = tokio::spawn({
        let pool = pool.clone();
        async move { begin(&pool, "r1", "a").await }
    });
    tokio::pin!(second);
    assert!(
        timeout(Duration::from_millis(200), &mut second).await.is_err(),
        "it waits"
    );
    first.rollback().await.unwrap();
    assert!(matches!(second.await.unwrap().unwrap(), Once::First(_)));
}

#[tokio::test]
async fn c3_an_act_token_is_spent_once_and_not_at_all_when_its_effect_is_undone() {
    let database = TestDatabase::of(&CHASSIS).await.unwrap();
    let pool = database.service().await.unwrap();
    let pki = Pki::make().unwrap();
    let identity = TestIdentity::start(&pki).await.unwrap();
    let person = identity.person("a", &["principal"]);
    let caller = identity.tokens().person(&person.token).await.unwrap();
    let text = identity.act(&person, Role::Principal, "review.decide", "ab");
    let token = identity
        .tokens()
        .verify_act(&text, "review.decide", "ab", &caller)
        .await
        .unwrap();
    let now = Clock::system().now();
    for (undone, expected) in [(true, None), (false, None), (false, Some("ACT_TOKEN_USED"))] {
        let mut tx = pool.begin().await.unwrap();
        let spent = act_token::spend(&mut tx, &token, now).await;
        assert_eq!(spent.err().map(|failure| failure.reason()), expected);
        if !undone && expected.is_none() {
            tx.commit().await.unwrap();
        }
    }
    let forget = sqlx::query("delete from act_token_use")
        .execute(&pool)
        .await
        .unwrap_err();
    assert!(forget.to_string().contains("permission denied"), "{forget}");
}

async fn put(tx: &mut sqlx::PgConnection, subject: &str, n: u64) {
    let event = Event {
        school: "a".into(),
        subject: subject.into(),
        kind: format!("n{n}"),
        facts: serde_json::json!({ "n": n }),
        actor: String::new(),
    };
    outbox::put(tx, &event, Clock::system().now()).await.unwrap();
}

#[tokio::test]
async fn c5_the_relay_skips_nothing_doubles_nothing_and_keeps_the_order_of_a_subject() {
    let database = TestDatabase::of(&CHASSIS).await.unwrap();
    let pool = database.service().await.unwrap();
    let pki = Pki::make().unwrap();
    let identity = TestIdentity::start(&pki).await.unwrap();
    let archive = TestArchive::start(&pki, identity.tokens()).await.unwrap();
    let address = archive.peer.address.clone();
    let channel = channel_as(&pki, "records", "archive", &address).unwrap();
    let running = tokio::spawn(relay::run(pool.clone(), Sink::Archive(channel)));

    // A transaction takes its place early and is held open across many later commits.
    let mut held = pool.begin().await.unwrap();
    put(&mut held, "held", 0).await;
    for n in 0..1000 {
        let mut tx = pool.begin().await.unwrap();
        put(&mut tx, &format!("s{}", n % 7), n).await;
        tx.commit().await.unwrap();
        if n == 300 {
            // The archive dies with what it kept, and comes back at the same place.
            break;
        }
    }
    let kept = archive.kept();
    archive.peer.stop().await;
    for n in 301..1000 {
        let mut tx = pool.begin().await.unwrap();
        put(&mut tx, &format!("s{}", n % 7), n).await;
        tx.commit().await.unwrap();
    }
    let archive = TestArchive::start_at(&pki, identity.tokens(), &address, Arc::clone(&kept))
        .await
        .unwrap();
    eventually("a thousand events", Duration::from_secs(30), || async {
        let count = archive.kinds().len();
        if count == 1000 { Ok(()) } else { Err(count) }
    })
    .await;
    held.commit().await.unwrap();
    eventually("the late one", Duration::from_secs(30), || async {
        let late = archive.events("n0");
        if late.iter().any(|event| event.subject == "held") {
            Ok(())
        } else {
            Err(late.len())
        }
    })
    .await;
    let left: i64 = eventually("an empty outbox", Duration::from_secs(10), || async {
        let left: i64 = sqlx::query_scalar("select count(*) from outbox")
            .fetch_one(&pool)
            .await
            .unwrap();
        if left == 0 { Ok(left) } else { Err(left) }
    })
    .await;
    assert_eq!((archive.kinds().len(), left), (1001, 0));
    let events = kept.lock().unwrap().events.clone();
    for subject in 0..7 {
        let order: Vec<u64> = events
            .iter()
            .filter(|event| event.subject == format!("s{subject}"))
            .map(|event| event.kind.trim_start_matches('n').parse().unwrap())
            .collect();
        assert!(order.is_sorted(), "{order:?}");
    }
    running.abort();
}
