//! Corrections of sealed marks: evidence, consent, three witnesses, applied by who asked.

use anyhow::{Context as _, ensure};
use hocba_evidence::sha256;
use hocba_proto::{
    archive::{
        EvidenceOpening, UploadEvidenceRequest, archive_service_client::ArchiveServiceClient,
        upload_evidence_request::Part,
    },
    records::{Cell, GetMarkSheetRequest, records_service_client::RecordsServiceClient},
    types::{CellKey, CellValue},
    workflow::{
        ApplyDossierRequest, AttachEvidenceRequest, AttestDossierRequest, ConsentDossierRequest,
        CreateDossierRequest, Dossier, DossierChange, SubmitDossierRequest,
        dossier::{State, Track},
        workflow_service_client::WorkflowServiceClient,
    },
};
use tonic::transport::Channel;
use uuid::Uuid;

use super::{calendar::YEAR, marks::class, people::SCHOOL};
use crate::{
    cluster_file::ClusterFile,
    progress::Step,
    session::{Session, said},
};

/// The smallest picture there is: stands for the photographed test paper.
const PAPER: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0,
    1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0x68, 0,
    0, 0, 0x82, 0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

/// Corrects the first pupil's score of a sheet by one point; answers the track it went.
pub async fn correct(channel: &Channel, file: &ClusterFile, sheet: &str) -> anyhow::Result<Track> {
    let step = Step::start(format!("hồ sơ sửa điểm {sheet}"), 0);
    let mut workflow = WorkflowServiceClient::new(channel.clone());
    let teacher = super::marks::teacher_of(channel, file, sheet).await?;
    let mut requester = Session::sign_in(channel, &teacher).await?;
    let cell = first_cell(&mut requester, sheet).await?;
    let (item, period) = sheet.rsplit_once('-').context("a sheet")?;
    let dossier = create(&mut requester, &cell, item, period).await?;
    let evidence = upload(&mut requester).await?;
    let request = AttachEvidenceRequest {
        name: dossier.name.clone(),
        evidence,
        request_id: Uuid::now_v7().to_string(),
    };
    workflow
        .attach_evidence(requester.ask(request).await?)
        .await
        .map_err(|status| said("đính kèm minh chứng", &status))?;
    let request = SubmitDossierRequest {
        name: dossier.name.clone(),
        request_id: Uuid::now_v7().to_string(),
    };
    let dossier = workflow
        .submit_dossier(requester.ask(request).await?)
        .await
        .map_err(|status| said("nộp hồ sơ", &status))?
        .into_inner();
    consent(channel, file, &dossier).await?;
    attest(channel, file, &mut requester, &dossier).await?;
    let request = ApplyDossierRequest {
        name: dossier.name.clone(),
        request_id: Uuid::now_v7().to_string(),
    };
    let applied = workflow
        .apply_dossier(requester.ask(request).await?)
        .await
        .map_err(|status| said("sửa điểm", &status))?
        .into_inner();
    ensure!(applied.state() == State::Applied, "hồ sơ chưa được áp dụng");
    let after = first_cell(&mut requester, sheet).await?;
    ensure!(
        after.version == cell.version + 1 && after.sealed,
        "ô điểm chưa có phiên bản mới"
    );
    let track = if applied.track() == Track::Late {
        "quá hạn"
    } else {
        "đúng hạn"
    };
    step.done(format!(
        "{track}, phiên bản {}, {} tài liệu liên quan phải theo dõi",
        after.version,
        applied.checklist.len()
    ));
    Ok(applied.track())
}

async fn first_cell(session: &mut Session, sheet: &str) -> anyhow::Result<Cell> {
    let request = GetMarkSheetRequest {
        name: format!("{}/markSheets/{sheet}", class()),
    };
    let answer = RecordsServiceClient::new(session.channel())
        .get_mark_sheet(session.ask(request).await?)
        .await
        .map_err(|status| said(sheet, &status))?;
    answer
        .into_inner()
        .cells
        .into_iter()
        .next()
        .context("an empty sheet")
}

async fn create(session: &mut Session, cell: &Cell, item: &str, period: &str) -> anyhow::Result<Dossier> {
    let old = cell.value.clone().unwrap_or_default();
    let score = old
        .score
        .map(|score| if score < 10 { score + 1 } else { score - 1 });
    let request = CreateDossierRequest {
        parent: SCHOOL.to_owned(),
        dossier: Some(Dossier {
            changes: vec![DossierChange {
                key: Some(CellKey {
                    year: YEAR.to_owned(),
                    pupil: cell.pupil.rsplit('/').next().unwrap_or_default().to_owned(),
                    item: item.to_uppercase(),
                    period: period.to_owned(),
                }),
                new_value: Some(CellValue { score, ..old }),
                ..DossierChange::default()
            }],
            reason: "Nhập nhầm một điểm so với bài kiểm tra.".to_owned(),
            ..Dossier::default()
        }),
        request_id: Uuid::now_v7().to_string(),
    };
    let answer = WorkflowServiceClient::new(session.channel())
        .create_dossier(session.ask(request).await?)
        .await
        .map_err(|status| said("lập hồ sơ sửa điểm", &status))?;
    Ok(answer.into_inner())
}

async fn upload(session: &mut Session) -> anyhow::Result<String> {
    let parts = [
        Part::Opening(EvidenceOpening {
            parent: SCHOOL.to_owned(),
            sha256: sha256(PAPER),
        }),
        Part::Chunk(PAPER.to_vec()),
    ];
    let stream = futures::stream::iter(parts.map(|part| UploadEvidenceRequest { part: Some(part) }));
    let answer = ArchiveServiceClient::new(session.channel())
        .upload_evidence(session.ask(stream).await?)
        .await
        .map_err(|status| said("tải minh chứng", &status))?;
    Ok(answer.into_inner().name)
}

async fn consent(channel: &Channel, file: &ClusterFile, dossier: &Dossier) -> anyhow::Result<()> {
    let mut principal = Session::sign_in(channel, file.login("principal")?).await?;
    let late = dossier.track() == Track::Late;
    let request = ConsentDossierRequest {
        name: dossier.name.clone(),
        reason: if late {
            "Sai sót rõ ràng theo bài kiểm tra."
        } else {
            ""
        }
        .to_owned(),
        act_token: principal
            .step_up("dossier.consent", &dossier.digest, "principal")
            .await?,
        request_id: Uuid::now_v7().to_string(),
    };
    WorkflowServiceClient::new(channel.clone())
        .consent_dossier(principal.ask(request).await?)
        .await
        .map(drop)
        .map_err(|status| said("đồng ý sửa điểm", &status))
}

/// The board's representative, the working group, and who asked.
async fn attest(
    channel: &Channel,
    file: &ClusterFile,
    requester: &mut Session,
    dossier: &Dossier,
) -> anyhow::Result<()> {
    let mut board = Session::sign_in(channel, file.login("vice-3")?).await?;
    let mut group = Session::sign_in(channel, file.login("vice-2")?).await?;
    let witnesses = [
        (&mut board, "management_board", "vice_principal"),
        (&mut group, "working_group", "working_group"),
        (requester, "requester", "subject_teacher"),
    ];
    for (session, capacity, role) in witnesses {
        let request = AttestDossierRequest {
            name: dossier.name.clone(),
            capacity: capacity.to_owned(),
            act_token: session.step_up("dossier.attest", &dossier.digest, role).await?,
            request_id: Uuid::now_v7().to_string(),
        };
        WorkflowServiceClient::new(channel.clone())
            .attest_dossier(session.ask(request).await?)
            .await
            .map_err(|status| said("chứng kiến", &status))?;
    }
    Ok(())
}
