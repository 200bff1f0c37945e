//! The smallest deployment that does something: identity behind the gateway.

use hocba_cluster::{Cluster, Node, Options, deployment::Deployment, node::End, school::School};
use hocba_proto::identity::{GetMeRequest, identity_service_client::IdentityServiceClient};
use std::{process::Command, time::Duration};

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

#[test]
fn every_program_gets_what_it_requires_and_nothing_it_does_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let deployment = Deployment::open(folder.path(), false).unwrap();
    let mut wrong = Vec::new();
    for node in Node::ALL {
        let program = match deployment.program(node, &["variables"]) {
            Ok(program) => program,
            Err(error) => {
                wrong.push(format!("{error:#}"));
                continue;
            }
        };
        let said = Command::new(&program.path)
            .arg("variables")
            .output()
            .unwrap()
            .stdout;
        let said = String::from_utf8(said).unwrap();
        let variables: Vec<serde_json::Value> = said
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let known = |name: &str| variables.iter().any(|variable| variable["name"] == name);
        // The exporter of spans reads its own.
        for set in program
            .environment
            .keys()
            .filter(|set| !set.starts_with("OTEL_BSP") && !known(set))
        {
            wrong.push(format!("{node} does not read {set}"));
        }
        for variable in variables.iter().filter(|variable| variable["required"] == true) {
            let name = variable["name"].as_str().unwrap();
            if !program.environment.contains_key(name) {
                wrong.push(format!("{node} does not get {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
