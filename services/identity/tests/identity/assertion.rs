//! SignIn and StepUp with a security key.

use hocba_proto::identity::{
    Assertion, AssertionOptions, BeginSignInRequest, BeginStepUpRequest, RemoveSecurityKeyRequest,
    SignInRequest, SignInResponse, StepUpRequest, StepUpResponse,
};
use tonic::{Response, Status};
use tonic_types::StatusExt as _;

use crate::{
    authenticator::{ATTESTED, Answering},
    harness::{INSIDE, Person, SCHOOL, World, ask, digest, reason, sha256_hex, step_up},
    security_key::register,
};

const PURPOSE: &str = "dossier.attest";

async fn challenge(world: &World) -> AssertionOptions {
    world
        .client()
        .begin_sign_in(ask("", INSIDE, BeginSignInRequest {}))
        .await
        .unwrap()
        .into_inner()
}

async fn challenge_for(world: &World, person: &Person, purpose: &str, digest: &str) -> AssertionOptions {
    let request = BeginStepUpRequest {
        purpose: purpose.to_owned(),
        digest: digest.to_owned(),
    };
    world
        .client()
        .begin_step_up(person.ask(request))
        .await
        .unwrap()
        .into_inner()
}

async fn sign_in(
    world: &World,
    person: &Person,
    answer: Assertion,
) -> Result<Response<SignInResponse>, Status> {
    let request = SignInRequest {
        email: person.email.clone(),
        password: person.password.clone(),
        client: "thiết bị".to_owned(),
        assertion: Some(answer),
        ..Default::default()
    };
    world.client().sign_in(ask("", INSIDE, request)).await
}

async fn prove(
    world: &World,
    person: &Person,
    digest: &str,
    answer: Assertion,
) -> Result<Response<StepUpResponse>, Status> {
    let request = StepUpRequest {
        purpose: PURPOSE.to_owned(),
        digest: digest.to_owned(),
        role: "subject_teacher".to_owned(),
        assertion: Some(answer),
        ..Default::default()
    };
    world.client().step_up(person.ask(request)).await
}

async fn teacher(world: &World) -> Person {
    world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await
}

#[track_caller]
fn what<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> (String, String) {
    let info = answer.expect_err("a refusal").get_details_error_info().unwrap();
    let what = info.metadata.get("what").cloned().unwrap_or_default();
    (info.reason, what)
}

fn stale(how: &str) -> (String, String) {
    ("CHALLENGE_INVALID".to_owned(), how.to_owned())
}

#[tokio::test]
async fn i4_sign_in_takes_a_key_instead_of_a_code_once() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let (mut key, _) = register(&world, &teacher).await;
    let options = challenge(&world).await;
    assert!(options.allow_credentials.is_empty(), "tells nothing of anybody");
    let answer = key.answer(&options);
    let signed_in = sign_in(&world, &teacher, answer.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(signed_in.account, teacher.name);
    assert_eq!(what(sign_in(&world, &teacher, answer).await), stale("used"));

    // The password is asked for all the same, and a code does not come beside.
    let mut bad = teacher.clone();
    bad.password = "không phải đâu nhé".to_owned();
    let answer = key.answer(&challenge(&world).await);
    assert_eq!(
        reason(sign_in(&world, &bad, answer.clone()).await),
        "SIGN_IN_REFUSED"
    );
    let both = SignInRequest {
        email: teacher.email.clone(),
        password: teacher.password.clone(),
        totp_code: teacher.code(1),
        client: String::new(),
        assertion: Some(answer.clone()),
    };
    assert_eq!(
        reason(world.client().sign_in(ask("", INSIDE, both)).await),
        "BAD_REQUEST"
    );
    // The refused attempts spent nothing.
    sign_in(&world, &teacher, answer).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn i4_sign_in_says_no_more_of_a_key_than_of_a_code() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let colleague = world.person("gv2@a.vn", SCHOOL, &["subject_teacher"]).await;
    let (mut key, _) = register(&world, &teacher).await;
    let options = challenge(&world).await;
    let theirs = sign_in(&world, &colleague, key.answer(&options))
        .await
        .unwrap_err();
    let nobody = Person {
        email: "ai@a.vn".to_owned(),
        ..teacher.clone()
    };
    let nobody = sign_in(&world, &nobody, key.answer(&options)).await.unwrap_err();
    let mut bent = key.answering(&options);
    bent.client.origin = "https://evil.example".to_owned();
    let bent = sign_in(&world, &teacher, key.sign(&bent)).await.unwrap_err();
    for other in [&nobody, &bent] {
        assert_eq!((theirs.code(), theirs.details()), (other.code(), other.details()));
    }
    assert_eq!(reason::<()>(Err(theirs)), "SIGN_IN_REFUSED");
    // A challenge that is not ours is told alike, whoever asks: nothing of an account was looked at.
    let mut alien = options.clone();
    alien.challenge = vec![7; 56];
    assert_eq!(
        what(sign_in(&world, &teacher, key.answer(&alien)).await),
        stale("unknown")
    );
    alien.challenge = vec![7; 16];
    assert_eq!(
        what(sign_in(&world, &teacher, key.answer(&alien)).await),
        stale("unknown")
    );
    world.stop().await;
}

#[tokio::test]
async fn i4_step_up_binds_a_key_to_purpose_digest_and_person() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let colleague = world.person("gv2@a.vn", SCHOOL, &["subject_teacher"]).await;
    let (mut key, _) = register(&world, &teacher).await;
    let (mut theirs, _) = register(&world, &colleague).await;
    let (one, other) = (digest("a"), digest("b"));

    let options = challenge_for(&world, &teacher, PURPOSE, &one).await;
    assert_eq!(
        options.allow_credentials,
        std::slice::from_ref(&key.credential_id)
    );
    let answer = key.answer(&options);
    assert_eq!(
        what(prove(&world, &teacher, &other, answer.clone()).await),
        stale("unknown")
    );
    let token = prove(&world, &teacher, &one, answer.clone())
        .await
        .unwrap()
        .into_inner()
        .act_token;
    let judge = world.judge().await;
    let caller = judge.person(&teacher.signed_in.access_token).await.unwrap();
    judge.verify_act(&token, PURPOSE, &one, &caller).await.unwrap();
    assert_eq!(what(prove(&world, &teacher, &one, answer).await), stale("used"));

    let consent = challenge_for(&world, &teacher, "dossier.consent", &one).await;
    assert_eq!(
        what(prove(&world, &teacher, &one, key.answer(&consent)).await),
        stale("unknown")
    );
    let door = challenge(&world).await;
    assert_eq!(
        what(prove(&world, &teacher, &one, key.answer(&door)).await),
        stale("unknown")
    );
    let for_theirs = challenge_for(&world, &colleague, PURPOSE, &one).await;
    assert_eq!(
        what(prove(&world, &teacher, &one, key.answer(&for_theirs)).await),
        stale("unknown")
    );
    // A colleague's key answers a challenge of mine, as its own and as if it were mine.
    let options = challenge_for(&world, &teacher, PURPOSE, &one).await;
    let refused = |part: &str| ("ASSERTION_REFUSED".to_owned(), part.to_owned());
    let mut answering = theirs.answering(&options);
    answering.user_handle.clear();
    assert_eq!(
        what(prove(&world, &teacher, &one, theirs.sign(&answering)).await),
        refused("credential")
    );
    answering.credential_id = key.credential_id.clone();
    assert_eq!(
        what(prove(&world, &teacher, &one, theirs.sign(&answering)).await),
        refused("signature")
    );
    world.stop().await;
}

/// One way to bend an answer, and what is said of it.
type Bend = (fn(&mut Answering), &'static str);

/// One way to change an answer after its signature, and what is said of it.
type Change = (fn(&mut Assertion), &'static str);

#[tokio::test]
async fn i4_a_bent_answer_is_refused_with_its_part() {
    let bends: [Bend; 11] = [
        (|a| a.client.ceremony = "webauthn.create", "type"),
        (
            |a| a.client.origin = "http://truong.hocba.example".to_owned(),
            "origin",
        ),
        (|a| a.client.cross_origin = true, "cross_origin"),
        (|a| a.data.rp_id = "evil.example".to_owned(), "rp_id"),
        (|a| a.data.flags &= !0x01, "user_presence"),
        (|a| a.data.flags &= !0x04, "user_verification"),
        (|a| a.data.flags |= 0x08, "backup"),
        (|a| a.data.flags |= ATTESTED, "authenticator_data"),
        (|a| a.data.extensions = vec![0xa0], "authenticator_data"),
        (|a| a.credential_id[0] ^= 1, "credential"),
        (|a| a.user_handle[0] ^= 1, "user_handle"),
    ];
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let (mut key, _) = register(&world, &teacher).await;
    let one = digest("a");
    let options = challenge_for(&world, &teacher, PURPOSE, &one).await;
    let refused = |part: &str| ("ASSERTION_REFUSED".to_owned(), part.to_owned());
    for (number, (bend, part)) in bends.into_iter().enumerate() {
        // Guessing is throttled; here it is not what we look at.
        world.meddle("delete from attempt").await;
        let mut answering = key.answering(&options);
        bend(&mut answering);
        let answer = prove(&world, &teacher, &one, key.sign(&answering)).await;
        assert_eq!(what(answer), refused(part), "bend {number}");
    }
    // What is changed after the signature.
    let after: [Change; 4] = [
        (|a| a.signature[10] ^= 1, "signature"),
        (|a| a.signature.clear(), "signature"),
        (|a| a.authenticator_data[36] ^= 1, "signature"),
        (|a| a.authenticator_data.truncate(36), "authenticator_data"),
    ];
    for (number, (change, part)) in after.into_iter().enumerate() {
        world.meddle("delete from attempt").await;
        let mut answer = key.answer(&options);
        change(&mut answer);
        assert_eq!(
            what(prove(&world, &teacher, &one, answer).await),
            refused(part),
            "change {number}"
        );
    }
    // After all that the challenge still serves the good answer.
    let answer = key.answer(&options);
    prove(&world, &teacher, &one, answer).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn i4_a_counter_that_goes_back_is_refused_and_told() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let (mut key, registered) = register(&world, &teacher).await;
    key.count = 40;
    sign_in(&world, &teacher, key.answer(&challenge(&world).await))
        .await
        .unwrap();
    // A copy has counted less; `answer` counts one up.
    key.count = 40;
    let same = key.answer(&challenge(&world).await);
    assert_eq!(
        reason(sign_in(&world, &teacher, same).await),
        "SECURITY_KEY_COUNTER"
    );
    let one = digest("a");
    key.count = 5;
    let options = challenge_for(&world, &teacher, PURPOSE, &one).await;
    let answer = key.answer(&options);
    assert_eq!(
        reason(prove(&world, &teacher, &one, answer).await),
        "SECURITY_KEY_COUNTER"
    );
    let pool = world.database.superuser().await.unwrap();
    let told: Vec<String> =
        sqlx::query_scalar("select subject from outbox where kind = 'security_key.counter_back'")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(told, [registered.name.clone(), registered.name]);
    world.stop().await;
}

#[tokio::test]
async fn i4_a_removed_key_proves_nothing() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let (mut key, registered) = register(&world, &teacher).await;
    let request = step_up(
        &teacher,
        "security_key.remove",
        &sha256_hex(&registered.name),
        "subject_teacher",
        0,
    );
    let token = world
        .client()
        .step_up(teacher.ask(request))
        .await
        .unwrap()
        .into_inner()
        .act_token;
    let request = RemoveSecurityKeyRequest {
        name: registered.name,
        act_token: token,
        request_id: String::new(),
    };
    world
        .client()
        .remove_security_key(teacher.ask(request))
        .await
        .unwrap();
    let answer = key.answer(&challenge(&world).await);
    assert_eq!(reason(sign_in(&world, &teacher, answer).await), "SIGN_IN_REFUSED");
    world.stop().await;
}

#[tokio::test]
async fn begin_step_up_refuses_an_unknown_purpose_and_a_bent_digest() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let begin = |purpose: &str, digest: &str| {
        teacher.ask(BeginStepUpRequest {
            purpose: purpose.to_owned(),
            digest: digest.to_owned(),
        })
    };
    let mut client = world.client();
    let unknown = client.begin_step_up(begin("everything", &digest("a"))).await;
    assert_eq!(reason(unknown), "PURPOSE_UNKNOWN");
    assert_eq!(
        reason(client.begin_step_up(begin(PURPOSE, "a")).await),
        "BAD_REQUEST"
    );
    world.stop().await;
}
