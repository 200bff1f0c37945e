//! Records and lock as workflow meets them: they answer what the test put in and keep what they were asked.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::Stream;
use hocba_chassis::Failure;
use hocba_proto::{
    lock::{
        CloseTermRequest, CountOpenSessionsRequest, CountOpenSessionsResponse, OpenScopeRequest,
        OpenWindowRequest, ReportScopeUsedRequest, Scope, Term,
        lock_internal_service_server::{LockInternalService, LockInternalServiceServer},
    },
    records::{
        ApplyCorrectionRequest, ApplyCorrectionResponse, ClassFacts, CorrectionCell, ExportClassFactsRequest,
        GetCorrectionContextRequest, GetCorrectionContextResponse,
        records_internal_service_server::{RecordsInternalService, RecordsInternalServiceServer},
    },
    types::CellValue,
};
use tonic::{Request, Response, Status, service::Routes};

/// What records answers, and what it was asked.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) last_day: &'static str,
    pub(crate) teaches: bool,
    pub(crate) sealed: bool,
    /// A locked term takes a correction with a scope only.
    pub(crate) locked: bool,
    pub(crate) refusal: Option<&'static str>,
    pub(crate) applied: Vec<ApplyCorrectionRequest>,
}

/// What lock answers, and what it was asked.
#[derive(Debug, Default)]
pub(crate) struct Lock {
    pub(crate) refusal: Option<&'static str>,
    pub(crate) closed: Vec<CloseTermRequest>,
    pub(crate) windows: Vec<OpenWindowRequest>,
    pub(crate) scopes: Vec<OpenScopeRequest>,
    pub(crate) used: Vec<ReportScopeUsedRequest>,
}

/// What a test and a peer share.
#[derive(Debug)]
pub(crate) struct Shared<T>(Arc<Mutex<T>>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Shared<T> {
    pub(crate) fn new(of: T) -> Self {
        Self(Arc::new(Mutex::new(of)))
    }

    pub(crate) fn get(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared<Records> {
    pub(crate) fn routes(&self) -> Routes {
        Routes::new(RecordsInternalServiceServer::new(self.clone()))
    }
}

impl Shared<Lock> {
    pub(crate) fn routes(&self) -> Routes {
        Routes::new(LockInternalServiceServer::new(self.clone()))
    }
}

fn refused(domain: &'static str, reason: &'static str) -> Status {
    Failure::precondition(domain, reason).into()
}

#[tonic::async_trait]
impl RecordsInternalService for Shared<Records> {
    type ExportClassFactsStream = Pin<Box<dyn Stream<Item = Result<ClassFacts, Status>> + Send>>;

    async fn export_class_facts(
        &self,
        _: Request<ExportClassFactsRequest>,
    ) -> Result<Response<Self::ExportClassFactsStream>, Status> {
        Err(Status::unimplemented("workflow does not ask this"))
    }

    async fn get_correction_context(
        &self,
        request: Request<GetCorrectionContextRequest>,
    ) -> Result<Response<GetCorrectionContextResponse>, Status> {
        let (records, ask) = (self.get(), request.into_inner());
        let cell = |key| CorrectionCell {
            key: Some(key),
            sealed: records.sealed,
            version: 1,
            value: Some(CellValue::default()),
            digest: "ab".repeat(32),
            class: format!("{}/years/2025-2026/classes/5a", ask.school),
            tested: true,
            semester: "semester1".to_owned(),
        };
        Ok(Response::new(GetCorrectionContextResponse {
            cells: ask.cells.into_iter().map(cell).collect(),
            last_day: records.last_day.to_owned(),
            caller_teaches: records.teaches,
        }))
    }

    async fn apply_correction(
        &self,
        request: Request<ApplyCorrectionRequest>,
    ) -> Result<Response<ApplyCorrectionResponse>, Status> {
        let (mut records, ask) = (self.get(), request.into_inner());
        if let Some(reason) = records.refusal {
            return Err(refused("records.hocba", reason));
        }
        if records.locked && ask.scope.is_none() {
            return Err(refused("records.hocba", "TERM_LOCKED"));
        }
        let receipt = ask.dossier.replace("dossiers", "receipts");
        if !records.applied.iter().any(|old| old.request_id == ask.request_id) {
            records.applied.push(ask);
        }
        Ok(Response::new(ApplyCorrectionResponse {
            receipt,
            digest: "cd".repeat(32),
            seal_time: Some(prost_types::Timestamp {
                seconds: 1_767_000_000,
                nanos: 0,
            }),
        }))
    }
}

#[tonic::async_trait]
impl LockInternalService for Shared<Lock> {
    async fn close_term(&self, request: Request<CloseTermRequest>) -> Result<Response<Term>, Status> {
        let (mut lock, ask) = (self.get(), request.into_inner());
        if let Some(reason) = lock.refusal {
            return Err(refused("lock.hocba", reason));
        }
        let name = ask.name.clone();
        lock.closed.push(ask);
        Ok(Response::new(Term {
            name,
            epoch: 7,
            sealed_session_count: 2,
            ..Term::default()
        }))
    }

    async fn open_window(&self, request: Request<OpenWindowRequest>) -> Result<Response<Term>, Status> {
        let (mut lock, ask) = (self.get(), request.into_inner());
        if let Some(reason) = lock.refusal {
            return Err(refused("lock.hocba", reason));
        }
        let name = ask.name.clone();
        lock.windows.push(ask);
        Ok(Response::new(Term {
            name,
            epoch: 8,
            ..Term::default()
        }))
    }

    async fn open_scope(&self, request: Request<OpenScopeRequest>) -> Result<Response<Scope>, Status> {
        let (mut lock, ask) = (self.get(), request.into_inner());
        let scope = Scope {
            dossier: ask.dossier.clone(),
            term: ask.name.clone(),
            cells_digest: ask.cells_digest.clone(),
            open_epoch: 8,
            close_epoch: 9,
            end_time: ask.end_time,
        };
        lock.scopes.push(ask);
        Ok(Response::new(scope))
    }

    async fn report_scope_used(
        &self,
        request: Request<ReportScopeUsedRequest>,
    ) -> Result<Response<Term>, Status> {
        self.get().used.push(request.into_inner());
        Ok(Response::new(Term::default()))
    }

    async fn count_open_sessions(
        &self,
        _: Request<CountOpenSessionsRequest>,
    ) -> Result<Response<CountOpenSessionsResponse>, Status> {
        Err(Status::unimplemented("workflow does not ask this"))
    }
}
