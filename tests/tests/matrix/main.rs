//! Who may do what, everywhere: every guarded method, asked by every role at the own class, another class and another
//! school, while the terms are open and when they are locked. The answers stand in `tests/data/matrix.tsv`, which was
//! read by people; `make matrix` writes it anew for the next reading.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test program: a panic is its failure"
)]

mod integrator;
mod people;
mod table;

use std::{env, fs, path::Path, time::Duration};

use hocba_cluster::{Cluster, Options, edge, filled, filled::Places, person::reason, rpcs, wait};
use prost_reflect::MethodDescriptor;
use tonic::{Code, transport::Channel};

use people::People;
use table::{Letter, Table};

/// Where the reviewed table lies.
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/matrix.tsv");

/// Reads first: what writers leave behind shall not colour what readers are told.
fn methods() -> Vec<MethodDescriptor> {
    let reads = |method: &MethodDescriptor| {
        let verbs = ["Get", "List", "Watch", "Verify", "LookUp", "Download", "Preview"];
        verbs.iter().any(|verb| method.name().starts_with(verb))
    };
    let mut methods = rpcs::guarded().unwrap();
    methods.sort_by_key(|method| (!reads(method), method.full_name().to_owned()));
    methods
}

async fn ask(channel: &Channel, method: &MethodDescriptor, token: &str, places: &Places) -> Letter {
    let outcome = wait::until(
        "an answer within the client's rate",
        Duration::from_secs(30),
        || async {
            let request = hocba_cluster::person::with_token(token, filled::request(method, places))?;
            let outcome = edge::outcome(channel, method, request).await;
            let limited = outcome.as_ref().is_err_and(|status| {
                status.code() == Code::ResourceExhausted && reason(status) == "RATE_LIMITED"
            });
            anyhow::ensure!(!limited, "{outcome:?}");
            Ok(outcome)
        },
    )
    .await
    .unwrap();
    Letter::of(&outcome).unwrap_or_else(|| panic!("{}: {outcome:?}", method.full_name()))
}

#[tokio::test(flavor = "multi_thread")]
async fn c1_every_role_may_do_what_was_reviewed_at_every_place_open_and_locked() {
    let cluster = Cluster::boot(Options::default()).await.unwrap();
    let mut people = People::make(&cluster).await.unwrap();
    let channel = cluster.channel();
    let mut table = Table::default();
    for locked in [false, true] {
        if locked {
            people.lock(&cluster).await.unwrap();
        }
        for at in 0..people.roles.len() {
            let (role, token) = people.token(&cluster, at).await.unwrap();
            let [own, other, foreign] = people.places();
            for method in methods() {
                // What is asked in two schools at once does not meet; what is asked twice in one school might.
                let (at_own, abroad) = tokio::join!(
                    ask(&channel, &method, &token, own),
                    ask(&channel, &method, &token, foreign)
                );
                let at_other = ask(&channel, &method, &token, other).await;
                table.add(method.full_name(), role, [at_own, at_other, abroad]);
            }
        }
    }

    let unlawful = table.unlawful();
    assert!(unlawful.is_empty(), "never lawful:\n{}", unlawful.join("\n"));
    let found = table.text();
    if env::var_os("HOCBA_WRITE_MATRIX").is_some() {
        fs::write(TABLE, found).unwrap();
        return;
    }
    let reviewed = fs::read_to_string(Path::new(TABLE)).unwrap_or_default();
    let changed = table::changes(&reviewed, &found);
    assert!(
        changed.is_empty(),
        "other than reviewed (make matrix writes the table for a reading):\n{}",
        changed.join("\n")
    );
}
