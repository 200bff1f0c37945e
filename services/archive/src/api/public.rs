//! The public service.

use futures::{StreamExt as _, stream::BoxStream};
use hocba_chassis::{Caller, name};
use hocba_proto::archive::{
    Checkpoint, ClassPackage, ComposeYearDocumentsRequest, ComposeYearDocumentsResponse,
    CreateClassPackageRequest, DownloadClassPackageRequest, DownloadClassPackageResponse,
    DownloadYearDocumentRequest, DownloadYearDocumentResponse, Evidence, GetCheckpointRequest,
    GetClassPackageRequest, GetEvidenceRequest, GetInclusionProofRequest, GetYearDocumentRequest,
    InclusionProof, ListLogEntriesRequest, ListLogEntriesResponse, ListYearDocumentsRequest,
    ListYearDocumentsResponse, UploadEvidenceRequest, VerifyYearDocumentRequest, VerifyYearDocumentResponse,
    YearDocument, archive_service_server::ArchiveService,
};
use tonic::{Request, Response, Status, Streaming};

use super::Api;
use crate::{app, wire};

/// Bytes a message of a download holds.
const CHUNK: usize = 64 * 1024;

#[tonic::async_trait]
impl ArchiveService for Api {
    async fn upload_evidence(
        &self,
        request: Request<Streaming<UploadEvidenceRequest>>,
    ) -> Result<Response<Evidence>, Status> {
        let caller = Caller::of(&request)?;
        let parts = request.into_inner();
        Ok(Response::new(
            app::evidence::upload_evidence(&self.0, &caller, parts).await?,
        ))
    }

    async fn get_evidence(&self, request: Request<GetEvidenceRequest>) -> Result<Response<Evidence>, Status> {
        let caller = Caller::of(&request)?;
        let name = wire::evidence_name("name", &request.get_ref().name)?;
        Ok(Response::new(
            app::evidence::get_evidence(&self.0, &caller, name).await?,
        ))
    }

    async fn compose_year_documents(
        &self,
        request: Request<ComposeYearDocumentsRequest>,
    ) -> Result<Response<ComposeYearDocumentsResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let class = wire::class_name("parent", &request.parent)?;
        Ok(Response::new(
            app::compose::compose_year_documents(&self.0, &caller, &class, request).await?,
        ))
    }

    async fn list_year_documents(
        &self,
        request: Request<ListYearDocumentsRequest>,
    ) -> Result<Response<ListYearDocumentsResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let class = wire::class_name("parent", &request.parent)?;
        Ok(Response::new(
            app::year_document::list_year_documents(&self.0, &caller, &class, request).await?,
        ))
    }

    async fn get_year_document(
        &self,
        request: Request<GetYearDocumentRequest>,
    ) -> Result<Response<YearDocument>, Status> {
        let caller = Caller::of(&request)?;
        let name = wire::document_name("name", &request.get_ref().name)?;
        Ok(Response::new(
            app::year_document::get_year_document(&self.0, &caller, &name).await?,
        ))
    }

    async fn download_year_document(
        &self,
        request: Request<DownloadYearDocumentRequest>,
    ) -> Result<Response<DownloadYearDocumentResponse>, Status> {
        let caller = Caller::of(&request)?;
        let name = wire::document_name("name", &request.get_ref().name)?;
        Ok(Response::new(
            app::year_document::download_year_document(&self.0, &caller, &name).await?,
        ))
    }

    async fn verify_year_document(
        &self,
        request: Request<VerifyYearDocumentRequest>,
    ) -> Result<Response<VerifyYearDocumentResponse>, Status> {
        let caller = Caller::of(&request)?;
        let name = wire::document_name("name", &request.get_ref().name)?;
        Ok(Response::new(
            app::year_document::verify_year_document(&self.0, &caller, &name).await?,
        ))
    }

    async fn create_class_package(
        &self,
        request: Request<CreateClassPackageRequest>,
    ) -> Result<Response<ClassPackage>, Status> {
        let caller = Caller::of(&request)?;
        let class = wire::class_name("parent", &request.get_ref().parent)?;
        Ok(Response::new(
            app::class_package::create_class_package(&self.0, &caller, &class).await?,
        ))
    }

    async fn get_class_package(
        &self,
        request: Request<GetClassPackageRequest>,
    ) -> Result<Response<ClassPackage>, Status> {
        let caller = Caller::of(&request)?;
        let name = wire::package_name("name", &request.get_ref().name)?;
        Ok(Response::new(
            app::class_package::get_class_package(&self.0, &caller, &name).await?,
        ))
    }

    type DownloadClassPackageStream = BoxStream<'static, Result<DownloadClassPackageResponse, Status>>;

    async fn download_class_package(
        &self,
        request: Request<DownloadClassPackageRequest>,
    ) -> Result<Response<Self::DownloadClassPackageStream>, Status> {
        let caller = Caller::of(&request)?;
        let name = wire::package_name("name", &request.get_ref().name)?;
        let tar = app::class_package::download_class_package(&self.0, &caller, &name).await?;
        let chunks: Vec<_> = tar
            .chunks(CHUNK)
            .map(|chunk| {
                Ok(DownloadClassPackageResponse {
                    chunk: chunk.to_vec(),
                })
            })
            .collect();
        Ok(Response::new(futures::stream::iter(chunks).boxed()))
    }

    async fn get_checkpoint(
        &self,
        request: Request<GetCheckpointRequest>,
    ) -> Result<Response<Checkpoint>, Status> {
        let caller = Caller::of(&request)?;
        let name = wire::log_name("name", &request.get_ref().name)?;
        Ok(Response::new(
            app::log::get_checkpoint(&self.0, &caller, &name).await?,
        ))
    }

    async fn list_log_entries(
        &self,
        request: Request<ListLogEntriesRequest>,
    ) -> Result<Response<ListLogEntriesResponse>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let name = wire::log_name("parent", &request.parent)?;
        Ok(Response::new(
            app::log::list_log_entries(&self.0, &caller, &name, request).await?,
        ))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<GetInclusionProofRequest>,
    ) -> Result<Response<InclusionProof>, Status> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let log = wire::log_name("parent", &request.parent)?;
        let event = name::id("event_id", &request.event_id)?;
        Ok(Response::new(
            app::log::get_inclusion_proof(&self.0, &caller, &log, event).await?,
        ))
    }
}
