//! Every method refuses: nobody signed in, the wrong role, another school, an outsider of an internal method.
//! The calls are generated from the descriptor set, so a new method is covered the day it is written.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test program: a panic is its failure"
)]

use std::fs;

use hocba_cluster::{
    Cluster, Node, Options, edge, filled,
    filled::Places,
    person::{Person, reason, with_token},
    rpcs,
};
use hocba_proto::identity::{
    Account, Authority, CreateAccountRequest, CreateAuthorityRequest, CreateSchoolRequest, School,
    identity_service_client::IdentityServiceClient,
};
use tonic::{
    Code, Request, Status,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};
use tonic_types::StatusExt;
use uuid::Uuid;

const AUTHORITY: &str = "refusals";
const OTHER_AUTHORITY: &str = "refusals-other";
const OWN: &str = "school-own";
const OTHER: &str = "school-other";

struct People {
    /// Persons with one role each, of the school in question.
    roles: Vec<(&'static str, Person)>,
    /// Principal and administrator of another school.
    other: Person,
    places: Places,
}

impl People {
    async fn make(cluster: &Cluster) -> anyhow::Result<Self> {
        let operator = cluster.sign_in(&cluster.operator()?).await?;
        let mut identity = IdentityServiceClient::new(cluster.channel());
        for (authority, school) in [(AUTHORITY, OWN), (OTHER_AUTHORITY, OTHER)] {
            let about = Authority {
                display_name: "Phòng giáo dục".to_owned(),
                ..Authority::default()
            };
            identity
                .create_authority(operator.ask(CreateAuthorityRequest {
                    authority_id: authority.to_owned(),
                    authority: Some(about),
                    request_id: Uuid::now_v7().to_string(),
                })?)
                .await?;
            let about = School {
                code: school.to_owned(),
                display_name: format!("Trường {school}"),
                authority: format!("authorities/{authority}"),
                ..School::default()
            };
            identity
                .create_school(operator.ask(CreateSchoolRequest {
                    school_id: school.to_owned(),
                    school: Some(about),
                    request_id: Uuid::now_v7().to_string(),
                })?)
                .await?;
        }
        let admin = account(cluster, &operator, Some(OWN), &["system_admin"]).await?;
        let other = account(cluster, &operator, Some(OTHER), &["principal", "system_admin"]).await?;
        let officer = account(cluster, &operator, None, &["district_officer"]).await?;
        let teacher = account(cluster, &admin, Some(OWN), &["subject_teacher"]).await?;
        let clerk = account(cluster, &admin, Some(OWN), &["office_clerk"]).await?;
        // Whom permitted callers may do things to: nobody signs in as this one.
        let victim = account(cluster, &admin, Some(OWN), &["subject_teacher"]).await?;
        let places = Places::default()
            .with("school", OWN)
            .with("authority", AUTHORITY)
            .with("account", victim.login.account.trim_start_matches("accounts/"));
        Ok(Self {
            roles: vec![
                ("operator", operator),
                ("system_admin", admin),
                ("district_officer of another authority", officer),
                ("subject_teacher", teacher),
                ("office_clerk", clerk),
            ],
            other,
            places,
        })
    }
}

async fn account(
    cluster: &Cluster,
    creator: &Person,
    school: Option<&str>,
    roles: &[&str],
) -> anyhow::Result<Person> {
    let email = format!("{}@refusals.example", Uuid::now_v7());
    let about = Account {
        email: email.clone(),
        display_name: "Người thử".to_owned(),
        school: school
            .map(|school| format!("schools/{school}"))
            .unwrap_or_default(),
        authority: if school.is_none() {
            format!("authorities/{OTHER_AUTHORITY}")
        } else {
            String::new()
        },
        ..Account::default()
    };
    let request = creator.ask(CreateAccountRequest {
        account: Some(about),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        request_id: Uuid::now_v7().to_string(),
    })?;
    let made = IdentityServiceClient::new(cluster.channel())
        .create_account(request)
        .await?
        .into_inner();
    let login = Person::activate(&cluster.channel(), &email, &made.activation_code).await?;
    cluster.sign_in(&login).await
}

fn told(outcome: &Result<(), Status>) -> String {
    match outcome {
        Ok(()) => "allowed".to_owned(),
        Err(status) => {
            let violations = status
                .get_details_bad_request()
                .map(|bad| bad.field_violations)
                .unwrap_or_default();
            let fields: Vec<String> = violations
                .into_iter()
                .map(|one| format!("{}: {}", one.field, one.description))
                .collect();
            format!("{:?} {} {}", status.code(), reason(status), fields.join(", "))
        }
    }
}

/// A refusal by the policy: it names the article, or the rule that was missing.
fn denied(outcome: &Result<(), Status>) -> bool {
    let Err(status) = outcome else { return false };
    let Some(info) = status.get_details_error_info() else {
        return false;
    };
    let says_why = info.metadata.contains_key("article") || info.reason == "OTHER_SCHOOL";
    status.code() == Code::PermissionDenied
        && ["PERMISSION_DENIED", "OTHER_SCHOOL"].contains(&info.reason.as_str())
        && says_why
        && status
            .get_details_localized_message()
            .is_some_and(|message| message.locale == "vi")
}

async fn without_a_token(channel: &Channel, wrong: &mut Vec<String>) {
    for method in rpcs::public().unwrap() {
        let outcome = edge::outcome(channel, &method, Request::new(Vec::new())).await;
        let open = rpcs::WITHOUT_TOKEN.contains(&method.name());
        let refused = outcome.as_ref().is_err_and(|status| {
            status.code() == Code::Unauthenticated && reason(status) == "UNAUTHENTICATED"
        });
        if open == refused {
            wrong.push(format!(
                "without a token: {}: {}",
                method.full_name(),
                told(&outcome)
            ));
        }
        let forged = with_token("eyJhbGciOiJub25lIn0.e30.", Vec::new()).unwrap();
        let outcome = edge::outcome(channel, &method, forged).await;
        let refused = outcome
            .as_ref()
            .is_err_and(|status| status.code() == Code::Unauthenticated);
        if !open && !refused {
            wrong.push(format!(
                "with a forged token: {}: {}",
                method.full_name(),
                told(&outcome)
            ));
        }
    }
}

async fn with_wrong_roles(channel: &Channel, people: &People, wrong: &mut Vec<String>) {
    for method in rpcs::guarded().unwrap() {
        let mut outcomes = Vec::new();
        let mut refused = false;
        for (role, person) in &people.roles {
            let request = person.ask(filled::request(&method, &people.places)).unwrap();
            let outcome = edge::outcome(channel, &method, request).await;
            refused |= denied(&outcome);
            outcomes.push(format!("{role}: {}", told(&outcome)));
        }
        if !refused {
            wrong.push(format!(
                "no role is refused: {}: {outcomes:?}",
                method.full_name()
            ));
        }
    }
}

async fn from_another_school(channel: &Channel, people: &People, wrong: &mut Vec<String>) {
    for method in rpcs::guarded().unwrap() {
        let request = people
            .other
            .ask(filled::request(&method, &people.places))
            .unwrap();
        let outcome = edge::outcome(channel, &method, request).await;
        if !denied(&outcome) {
            wrong.push(format!(
                "another school: {}: {}",
                method.full_name(),
                told(&outcome)
            ));
        }
    }
}

/// A channel straight to a service with a certificate of ours or of a stranger.
fn straight(cluster: &Cluster, node: Node, certificate: &str) -> Channel {
    let pki = &cluster.deployment.pki;
    let read = |path| fs::read(path).unwrap();
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(read(pki.ca())))
        .identity(Identity::from_pem(
            read(pki.certificate(certificate)),
            read(pki.key(certificate)),
        ))
        .domain_name(node.name());
    let address = cluster.deployment.state.address(node).unwrap();
    Endpoint::from_shared(format!("https://{address}"))
        .unwrap()
        .tls_config(tls)
        .unwrap()
        .connect_lazy()
}

/// Codes of a connection that never came about: no service has read anything.
fn by_the_connection(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal
    )
}

async fn internal_methods_from_outside(cluster: &Cluster, people: &People, wrong: &mut Vec<String>) {
    let (_, operator) = &people.roles[0];
    for method in rpcs::internal().unwrap() {
        let bytes = filled::request(&method, &people.places);
        let outcome = edge::outcome(&cluster.channel(), &method, operator.ask(bytes.clone()).unwrap()).await;
        let refused = |outcome: &Result<(), Status>| {
            outcome.as_ref().is_err_and(|status| {
                status.code() == Code::PermissionDenied && reason(status) == "INTERNAL_ONLY"
            })
        };
        if !refused(&outcome) {
            wrong.push(format!(
                "through the gateway: {}: {}",
                method.full_name(),
                told(&outcome)
            ));
        }
        // The fence's service stands in each guarded database's owner.
        let nodes = match method.parent_service().name() {
            "FenceService" => vec![Node::Records, Node::Archive],
            _ => {
                let package = method.parent_service().package_name().to_owned();
                vec![Node::parse(package.split('.').nth(1).unwrap()).unwrap()]
            }
        };
        for node in nodes {
            let as_gateway = straight(cluster, node, "gateway");
            let outcome = edge::outcome(&as_gateway, &method, operator.ask(bytes.clone()).unwrap()).await;
            if !refused(&outcome) {
                wrong.push(format!(
                    "as the gateway to {node}: {}: {}",
                    method.full_name(),
                    told(&outcome)
                ));
            }
            let as_alien = straight(cluster, node, "alien");
            let outcome = edge::outcome(&as_alien, &method, Request::new(bytes.clone())).await;
            if !outcome
                .as_ref()
                .is_err_and(|status| reason(status).is_empty() && by_the_connection(status.code()))
            {
                wrong.push(format!(
                    "as a stranger to {node}: {}: {}",
                    method.full_name(),
                    told(&outcome)
                ));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c1_every_method_refuses_strangers_wrong_roles_other_schools_and_outsiders() {
    let cluster = Cluster::boot(Options::default()).await.unwrap();
    let people = People::make(&cluster).await.unwrap();
    let mut wrong = Vec::new();
    without_a_token(&cluster.channel(), &mut wrong).await;
    internal_methods_from_outside(&cluster, &people, &mut wrong).await;
    with_wrong_roles(&cluster.channel(), &people, &mut wrong).await;
    from_another_school(&cluster.channel(), &people, &mut wrong).await;
    assert!(
        wrong.is_empty(),
        "{} calls were not refused as promised:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
