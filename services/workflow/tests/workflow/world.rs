//! A workflow service with its database and all its peers, and the people of a school.

use std::time::Duration;

use clap::Parser as _;
use hocba_chassis::{
    Clock, Role,
    run::{self, Running},
};
use hocba_proto::{
    archive::EvidenceFact,
    types::{CellKey, CellMark, CellValue},
    workflow::{
        AttachEvidenceRequest, AttestDossierRequest, ConsentDossierRequest, CreateDossierRequest, Dossier,
        DossierChange, GetDossierRequest, SubmitDossierRequest,
        workflow_service_client::WorkflowServiceClient,
    },
};
use hocba_testing::{Pki, TestArchive, TestDatabase, TestIdentity, TestPeer, TestPerson, channel_as};
use hocba_workflow::{Config, DEFINITION};
use tonic::{Status, transport::Channel};
use tonic_types::StatusExt as _;

use crate::peers::{Lock, Records, Shared};

pub(crate) const SCHOOL: &str = "01018a01";
pub(crate) const PARENT: &str = "schools/01018a01";
pub(crate) const CLASS: &str = "schools/01018a01/years/2025-2026/classes/5a";
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) pki: Pki,
    pub(crate) identity: TestIdentity,
    pub(crate) archive: TestArchive,
    pub(crate) database: TestDatabase,
    pub(crate) records: Shared<Records>,
    pub(crate) lock: Shared<Lock>,
    /// `None` while lock is away.
    pub(crate) lock_peer: Option<TestPeer>,
    pub(crate) principal: TestPerson,
    pub(crate) vice: TestPerson,
    pub(crate) group: TestPerson,
    pub(crate) admin: TestPerson,
    pub(crate) teacher: TestPerson,
    _records_peer: TestPeer,
    running: Running,
}

impl World {
    pub(crate) async fn start() -> Self {
        let pki = Pki::make().unwrap();
        let identity = TestIdentity::start(&pki).await.unwrap();
        let archive = TestArchive::start(&pki, identity.tokens()).await.unwrap();
        let database = TestDatabase::of(&DEFINITION).await.unwrap();
        let records = Shared::new(Records {
            last_day: "9999-12-31",
            teaches: true,
            sealed: true,
            locked: false,
            refusal: None,
            applied: Vec::new(),
        });
        let lock = Shared::new(Lock::default());
        let tokens = identity.tokens();
        let records_peer = TestPeer::serve(&pki, "records", tokens.clone(), records.routes())
            .await
            .unwrap();
        let lock_peer = TestPeer::serve(&pki, "lock", tokens, lock.routes())
            .await
            .unwrap();
        let (files, url) = (pki.files("workflow"), database.url_file(pki.folder()).unwrap());
        let master = pki.folder().join("master.key");
        std::fs::write(&master, [7; 32]).unwrap();
        let config = Config::try_parse_from([
            "hocba-workflow".to_owned(),
            "--listen=127.0.0.1:0".to_owned(),
            format!("--tls-cert={}", files.cert.display()),
            format!("--tls-key={}", files.key.display()),
            format!("--tls-ca={}", files.ca.display()),
            format!("--database-url-file={}", url.display()),
            format!("--identity-addr={}", identity.peer.address),
            format!("--archive-addr={}", archive.peer.address),
            format!("--records-addr={}", records_peer.address),
            format!("--lock-addr={}", lock_peer.address),
            format!("--master-key-file={}", master.display()),
        ])
        .unwrap();
        let running = run::start(DEFINITION, Clock::system(), config, hocba_workflow::build)
            .await
            .unwrap();
        let person = |role| identity.person(SCHOOL, &[role]);
        let world = Self {
            principal: person("principal"),
            vice: person("vice_principal"),
            group: person("working_group"),
            admin: person("system_admin"),
            teacher: person("subject_teacher"),
            pki,
            identity,
            archive,
            database,
            records,
            lock,
            lock_peer: Some(lock_peer),
            _records_peer: records_peer,
            running,
        };
        let kept = world.archive.kept();
        let fact = EvidenceFact {
            name: evidence(),
            exists: true,
            ..EvidenceFact::default()
        };
        kept.lock().unwrap().evidence.insert(fact.name.clone(), fact);
        world
    }

    pub(crate) fn client(&self) -> WorkflowServiceClient<Channel> {
        let address = self.running.address.to_string();
        WorkflowServiceClient::new(channel_as(&self.pki, "gateway", "workflow", &address).unwrap())
    }

    /// An act token.
    pub(crate) fn act(&self, person: &TestPerson, role: Role, purpose: &str, digest: &str) -> String {
        self.identity.act(person, role, purpose, digest)
    }

    /// A new dossier of the teacher over one cell.
    pub(crate) async fn dossier(&self) -> Dossier {
        let ask = self.teacher.ask(wanted());
        self.client().create_dossier(ask).await.unwrap().into_inner()
    }

    /// The same with evidence, submitted.
    pub(crate) async fn submitted(&self) -> Dossier {
        let name = self.dossier().await.name;
        self.attach(&name, evidence()).await.unwrap();
        self.submit(&name).await.unwrap()
    }

    pub(crate) async fn attach(&self, name: &str, evidence: String) -> Result<Dossier, Status> {
        let ask = AttachEvidenceRequest {
            name: name.to_owned(),
            evidence,
            request_id: String::new(),
        };
        let answer = self.client().attach_evidence(self.teacher.ask(ask)).await?;
        Ok(answer.into_inner())
    }

    pub(crate) async fn submit(&self, name: &str) -> Result<Dossier, Status> {
        let ask = SubmitDossierRequest {
            name: name.to_owned(),
            request_id: String::new(),
        };
        let answer = self.client().submit_dossier(self.teacher.ask(ask)).await?;
        Ok(answer.into_inner())
    }

    pub(crate) async fn consent(
        &self,
        by: &TestPerson,
        dossier: &Dossier,
        reason: &str,
    ) -> Result<Dossier, Status> {
        let ask = ConsentDossierRequest {
            name: dossier.name.clone(),
            reason: reason.to_owned(),
            act_token: self.act(by, Role::Principal, "dossier.consent", &dossier.digest),
            request_id: String::new(),
        };
        let answer = self.client().consent_dossier(by.ask(ask)).await?;
        Ok(answer.into_inner())
    }

    pub(crate) async fn attest(
        &self,
        by: &TestPerson,
        (role, capacity): (Role, &str),
        dossier: &Dossier,
    ) -> Result<Dossier, Status> {
        let token = self.act(by, role, "dossier.attest", &dossier.digest);
        self.attest_by(by, capacity, dossier, token).await
    }

    pub(crate) async fn attest_by(
        &self,
        by: &TestPerson,
        capacity: &str,
        dossier: &Dossier,
        act_token: String,
    ) -> Result<Dossier, Status> {
        let ask = AttestDossierRequest {
            name: dossier.name.clone(),
            capacity: capacity.to_owned(),
            act_token,
            request_id: String::new(),
        };
        let answer = self.client().attest_dossier(by.ask(ask)).await?;
        Ok(answer.into_inner())
    }

    /// All three witnesses: the dossier is permitted.
    pub(crate) async fn attested(&self, dossier: &Dossier) -> Dossier {
        self.attest(&self.vice, (Role::VicePrincipal, "management_board"), dossier)
            .await
            .unwrap();
        self.attest(&self.group, (Role::WorkingGroup, "working_group"), dossier)
            .await
            .unwrap();
        self.attest(&self.teacher, (Role::SubjectTeacher, "requester"), dossier)
            .await
            .unwrap()
    }

    /// A dossier that may be applied.
    pub(crate) async fn permitted(&self) -> Dossier {
        let dossier = self.submitted().await;
        self.consent(&self.principal, &dossier, "Đồng ý.").await.unwrap();
        self.attested(&dossier).await
    }

    pub(crate) async fn apply(&self, by: &TestPerson, name: &str) -> Result<Dossier, Status> {
        let ask = hocba_proto::workflow::ApplyDossierRequest {
            name: name.to_owned(),
            request_id: String::new(),
        };
        Ok(self.client().apply_dossier(by.ask(ask)).await?.into_inner())
    }

    pub(crate) async fn get(&self, name: &str) -> Dossier {
        let ask = GetDossierRequest {
            name: name.to_owned(),
        };
        let answer = self.client().get_dossier(self.principal.ask(ask)).await;
        answer.unwrap().into_inner()
    }

    /// What a database administrator can do.
    pub(crate) async fn sql(&self, statement: &'static str) -> Result<u64, sqlx::Error> {
        let pool = self.database.superuser().await.unwrap();
        Ok(sqlx::query(statement).execute(&pool).await?.rows_affected())
    }
}

/// The file that the archive holds.
pub(crate) fn evidence() -> String {
    format!("{PARENT}/evidence/{}", "e".repeat(64))
}

/// One mark shall be 9.
pub(crate) fn wanted() -> CreateDossierRequest {
    let change = DossierChange {
        key: Some(CellKey {
            year: "2025-2026".into(),
            pupil: "0100000001".into(),
            item: "TO".into(),
            period: "end1".into(),
        }),
        new_value: Some(CellValue {
            mark: CellMark::Assessed.into(),
            level: "T".into(),
            score: Some(9),
            comment: "Chăm.".into(),
        }),
        ..DossierChange::default()
    };
    CreateDossierRequest {
        parent: PARENT.into(),
        dossier: Some(Dossier {
            changes: vec![change],
            reason: "Cộng sót một câu.".into(),
            ..Dossier::default()
        }),
        request_id: String::new(),
    }
}

pub(crate) fn reason<T: std::fmt::Debug>(outcome: Result<T, Status>) -> String {
    let status = outcome.unwrap_err();
    status
        .get_details_error_info()
        .map_or_else(|| format!("{status:?}"), |info| info.reason)
}
