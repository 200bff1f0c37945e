//! Corrections: permitted by three people and the principal, judged here, applied once (A5).

use std::time::{Duration, SystemTime};

use hocba_chassis::Role;
use hocba_proto::{
    lock::{Fence, InstallFenceRequest, Scope, fence_service_client::FenceServiceClient, term},
    records::{
        ApplyCorrectionRequest, ApplyCorrectionResponse, Cell, CellChange, CorrectionPermit,
        GetCorrectionContextRequest, GetCorrectionContextResponse, GetMarkSheetRequest, PermitToken,
        ScopeEpochs, VerifySealsRequest, records_internal_service_client::RecordsInternalServiceClient,
    },
    types::{CellKey, CellValue},
};
use hocba_testing::TestPerson;
use prost_types::Timestamp;
use ring::digest::{SHA256, digest};
use tonic::Status;
use uuid::Uuid;

use crate::house::{CLASS, House, SCHOOL, reason, value};

struct Story {
    house: House,
    vice: TestPerson,
    group: TestPerson,
    cells: Vec<Cell>,
}

fn hex(text: &str) -> String {
    data_encoding::HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
}

fn key(cell: &Cell) -> CellKey {
    CellKey {
        year: "2025-2026".into(),
        pupil: cell.pupil.rsplit('/').next().unwrap().to_owned(),
        item: cell.item.clone(),
        period: "end1".into(),
    }
}

impl Story {
    /// A sealed sheet of mathematics, and the people a correction needs.
    async fn start() -> Self {
        let house = House::with_pupils().await;
        let cells = house
            .fill(&house.teacher, "to-end1", |_, _| value("T", Some(9)))
            .await;
        let vice = house.identity.person(SCHOOL, &["vice_principal"]);
        let group = house.identity.person(SCHOOL, &["working_group"]);
        Self {
            house,
            vice,
            group,
            cells,
        }
    }

    async fn context(&self, cells: &[Cell]) -> Result<GetCorrectionContextResponse, Status> {
        let ask = GetCorrectionContextRequest {
            school: format!("schools/{SCHOOL}"),
            cells: cells.iter().map(key).collect(),
        };
        RecordsInternalServiceClient::new(self.house.channel_as("workflow"))
            .get_correction_context(self.house.teacher.ask(ask))
            .await
            .map(tonic::Response::into_inner)
    }

    /// The first cell shall be 10, with everything a correction needs.
    async fn permitted(&self, dossier: Uuid) -> ApplyCorrectionRequest {
        let context = self.context(&self.cells[..1]).await.unwrap();
        let change = CellChange {
            key: Some(key(&self.cells[0])),
            old_digest: context.cells[0].digest.clone(),
            new_value: Some(value("T", Some(10))),
        };
        let dossier = format!("schools/{SCHOOL}/dossiers/{dossier}");
        let evidence = format!("schools/{SCHOOL}/evidence/{}", "a".repeat(64));
        let bound = bound(&dossier, &self.house.teacher, &change, &evidence);
        let now = Some(Timestamp::from(SystemTime::now()));
        let token = |person: &TestPerson, role, purpose: &str, capacity: &str| PermitToken {
            token: self.house.identity.act(person, role, purpose, &bound),
            receive_time: now,
            capacity: capacity.into(),
        };
        let house = &self.house;
        ApplyCorrectionRequest {
            dossier,
            changes: vec![change],
            permit: Some(CorrectionPermit {
                requester: house.teacher.name(),
                evidence: vec![evidence],
                consent: Some(token(
                    &house.principal,
                    Role::Principal,
                    "dossier.consent",
                    "principal",
                )),
                attestations: vec![
                    token(
                        &self.vice,
                        Role::VicePrincipal,
                        "dossier.attest",
                        "management_board",
                    ),
                    token(&self.group, Role::WorkingGroup, "dossier.attest", "working_group"),
                    token(
                        &house.teacher,
                        Role::SubjectTeacher,
                        "dossier.attest",
                        "requester",
                    ),
                ],
                expire_time: Some(Timestamp::from(SystemTime::now() + Duration::from_secs(600))),
            }),
            scope: None,
            request_id: Uuid::now_v7().to_string(),
        }
    }

    async fn apply(&self, ask: ApplyCorrectionRequest) -> Result<ApplyCorrectionResponse, Status> {
        RecordsInternalServiceClient::new(self.house.channel_as("workflow"))
            .apply_correction(self.house.teacher.ask(ask))
            .await
            .map(tonic::Response::into_inner)
    }

    async fn first_cell(&self) -> Cell {
        let get = GetMarkSheetRequest {
            name: format!("{CLASS}/markSheets/to-end1"),
        };
        let sheet = self
            .house
            .records()
            .get_mark_sheet(self.house.teacher.ask(get))
            .await
            .unwrap();
        sheet.into_inner().cells.remove(0)
    }

    /// Installs a fence that closes the first semester, with this scope open.
    async fn close(&self, epoch: i64, scopes: Vec<Scope>) {
        let fence = Fence {
            term: term_name(),
            epoch,
            state: term::State::Closed.into(),
            scopes,
            ..Fence::default()
        };
        FenceServiceClient::new(self.house.channel_as("lock"))
            .install_fence(InstallFenceRequest { fence: Some(fence) })
            .await
            .unwrap();
    }
}

fn term_name() -> String {
    format!("schools/{SCHOOL}/years/2025-2026/terms/marks-semester1")
}

fn bound(dossier: &str, requester: &TestPerson, change: &CellChange, evidence: &str) -> String {
    let (key, value) = (change.key.as_ref().unwrap(), change.new_value.as_ref().unwrap());
    hex(&format!(
        "hocba-dossier-v1\n{dossier}\n{}\n1\n{}|{}|{}|{}|{}|ASSESSED|{}|{}|{}\n{evidence}\n",
        requester.name(),
        key.year,
        key.pupil,
        key.item,
        key.period,
        change.old_digest,
        value.level,
        value.score.unwrap(),
        hex(&value.comment),
    ))
}

fn what(status: &Status) -> String {
    use tonic_types::StatusExt as _;
    let info = status.get_details_error_info().unwrap();
    info.metadata.get("what").cloned().unwrap_or_default()
}

#[tokio::test]
async fn a5_2b_the_context_says_what_stands_there_and_until_when() {
    let story = Story::start().await;
    let context = story.context(&story.cells[..2]).await.unwrap();
    assert_eq!(
        (context.last_day.as_str(), context.caller_teaches),
        ("2025-12-29", true)
    );
    let cell = &context.cells[0];
    assert!(cell.sealed && cell.tested);
    assert_eq!(
        (cell.version, cell.class.as_str(), cell.semester.as_str()),
        (1, CLASS, "semester1")
    );
    let mut other = story.cells[0].clone();
    other.item = "XX".into();
    assert_eq!(
        reason(&story.context(&[other.clone()]).await.unwrap_err()),
        "CELL_UNKNOWN"
    );
    other.item = "TV".into();
    let open = story.context(&[other.clone()]).await.unwrap();
    assert!(!open.cells[0].sealed && !open.caller_teaches);
    let mixed = story.context(&[story.cells[0].clone(), other]).await.unwrap_err();
    assert_eq!(reason(&mixed), "BAD_REQUEST");
}

#[tokio::test]
async fn a5_1_a_permitted_correction_is_a_new_sealed_version_once() {
    let story = Story::start().await;
    let ask = story.permitted(Uuid::now_v7()).await;
    let done = story.apply(ask.clone()).await.unwrap();
    assert_eq!(story.apply(ask.clone()).await.unwrap(), done, "a repeat");
    let cell = story.first_cell().await;
    let score = cell.value.as_ref().and_then(|it: &CellValue| it.score);
    assert_eq!((cell.version, score, cell.sealed), (2, Some(10), true));
    let verify = VerifySealsRequest { parent: CLASS.into() };
    let verified = story
        .house
        .records()
        .verify_seals(story.house.principal.ask(verify))
        .await;
    let verified = verified.unwrap().into_inner();
    assert_eq!((verified.receipt_count, verified.differences.len()), (2, 0));
    let mut again = ask.clone();
    again.request_id = "again".into();
    assert_eq!(reason(&story.apply(again).await.unwrap_err()), "PERMIT_USED");
    // Another dossier was made over the cell as it was before.
    let late = story.permitted(Uuid::now_v7()).await;
    let mut stale = late.clone();
    stale.changes[0].old_digest = ask.changes[0].old_digest.clone();
    assert_eq!(reason(&story.apply(stale).await.unwrap_err()), "ACT_TOKEN_DIGEST");
    story.apply(late).await.unwrap();
    assert_eq!(story.first_cell().await.version, 3);
}

#[tokio::test]
async fn a5_1_records_believes_no_permit_that_lacks_anything() {
    let story = Story::start().await;
    let good = story.permitted(Uuid::now_v7()).await;
    let refused = async |change: &dyn Fn(&mut ApplyCorrectionRequest)| {
        let mut ask = good.clone();
        ask.request_id = Uuid::now_v7().to_string();
        change(&mut ask);
        let status = story.apply(ask).await.unwrap_err();
        (reason(&status), what(&status))
    };
    let invalid = |what: &str| ("PERMIT_INVALID".to_owned(), what.to_owned());
    let permit = |ask: &mut ApplyCorrectionRequest| ask.permit.clone().unwrap();
    assert_eq!(
        refused(&|ask| ask.changes[0].new_value = Some(value("T", Some(8))))
            .await
            .0,
        "ACT_TOKEN_DIGEST"
    );
    let with = |ask: &mut ApplyCorrectionRequest, change: &dyn Fn(&mut CorrectionPermit)| {
        let mut permit = permit(ask);
        change(&mut permit);
        ask.permit = Some(permit);
    };
    assert_eq!(
        refused(&|ask| with(ask, &|it| it.evidence.clear())).await.0,
        "ACT_TOKEN_DIGEST"
    );
    let other = story.vice.name();
    assert_eq!(
        refused(&|ask| with(ask, &|it| it.requester = other.clone())).await,
        invalid("requester")
    );
    assert_eq!(
        refused(&|ask| with(ask, &|it| drop(it.attestations.pop()))).await,
        invalid("witnesses")
    );
    let twice = |it: &mut CorrectionPermit| it.attestations[2] = it.attestations[1].clone();
    assert_eq!(refused(&|ask| with(ask, &twice)).await, invalid("attestations"));
    let swap = |it: &mut CorrectionPermit| it.attestations[1].capacity = "management_board".into();
    assert_eq!(refused(&|ask| with(ask, &swap)).await, invalid("attestations"));
    let consent = |it: &mut CorrectionPermit| it.consent = it.attestations.first().cloned();
    assert_eq!(refused(&|ask| with(ask, &consent)).await.0, "ACT_TOKEN_PURPOSE");
    let past = Some(Timestamp::from(SystemTime::now() - Duration::from_secs(3600)));
    assert_eq!(
        refused(&|ask| with(ask, &|it| it.expire_time = past)).await,
        invalid("expired")
    );
    let late = Some(Timestamp::from(SystemTime::now() + Duration::from_secs(3600)));
    let received = |it: &mut CorrectionPermit| it.attestations[0].receive_time = late;
    assert_eq!(refused(&|ask| with(ask, &received)).await, invalid("time"));
    assert_eq!(story.first_cell().await.version, 1, "nothing was written");
}

#[tokio::test]
async fn a5_2c_a_locked_term_opens_for_the_dossier_alone_and_once() {
    let story = Story::start().await;
    let ask = story.permitted(Uuid::now_v7()).await;
    story.close(1, Vec::new()).await;
    assert_eq!(
        reason(&story.apply(ask.clone()).await.unwrap_err()),
        "TERM_LOCKED"
    );
    let change = &ask.changes[0];
    let evidence = &ask.permit.as_ref().unwrap().evidence[0];
    let scope = Scope {
        dossier: ask.dossier.clone(),
        term: term_name(),
        cells_digest: bound(&ask.dossier, &story.house.teacher, change, evidence),
        open_epoch: 2,
        close_epoch: 3,
        end_time: Some(Timestamp::from(SystemTime::now() + Duration::from_secs(600))),
    };
    story.close(2, vec![scope]).await;
    let mut other = story.permitted(Uuid::now_v7()).await;
    let epochs = ScopeEpochs {
        open_epoch: 2,
        close_epoch: 3,
    };
    other.scope = Some(epochs);
    let refused = story.apply(other).await.unwrap_err();
    assert_eq!(reason(&refused), "SCOPE_UNKNOWN");
    let scoped = ApplyCorrectionRequest {
        scope: Some(epochs),
        ..ask
    };
    story.apply(scoped).await.unwrap();
    assert_eq!(story.first_cell().await.version, 2);
    let third = story.permitted(Uuid::now_v7()).await;
    assert_eq!(
        reason(&story.apply(third).await.unwrap_err()),
        "TERM_LOCKED",
        "closed again at once"
    );
}
