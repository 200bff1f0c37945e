//! Keys and certificates: decided, made once, of no use to a thief.

use hocba_chassis::Role;
use hocba_evidence::{Certificate, certificate::Trust};
use hocba_proto::signing::{
    CreateSealKeyRequest, GetCertificateRequest, GetTrustAnchorsRequest, KeyKind, ListCertificatesRequest,
    RevokeCertificateRequest, certificate::State,
};
use time::OffsetDateTime;

use crate::world::{SCHOOL, World, reason};

#[tokio::test]
async fn s2_a_certificate_takes_the_principal_and_the_holder() {
    let world = World::start().await;
    let teacher = world.identity.person(SCHOOL, &["subject_teacher"]);
    let (certificate, words) = world.personal(&teacher, Role::SubjectTeacher).await;
    assert_eq!(words.split('-').count(), 6);
    let read = Certificate::parse(&certificate.der).unwrap();
    assert_eq!(read.subject.account, Some(teacher.name()));
    assert_eq!(read.subject.school.as_deref(), Some(SCHOOL));
    assert_eq!(read.subject.title.as_deref(), Some("teacher"));
    assert!(
        certificate.name.ends_with(&read.serial),
        "{} {}",
        certificate.name,
        read.serial
    );
    let pem = world
        .client()
        .get_trust_anchors(teacher.ask(GetTrustAnchorsRequest {}))
        .await
        .unwrap();
    let issuing = Certificate::from_pem(pem.into_inner().issuing_pem.as_bytes()).unwrap();
    let trust = world
        .anchors
        .chain(&read, &[issuing], OffsetDateTime::now_utc())
        .unwrap();
    assert!(matches!(trust, Trust::Anchor(_)), "{trust:?}");

    let list = ListCertificatesRequest {
        parent: format!("schools/{SCHOOL}"),
        ..Default::default()
    };
    let list = world
        .client()
        .list_certificates(teacher.ask(list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(list.certificates, std::slice::from_ref(&certificate));
    // A second one in force is refused; after the revocation there may be a new one.
    let again = world.authorize(&teacher, KeyKind::Personal).await;
    let ask = || teacher.ask(world.key(&teacher, Role::SubjectTeacher, &again.name, &again.digest));
    assert_eq!(
        reason(world.client().create_personal_key(ask()).await),
        "CERTIFICATE_EXISTS"
    );
    let revoke = RevokeCertificateRequest {
        name: certificate.name.clone(),
        reason: "mất cụm từ".into(),
        request_id: "r".into(),
    };
    let other = world.identity.person(SCHOOL, &["subject_teacher"]);
    let refused = world.client().revoke_certificate(other.ask(revoke.clone())).await;
    assert_eq!(reason(refused), "PERMISSION_DENIED");
    for _ in 0..2 {
        let gone = world
            .client()
            .revoke_certificate(teacher.ask(revoke.clone()))
            .await
            .unwrap();
        assert_eq!(gone.into_inner().state(), State::Revoked);
    }
    let twice = RevokeCertificateRequest {
        request_id: String::new(),
        ..revoke
    };
    let refused = world
        .client()
        .revoke_certificate(world.principal.ask(twice))
        .await;
    assert_eq!(reason(refused), "CERTIFICATE_REVOKED");
    world.client().create_personal_key(ask()).await.unwrap();
    let ask = GetCertificateRequest {
        name: format!("schools/{SCHOOL}/certificates/00"),
    };
    let unknown = world.client().get_certificate(teacher.ask(ask)).await;
    assert_eq!(reason(unknown), "CERTIFICATE_UNKNOWN");
}

#[tokio::test]
async fn s2_every_step_is_its_own_and_once() {
    let world = World::start().await;
    let teacher = world.identity.person(SCHOOL, &["subject_teacher"]);
    let other = world
        .identity
        .person(SCHOOL, &["subject_teacher", "office_clerk"]);
    let mut client = world.client();
    let wrong = world.authorization(&teacher, KeyKind::Personal);
    assert_eq!(
        reason(
            client
                .batch_authorize_certificates(teacher.ask(wrong.clone()))
                .await
        ),
        "PERMISSION_DENIED"
    );
    let mut bent = wrong.clone();
    bent.grants[0].account = other.name();
    let refused = client
        .batch_authorize_certificates(world.principal.ask(bent))
        .await;
    assert_eq!(reason(refused), "ACT_TOKEN_DIGEST");
    let mut stranger = world.identity.person("01018a02", &["subject_teacher"]);
    stranger.school = Some(SCHOOL.to_owned());
    let refused = world.authorization(&stranger, KeyKind::Personal);
    assert_eq!(
        reason(
            client
                .batch_authorize_certificates(world.principal.ask(refused))
                .await
        ),
        "ACCOUNT_UNKNOWN"
    );

    let first = client
        .batch_authorize_certificates(world.principal.ask(wrong.clone()))
        .await
        .unwrap()
        .into_inner()
        .certificate_authorizations
        .remove(0);
    let replay = client
        .batch_authorize_certificates(world.principal.ask(wrong))
        .await;
    assert_eq!(reason(replay), "ACT_TOKEN_USED");

    let ask = other.ask(world.key(&other, Role::SubjectTeacher, &first.name, &first.digest));
    assert_eq!(
        reason(client.create_personal_key(ask).await),
        "AUTHORIZATION_OTHER"
    );
    let ask = other.ask(CreateSealKeyRequest {
        authorization: first.name.clone(),
        act_token: world
            .identity
            .act(&other, Role::OfficeClerk, "key.create", &first.digest),
    });
    assert_eq!(reason(client.create_seal_key(ask).await), "AUTHORIZATION_OTHER");
    let gone = first
        .name
        .replace(&first.name[first.name.len() - 12..], "000000000000");
    let digest = hocba_evidence::sha256(format!("hocba-key-v1\n{gone}\n").as_bytes());
    let ask = teacher.ask(world.key(&teacher, Role::SubjectTeacher, &gone, &digest));
    assert_eq!(
        reason(client.create_personal_key(ask).await),
        "AUTHORIZATION_UNKNOWN"
    );

    let ask = teacher.ask(world.key(&teacher, Role::SubjectTeacher, &first.name, &first.digest));
    client.create_personal_key(ask).await.unwrap();
    let ask = teacher.ask(world.key(&teacher, Role::SubjectTeacher, &first.name, &first.digest));
    assert_eq!(
        reason(client.create_personal_key(ask).await),
        "AUTHORIZATION_USED"
    );
}

#[tokio::test]
async fn s1_what_lies_in_the_database_opens_nothing() {
    let world = World::start().await;
    let teacher = world.identity.person(SCHOOL, &["subject_teacher"]);
    let (_, words) = world.personal(&teacher, Role::SubjectTeacher).await;
    // All a thief would have: no row of any table holds the words or an unwrapped key.
    let pool = world.database.superuser().await.unwrap();
    let rows: Vec<String> = sqlx::query_scalar(
        "select coalesce(string_agg(t::text, ' '), '') from wrapped_key t
         union all select coalesce(string_agg(t::text, ' '), '') from once t
         union all select coalesce(string_agg(t::text, ' '), '') from outbox t",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    // A PKCS#8 key of P-256 names its curve: 2a8648ce3d030107.
    for row in rows {
        assert!(!row.contains(&words) && !row.contains("2a8648ce3d030107"));
    }
}
