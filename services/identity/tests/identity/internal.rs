//! ListAccountEvents, ResolveAccounts, ResolveSchool.

use hocba_proto::identity::{
    ListAccountEventsRequest, ResolveAccountsRequest, ResolveSchoolRequest, SignOutRequest,
};

use crate::harness::{OTHER, SCHOOL, World, reason};

#[tokio::test]
async fn the_edge_reaches_nothing_internal() {
    let world = World::with_schools().await;
    let mut gateway = world.internal("gateway");
    let school = ResolveSchoolRequest {
        name: format!("schools/{SCHOOL}"),
    };
    assert_eq!(reason(gateway.resolve_school(school).await), "INTERNAL_ONLY");
    assert_eq!(
        reason(gateway.resolve_accounts(ResolveAccountsRequest::default()).await),
        "INTERNAL_ONLY"
    );
    let feed = ListAccountEventsRequest::default();
    assert_eq!(reason(gateway.list_account_events(feed).await), "INTERNAL_ONLY");
    world.stop().await;
}

#[tokio::test]
async fn resolve_accounts_and_school_for_documents() {
    let world = World::with_schools().await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let away = world.person("gv@b.vn", OTHER, &["subject_teacher"]).await;
    let nil = format!("accounts/{}", uuid::Uuid::nil());
    let request = ResolveAccountsRequest {
        names: vec![teacher.name.clone(), nil, away.name.clone()],
    };
    let mut signing = world.internal("signing");
    let found = signing
        .resolve_accounts(request.clone())
        .await
        .unwrap()
        .into_inner()
        .accounts;
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].name.as_str(), found[0].school.as_str()),
        (teacher.name.as_str(), SCHOOL)
    );
    assert_eq!(found[0].roles, ["subject_teacher"]);
    assert!(found[0].active);
    let asked = signing
        .resolve_accounts(teacher.ask(request))
        .await
        .unwrap()
        .into_inner()
        .accounts;
    assert_eq!(asked.len(), 1, "a person is told of nobody elsewhere");
    let bad = ResolveAccountsRequest {
        names: vec!["gv@a.vn".to_owned()],
    };
    assert_eq!(reason(signing.resolve_accounts(bad).await), "BAD_REQUEST");

    let school = ResolveSchoolRequest {
        name: format!("schools/{SCHOOL}"),
    };
    let answer = signing.resolve_school(school).await.unwrap().into_inner();
    assert_eq!(
        (answer.code.as_str(), answer.province.as_str()),
        ("01018A01", "Hà Nội")
    );
    let nowhere = ResolveSchoolRequest {
        name: "schools/nowhere".to_owned(),
    };
    assert_eq!(reason(signing.resolve_school(nowhere).await), "SCHOOL_UNKNOWN");
    world.stop().await;
}

/// Sign-ins end in parallel while a reader polls: it must meet every number in order, without a gap.
#[tokio::test]
async fn list_account_events_never_skips_what_commits_late() {
    let world = World::with_schools().await;
    let mut people = Vec::new();
    for number in 0..8 {
        people.push(
            world
                .person(&format!("gv{number}@a.vn"), SCHOOL, &["subject_teacher"])
                .await,
        );
    }
    let ends = people.iter().map(|person| {
        let mut client = world.client();
        async move {
            client
                .sign_out(person.ask(SignOutRequest::default()))
                .await
                .unwrap()
        }
    });
    let reading = async {
        let mut feed = world.internal("records");
        let mut seen = Vec::new();
        while seen.len() < people.len() {
            let after = seen.last().copied().unwrap_or_default();
            let request = ListAccountEventsRequest { after, page_size: 3 };
            let events = feed
                .list_account_events(request)
                .await
                .unwrap()
                .into_inner()
                .events;
            seen.extend(events.iter().map(|event| event.sequence));
        }
        seen
    };
    let (_, seen) = tokio::join!(futures::future::join_all(ends), reading);
    assert_eq!(seen, (1..=8).collect::<Vec<i64>>());
    world.stop().await;
}
