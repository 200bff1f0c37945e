//! Nobody acts as another: there is no way to a token of another's account (A9).

use std::collections::BTreeSet;

use hocba_proto::{DESCRIPTOR_SET, identity::SignInRequest};
use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};

use crate::harness::{INSIDE, SCHOOL, World, ask, digest, id, reason, step_up};

/// The names of fields in a message and everything it holds.
fn fields(message: &MessageDescriptor, seen: &mut BTreeSet<String>, names: &mut BTreeSet<String>) {
    if !seen.insert(message.full_name().to_owned()) {
        return;
    }
    for field in message.fields() {
        names.insert(field.name().to_owned());
        if let Kind::Message(inner) = field.kind() {
            fields(&inner, seen, names);
        }
    }
}

fn names_in(message: &MessageDescriptor) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    fields(message, &mut BTreeSet::new(), &mut names);
    names
}

#[test]
fn a9_only_a_persons_own_proof_is_answered_by_a_token() {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET).unwrap();
    let mut answering = Vec::new();
    for method in pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
    {
        let answered = names_in(&method.output());
        if ["access_token", "refresh_token", "act_token"]
            .iter()
            .any(|name| answered.contains(*name))
        {
            let asked: BTreeSet<String> = method
                .input()
                .fields()
                .map(|field| field.name().to_owned())
                .collect();
            answering.push((method.full_name().to_owned(), asked));
        }
    }
    let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let service = "hocba.identity.v1.IdentityService";
    // Each asks for something that its person alone has, and StepUp names no account but the token's.
    assert_eq!(
        answering,
        [
            (
                format!("{service}.SignIn"),
                names(&["email", "password", "totp_code", "client", "assertion"])
            ),
            (
                format!("{service}.RefreshSignIn"),
                names(&["refresh_token", "client"])
            ),
            (
                format!("{service}.StepUp"),
                names(&["purpose", "digest", "role", "totp_code", "assertion"])
            ),
            // Another system's key signs for that system alone, which is no person.
            (
                format!("{service}.SignInIntegrator"),
                names(&["client_assertion"])
            ),
        ]
    );
}

#[tokio::test]
async fn a9_the_highest_offices_get_tokens_of_their_own_account_alone() {
    let world = World::with_schools().await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let principal = world
        .person("ht@a.vn", SCHOOL, &["principal", "system_admin"])
        .await;
    let judge = world.judge().await;
    for office in [&principal, &world.operator] {
        // The own password and code do not open another's account, signed in or not.
        for token in ["", office.signed_in.access_token.as_str()] {
            let request = SignInRequest {
                email: teacher.email.clone(),
                password: office.password.clone() + "?",
                totp_code: office.code(1),
                ..Default::default()
            };
            let refused = world.client().sign_in(ask(token, INSIDE, request)).await;
            assert_eq!(reason(refused), "SIGN_IN_REFUSED");
        }
        // A step-up is of who asks, whatever role is named.
        let role = office.signed_in.roles[0].as_str();
        let request = step_up(office, "dossier.attest", &digest("a"), role, 0);
        let act = world
            .client()
            .step_up(office.ask(request))
            .await
            .unwrap()
            .into_inner();
        let caller = judge.person(&office.signed_in.access_token).await.unwrap();
        let act = judge
            .verify_act(&act.act_token, "dossier.attest", &digest("a"), &caller)
            .await
            .unwrap();
        assert_eq!(act.account.to_string(), id(&office.name));
        let request = step_up(office, "dossier.attest", &digest("b"), "subject_teacher", 0);
        assert_eq!(
            reason(world.client().step_up(office.ask(request)).await),
            "ROLE_NOT_IN_FORCE"
        );
    }
    world.stop().await;
}
