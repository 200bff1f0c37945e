//! Imports on the wire.

use hocba_chassis::{Caller, clock::to_timestamp};
use hocba_proto::records::{
    self as wire, CommitPupilImportRequest, GetPupilImportRequest, PreviewPupilImportRequest,
    pupil_import::State as WireState,
};
use tonic::{Request, Response};

use super::{Answer, mark_file::kind, name};
use crate::{
    app::{self, Ask},
    model::import::{Finding, Plan},
    state::State,
    store::pupil_import::PupilImport,
};

pub(super) async fn preview_pupil_import(
    state: &State,
    request: Request<PreviewPupilImportRequest>,
) -> Answer<wire::PupilImport> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = name::year("parent", &request.parent)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let found =
        app::pupil_import::preview_pupil_import(state, ask, &school, &year, request.file.clone()).await?;
    Ok(Response::new(answer(&school, found)))
}

pub(super) async fn get_pupil_import(
    state: &State,
    request: Request<GetPupilImportRequest>,
) -> Answer<wire::PupilImport> {
    let caller = Caller::of(&request)?;
    let (school, year, id) = name::import("name", &request.get_ref().name)?;
    let found = app::pupil_import::get_pupil_import(state, &caller, &school, &year, id).await?;
    Ok(Response::new(answer(&school, found)))
}

pub(super) async fn commit_pupil_import(
    state: &State,
    request: Request<CommitPupilImportRequest>,
) -> Answer<wire::PupilImport> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year, id) = name::import("name", &request.name)?;
    let choices = request
        .choices
        .iter()
        .map(|choice| (choice.finding.clone(), choice.choice.clone()))
        .collect();
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let found = app::pupil_import::commit_pupil_import(state, ask, &school, &year, id, &choices).await?;
    Ok(Response::new(answer(&school, found)))
}

fn answer(school: &str, (import, plan): (PupilImport, Plan)) -> wire::PupilImport {
    let state = if import.committed_at.is_some() {
        WireState::Committed
    } else {
        WireState::Previewed
    };
    wire::PupilImport {
        name: format!(
            "schools/{school}/years/{}/pupilImports/{}",
            import.year, import.id
        ),
        state: state.into(),
        file_digest: data_encoding::HEXLOWER.encode(&import.file_digest),
        row_count: import.row_count,
        create_count: import.create_count,
        change_count: import.change_count,
        unchanged_count: import.unchanged_count,
        findings: plan.findings.into_iter().map(finding).collect(),
        create_time: Some(to_timestamp(import.created_at)),
        commit_time: import.committed_at.map(to_timestamp),
    }
}

fn finding(found: Finding) -> wire::Finding {
    wire::Finding {
        id: found.id,
        row: i32::try_from(found.row).unwrap_or(i32::MAX),
        column: found
            .column
            .map(|column| column.title().to_owned())
            .unwrap_or_default(),
        kind: kind(found.kind).into(),
        code: found.code,
        words: found.words,
        value: found.value,
        choices: found.choices,
    }
}
