//! The public service.

use futures::{StreamExt as _, stream::BoxStream};
use hocba_chassis::Caller;
use hocba_proto::lock::{GetTermRequest, Term, WatchTermRequest, lock_service_server::LockService};
use tonic::{Request, Response, Status};

use super::Api;
use crate::{app, wire};

#[tonic::async_trait]
impl LockService for Api {
    async fn get_term(&self, request: Request<GetTermRequest>) -> Result<Response<Term>, Status> {
        let caller = Caller::of(&request)?;
        let name = wire::name("name", &request.get_ref().name)?;
        Ok(Response::new(app::term::get_term(&self.0, &caller, &name).await?))
    }

    type WatchTermStream = BoxStream<'static, Result<Term, Status>>;

    async fn watch_term(
        &self,
        request: Request<WatchTermRequest>,
    ) -> Result<Response<Self::WatchTermStream>, Status> {
        let caller = Caller::of(&request)?;
        let name = wire::name("name", &request.get_ref().name)?;
        let terms = app::term::watch_term(&self.0, &caller, name).await?;
        Ok(Response::new(terms.map(|term| Ok(term?)).boxed()))
    }
}
