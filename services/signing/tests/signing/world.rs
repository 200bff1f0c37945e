//! A signing service with its database and authority, an identity and an archive.

use clap::Parser as _;
use hocba_chassis::{
    Clock, Role,
    run::{self, Running},
};
use hocba_evidence::{Anchors, Document, Element, Kind, Section, document, sha256};
use hocba_proto::{
    archive::DocumentToSign,
    signing::{
        BatchAuthorizeCertificatesRequest, Certificate, CertificateAuthorization, CertificateGrant,
        CreatePersonalKeyRequest, CreateSealKeyRequest, KeyKind,
        signing_service_client::SigningServiceClient,
    },
};
use hocba_signing::{Config, DEFINITION, authority};
use hocba_testing::{Pki, TestArchive, TestDatabase, TestIdentity, TestPerson, channel_as};
use tonic::{Response, Status, transport::Channel};
use tonic_types::StatusExt as _;

pub(crate) const SCHOOL: &str = "01018a01";
pub(crate) const CLASS: &str = "schools/01018a01/years/2025-2026/classes/5a";

pub(crate) struct World {
    pub(crate) identity: TestIdentity,
    pub(crate) archive: TestArchive,
    pub(crate) database: TestDatabase,
    pub(crate) anchors: Anchors,
    pub(crate) principal: TestPerson,
    pki: Pki,
    address: String,
    _running: Running,
}

impl World {
    pub(crate) async fn start() -> Self {
        let pki = Pki::make().unwrap();
        let identity = TestIdentity::start(&pki).await.unwrap();
        let archive = TestArchive::start(&pki, identity.tokens()).await.unwrap();
        let database = TestDatabase::of(&DEFINITION).await.unwrap();
        let ca = pki.folder().join("ca");
        authority::make(&ca, "hocba (kiểm thử)", Clock::system().now()).unwrap();
        let anchors = Anchors::from_pem(&std::fs::read(ca.join("root.pem")).unwrap()).unwrap();
        let (files, url) = (pki.files("signing"), database.url_file(pki.folder()).unwrap());
        let config = Config::try_parse_from([
            "hocba-signing".to_owned(),
            "--listen=127.0.0.1:0".to_owned(),
            format!("--tls-cert={}", files.cert.display()),
            format!("--tls-key={}", files.key.display()),
            format!("--tls-ca={}", files.ca.display()),
            format!("--database-url-file={}", url.display()),
            format!("--identity-addr={}", identity.peer.address),
            format!("--archive-addr={}", archive.peer.address),
            format!("--ca-dir={}", ca.display()),
        ])
        .unwrap();
        let running = run::start(DEFINITION, Clock::system(), config, hocba_signing::build)
            .await
            .unwrap();
        Self {
            principal: identity.person(SCHOOL, &["principal"]),
            identity,
            archive,
            database,
            anchors,
            address: running.address.to_string(),
            pki,
            _running: running,
        }
    }

    pub(crate) fn client(&self) -> SigningServiceClient<Channel> {
        SigningServiceClient::new(channel_as(&self.pki, "gateway", "signing", &self.address).unwrap())
    }

    /// What the principal asks for, with a token over it.
    pub(crate) fn authorization(
        &self,
        person: &TestPerson,
        kind: KeyKind,
    ) -> BatchAuthorizeCertificatesRequest {
        let word = if kind == KeyKind::Seal { "seal" } else { "personal" };
        let text = format!(
            "hocba-certificates-v1\nschools/{SCHOOL}\n1\n{} {word}\n",
            person.name()
        );
        let digest = sha256(text.as_bytes());
        BatchAuthorizeCertificatesRequest {
            parent: format!("schools/{SCHOOL}"),
            grants: vec![CertificateGrant {
                account: person.name(),
                kind: kind.into(),
            }],
            act_token: self
                .identity
                .act(&self.principal, Role::Principal, "certificate.authorize", &digest),
            request_id: String::new(),
        }
    }

    pub(crate) async fn authorize(&self, person: &TestPerson, kind: KeyKind) -> CertificateAuthorization {
        let ask = self.principal.ask(self.authorization(person, kind));
        let answer = self.client().batch_authorize_certificates(ask).await.unwrap();
        answer.into_inner().certificate_authorizations.remove(0)
    }

    pub(crate) fn key(
        &self,
        person: &TestPerson,
        role: Role,
        name: &str,
        digest: &str,
    ) -> CreatePersonalKeyRequest {
        CreatePersonalKeyRequest {
            authorization: name.to_owned(),
            act_token: self.identity.act(person, role, "key.create", digest),
        }
    }

    /// A person's key: its certificate and words.
    pub(crate) async fn personal(&self, person: &TestPerson, role: Role) -> (Certificate, String) {
        let it = self.authorize(person, KeyKind::Personal).await;
        let ask = person.ask(self.key(person, role, &it.name, &it.digest));
        let made = self.client().create_personal_key(ask).await.unwrap().into_inner();
        (made.certificate.unwrap(), made.passphrase)
    }

    /// The seal: its certificate and words.
    pub(crate) async fn seal(&self, clerk: &TestPerson) -> (Certificate, String) {
        let it = self.authorize(clerk, KeyKind::Seal).await;
        let ask = CreateSealKeyRequest {
            authorization: it.name,
            act_token: self
                .identity
                .act(clerk, Role::OfficeClerk, "key.create", &it.digest),
        };
        let made = self
            .client()
            .create_seal_key(clerk.ask(ask))
            .await
            .unwrap()
            .into_inner();
        (made.certificate.unwrap(), made.passphrase)
    }

    /// Lets documents wait in a slot, whose section (where it has one) is this signer's.
    pub(crate) fn wait_for(&self, slot: &str, signer: &TestPerson, count: usize) -> Vec<DocumentToSign> {
        let documents: Vec<_> = (1..=count)
            .map(|number| document(slot, signer, number, "T"))
            .collect();
        self.archive
            .kept()
            .lock()
            .unwrap()
            .to_sign
            .insert(slot.to_owned(), documents.clone());
        documents
    }
}

/// A small document that waits in a slot.
pub(crate) fn document(slot: &str, signer: &TestPerson, number: usize, level: &str) -> DocumentToSign {
    let kind = Kind::parse(slot).unwrap();
    let name = format!("schools/{SCHOOL}/years/2025-2026/pupils/p{number}/documents/1");
    let frame = document::Frame {
        kind: "year-document",
        document: name.clone(),
        school: SCHOOL.to_owned(),
        body: Element::new("book"),
    };
    let body = Element::new("subject").field("level", level);
    let (sections, above) = match kind {
        Kind::Subject(_) | Kind::Homeroom => {
            let section = Section {
                slot: kind.clone(),
                signer: signer.name(),
                body,
            };
            (vec![section], vec![])
        }
        Kind::Principal | Kind::Seal => (vec![], vec![kind.clone()]),
    };
    let xml = document::compose(&frame, &sections, &above).xml;
    let content_digest = Document::parse(&xml).unwrap().content_digest(&kind).unwrap();
    DocumentToSign {
        document: name,
        xml,
        content_digest,
        signer: signer.name(),
    }
}

/// The reason of a refusal.
#[track_caller]
pub(crate) fn reason<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> String {
    let status = answer.expect_err("a refusal");
    status
        .get_details_error_info()
        .map_or_else(|| format!("{status:?}"), |info| info.reason)
}
