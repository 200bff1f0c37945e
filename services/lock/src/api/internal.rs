//! The service for workflow.

use hocba_chassis::Caller;
use hocba_proto::lock::{
    CloseTermRequest, CountOpenSessionsRequest, CountOpenSessionsResponse, OpenScopeRequest,
    OpenWindowRequest, ReportScopeUsedRequest, Scope, Term,
    lock_internal_service_server::LockInternalService,
};
use tonic::{Request, Response, Status};

use super::Api;
use crate::{app, wire};

#[tonic::async_trait]
impl LockInternalService for Api {
    async fn close_term(&self, request: Request<CloseTermRequest>) -> Result<Response<Term>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let name = wire::name("name", &request.name)?;
        wire::cause(&name, "lock_order", "lockOrders", &request.lock_order)?;
        wire::request_id(&request.request_id)?;
        Ok(Response::new(
            app::lock_order::close_term(&self.0, &caller, &name, request).await?,
        ))
    }

    async fn open_window(&self, request: Request<OpenWindowRequest>) -> Result<Response<Term>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let name = wire::name("name", &request.name)?;
        wire::cause(&name, "lock_order", "lockOrders", &request.lock_order)?;
        wire::request_id(&request.request_id)?;
        let end = wire::instant("end_time", request.end_time.as_ref())?;
        Ok(Response::new(
            app::lock_order::open_window(&self.0, &caller, &name, end, request).await?,
        ))
    }

    async fn open_scope(&self, request: Request<OpenScopeRequest>) -> Result<Response<Scope>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let name = wire::name("name", &request.name)?;
        wire::cause(&name, "dossier", "dossiers", &request.dossier)?;
        wire::digest("cells_digest", &request.cells_digest)?;
        wire::request_id(&request.request_id)?;
        let end = wire::instant("end_time", request.end_time.as_ref())?;
        Ok(Response::new(
            app::scope::open_scope(&self.0, &caller, &name, end, request).await?,
        ))
    }

    async fn report_scope_used(
        &self,
        request: Request<ReportScopeUsedRequest>,
    ) -> Result<Response<Term>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let name = wire::name("name", &request.name)?;
        wire::cause(&name, "dossier", "dossiers", &request.dossier)?;
        wire::request_id(&request.request_id)?;
        let epoch = request.open_epoch;
        Ok(Response::new(
            app::scope::report_scope_used(&self.0, &caller, &name, epoch, request).await?,
        ))
    }

    async fn count_open_sessions(
        &self,
        request: Request<CountOpenSessionsRequest>,
    ) -> Result<Response<CountOpenSessionsResponse>, Status> {
        let caller = Caller::of(&request)?;
        let name = wire::name("term", &request.get_ref().term)?;
        let open_session_count = app::term::count_open_sessions(&self.0, &caller, &name).await?;
        Ok(Response::new(CountOpenSessionsResponse { open_session_count }))
    }
}
