//! The log: each event once, proofs that verify, and tampering that shows.

use std::time::Duration;

use hocba_chassis::clock::{Clock, new_id, to_timestamp};
use hocba_evidence::log::merkle;
use hocba_proto::archive::{
    AppendEventsRequest, Event, GetCheckpointRequest, GetInclusionProofRequest, ListLogEntriesRequest,
    LogEntry,
};
use hocba_testing::{TestPerson, eventually};
use sqlx::Executor as _;
use tonic::Request;

use crate::world::{SCHOOL, World, reason};

fn event(subject: &str) -> Event {
    Event {
        id: new_id().to_string(),
        school: format!("schools/{SCHOOL}"),
        subject: subject.to_owned(),
        kind: "mark_sheet.sealed".to_owned(),
        facts_json: "{\"cells\": 3}".to_owned(),
        occur_time: Some(to_timestamp(Clock::system().now())),
        ..Event::default()
    }
}

async fn append(world: &World, events: &[Event]) {
    let events = events.to_vec();
    world
        .internal("records")
        .append_events(Request::new(AppendEventsRequest { events }))
        .await
        .unwrap();
}

async fn entries(world: &World, person: &TestPerson, size: usize) -> Vec<LogEntry> {
    eventually("the entries are integrated", Duration::from_secs(10), || async {
        let ask = ListLogEntriesRequest {
            parent: format!("schools/{SCHOOL}/log"),
            kind: "mark_sheet.sealed".to_owned(),
            ..Default::default()
        };
        let list = world.client().list_log_entries(person.ask(ask)).await;
        let list = list
            .map_err(|status| status.to_string())?
            .into_inner()
            .log_entries;
        if list.len() >= size {
            Ok(list)
        } else {
            Err(format!("{} entries", list.len()))
        }
    })
    .await
}

#[tokio::test]
async fn v5_an_event_appended_twice_is_one_entry_and_proved() {
    let world = World::start().await;
    let principal = world.identity.person(SCHOOL, &["principal"]);
    let events: Vec<Event> = (0..5)
        .map(|i| event(&format!("schools/{SCHOOL}/receipts/{i}")))
        .collect();
    append(&world, &events).await;
    append(&world, &events).await;
    entries(&world, &principal, 5).await;
    append(&world, &events).await;
    append(&world, &[event("schools/01018a01/receipts/6")]).await;
    let list = entries(&world, &principal, 6).await;
    assert_eq!(list.len(), 6);
    let order: Vec<_> = list.iter().map(|entry| entry.event_id.clone()).take(5).collect();
    assert_eq!(
        order,
        events.iter().map(|event| event.id.clone()).collect::<Vec<_>>()
    );

    let parent = format!("schools/{SCHOOL}/log");
    let event_id = events[2].id.clone();
    let ask = GetInclusionProofRequest {
        parent: parent.clone(),
        event_id,
    };
    let proof = world
        .client()
        .get_inclusion_proof(principal.ask(ask))
        .await
        .unwrap()
        .into_inner();
    let (entry, head) = (proof.entry.unwrap(), proof.checkpoint.unwrap());
    let path: Vec<merkle::Hash> = proof
        .path
        .iter()
        .map(|hash| hash.clone().try_into().unwrap())
        .collect();
    let leaf = entry.leaf_hash.clone().try_into().unwrap();
    let root = head.root_hash.clone().try_into().unwrap();
    let (size, index) = (head.tree_size as usize, entry.index as usize);
    assert!(merkle::includes(&root, size, index, &leaf, &path));
    assert!(!merkle::includes(
        &root,
        size,
        index,
        &merkle::leaf(b"another"),
        &path
    ));
    assert!(head.note.starts_with(&format!("hocba/log/{SCHOOL}\n{size}\n")));

    let teacher = world.identity.person(SCHOOL, &["subject_teacher"]);
    let ask = ListLogEntriesRequest {
        parent: parent.clone(),
        ..Default::default()
    };
    assert_eq!(
        reason(world.client().list_log_entries(teacher.ask(ask)).await),
        "PERMISSION_DENIED"
    );
    let other = world.identity.person("01018a02", &["principal"]);
    let ask = GetCheckpointRequest { name: parent };
    assert_eq!(
        reason(world.client().get_checkpoint(other.ask(ask)).await),
        "OTHER_SCHOOL"
    );
    let mut gateway = world.internal("gateway");
    let ask = principal.ask(AppendEventsRequest { events });
    assert_eq!(reason(gateway.append_events(ask).await), "INTERNAL_ONLY");
}

#[tokio::test]
async fn v5_an_entry_cannot_be_changed_and_one_that_was_shows() {
    let world = World::start().await;
    let principal = world.identity.person(SCHOOL, &["principal"]);
    let events: Vec<Event> = (0..3)
        .map(|i| event(&format!("schools/{SCHOOL}/receipts/{i}")))
        .collect();
    append(&world, &events).await;
    entries(&world, &principal, 3).await;
    let service = world.database.service().await.unwrap();
    service
        .execute("select set_config('hocba.school', '01018a01', false)")
        .await
        .unwrap();
    assert!(
        service
            .execute("update log_entry set facts = '{}'")
            .await
            .is_err()
    );
    assert!(service.execute("delete from log_entry").await.is_err());
    let owner = world.database.superuser().await.unwrap();
    assert!(owner.execute("update log_entry set facts = '{}'").await.is_err());

    // An administrator who takes the trigger away first.
    let prove = |id: String| {
        let ask = GetInclusionProofRequest {
            parent: format!("schools/{SCHOOL}/log"),
            event_id: id,
        };
        let mut client = world.client();
        let ask = principal.ask(ask);
        async move { client.get_inclusion_proof(ask).await }
    };
    prove(events[1].id.clone()).await.unwrap();
    owner
        .execute("alter table log_entry disable trigger all")
        .await
        .unwrap();
    owner
        .execute("update log_entry set facts = '{\"cells\": 4}' where index = 1")
        .await
        .unwrap();
    assert_eq!(reason(prove(events[1].id.clone()).await), "INTERNAL");
    prove(events[0].id.clone()).await.unwrap();
    owner
        .execute("delete from log_entry where index = 1")
        .await
        .unwrap();
    assert_eq!(reason(prove(events[0].id.clone()).await), "INTERNAL");
}
