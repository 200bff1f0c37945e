//! "A node dies": what dies is seen, harms only itself, and comes back. Every wire is in our hands.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test program: a panic is its failure"
)]

use std::time::Duration;

use hocba_cluster::{
    Cluster, Node, Options, boot, edge,
    node::End,
    person::reason,
    rpcs,
    school::{ITEMS, School},
};
use hocba_proto::{
    identity::{SignOutRequest, identity_service_client::IdentityServiceClient},
    records::{GetMarkSheetRequest, GetReceiptRequest, VerifySealsRequest},
};
use tonic::{Code, Request, Status};

const SOON: Duration = Duration::from_secs(30);

async fn state_of(cluster: &Cluster, node: Node) -> anyhow::Result<String> {
    let health = boot::ask_health(&cluster.deployment).await?;
    health
        .services
        .get(node.name())
        .cloned()
        .ok_or_else(|| anyhow::anyhow!("no state of {node}"))
}

async fn seen(cluster: &Cluster, node: Node, serving: bool) {
    cluster
        .eventually(&format!("{node} serving: {serving}"), SOON, || async {
            let state = state_of(cluster, node).await?;
            anyhow::ensure!((state == "serving") == serving, "{node} is {state}");
            Ok(())
        })
        .await
        .unwrap();
}

/// Asks a public method of a service without a message: whatever it answers, it answers.
async fn knock(cluster: &Cluster, node: Node, token: &str) -> Status {
    let package = format!("hocba.{node}.v1");
    let method = rpcs::public()
        .unwrap()
        .into_iter()
        .find(|method| {
            method.parent_service().package_name() == package
                && !method.is_client_streaming()
                && !method.is_server_streaming()
        })
        .unwrap_or_else(|| panic!("{node} has no public method"));
    let mut request: Request<Vec<u8>> = hocba_cluster::person::with_token(token, Vec::new()).unwrap();
    request.set_timeout(Duration::from_secs(3));
    match edge::call(&cluster.channel(), &rpcs::path(&method), request).await {
        Ok(_) => Status::ok(""),
        Err(status) => status,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c7_a_dead_node_is_seen_harms_only_itself_and_comes_back() {
    let cluster = Cluster::boot(Options::default()).await.unwrap();
    let operator = cluster.sign_in(&cluster.operator().unwrap()).await.unwrap();

    for node in Node::SERVICES {
        // Each has heard of identity's keys before identity dies.
        let status = knock(&cluster, node, &operator.token).await;
        assert_ne!(status.code(), Code::Unavailable, "{node}: {status:?}");
    }
    for node in Node::SERVICES {
        cluster.kill(node).await.unwrap();
        seen(&cluster, node, false).await;
        let status = knock(&cluster, node, &operator.token).await;
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::Unavailable, "UNAVAILABLE"),
            "{node}"
        );
        assert!(
            !status.message().contains("127.0.0.1"),
            "insides are told: {}",
            status.message()
        );
        for other in Node::SERVICES.into_iter().filter(|other| *other != node) {
            let status = knock(&cluster, other, &operator.token).await;
            assert_ne!(
                status.code(),
                Code::Unavailable,
                "{other} while {node} is dead: {status:?}"
            );
        }
        cluster.start(node).await.unwrap();
        seen(&cluster, node, true).await;
    }

    for end in [End::Postgres, End::Redis] {
        cluster.kill(end).await.unwrap();
        cluster.start(end).await.unwrap();
        cluster.healthy().await.unwrap();
    }
    // After all that the operator still gets in: nothing acknowledged was lost.
    cluster.sign_in(&cluster.operator().unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_wire_costs_its_call_and_nothing_else() {
    let cluster = Cluster::boot(Options::default()).await.unwrap();
    let operator = cluster.sign_in(&cluster.operator().unwrap()).await.unwrap();
    let wire = cluster.wire(Node::Gateway, Node::Records).unwrap();
    wire.freeze();
    let status = knock(&cluster, Node::Records, &operator.token).await;
    assert!(
        matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled),
        "{status:?}"
    );
    let status = knock(&cluster, Node::Archive, &operator.token).await;
    assert!(
        !matches!(status.code(), Code::DeadlineExceeded | Code::Unavailable),
        "{status:?}"
    );
    wire.heal();
    seen(&cluster, Node::Records, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c7_no_acknowledged_mark_is_lost_and_no_sealed_cell_changes_whoever_dies() {
    let cluster = Cluster::boot(Options::default()).await.unwrap();
    let school = School::make(&cluster).await.unwrap();
    let ends = Node::SERVICES
        .into_iter()
        .map(End::Node)
        .chain([End::Postgres, End::Redis]);
    let mut sealed = Vec::new();
    for (end, item) in ends.zip(ITEMS) {
        let sheet = school.sheet(item, "mid1");
        let session = school.enter(&sheet).await.unwrap();
        // The kill falls into the finish: before it, in it or after it, the answer must be true.
        let die = async {
            cluster.kill(end).await?;
            cluster.start(end).await
        };
        let (receipt, died) = tokio::join!(school.finish(&session), die);
        died.unwrap();
        let receipt = receipt.unwrap_or_else(|error| panic!("{end} died: {error:#}"));
        cluster.healthy().await.unwrap();
        let cells = school.look(&sheet).await.unwrap().cells;
        assert!(
            cells.iter().all(|cell| cell.sealed || !cell.required),
            "{end} died: {sheet} is not sealed"
        );
        sealed.push((sheet, receipt, cells));
    }

    let mut records = school.records();
    for (sheet, receipt, cells) in &sealed {
        assert_eq!(
            &school.look(sheet).await.unwrap().cells,
            cells,
            "{sheet} changed afterwards"
        );
        let request = school
            .teacher
            .ask(GetReceiptRequest {
                name: receipt.name.clone(),
            })
            .unwrap();
        assert_eq!(&records.get_receipt(request).await.unwrap().into_inner(), receipt);
    }
    let request = school
        .principal
        .ask(VerifySealsRequest {
            parent: school.class.clone(),
        })
        .unwrap();
    let verified = records.verify_seals(request).await.unwrap().into_inner();
    assert_eq!(verified.differences, []);
    // Each sheet was sealed once, however often its finish was asked for.
    assert_eq!(usize::try_from(verified.receipt_count).unwrap(), sealed.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a4_2b_signing_out_on_another_device_seals_what_is_entered_within_seconds() {
    /// The regulation's "leaving"; the feed of ended sign-ins is asked every second.
    const SECONDS: Duration = Duration::from_secs(10);
    let cluster = Cluster::boot(Options::default()).await.unwrap();
    let school = School::make(&cluster).await.unwrap();
    let sheet = school.sheet("TO", "mid1");
    school.enter(&sheet).await.unwrap();
    let sealed = || async {
        let ask = school
            .principal
            .ask(GetMarkSheetRequest { name: sheet.clone() })?;
        let cells = school.records().get_mark_sheet(ask).await?.into_inner().cells;
        anyhow::ensure!(cells.iter().all(|cell| cell.sealed), "not sealed");
        Ok(())
    };
    sealed().await.unwrap_err();

    let telephone = cluster.sign_in(&school.teacher.login).await.unwrap();
    let sign_out = SignOutRequest {
        everywhere: true,
        ..SignOutRequest::default()
    };
    let answer = IdentityServiceClient::new(cluster.channel())
        .sign_out(telephone.ask(sign_out).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.into_inner().ended_count, 2);
    cluster
        .eventually("the sheet is sealed", SECONDS, sealed)
        .await
        .unwrap();
}
