//! CreateIntegrator, ListIntegrators, RevokeIntegrator, SignInIntegrator.

use data_encoding::BASE64URL_NOPAD;
use futures::future::join_all;
use hocba_chassis::clock::Clock;
use hocba_proto::identity::{
    CreateIntegratorRequest, GetMeRequest, GetSchoolRequest, Integrator, ListAccountEventsRequest,
    ListIntegratorsRequest, PublicJwk, RevokeIntegratorRequest, SignInIntegratorRequest,
    SignInIntegratorResponse, account_event::Kind, integrator::FieldGroup,
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};
use rstest::rstest;
use serde_json::{Value, json};
use time::{Date, Duration};
use tonic::{Response, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::harness::{INSIDE, OTHER, Person, SCHOOL, World, ask, id, reason};

/// A system with its key.
enum Key {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl Key {
    fn ed25519() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap())
    }

    fn p256() -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self::P256(EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).unwrap())
    }

    fn jwk(&self) -> PublicJwk {
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        match self {
            Self::Ed25519(pair) => PublicJwk {
                kty: "OKP".into(),
                crv: "Ed25519".into(),
                x: text(pair.public_key().as_ref()),
                y: String::new(),
            },
            Self::P256(pair) => {
                // An uncompressed point: a byte that says so, then both coordinates.
                let point = pair.public_key().as_ref();
                let (x, y) = point.split_at(1).1.split_at(32);
                PublicJwk {
                    kty: "EC".into(),
                    crv: "P-256".into(),
                    x: text(x),
                    y: text(y),
                }
            }
        }
    }

    /// An assertion of a client, in order but for what `change` does.
    fn assert(&self, client: &str, change: impl FnOnce(&mut Value)) -> String {
        let now = Clock::system().now().unix_timestamp();
        let mut claims = json!({
            "iss": client, "sub": client, "aud": "hocba-identity", "exp": now + 60, "jti": Uuid::now_v7(),
        });
        change(&mut claims);
        let algorithm = match self {
            Self::Ed25519(_) => "EdDSA",
            Self::P256(_) => "ES256",
        };
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&json!({ "alg": algorithm })), part(&claims));
        let signature = match self {
            Self::Ed25519(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
            Self::P256(pair) => pair
                .sign(&SystemRandom::new(), signed.as_bytes())
                .unwrap()
                .as_ref()
                .to_vec(),
        };
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
    }
}

fn in_days(days: i64) -> Date {
    Clock::system().today() + Duration::days(days)
}

fn request(school: &str, key: &Key, days: i64) -> CreateIntegratorRequest {
    let integrator = Integrator {
        display_name: "Phần mềm quản lí trường".into(),
        public_key: Some(key.jwk()),
        field_groups: vec![FieldGroup::Roster.into(), FieldGroup::Marks.into()],
        end_date: in_days(days).to_string(),
        ..Integrator::default()
    };
    CreateIntegratorRequest {
        parent: format!("schools/{school}"),
        integrator: Some(integrator),
        request_id: String::new(),
    }
}

async fn register(world: &World, principal: &Person, key: &Key) -> Integrator {
    let ask = principal.ask(request(SCHOOL, key, 30));
    world.client().create_integrator(ask).await.unwrap().into_inner()
}

async fn enter(world: &World, assertion: String) -> Result<Response<SignInIntegratorResponse>, Status> {
    let request = SignInIntegratorRequest {
        client_assertion: assertion,
    };
    world.client().sign_in_integrator(ask("", INSIDE, request)).await
}

/// Reason and `what` of a refusal.
fn refused<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> (String, String) {
    let info = answer.unwrap_err().get_details_error_info().unwrap();
    let what = info.metadata.get("what").cloned().unwrap_or_default();
    (info.reason, what)
}

#[rstest]
#[case::ed25519(Key::ed25519())]
#[case::p256(Key::p256())]
#[tokio::test]
async fn a10_1_a_system_signs_in_by_its_key_and_its_token_names_its_grant(#[case] key: Key) {
    let world = World::with_schools().await;
    let principal = world.person("hieu.truong@a.vn", SCHOOL, &["principal"]).await;
    let made = register(&world, &principal, &key).await;
    assert!(made.in_force && made.last_sign_in_time.is_none());
    assert_eq!(
        (made.creator.clone(), made.public_key),
        (principal.name.clone(), Some(key.jwk()))
    );

    let access = enter(&world, key.assert(&made.name, |_| {}))
        .await
        .unwrap()
        .into_inner();
    let left = access.expire_time.unwrap().seconds - Clock::system().now().unix_timestamp();
    assert!((290..=300).contains(&left), "{left}");
    let person = world.judge().await.person(&access.access_token).await.unwrap();
    assert_eq!(person.account.to_string(), id(&made.name));
    assert_eq!(person.school.as_deref(), Some(SCHOOL));
    assert_eq!(
        person.grant.iter().map(String::as_str).collect::<Vec<_>>(),
        ["marks", "roster"]
    );

    let list = ListIntegratorsRequest {
        parent: format!("schools/{SCHOOL}"),
        ..ListIntegratorsRequest::default()
    };
    let listed = world
        .client()
        .list_integrators(principal.ask(list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(listed.integrators.len(), 1);
    assert!(listed.integrators[0].last_sign_in_time.is_some());

    // It is nobody: no account of its own, no act, not even the school's name.
    let me = world
        .client()
        .get_me(ask(&access.access_token, INSIDE, GetMeRequest {}))
        .await;
    assert_eq!(reason(me), "ACCOUNT_UNKNOWN");
    let school = GetSchoolRequest {
        name: format!("schools/{SCHOOL}"),
    };
    let school = world
        .client()
        .get_school(ask(&access.access_token, INSIDE, school))
        .await;
    assert_eq!(reason(school), "PERMISSION_DENIED");
    let create = request(SCHOOL, &key, 30);
    let create = world
        .client()
        .create_integrator(ask(&access.access_token, INSIDE, create))
        .await;
    assert_eq!(reason(create), "PERMISSION_DENIED");
}

#[tokio::test]
async fn r2_an_assertion_is_short_meant_for_us_signed_by_its_own_key_and_good_once() {
    let world = World::with_schools().await;
    let principal = world.person("hieu.truong@a.vn", SCHOOL, &["principal"]).await;
    let key = Key::ed25519();
    let made = register(&world, &principal, &key).await;
    let other_key = Key::p256();
    let other = register(&world, &principal, &other_key).await;
    let now = Clock::system().now().unix_timestamp();

    let unknown = format!("schools/{SCHOOL}/integrators/{}", Uuid::now_v7());
    let elsewhere = made.name.replace(SCHOOL, OTHER);
    let cases = [
        (
            "expired",
            key.assert(&made.name, |it| it["exp"] = json!(now - 10)),
        ),
        (
            "lifetime",
            key.assert(&made.name, |it| it["exp"] = json!(now + 400)),
        ),
        (
            "audience",
            key.assert(&made.name, |it| it["aud"] = json!("another")),
        ),
        ("jti", key.assert(&made.name, |it| it["jti"] = json!(""))),
        (
            "signature",
            key.assert(&made.name, |it| it["iss"] = json!("another")),
        ),
        ("signature", other_key.assert(&made.name, |_| {})),
        ("signature", key.assert(&other.name, |_| {})),
        ("signature", key.assert(&unknown, |_| {})),
        ("signature", key.assert(&elsewhere, |_| {})),
        ("signature", "no assertion".to_owned()),
    ];
    for (what, assertion) in cases {
        let told = refused(enter(&world, assertion.clone()).await);
        assert_eq!(
            told,
            ("CLIENT_ASSERTION_REFUSED".to_owned(), what.to_owned()),
            "{assertion}"
        );
    }

    // Of five that come at once with one assertion, one comes in.
    let assertion = key.assert(&made.name, |_| {});
    let answers = join_all((0..5).map(|_| enter(&world, assertion.clone()))).await;
    let (inside, outside): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(inside.len(), 1);
    for answer in outside {
        assert_eq!(reason(answer), "CLIENT_ASSERTION_REPLAYED");
    }
}

#[tokio::test]
async fn r2_a_grant_ends_with_its_day_and_its_revocation_and_its_tokens_with_it() {
    let world = World::with_schools().await;
    let principal = world.person("hieu.truong@a.vn", SCHOOL, &["principal"]).await;
    let key = Key::ed25519();
    let made = register(&world, &principal, &key).await;
    let access = enter(&world, key.assert(&made.name, |_| {}))
        .await
        .unwrap()
        .into_inner();

    world
        .meddle("update integrator set start_date = current_date - 40, end_date = current_date - 2")
        .await;
    let late = enter(&world, key.assert(&made.name, |_| {})).await;
    assert_eq!(reason(late), "GRANT_NOT_IN_FORCE");
    world
        .meddle("update integrator set end_date = current_date + 5")
        .await;
    assert!(enter(&world, key.assert(&made.name, |_| {})).await.is_ok());

    let revoke = |request_id: &str| RevokeIntegratorRequest {
        name: made.name.clone(),
        request_id: request_id.into(),
    };
    for request_id in ["r", "r", "again"] {
        let revoked = world
            .client()
            .revoke_integrator(principal.ask(revoke(request_id)))
            .await;
        let revoked = revoked.unwrap().into_inner();
        assert!(!revoked.in_force && revoked.revoke_time.is_some());
    }
    let over = enter(&world, key.assert(&made.name, |_| {})).await;
    assert_eq!(reason(over), "GRANT_NOT_IN_FORCE");
    // The token in hand is refused here at once, elsewhere with the feed.
    let me = world
        .client()
        .get_me(ask(&access.access_token, INSIDE, GetMeRequest {}))
        .await;
    assert_eq!(reason(me), "UNAUTHENTICATED");
    let events = ListAccountEventsRequest::default();
    let events = world
        .internal("records")
        .list_account_events(events)
        .await
        .unwrap();
    let told = events
        .into_inner()
        .events
        .into_iter()
        .filter(|event| event.kind() == Kind::AccountSuspended && event.account == id(&made.name));
    assert_eq!(told.count(), 1);
    let unknown = RevokeIntegratorRequest {
        name: format!("schools/{SCHOOL}/integrators/{}", Uuid::now_v7()),
        request_id: String::new(),
    };
    let unknown = world.client().revoke_integrator(principal.ask(unknown)).await;
    assert_eq!(reason(unknown), "INTEGRATOR_UNKNOWN");
}

#[tokio::test]
async fn a10_1_the_principal_alone_registers_systems_for_a_year_at_most() {
    let world = World::with_schools().await;
    let principal = world.person("hieu.truong@a.vn", SCHOOL, &["principal"]).await;
    let admin = world.person("quan.tri@a.vn", SCHOOL, &["system_admin"]).await;
    let key = Key::ed25519();
    let by_operator = world
        .client()
        .create_integrator(world.operator.ask(request(OTHER, &key, 366)))
        .await;
    // Who sees no pupil lets no system see any.
    assert_eq!(reason(by_operator), "PERMISSION_DENIED");
    let longest = world
        .client()
        .create_integrator(principal.ask(request(SCHOOL, &key, 366)))
        .await;
    assert!(longest.unwrap().into_inner().in_force);
    let too_long = world
        .client()
        .create_integrator(principal.ask(request(SCHOOL, &key, 367)))
        .await;
    assert_eq!(reason(too_long), "GRANT_TOO_LONG");
    let by_admin = world
        .client()
        .create_integrator(admin.ask(request(SCHOOL, &key, 30)))
        .await;
    assert_eq!(reason(by_admin), "PERMISSION_DENIED");
    let elsewhere = world
        .client()
        .create_integrator(principal.ask(request(OTHER, &key, 30)))
        .await;
    assert_eq!(reason(elsewhere), "OTHER_SCHOOL");
    let mut bare = request(SCHOOL, &key, 30);
    bare.integrator.as_mut().unwrap().field_groups = Vec::new();
    bare.integrator.as_mut().unwrap().public_key = Some(PublicJwk::default());
    let bare = world.client().create_integrator(principal.ask(bare)).await;
    assert_eq!(reason(bare), "BAD_REQUEST");
}
