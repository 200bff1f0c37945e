//! Who may do what: every public method × every role × {own class, another class, another school} × {term open,
//! term locked}, with requests made from the contract. What comes out is compared with `tests/data/matrix.tsv`, so
//! that a new permission is a line of a reviewed diff. `make matrix` writes the file anew.

#![expect(clippy::unwrap_used, reason = "a test program: a panic is its failure")]

mod people;
mod table;

use std::{collections::BTreeMap, env};

use hocba_cluster::{
    Cluster, Options, edge, filled,
    person::{Person, reason},
    rpcs,
};
use people::People;
use prost_reflect::MethodDescriptor;
use table::{Cell, Table};
use tonic::{Code, Status, transport::Channel};

/// The variable under which the table is written instead of compared.
const WRITE: &str = "HOCBA_MATRIX";

/// Methods for whoever is signed in: nothing of them depends on a role, and some would end the asking sign-in.
const FOR_EVERYBODY: [&str; 4] = ["SignOut", "StepUp", "GetMe", "GetTrustAnchors"];

/// Methods that enter or seal marks.
const ENTRY: [&str; 4] = [
    "OpenEntrySession",
    "SaveDrafts",
    "FinishEntrySession",
    "LeaveEntrySession",
];

/// How a call ended, in a letter; see the head of the table.
fn letter(outcome: &Result<(), Status>) -> char {
    let Err(status) = outcome else { return 'a' };
    let refused = ["PERMISSION_DENIED", "OTHER_SCHOOL"].contains(&reason(status).as_str());
    match status.code() {
        Code::PermissionDenied if refused => '.',
        Code::InvalidArgument => 'a',
        Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists | Code::PermissionDenied => 's',
        Code::NotFound => 'n',
        _ => '!',
    }
}

async fn call(
    channel: &Channel,
    method: &MethodDescriptor,
    person: &Person,
    places: &filled::Places,
) -> Result<(), Status> {
    let request = person
        .ask(filled::request(method, places))
        .map_err(|error| Status::internal(error.to_string()))?;
    let path = rpcs::path(method);
    if method.is_client_streaming() || method.is_server_streaming() {
        edge::call_stream(channel, &path, request)
            .await?
            .into_inner()
            .message()
            .await
            .map(drop)
    } else {
        edge::call(channel, &path, request).await.map(drop)
    }
}

fn methods() -> Vec<MethodDescriptor> {
    rpcs::public()
        .unwrap()
        .into_iter()
        .filter(|method| {
            !rpcs::WITHOUT_TOKEN.contains(&method.name()) && !FOR_EVERYBODY.contains(&method.name())
        })
        .collect()
}

/// One half of the matrix: the term as it is now. Roles ask side by side, each its methods in order.
async fn ask_all(cluster: &Cluster, people: &People) -> (BTreeMap<(String, String), String>, Vec<String>) {
    let mut asking = tokio::task::JoinSet::new();
    for (role, person) in &people.roles {
        let (role, person) = ((*role).to_owned(), person.clone());
        let (channel, places) = (cluster.channel(), people.places.clone());
        asking.spawn(async move {
            let mut letters = Vec::new();
            let mut broken = Vec::new();
            for method in methods() {
                let mut word = String::new();
                for place in &places {
                    let outcome = call(&channel, &method, &person, place).await;
                    let letter = letter(&outcome);
                    if letter == '!' {
                        broken.push(format!("{role}: {}: {outcome:?}", method.full_name()));
                    }
                    word.push(letter);
                }
                letters.push(((table::row(&method), role.clone()), word));
            }
            (letters, broken)
        });
    }
    let (mut all, mut broken) = (BTreeMap::new(), Vec::new());
    while let Some(done) = asking.join_next().await {
        let (letters, failed) = done.unwrap();
        all.extend(letters);
        broken.extend(failed);
    }
    (all, broken)
}

/// What no table may ever say.
fn never(table: &Table) -> Vec<String> {
    let mut wrong = Vec::new();
    for ((row, role), Cell { open, locked }) in &table.0 {
        let of_a_school = !["operator", "district_officer"].contains(&role.as_str());
        let method = row.rsplit('/').next().unwrap_or_default();
        let entry = ENTRY.contains(&method);
        let teaches = ["subject_teacher", "homeroom_teacher"].contains(&role.as_str());
        for word in [open, locked] {
            let elsewhere = word.chars().nth(2);
            if of_a_school && elsewhere != Some('.') {
                wrong.push(format!("{role} reaches another school: {row}: {word}"));
            }
            if entry && !teaches && word.chars().any(|letter| letter != '.') {
                wrong.push(format!("{role} enters marks: {row}: {word}"));
            }
        }
        if entry && locked.contains('a') {
            wrong.push(format!("{role} enters marks in a locked term: {row}: {locked}"));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn c1_every_role_may_do_what_the_matrix_says_and_nothing_else() {
    let cluster = Cluster::boot(Options::default()).await.unwrap();
    let mut people = People::make(&cluster).await.unwrap();
    let (open, mut broken) = ask_all(&cluster, &people).await;
    people.lock(&cluster).await.unwrap();
    people.sign_in_again(&cluster).await.unwrap();
    let (locked, more) = ask_all(&cluster, &people).await;
    broken.extend(more);
    assert!(broken.is_empty(), "calls broke:\n{}", broken.join("\n"));

    let table = Table::of(open, locked);
    let wrong = never(&table);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if env::var(WRITE).is_ok() {
        table.write(&people.names()).unwrap();
        return;
    }
    let differences = table.compare(&Table::read().unwrap());
    assert!(
        differences.is_empty(),
        "{} permissions differ from {}; `make matrix` writes it anew for review:\n{}",
        differences.len(),
        table::FILE,
        differences.join("\n")
    );
}
