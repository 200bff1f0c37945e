//! The rules against the contract and against the table of who may.

use std::collections::BTreeSet;

use hocba_chassis::caller::{Caller, Peer, Person, Role};
use hocba_policy::{Policy, Resource, contract};
use rstest::rstest;
use uuid::Uuid;

fn person(peer: &str, school: Option<&str>, roles: &[Role]) -> Caller {
    let person = Person {
        account: Uuid::now_v7(),
        sign_in: Uuid::now_v7(),
        school: school.map(str::to_owned),
        authority: Some("gia-lam".to_owned()),
        roles: roles.iter().copied().collect(),
        grant: BTreeSet::new(),
        acting: Vec::new(),
        token: String::new(),
    };
    Caller {
        person: Some(person),
        ..peer_alone(peer)
    }
}

fn peer_alone(peer: &str) -> Caller {
    Caller {
        peer: Peer::new(peer),
        person: None,
        decision: None,
        client_address: None,
        client_agent: None,
        deadline: None,
    }
}

const IDENTITY: &str = "hocba.identity.v1.IdentityService";

#[test]
fn c1_every_rpc_of_the_contract_has_a_rule_with_an_article() {
    let policy = Policy::load().unwrap();
    for rpc in contract::rpcs().unwrap() {
        let permits = policy.permits(&rpc);
        assert!(!permits.is_empty(), "no rule permits {rpc}");
        for (id, article) in permits {
            assert!(article.starts_with('A'), "{id}: {article}");
        }
    }
}

#[test]
fn a_service_with_an_unknown_name_refuses_to_start() {
    let policy = Policy::load().unwrap();
    assert!(policy.require_covered(&[IDENTITY]).is_ok());
    assert!(
        policy
            .require_covered(&["hocba.identity.v1.NobodyService"])
            .is_err()
    );
}

#[rstest]
#[case::operator_sets_up_schools(&[Role::Operator], None, "CreateSchool", true)]
#[case::principal_does_not(&[Role::Principal], Some("a"), "CreateSchool", false)]
#[case::admin_makes_accounts(&[Role::SystemAdmin], Some("a"), "CreateAccount", true)]
#[case::teacher_makes_none(&[Role::SubjectTeacher, Role::HomeroomTeacher], Some("a"), "CreateAccount", false)]
#[case::inspector_reads(&[Role::Inspector], Some("a"), "ListAccounts", true)]
#[case::inspector_changes_nothing(&[Role::Inspector], Some("a"), "SuspendAccount", false)]
#[case::principal_delegates(&[Role::Principal], Some("a"), "CreateDelegation", true)]
#[case::vice_principal_does_not(&[Role::VicePrincipal], Some("a"), "CreateDelegation", false)]
fn identity_by_role(
    #[case] roles: &[Role],
    #[case] school: Option<&str>,
    #[case] method: &str,
    #[case] allowed: bool,
) {
    let policy = Policy::load().unwrap();
    let caller = person("gateway", school, roles);
    let answer = policy.authorize(&caller, &format!("{IDENTITY}/{method}"), &Resource::school("a"));
    assert_eq!(answer.is_ok(), allowed, "{answer:?}");
}

#[test]
fn a1_every_school_role_is_refused_at_another_school() {
    let policy = Policy::load().unwrap();
    let outside = [Role::Operator, Role::DistrictOfficer];
    let inside: Vec<_> = Role::ALL
        .iter()
        .copied()
        .filter(|role| !outside.contains(role))
        .collect();
    let caller = person("gateway", Some("a"), &inside);
    let mut reasons = BTreeSet::new();
    // What belongs to the deployment or to oneself names no school.
    let free = [
        "GetJwks",
        "SignIn",
        "RefreshSignIn",
        "ActivateAccount",
        "ConfirmTotp",
        "ReportIncidentWithoutSignIn",
        "SignInIntegrator",
    ];
    for rpc in contract::rpcs().unwrap() {
        if free.iter().any(|method| rpc.ends_with(&format!("/{method}"))) {
            continue;
        }
        let refusal = policy
            .authorize(&caller, &rpc, &Resource::school("b"))
            .expect_err(&rpc);
        reasons.insert(refusal.reason());
    }
    assert_eq!(reasons, BTreeSet::from(["OTHER_SCHOOL"]));
}

#[rstest]
#[case::nothing(&[], &[])]
#[case::roster(&["roster"], &["ListTeachingAssignments", "ListPupils", "GetPupil"])]
#[case::identity_page(&["identity_page"], &["ListPupils", "GetPupil"])]
#[case::marks(&["marks"], &["ListMarkSheets", "GetMarkSheet"])]
#[case::results(&["results"], &["ListYearResults"])]
#[case::completeness(&["completeness"], &["WatchCompleteness"])]
#[case::two(&["marks", "results"], &["ListMarkSheets", "GetMarkSheet", "ListYearResults"])]
fn r3_an_integrator_may_call_exactly_the_reads_its_grant_names(
    #[case] groups: &[&str],
    #[case] reads: &[&str],
) {
    const DOOR: [&str; 6] = [
        "SignIn",
        "RefreshSignIn",
        "GetJwks",
        "ActivateAccount",
        "ConfirmTotp",
        "SignInIntegrator",
    ];
    let policy = Policy::load().unwrap();
    let mut caller = person("gateway", Some("a"), &[Role::Integrator]);
    if let Some(person) = &mut caller.person {
        person.grant = groups.iter().map(|group| (*group).to_owned()).collect();
    }
    // However it might relate to a thing, and whatever else it might be called.
    let resource = [
        "self",
        "teacher",
        "homeroom",
        "requester",
        "owner",
        "holder",
        "participant",
    ]
    .into_iter()
    .fold(Resource::school("a").authority("gia-lam"), Resource::relation);
    let mut expected: BTreeSet<String> = DOOR.map(|method| format!("{IDENTITY}/{method}")).into();
    let always = ["GetSchoolYear", "ListClasses", "ListChanges", "WatchChanges"];
    let always: &[&str] = if groups.is_empty() { &[] } else { &always };
    let records = always.iter().chain(reads);
    expected.extend(records.map(|method| format!("hocba.records.v1.RecordsService/{method}")));
    let allowed: BTreeSet<String> = contract::rpcs()
        .unwrap()
        .into_iter()
        .filter(|rpc| policy.authorize(&caller, rpc, &resource).is_ok())
        .collect();
    assert_eq!(allowed, expected);
}

#[test]
fn the_edge_reaches_nothing_internal_whoever_asks() {
    let policy = Policy::load().unwrap();
    let caller = person("gateway", Some("a"), Role::ALL);
    for rpc in contract::rpcs().unwrap() {
        let service = rpc.split_once('/').unwrap().0;
        if hocba_chassis::edges::is_internal(service) {
            assert!(
                policy.authorize(&caller, &rpc, &Resource::school("a")).is_err(),
                "{rpc}"
            );
        }
    }
}

#[test]
fn a_refusal_names_article_and_rule_and_an_unknown_caller_is_asked_to_sign_in() {
    let policy = Policy::load().unwrap();
    let rpc = format!("{IDENTITY}/CreateNetwork");
    let teacher = person("gateway", Some("a"), &[Role::SubjectTeacher]);
    let refusal = policy
        .authorize(&teacher, &rpc, &Resource::school("a"))
        .unwrap_err();
    assert_eq!(refusal.reason(), "PERMISSION_DENIED");
    let status = tonic_status(refusal);
    assert!(status.contains("A11.3"), "{status}");
    let nobody = policy
        .authorize(&peer_alone("gateway"), &rpc, &Resource::school("a"))
        .unwrap_err();
    assert_eq!(nobody.reason(), "UNAUTHENTICATED");
}

fn tonic_status(failure: hocba_chassis::Failure) -> String {
    format!("{failure:?}")
}
