//! The teachers of class 5A enter and finish the sheets of four periods.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use hocba_proto::{
    records::{
        Cell, Draft, FinishEntrySessionRequest, GetMarkSheetRequest, ListMarkSheetsRequest, MarkSheet,
        OpenEntrySessionRequest, SaveDraftsRequest, draft_result::Outcome, mark_sheet::State,
        records_service_client::RecordsServiceClient,
    },
    types::{CellMark, CellValue},
};
use serde::Serialize;
use tonic::transport::Channel;
use uuid::Uuid;

use super::school::year;
use crate::{
    cluster_file::{ClusterFile, Login},
    progress::Step,
    session::{Session, said},
};

/// A receipt as the demo keeps it.
#[derive(Debug, Clone, Serialize)]
pub struct Receipt {
    /// Its name.
    pub name: String,
    /// The sheet.
    pub mark_sheet: String,
    /// Cells sealed.
    pub cells: i32,
    /// SHA-256 over the canonical cells.
    pub digest: String,
}

/// The class the demo plays.
#[must_use]
pub fn class() -> String {
    format!("{}/classes/5a", year())
}

/// The class's sheets, as the principal sees them.
async fn sheets(channel: &Channel, file: &ClusterFile) -> anyhow::Result<Vec<MarkSheet>> {
    let mut principal = Session::sign_in(channel, file.login("principal")?).await?;
    let request = principal
        .ask(ListMarkSheetsRequest {
            parent: class(),
            period: 0,
        })
        .await?;
    let answer = RecordsServiceClient::new(channel.clone())
        .list_mark_sheets(request)
        .await
        .map_err(|status| said("xem tình hình nhập điểm", &status))?;
    Ok(answer.into_inner().mark_sheets)
}

/// Who enters a sheet such as `to-end2`.
pub async fn teacher_of(channel: &Channel, file: &ClusterFile, sheet: &str) -> anyhow::Result<Login> {
    let name = format!("{}/markSheets/{sheet}", class());
    let sheets = sheets(channel, file).await?;
    let found = sheets
        .iter()
        .find(|it| it.name == name)
        .with_context(|| format!("no sheet {sheet}"))?;
    Ok(file.login_of(&found.teacher)?.clone())
}

/// The homeroom teacher.
pub async fn homeroom(channel: &Channel, file: &ClusterFile) -> anyhow::Result<Login> {
    teacher_of(channel, file, "criteria-end2").await
}

/// Every sheet of the class that is not complete is entered by its teacher and finished.
pub async fn enter(channel: &Channel, file: &ClusterFile) -> anyhow::Result<Vec<Receipt>> {
    let mut records = RecordsServiceClient::new(channel.clone());
    let sheets = sheets(channel, file).await?;
    let mut by_teacher = BTreeMap::<String, Vec<MarkSheet>>::new();
    for sheet in sheets {
        ensure!(
            !sheet.teacher.is_empty(),
            "{} chưa phân công người nhập",
            sheet.name
        );
        if sheet.state() != State::Complete {
            by_teacher.entry(sheet.teacher.clone()).or_default().push(sheet);
        }
    }
    let mut receipts = Vec::new();
    for (teacher, sheets) in by_teacher {
        let login = file.login_of(&teacher)?;
        let mut session = Session::sign_in(channel, login).await?;
        let step = Step::start(
            format!("{} nhập {} bảng", login.key, sheets.len()),
            sheets.len() as u64,
        );
        let mut cells = 0;
        for sheet in sheets {
            let receipt = fill(&mut session, &mut records, &sheet.name).await?;
            cells += receipt.cells;
            receipts.push(receipt);
            step.tick();
        }
        step.done(format!("{cells} ô đã chốt"));
    }
    Ok(receipts)
}

async fn fill(
    teacher: &mut Session,
    records: &mut RecordsServiceClient<Channel>,
    sheet: &str,
) -> anyhow::Result<Receipt> {
    let request = OpenEntrySessionRequest {
        mark_sheet: sheet.to_owned(),
        request_id: Uuid::now_v7().to_string(),
    };
    let session = records
        .open_entry_session(teacher.ask(request).await?)
        .await
        .map_err(|status| said(sheet, &status))?
        .into_inner();
    let request = teacher
        .ask(GetMarkSheetRequest {
            name: sheet.to_owned(),
        })
        .await?;
    let cells = records
        .get_mark_sheet(request)
        .await
        .map_err(|status| said(sheet, &status))?
        .into_inner()
        .cells;
    let drafts = cells
        .chunk_by(|one, next| one.pupil == next.pupil)
        .zip(Standing::ALL.into_iter().cycle())
        .flat_map(|(of_pupil, standing)| of_pupil.iter().map(move |cell| (cell, standing)))
        .filter(|(cell, _)| !cell.sealed)
        .map(|(cell, standing)| Draft {
            pupil: cell.pupil.clone(),
            item: cell.item.clone(),
            value: Some(standing.value(cell)),
            base_version: cell.draft_version,
        })
        .collect();
    let request = SaveDraftsRequest {
        name: session.name.clone(),
        drafts,
        request_id: Uuid::now_v7().to_string(),
    };
    let saved = records
        .save_drafts(teacher.ask(request).await?)
        .await
        .map_err(|status| said(sheet, &status))?
        .into_inner();
    for result in &saved.results {
        ensure!(result.outcome() == Outcome::Ok, "{sheet}: {}", result.words);
    }
    let request = FinishEntrySessionRequest {
        name: session.name,
        request_id: Uuid::now_v7().to_string(),
    };
    let receipt = records
        .finish_entry_session(teacher.ask(request).await?)
        .await
        .map_err(|status| said(sheet, &status))?
        .into_inner();
    Ok(Receipt {
        name: receipt.name,
        mark_sheet: receipt.mark_sheet,
        cells: receipt.cell_count,
        digest: receipt.digest,
    })
}

/// How a pupil of the demo does, in turn down the roster: every result of the year is there, and the same each time.
#[derive(Debug, Clone, Copy)]
enum Standing {
    Excellent,
    Good,
    Completed,
}

impl Standing {
    const ALL: [Self; 3] = [Self::Excellent, Self::Good, Self::Completed];

    /// A plausible value of a cell.
    fn value(self, cell: &Cell) -> CellValue {
        let comment_only = cell.item.starts_with("nx_");
        let subject = cell.item.chars().all(char::is_uppercase);
        let level = match (self, subject) {
            _ if comment_only => "",
            (Self::Excellent | Self::Good, _) => "T",
            (Self::Completed, true) => "H",
            (Self::Completed, false) => "D",
        };
        let (score, comment) = match self {
            Self::Excellent => (10, "Nắm chắc kiến thức, tích cực phát biểu."),
            Self::Good => (8, "Chăm chỉ, tiến bộ đều."),
            Self::Completed => (6, "Cần cẩn thận hơn khi làm bài."),
        };
        CellValue {
            mark: CellMark::Assessed.into(),
            level: level.to_owned(),
            score: cell.tested.then_some(score),
            comment: comment.to_owned(),
        }
    }
}
