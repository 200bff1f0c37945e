//! The service for our own services.

use futures::{StreamExt as _, stream::BoxStream};
use hocba_chassis::{Caller, Failure, clock::from_timestamp, name};
use hocba_proto::archive::{
    AppendEventsRequest, AppendEventsResponse, CheckEvidenceRequest, CheckEvidenceResponse, DocumentToSign,
    ListDocumentsToSignRequest, ListRelatedDocumentsRequest, ListRelatedDocumentsResponse,
    PutSignaturesRequest, PutSignaturesResponse, RecordApprovalRequest, RecordApprovalResponse,
    archive_internal_service_server::ArchiveInternalService,
};
use tonic::{Request, Response, Status};

use super::Api;
use crate::{
    app::{self, signature::Parent},
    wire,
};

#[tonic::async_trait]
impl ArchiveInternalService for Api {
    async fn append_events(
        &self,
        request: Request<AppendEventsRequest>,
    ) -> Result<Response<AppendEventsResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        Ok(Response::new(
            app::log::append_events(&self.0, &caller, request).await?,
        ))
    }

    type ListDocumentsToSignStream = BoxStream<'static, Result<DocumentToSign, Status>>;

    async fn list_documents_to_sign(
        &self,
        request: Request<ListDocumentsToSignRequest>,
    ) -> Result<Response<Self::ListDocumentsToSignStream>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let parent = if request.parent.contains("/packages/") {
            Parent::Package(wire::package_name("parent", &request.parent)?)
        } else {
            Parent::Class(wire::class_name("parent", &request.parent)?)
        };
        let documents =
            app::signature::list_documents_to_sign(&self.0, &caller, parent, &request.slot).await?;
        Ok(Response::new(
            futures::stream::iter(documents.into_iter().map(Ok)).boxed(),
        ))
    }

    async fn put_signatures(
        &self,
        request: Request<PutSignaturesRequest>,
    ) -> Result<Response<PutSignaturesResponse>, Status> {
        let caller = Caller::of(&request)?;
        let items = request
            .into_inner()
            .signatures
            .into_iter()
            .map(|item| Ok((wire::signable("signatures.document", &item.document)?, item)))
            .collect::<Result<_, Failure>>()?;
        Ok(Response::new(
            app::signature::put_signatures(&self.0, &caller, items).await?,
        ))
    }

    async fn record_approval(
        &self,
        request: Request<RecordApprovalRequest>,
    ) -> Result<Response<RecordApprovalResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let class = wire::class_name("class", &request.class)?;
        let decided_at = request
            .decide_time
            .as_ref()
            .and_then(from_timestamp)
            .ok_or_else(|| Failure::bad_request("decide_time", "phải là một thời điểm"))?;
        Ok(Response::new(
            app::approval::record_approval(&self.0, &caller, &class, decided_at, request).await?,
        ))
    }

    async fn list_related_documents(
        &self,
        request: Request<ListRelatedDocumentsRequest>,
    ) -> Result<Response<ListRelatedDocumentsResponse>, Status> {
        let caller = Caller::of(&request)?;
        let parent = &request.get_ref().parent;
        let [school, year, pupil] =
            name::parse("parent", "schools/{school}/years/{year}/pupils/{pupil}", parent)?;
        let pupil = name::id("parent", &pupil)?;
        Ok(Response::new(
            app::year_document::list_related_documents(&self.0, &caller, (&school, &year, pupil)).await?,
        ))
    }

    async fn check_evidence(
        &self,
        request: Request<CheckEvidenceRequest>,
    ) -> Result<Response<CheckEvidenceResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let names = request
            .names
            .iter()
            .map(|name| wire::evidence_name("names", name))
            .collect::<Result<_, Failure>>()?;
        Ok(Response::new(
            app::evidence::check_evidence(&self.0, &caller, names, request).await?,
        ))
    }
}
