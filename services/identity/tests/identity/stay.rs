//! ListSignIns.

use hocba_proto::identity::{
    CreateNetworkRequest, ListSignInsRequest, ListSignInsResponse, Network, SignInRequest, SignOutRequest,
    sign_in::EndCause,
};
use tonic::{Response, Status};

use crate::harness::{INSIDE, OTHER, Person, SCHOOL, World, ask, reason};

async fn list(world: &World, by: &Person, of: &Person) -> Result<Response<ListSignInsResponse>, Status> {
    let request = ListSignInsRequest {
        parent: of.name.clone(),
        ..Default::default()
    };
    world.client().list_sign_ins(by.ask(request)).await
}

async fn elsewhere(world: &World, person: &Person) -> hocba_proto::identity::SignInResponse {
    let request = SignInRequest {
        email: person.email.clone(),
        password: person.password.clone(),
        totp_code: person.code(1),
        client: "máy ở nhà".to_owned(),
        ..Default::default()
    };
    let mut request = ask("", "198.51.100.7", request);
    request.metadata_mut().insert(
        "x-hocba-client-agent",
        format!("Mozilla/5.0 {}", "x".repeat(300)).parse().unwrap(),
    );
    world.client().sign_in(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a6_2_list_sign_ins_tells_device_place_and_end() {
    let world = World::with_schools().await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let network = Network {
        cidr: format!("{INSIDE}/32"),
        ..Network::default()
    };
    let request = CreateNetworkRequest {
        parent: format!("schools/{SCHOOL}"),
        network: Some(network),
        request_id: String::new(),
    };
    world.client().create_network(admin.ask(request)).await.unwrap();
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let alone = list(&world, &teacher, &teacher)
        .await
        .unwrap()
        .into_inner()
        .sign_ins;
    assert_eq!(alone.len(), 1);
    assert!(!alone[0].parallel);

    let second = elsewhere(&world, &teacher).await;
    let found = list(&world, &teacher, &teacher)
        .await
        .unwrap()
        .into_inner()
        .sign_ins;
    let [newest, first] = found.as_slice() else {
        panic!("two sign-ins, not {}", found.len())
    };
    assert_eq!(
        (&newest.name, &first.name),
        (&second.name, &teacher.signed_in.name)
    );
    assert_eq!(
        (newest.address.as_str(), first.address.as_str()),
        ("198.51.100.7", INSIDE)
    );
    assert_eq!((newest.premises, first.premises), (false, true));
    assert_eq!((newest.current, first.current), (false, true));
    assert!(newest.parallel && first.parallel, "both are open at once");
    // The administrator signed in from the device «thiết bị» too.
    assert_eq!((newest.shared_device, first.shared_device), (false, true));
    assert!(newest.user_agent.starts_with("Mozilla/5.0 xxx") && newest.user_agent.len() == 200);
    assert!(first.user_agent.is_empty() && first.end_time.is_none() && first.last_use_time.is_some());

    let out = SignOutRequest {
        name: second.name.clone(),
        everywhere: false,
    };
    world.client().sign_out(teacher.ask(out)).await.unwrap();
    let found = list(&world, &admin, &teacher)
        .await
        .unwrap()
        .into_inner()
        .sign_ins;
    assert_eq!(found[0].end_cause(), EndCause::SignedOut);
    assert!(found[0].end_time.is_some() && !found[0].current);
    assert_eq!(found[1].end_cause(), EndCause::Unspecified);
    world.stop().await;
}

#[tokio::test]
async fn list_sign_ins_shows_an_end_before_it_is_swept_and_pages() {
    let world = World::with_schools().await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    world.sign_in(&teacher, 1).await.unwrap();
    world
        .meddle(
            "update sign_in set started_at = now() - interval '14 hours', expires_at = now() - interval '2 hours'
              where id = (select max(id::text)::uuid from sign_in)",
        )
        .await;
    let page = |page_token: String| {
        let request = ListSignInsRequest {
            parent: teacher.name.clone(),
            page_size: 1,
            page_token,
        };
        teacher.ask(request)
    };
    let mut client = world.client();
    let first = client
        .list_sign_ins(page(String::new()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.sign_ins[0].end_cause(), EndCause::Expired);
    let rest = client
        .list_sign_ins(page(first.next_page_token))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(rest.sign_ins[0].name, teacher.signed_in.name);
    assert!(rest.next_page_token.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn list_sign_ins_is_the_owners_and_the_boards() {
    let world = World::with_schools().await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let colleague = world
        .person("gv2@a.vn", SCHOOL, &["subject_teacher", "inspector"])
        .await;
    let other = world.person("ht@b.vn", OTHER, &["principal"]).await;
    assert_eq!(
        reason(list(&world, &colleague, &teacher).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(reason(list(&world, &other, &teacher).await), "OTHER_SCHOOL");
    let nobody = Person {
        name: "accounts/00000000-0000-7000-8000-000000000000".to_owned(),
        ..teacher.clone()
    };
    assert_eq!(
        reason(list(&world, &world.operator, &nobody).await),
        "ACCOUNT_UNKNOWN"
    );
    assert!(list(&world, &world.operator, &teacher).await.is_ok());
    world.stop().await;
}
