//! The smallest deployment that does something: identity behind the gateway.

use hocba_cluster::{Cluster, Node, Options, node::End, school::School};
use hocba_proto::identity::{GetMeRequest, identity_service_client::IdentityServiceClient};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_operator_gets_in_through_the_gateway_and_is_traced() {
    let options = Options {
        nodes: vec![Node::Identity, Node::Gateway],
        ..Options::default()
    };
    let cluster = Cluster::boot(options).await.unwrap();
    let operator = cluster.sign_in(&cluster.operator().unwrap()).await.unwrap();
    let mut identity = IdentityServiceClient::new(cluster.channel());
    let me = identity
        .get_me(operator.ask(GetMeRequest {}).unwrap())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(me.account.unwrap().roles, ["operator"]);

    // One trace runs through gateway and service.
    cluster
        .eventually("the trace of GetMe", Duration::from_secs(20), || async {
            let spans = cluster.traces.spans();
            let of = |service: &str| {
                spans
                    .iter()
                    .find(|span| span.service == service && span.name.ends_with("IdentityService/GetMe"))
                    .ok_or_else(|| anyhow::anyhow!("no span of {service} among {}", spans.len()))
            };
            let (edge, inside) = (of("hocba-gateway")?, of("hocba-identity")?);
            anyhow::ensure!(edge.trace == inside.trace, "two traces");
            anyhow::ensure!(inside.parent == edge.id, "the service's span hangs elsewhere");
            Ok(())
        })
        .await
        .unwrap();

    cluster.kill(End::Postgres).await.unwrap();
    cluster.start(End::Postgres).await.unwrap();
    cluster.kill(Node::Identity).await.unwrap();
    cluster.start(Node::Identity).await.unwrap();
    cluster.healthy().await.unwrap();
    let me = identity
        .get_me(operator.ask(GetMeRequest {}).unwrap())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(me.account.unwrap().roles, ["operator"], "the token outlives both");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_school_seals_a_sheet_with_records_alone() {
    let nodes = vec![Node::Identity, Node::Records, Node::Gateway];
    let cluster = Cluster::boot(Options {
        nodes,
        ..Options::default()
    })
    .await
    .unwrap();
    let school = School::make(&cluster).await.unwrap();
    let sheet = school.sheet("TO", "mid1");
    let session = school.enter(&sheet).await.unwrap();
    let receipt = school.finish(&session).await.unwrap();
    assert_eq!(receipt.mark_sheet, sheet);
    assert!(
        school
            .look(&sheet)
            .await
            .unwrap()
            .cells
            .iter()
            .all(|cell| cell.sealed)
    );
}
