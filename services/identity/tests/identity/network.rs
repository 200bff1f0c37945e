//! CreateNetwork, ListNetworks.

use hocba_proto::identity::{CreateNetworkRequest, GetMeRequest, ListNetworksRequest, Network};

use crate::harness::{OTHER, SCHOOL, World, ask, reason};

#[tokio::test]
async fn networks_are_registered_once_and_make_the_premises() {
    let world = World::with_schools().await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let away = world.person("admin@b.vn", OTHER, &["system_admin"]).await;
    let new = |cidr: &str, request_id: &str| CreateNetworkRequest {
        parent: format!("schools/{SCHOOL}"),
        network: Some(Network {
            cidr: cidr.to_owned(),
            display_name: "Văn phòng".into(),
            ..Default::default()
        }),
        request_id: request_id.to_owned(),
    };
    let mut client = world.client();
    let made = client
        .create_network(admin.ask(new("10.7.1.9/16", "r")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(made.cidr, "10.7.0.0/16", "host bits are cut");
    let again = client
        .create_network(admin.ask(new("10.7.1.9/16", "r")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, made);
    assert_eq!(
        reason(client.create_network(admin.ask(new("10.7.0.0/16", ""))).await),
        "NETWORK_EXISTS"
    );
    assert_eq!(
        reason(client.create_network(admin.ask(new("0.0.0.0/0", ""))).await),
        "BAD_REQUEST"
    );
    assert_eq!(
        reason(client.create_network(teacher.ask(new("10.8.0.0/16", ""))).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(
        reason(client.create_network(away.ask(new("10.8.0.0/16", ""))).await),
        "OTHER_SCHOOL"
    );

    let list = ListNetworksRequest {
        parent: format!("schools/{SCHOOL}"),
        ..Default::default()
    };
    let all = client
        .list_networks(admin.ask(list.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.networks, [made]);
    assert_eq!(
        reason(client.list_networks(teacher.ask(list.clone())).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(reason(client.list_networks(away.ask(list)).await), "OTHER_SCHOOL");
    for (address, inside) in [("10.7.200.1", true), ("10.8.0.1", false)] {
        let request = ask(&teacher.signed_in.access_token, address, GetMeRequest {});
        assert_eq!(
            client.get_me(request).await.unwrap().into_inner().premises,
            inside
        );
    }
    world.stop().await;
}
