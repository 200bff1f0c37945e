//! What lock, records and archive are asked.

use hocba_chassis::{Caller, Failure, client};
use hocba_proto::{
    archive::{
        CheckEvidenceRequest, ListRelatedDocumentsRequest, RecordApprovalRequest, RelatedDocument,
        archive_internal_service_client::ArchiveInternalServiceClient,
    },
    lock::{
        CloseTermRequest, OpenScopeRequest, OpenWindowRequest, ReportScopeUsedRequest, Scope, Term,
        lock_internal_service_client::LockInternalServiceClient,
    },
    records::{
        ApplyCorrectionRequest, ApplyCorrectionResponse, GetCorrectionContextRequest,
        GetCorrectionContextResponse, records_internal_service_client::RecordsInternalServiceClient,
    },
};
use tonic::{Request, Status};
use tonic_types::StatusExt as _;

use crate::{
    error::Error,
    model::{
        dossier::Dossier,
        lock_order::{Kind, LockOrder},
        review::Review,
    },
    state::State,
};

/// Asks lock to carry an order out, as whoever `wrap` says.
///
/// # Errors
/// Lock's status.
pub async fn execute(
    state: &State,
    school: &str,
    order: &LockOrder,
    wrap: &(dyn Fn() -> Request<()> + Sync),
) -> Result<Term, Status> {
    let mut lock = LockInternalServiceClient::new(state.lock.clone());
    let (name, lock_order, request_id) = (order.term(school), order.name(school), order.id.to_string());
    let answer = match Kind::parse(&order.kind) {
        Some(Kind::UnlockMarks) => {
            let message = OpenWindowRequest {
                name,
                lock_order,
                end_time: order.end_at.map(hocba_chassis::clock::to_timestamp),
                request_id,
            };
            lock.open_window(wrap().map(|()| message)).await
        }
        Some(Kind::LockMarks | Kind::LockBooks) | None => {
            let message = CloseTermRequest {
                name,
                lock_order,
                request_id,
            };
            lock.close_term(wrap().map(|()| message)).await
        }
    };
    answer.map(tonic::Response::into_inner)
}

/// The reason of a refusal; empty when there is none.
#[must_use]
pub fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default()
}

/// What a correction of these cells would mean.
///
/// # Errors
/// Records'.
pub async fn context(
    state: &State,
    caller: &Caller,
    ask: GetCorrectionContextRequest,
) -> Result<GetCorrectionContextResponse, Error> {
    let answer = RecordsInternalServiceClient::new(state.records.clone())
        .get_correction_context(client::forward(caller, ask))
        .await
        .map_err(|status| Failure::from_peer("records", &status))?;
    Ok(answer.into_inner())
}

/// Applies a permitted correction.
///
/// # Errors
/// Records' status.
pub async fn apply(
    state: &State,
    caller: &Caller,
    ask: ApplyCorrectionRequest,
) -> Result<ApplyCorrectionResponse, Status> {
    let answer = RecordsInternalServiceClient::new(state.records.clone())
        .apply_correction(client::forward(caller, ask))
        .await?;
    Ok(answer.into_inner())
}

/// Opens the scope of a dossier in a locked term.
///
/// # Errors
/// Lock's.
pub async fn open_scope(state: &State, caller: &Caller, ask: OpenScopeRequest) -> Result<Scope, Error> {
    let answer = LockInternalServiceClient::new(state.lock.clone())
        .open_scope(client::forward(caller, ask))
        .await
        .map_err(|status| Failure::from_peer("lock", &status))?;
    Ok(answer.into_inner())
}

/// Tells lock that a scope was used. The fence knows already: a failure is only logged.
pub async fn report_scope(state: &State, caller: &Caller, ask: ReportScopeUsedRequest) {
    let told = LockInternalServiceClient::new(state.lock.clone())
        .report_scope_used(client::forward(caller, ask))
        .await;
    if let Err(status) = told {
        tracing::warn!(code = ?status.code(), "lock did not hear of a used scope");
    }
}

/// Whether the archive holds a file.
///
/// # Errors
/// Archive's.
pub async fn has_evidence(state: &State, caller: &Caller, name: &str) -> Result<bool, Error> {
    let ask = CheckEvidenceRequest {
        names: vec![name.to_owned()],
    };
    let answer = ArchiveInternalServiceClient::new(state.archive.clone())
        .check_evidence(client::forward(caller, ask))
        .await
        .map_err(|status| Failure::from_peer("archive", &status))?;
    Ok(answer.into_inner().files.iter().any(|file| file.exists))
}

/// The documents that hold values of a dossier's pupils.
///
/// # Errors
/// Archive's.
pub async fn related(
    state: &State,
    caller: &Caller,
    school: &str,
    dossier: &Dossier,
) -> Result<Vec<RelatedDocument>, Error> {
    let mut documents: Vec<RelatedDocument> = Vec::new();
    for (year, pupil) in dossier.pupils() {
        let ask = ListRelatedDocumentsRequest {
            parent: format!("schools/{school}/years/{year}/pupils/{pupil}"),
        };
        let answer = ArchiveInternalServiceClient::new(state.archive.clone())
            .list_related_documents(client::forward(caller, ask))
            .await
            .map_err(|status| Failure::from_peer("archive", &status))?;
        // Two pupils share a class's package.
        for document in answer.into_inner().documents {
            if !documents.iter().any(|known| known.document == document.document) {
                documents.push(document);
            }
        }
    }
    Ok(documents)
}

/// Tells the archive of a decided review: work of our own that names the decision.
///
/// # Errors
/// Archive's status.
pub async fn record_approval(state: &State, school: &str, review: &Review) -> Result<(), Status> {
    let name = review.name(school);
    let ask = RecordApprovalRequest {
        class: review.class.clone(),
        request_id: format!("{}-{}", review.id, review.state),
        approved: review.state == "approved",
        decide_time: review.decided_at.map(hocba_chassis::clock::to_timestamp),
        review: name.clone(),
    };
    ArchiveInternalServiceClient::new(state.archive.clone())
        .record_approval(client::background(&name, ask))
        .await
        .map(drop)
}
