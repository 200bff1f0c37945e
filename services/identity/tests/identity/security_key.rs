//! BeginSecurityKey, CreateSecurityKey, ListSecurityKeys, RemoveSecurityKey.

use hocba_proto::identity::{
    BeginSecurityKeyRequest, CreateSecurityKeyRequest, ListSecurityKeysRequest, ListSecurityKeysResponse,
    RemoveSecurityKeyRequest, SecurityKey, SecurityKeyOptions,
};
use minicbor::Encoder;
use tonic::{Response, Status};
use tonic_types::StatusExt as _;

use crate::{
    authenticator::{ATTESTED, Authenticator, EXTENSIONS, Made},
    harness::{OTHER, Person, SCHOOL, World, digest, id, reason, sha256_hex, step_up},
};

pub(crate) async fn begin(world: &World, person: &Person) -> SecurityKeyOptions {
    world
        .client()
        .begin_security_key(person.ask(BeginSecurityKeyRequest {}))
        .await
        .unwrap()
        .into_inner()
}

async fn create(
    world: &World,
    person: &Person,
    made: &Made,
    act_token: &str,
) -> Result<Response<SecurityKey>, Status> {
    let request = CreateSecurityKeyRequest {
        parent: person.name.clone(),
        security_key: Some(SecurityKey {
            display_name: "Khóa trên móc".to_owned(),
            ..SecurityKey::default()
        }),
        client_data_json: made.client.json(),
        attestation_object: made.object(),
        act_token: act_token.to_owned(),
        request_id: String::new(),
    };
    world.client().create_security_key(person.ask(request)).await
}

async fn act(world: &World, person: &Person, purpose: &str, digest: &str, later: i64) -> String {
    let request = step_up(person, purpose, digest, "subject_teacher", later);
    world
        .client()
        .step_up(person.ask(request))
        .await
        .unwrap()
        .into_inner()
        .act_token
}

/// A registered key of a subject teacher.
pub(crate) async fn register(world: &World, person: &Person) -> (Authenticator, SecurityKey) {
    let (key, made) = Authenticator::create(&begin(world, person).await);
    let token = act(world, person, "security_key.add", &sha256_hex(made.object()), 0).await;
    let registered = create(world, person, &made, &token).await.unwrap().into_inner();
    (key, registered)
}

async fn list(world: &World, by: &Person, of: &Person) -> Result<Response<ListSecurityKeysResponse>, Status> {
    let request = ListSecurityKeysRequest {
        parent: of.name.clone(),
        ..Default::default()
    };
    world.client().list_security_keys(by.ask(request)).await
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

#[tokio::test]
async fn i4_a_security_key_is_registered_listed_and_removed() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let options = begin(&world, &teacher).await;
    assert_eq!(
        options.user_handle,
        uuid::Uuid::parse_str(id(&teacher.name)).unwrap().as_bytes()
    );
    assert!(options.exclude_credentials.is_empty());
    let (key, registered) = register(&world, &teacher).await;
    assert!(
        registered
            .name
            .starts_with(&format!("{}/securityKeys/", teacher.name))
    );
    assert_eq!(registered.display_name, "Khóa trên móc");
    assert!(!registered.synced && registered.last_use_time.is_none());
    assert_eq!(
        begin(&world, &teacher).await.exclude_credentials,
        std::slice::from_ref(&key.credential_id)
    );
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let keys = list(&world, &admin, &teacher)
        .await
        .unwrap()
        .into_inner()
        .security_keys;
    assert_eq!(keys, std::slice::from_ref(&registered));

    let remove = |act_token: String| RemoveSecurityKeyRequest {
        name: registered.name.clone(),
        act_token,
        request_id: String::new(),
    };
    let mut client = world.client();
    let refused = client
        .remove_security_key(teacher.ask(remove(String::new())))
        .await;
    assert_eq!(reason(refused), "ACT_TOKEN_INVALID");
    let theirs = client.remove_security_key(admin.ask(remove(String::new()))).await;
    assert_eq!(reason(theirs), "PERMISSION_DENIED", "nobody's but the owner's");
    let token = act(
        &world,
        &teacher,
        "security_key.remove",
        &sha256_hex(&registered.name),
        0,
    )
    .await;
    let removed = client
        .remove_security_key(teacher.ask(remove(token.clone())))
        .await;
    assert!(removed.unwrap().into_inner().remove_time.is_some());
    let again = client.remove_security_key(teacher.ask(remove(token))).await;
    assert_eq!(reason(again), "ACT_TOKEN_USED");
    assert!(begin(&world, &teacher).await.exclude_credentials.is_empty());
    let unknown = RemoveSecurityKeyRequest {
        name: format!("{}/securityKeys/{}", teacher.name, id(&teacher.name)),
        ..remove(String::new())
    };
    assert_eq!(
        reason(client.remove_security_key(teacher.ask(unknown)).await),
        "SECURITY_KEY_UNKNOWN"
    );
    world.stop().await;
}

#[tokio::test]
async fn i4_a_registration_is_the_owners_fresh_and_once() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let options = begin(&world, &teacher).await;
    let (_, made) = Authenticator::create(&options);
    assert_eq!(
        reason(create(&world, &teacher, &made, "").await),
        "ACT_TOKEN_INVALID"
    );
    let other = act(&world, &teacher, "security_key.add", &digest("a"), 0).await;
    assert_eq!(
        reason(create(&world, &teacher, &made, &other).await),
        "ACT_TOKEN_DIGEST"
    );
    let token = act(
        &world,
        &teacher,
        "security_key.add",
        &sha256_hex(made.object()),
        0,
    )
    .await;
    create(&world, &teacher, &made, &token).await.unwrap();

    // The challenge was answered; another challenge does not make the same credential a second key.
    let token = act(
        &world,
        &teacher,
        "security_key.add",
        &sha256_hex(made.object()),
        1,
    )
    .await;
    assert_eq!(
        what(create(&world, &teacher, &made, &token).await),
        ("CHALLENGE_INVALID".to_owned(), "used".to_owned())
    );
    let mut again = made.clone();
    again.client.challenge = begin(&world, &teacher).await.challenge;
    assert_eq!(
        reason(create(&world, &teacher, &again, &token).await),
        "SECURITY_KEY_EXISTS"
    );

    // A colleague's challenge is not theirs.
    let colleague = world.person("gv2@a.vn", SCHOOL, &["subject_teacher"]).await;
    let (_, made) = Authenticator::create(&begin(&world, &colleague).await);
    let unknown = ("CHALLENGE_INVALID".to_owned(), "unknown".to_owned());
    assert_eq!(what(create(&world, &teacher, &made, "").await), unknown);
    let theirs = Person {
        name: colleague.name.clone(),
        ..teacher.clone()
    };
    assert_eq!(
        reason(create(&world, &theirs, &made, "").await),
        "PERMISSION_DENIED"
    );
    let stranger = world.person("ht@b.vn", OTHER, &["principal"]).await;
    assert_eq!(reason(list(&world, &stranger, &teacher).await), "OTHER_SCHOOL");
    assert_eq!(
        reason(list(&world, &colleague, &teacher).await),
        "PERMISSION_DENIED"
    );
    world.stop().await;
}

#[tokio::test]
async fn i4_an_account_has_ten_keys_at_most() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    for _ in 0..10 {
        register(&world, &teacher).await;
    }
    let (_, made) = Authenticator::create(&begin(&world, &teacher).await);
    let token = act(
        &world,
        &teacher,
        "security_key.add",
        &sha256_hex(made.object()),
        0,
    )
    .await;
    assert_eq!(
        reason(create(&world, &teacher, &made, &token).await),
        "SECURITY_KEY_LIMIT"
    );
    world.stop().await;
}

/// One way to bend a registration, and what is said of it.
type Bend = (fn(&mut Made), &'static str);

#[tokio::test]
async fn i4_a_bent_registration_is_refused_with_its_part() {
    let bends: [Bend; 24] = [
        (|m| m.client.ceremony = "webauthn.get", "type"),
        (|m| m.client.origin = "https://evil.example".to_owned(), "origin"),
        (|m| m.client.cross_origin = true, "cross_origin"),
        (|m| m.data.rp_id = "evil.example".to_owned(), "rp_id"),
        (|m| m.data.flags &= !0x01, "user_presence"),
        (|m| m.data.flags &= !0x04, "user_verification"),
        (|m| m.data.flags |= 0x10, "backup"),
        (|m| m.data.flags &= !ATTESTED, "authenticator_data"),
        (|m| m.data.flags |= EXTENSIONS, "authenticator_data"),
        (|m| m.data.extensions = vec![0], "authenticator_data"),
        (
            |m| {
                m.data.flags |= EXTENSIONS;
                m.data.extensions = vec![0x80];
            },
            "authenticator_data",
        ),
        (|m| m.format = "packed", "format"),
        (|m| m.statement = true, "format"),
        (|m| m.after = vec![0], "attestation_object"),
        (|m| m.key_type = 1, "algorithm"),
        (|m| m.algorithm = -257, "algorithm"),
        (|m| m.curve = 2, "algorithm"),
        (|m| m.x.truncate(31), "public_key"),
        (|m| m.y.push(0), "public_key"),
        (|m| m.y[31] ^= 1, "public_key"),
        (|m| m.x = vec![0; 32], "public_key"),
        (|m| m.credential_id.truncate(15), "credential_id"),
        (|m| m.credential_id = vec![1; 1024], "credential_id"),
        (|m| m.credential_id.clear(), "credential_id"),
    ];
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let (_, good) = Authenticator::create(&begin(&world, &teacher).await);
    for (number, (bend, part)) in bends.into_iter().enumerate() {
        let mut made = good.clone();
        bend(&mut made);
        let refused = what(create(&world, &teacher, &made, "").await);
        assert_eq!(
            refused,
            ("ATTESTATION_INVALID".to_owned(), part.to_owned()),
            "bend {number}"
        );
    }
    // What is no CBOR at all, and every beginning of what is, is refused without a panic.
    let object = good.object();
    let mut client = world.client();
    for length in (0..object.len()).step_by(7) {
        let request = CreateSecurityKeyRequest {
            parent: teacher.name.clone(),
            client_data_json: good.client.json(),
            attestation_object: object.get(..length).unwrap().to_vec(),
            ..Default::default()
        };
        let refused = client.create_security_key(teacher.ask(request)).await;
        assert_eq!(reason(refused), "ATTESTATION_INVALID", "{length} bytes");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_registration_with_extensions_and_a_synced_key_is_taken() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let (_, mut made) = Authenticator::create(&begin(&world, &teacher).await);
    let mut extensions = Encoder::new(Vec::new());
    extensions
        .map(1)
        .unwrap()
        .str("credProtect")
        .unwrap()
        .u8(3)
        .unwrap();
    made.data.flags |= EXTENSIONS | 0x18;
    made.data.extensions = extensions.into_writer();
    let token = act(
        &world,
        &teacher,
        "security_key.add",
        &sha256_hex(made.object()),
        0,
    )
    .await;
    assert!(
        create(&world, &teacher, &made, &token)
            .await
            .unwrap()
            .into_inner()
            .synced
    );
    world.stop().await;
}
