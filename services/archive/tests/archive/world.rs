//! An archive with its database, an identity, and records that export what the test says.

use std::{
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex},
};

use clap::Parser as _;
use futures::Stream;
use hocba_archive::{Config, DEFINITION};
use hocba_chassis::{
    Clock,
    run::{self, Running},
};
use hocba_proto::{
    archive::{
        archive_internal_service_client::ArchiveInternalServiceClient,
        archive_service_client::ArchiveServiceClient,
    },
    records::{
        ApplyCorrectionRequest, ApplyCorrectionResponse, BookLine, ClassFacts, ClassHeader,
        ExportClassFactsRequest, GetCorrectionContextRequest, GetCorrectionContextResponse, Identity,
        ItemTeacher, LineFacts, PupilFacts,
        class_facts::Facts,
        records_internal_service_server::{RecordsInternalService, RecordsInternalServiceServer},
    },
    types::{CellMark, CellValue},
};
use hocba_testing::{Pki, TestAuthority, TestDatabase, TestIdentity, TestPeer, channel_as};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use tonic::{Request, Response, Status, service::Routes, transport::Channel};
use tonic_types::StatusExt as _;

pub(crate) const SCHOOL: &str = "01018a01";
pub(crate) const CLASS: &str = "schools/01018a01/years/2025-2026/classes/5a";
pub(crate) const PUPIL: &str = "0198f000-0000-7000-8000-000000000001";

pub(crate) type Book = (ClassHeader, Vec<PupilFacts>);

/// Records, as far as the archive sees it.
#[derive(Clone)]
struct Records(Arc<Mutex<Book>>);

#[tonic::async_trait]
impl RecordsInternalService for Records {
    type ExportClassFactsStream = Pin<Box<dyn Stream<Item = Result<ClassFacts, Status>> + Send>>;

    async fn export_class_facts(
        &self,
        _: Request<ExportClassFactsRequest>,
    ) -> Result<Response<Self::ExportClassFactsStream>, Status> {
        let (header, pupils) = self.0.lock().unwrap().clone();
        let mut facts = vec![Facts::Header(header)];
        facts.extend(pupils.into_iter().map(Facts::Pupil));
        let messages = facts
            .into_iter()
            .map(|facts| Ok(ClassFacts { facts: Some(facts) }));
        Ok(Response::new(Box::pin(futures::stream::iter(
            messages.collect::<Vec<_>>(),
        ))))
    }

    async fn get_correction_context(
        &self,
        _: Request<GetCorrectionContextRequest>,
    ) -> Result<Response<GetCorrectionContextResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }

    async fn apply_correction(
        &self,
        _: Request<ApplyCorrectionRequest>,
    ) -> Result<Response<ApplyCorrectionResponse>, Status> {
        Err(Status::unimplemented("not in this test"))
    }
}

/// A file of the object store.
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) path: PathBuf,
}

pub(crate) struct World {
    pub(crate) identity: TestIdentity,
    pub(crate) database: TestDatabase,
    objects: PathBuf,
    pub(crate) book: Arc<Mutex<Book>>,
    pub(crate) authority: TestAuthority,
    pub(crate) log_key: Vec<u8>,
    pki: Pki,
    address: String,
    _records: TestPeer,
    _running: Running,
}

impl World {
    pub(crate) async fn start() -> Self {
        let pki = Pki::make().unwrap();
        let identity = TestIdentity::start(&pki).await.unwrap();
        let database = TestDatabase::of(&DEFINITION).await.unwrap();
        let book = Arc::new(Mutex::new(book()));
        let routes = Routes::new(RecordsInternalServiceServer::new(Records(Arc::clone(&book))));
        let records = TestPeer::serve(&pki, "records", identity.tokens(), routes)
            .await
            .unwrap();
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key_pair = Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap();
        let key_file = pki.folder().join("log.key");
        std::fs::write(&key_file, key.as_ref()).unwrap();
        let authority = TestAuthority::make().unwrap();
        let master = pki.folder().join("master.key");
        std::fs::write(&master, [7; 32]).unwrap();
        let anchors = pki.folder().join("anchors.pem");
        std::fs::write(&anchors, &authority.pem).unwrap();
        let (files, url) = (pki.files("archive"), database.url_file(pki.folder()).unwrap());
        let objects = pki.folder().join("objects");
        let config = Config::try_parse_from([
            "hocba-archive".to_owned(),
            "--listen=127.0.0.1:0".to_owned(),
            format!("--tls-cert={}", files.cert.display()),
            format!("--tls-key={}", files.key.display()),
            format!("--tls-ca={}", files.ca.display()),
            format!("--database-url-file={}", url.display()),
            format!("--identity-addr={}", identity.peer.address),
            format!("--records-addr={}", records.address),
            format!("--objects-dir={}", objects.display()),
            format!("--log-key-file={}", key_file.display()),
            format!("--master-key-file={}", master.display()),
            format!("--trust-anchors-file={}", anchors.display()),
        ])
        .unwrap();
        let running = run::start(DEFINITION, Clock::system(), config, hocba_archive::build)
            .await
            .unwrap();
        Self {
            identity,
            database,
            objects,
            book,
            authority,
            log_key: key_pair.public_key().as_ref().to_vec(),
            address: running.address.to_string(),
            pki,
            _records: records,
            _running: running,
        }
    }

    /// Everything that lies in the object store.
    pub(crate) fn objects(&self) -> Vec<Object> {
        let mut folders = vec![self.objects.clone()];
        let mut objects = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                objects.push(Object {
                    name: entry.file_name().into_string().unwrap(),
                    bytes: std::fs::read(entry.path()).unwrap(),
                    path: entry.path(),
                });
            }
        }
        objects
    }

    pub(crate) fn channel(&self, peer: &str) -> Channel {
        channel_as(&self.pki, peer, "archive", &self.address).unwrap()
    }

    pub(crate) fn client(&self) -> ArchiveServiceClient<Channel> {
        ArchiveServiceClient::new(self.channel("gateway"))
    }

    pub(crate) fn internal(&self, peer: &str) -> ArchiveInternalServiceClient<Channel> {
        ArchiveInternalServiceClient::new(self.channel(peer))
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

/// A class of one pupil, whole.
fn book() -> Book {
    let teacher = |item: &str, n: u8| ItemTeacher {
        item: item.to_owned(),
        teacher: format!("accounts/0198f000-0000-7000-8000-00000000010{n}"),
        teacher_name: format!("Cô {item}"),
    };
    let line = |item: &str, part: &str| BookLine {
        item: item.to_owned(),
        display_name: item.to_owned(),
        part: part.to_owned(),
        tested: part == "subject",
        elective: false,
    };
    let facts = |item: &str| LineFacts {
        item: item.to_owned(),
        value: Some(CellValue {
            mark: CellMark::Assessed.into(),
            level: "T".to_owned(),
            score: Some(9),
            comment: "Chăm <học> & \"ngoan\"".to_owned(),
        }),
        version: 1,
        ..LineFacts::default()
    };
    let header = ClassHeader {
        class: CLASS.to_owned(),
        display_name: "5A".to_owned(),
        grade: 5,
        school_name: "Trường Tiểu học Mẫu A".to_owned(),
        homeroom_teacher: "accounts/0198f000-0000-7000-8000-000000000200".to_owned(),
        teachers: vec![teacher("TO", 1), teacher("TV", 2)],
        lines: vec![
            line("TV", "subject"),
            line("TO", "subject"),
            line("yeu_nuoc", "quality"),
        ],
        pupil_count: 1,
        ..ClassHeader::default()
    };
    let pupil = PupilFacts {
        pupil: PUPIL.to_owned(),
        identity: Some(Identity {
            display_name: "Nguyễn Văn An".to_owned(),
            ..Identity::default()
        }),
        lines: vec![facts("TV"), facts("TO"), facts("yeu_nuoc")],
        year_result: "excellent".to_owned(),
        ..PupilFacts::default()
    };
    (header, vec![pupil])
}
