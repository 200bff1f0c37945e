//! Mark sheets in Excel on the wire.

use hocba_chassis::{Caller, Failure, clock::to_timestamp, name as names};
use hocba_proto::records::{
    self as wire, CommitMarkSheetImportRequest, CommitMarkSheetImportResponse,
    ExportMarkSheetTemplateRequest, PreviewMarkSheetImportRequest, finding::Kind as WireKind,
    mark_sheet_import::State as WireState,
};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Answer, entry_session, name};
use crate::{
    app::{
        self, Ask,
        mark_file::{Import, Workbook, hex},
    },
    model::{import::Kind, mark_file::Finding},
    state::State,
};

pub(super) async fn export_mark_sheet_template(
    state: &State,
    request: Request<ExportMarkSheetTemplateRequest>,
) -> Answer<wire::Workbook> {
    let caller = Caller::of(&request)?;
    let at = name::sheet("name", &request.get_ref().name)?;
    let found = app::mark_file::export_mark_sheet_template(state, &caller, at).await?;
    Ok(Response::new(workbook(found)))
}

pub(super) async fn preview_mark_sheet_import(
    state: &State,
    request: Request<PreviewMarkSheetImportRequest>,
) -> Answer<wire::MarkSheetImport> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, id) = name::child("parent", entry_session::PATTERN, &request.parent)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let found =
        app::mark_file::preview_mark_sheet_import(state, ask, &school, id, request.file.clone()).await?;
    Ok(Response::new(import(&school, found)))
}

pub(super) async fn commit_mark_sheet_import(
    state: &State,
    request: Request<CommitMarkSheetImportRequest>,
) -> Answer<CommitMarkSheetImportResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, session, id) = import_name(&request.name)?;
    let choices = request.choices.iter();
    let choices = choices
        .map(|it| (it.finding.clone(), it.choice.clone()))
        .collect();
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let (found, stay) =
        app::mark_file::commit_mark_sheet_import(state, ask, &school, (session, id), &choices).await?;
    Ok(Response::new(CommitMarkSheetImportResponse {
        import: Some(import(&school, found)),
        entry_session: Some(entry_session::answer(&school, stay)),
    }))
}

fn import_name(text: &str) -> Result<(String, Uuid, Uuid), Failure> {
    let pattern = "schools/{school}/entrySessions/{session}/imports/{import}";
    let [school, session, import] = names::parse("name", pattern, text)?;
    Ok((school, names::id("name", &session)?, names::id("name", &import)?))
}

/// A spreadsheet of ours on the wire.
pub(super) fn workbook(book: Workbook) -> wire::Workbook {
    wire::Workbook {
        digest: hex(&book.file),
        file_name: book.name,
        file: book.file,
    }
}

fn import(school: &str, Import { import, errors }: Import) -> wire::MarkSheetImport {
    let state = if import.committed_at.is_some() {
        WireState::Committed
    } else {
        WireState::Previewed
    };
    let cells = import
        .plan
        .cells
        .iter()
        .filter(|cell| cell.value.is_some())
        .count();
    wire::MarkSheetImport {
        name: format!(
            "schools/{school}/entrySessions/{}/imports/{}",
            import.session, import.id
        ),
        state: state.into(),
        file_digest: data_encoding::HEXLOWER.encode(&import.file_digest),
        cell_count: i32::try_from(cells).unwrap_or(i32::MAX),
        findings: import.plan.findings.into_iter().map(finding).collect(),
        error_workbook: errors.map(workbook),
        create_time: Some(to_timestamp(import.created_at)),
        commit_time: import.committed_at.map(to_timestamp),
    }
}

fn finding(found: Finding) -> wire::Finding {
    wire::Finding {
        id: found.id,
        row: i32::try_from(found.row).unwrap_or(i32::MAX),
        column: found.column,
        kind: kind(found.kind).into(),
        code: found.code,
        words: found.words,
        value: found.value,
        choices: found.choices,
    }
}

/// What a finding means, on the wire.
pub(super) const fn kind(kind: Kind) -> WireKind {
    match kind {
        Kind::Repaired => WireKind::Repaired,
        Kind::Choice => WireKind::Choice,
        Kind::Error => WireKind::Error,
        Kind::Note => WireKind::Note,
    }
}
