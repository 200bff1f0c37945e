//! An archive for tests that keeps events; its other methods answer what the test put in.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use futures::Stream;
use hocba_chassis::token_keys::Tokens;
use hocba_proto::archive::{
    AppendEventsRequest, AppendEventsResponse, CheckEvidenceRequest, CheckEvidenceResponse, DocumentToSign,
    Event, EvidenceFact, FinishedSignature, ListDocumentsToSignRequest, ListRelatedDocumentsRequest,
    ListRelatedDocumentsResponse, PutSignaturesRequest, PutSignaturesResponse, RecordApprovalRequest,
    RecordApprovalResponse, RelatedDocument, SignatureResult,
    archive_internal_service_server::{ArchiveInternalService, ArchiveInternalServiceServer},
};
use tonic::{Request, Response, Status, service::Routes};

use crate::{peer::TestPeer, pki::Pki};

/// Archive as a peer.
#[derive(Debug)]
pub struct TestArchive {
    /// The server.
    pub peer: TestPeer,
    kept: Arc<Mutex<Kept>>,
}

/// What the archive was told, and what it answers.
#[derive(Debug, Default)]
pub struct Kept {
    /// Events in the order they came, each id once.
    pub events: Vec<Event>,
    /// Evidence files it says it has.
    pub evidence: BTreeMap<String, EvidenceFact>,
    /// Documents it says are related to any pupil's year.
    pub related: Vec<RelatedDocument>,
    /// Approvals it was told.
    pub approvals: Vec<RecordApprovalRequest>,
    /// Documents that wait for a signature, by slot.
    pub to_sign: BTreeMap<String, Vec<DocumentToSign>>,
    /// Signatures it was given.
    pub signatures: Vec<FinishedSignature>,
}

impl TestArchive {
    /// Starts it on a free port.
    pub async fn start(pki: &Pki, tokens: Tokens) -> anyhow::Result<Self> {
        Self::start_at(pki, tokens, "127.0.0.1:0", Arc::default()).await
    }

    /// Starts it at an address with what it kept before: an archive that comes back.
    pub async fn start_at(
        pki: &Pki,
        tokens: Tokens,
        address: &str,
        kept: Arc<Mutex<Kept>>,
    ) -> anyhow::Result<Self> {
        let routes = Routes::new(ArchiveInternalServiceServer::new(Answers(Arc::clone(&kept))));
        let peer = TestPeer::serve_at(pki, "archive", tokens, routes, address).await?;
        Ok(Self { peer, kept })
    }

    /// What it kept and answers, to read and to change.
    #[must_use]
    pub fn kept(&self) -> Arc<Mutex<Kept>> {
        Arc::clone(&self.kept)
    }

    /// The kinds of the events so far.
    #[must_use]
    pub fn kinds(&self) -> Vec<String> {
        lock(&self.kept)
            .events
            .iter()
            .map(|event| event.kind.clone())
            .collect()
    }

    /// The events of a kind so far.
    #[must_use]
    pub fn events(&self, kind: &str) -> Vec<Event> {
        lock(&self.kept)
            .events
            .iter()
            .filter(|event| event.kind == kind)
            .cloned()
            .collect()
    }
}

fn lock(kept: &Mutex<Kept>) -> std::sync::MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct Answers(Arc<Mutex<Kept>>);

#[tonic::async_trait]
impl ArchiveInternalService for Answers {
    type ListDocumentsToSignStream = Pin<Box<dyn Stream<Item = Result<DocumentToSign, Status>> + Send>>;

    async fn append_events(
        &self,
        request: Request<AppendEventsRequest>,
    ) -> Result<Response<AppendEventsResponse>, Status> {
        let mut kept = lock(&self.0);
        let mut event_ids = Vec::new();
        for event in request.into_inner().events {
            event_ids.push(event.id.clone());
            if !kept.events.iter().any(|old| old.id == event.id) {
                kept.events.push(event);
            }
        }
        Ok(Response::new(AppendEventsResponse { event_ids }))
    }

    async fn list_documents_to_sign(
        &self,
        request: Request<ListDocumentsToSignRequest>,
    ) -> Result<Response<Self::ListDocumentsToSignStream>, Status> {
        let documents = lock(&self.0)
            .to_sign
            .get(&request.into_inner().slot)
            .cloned()
            .unwrap_or_default();
        Ok(Response::new(Box::pin(futures::stream::iter(
            documents.into_iter().map(Ok),
        ))))
    }

    async fn put_signatures(
        &self,
        request: Request<PutSignaturesRequest>,
    ) -> Result<Response<PutSignaturesResponse>, Status> {
        let signatures = request.into_inner().signatures;
        let results = signatures
            .iter()
            .map(|signature| SignatureResult {
                document: signature.document.clone(),
                reason: String::new(),
            })
            .collect();
        lock(&self.0).signatures.extend(signatures);
        Ok(Response::new(PutSignaturesResponse { results }))
    }

    async fn record_approval(
        &self,
        request: Request<RecordApprovalRequest>,
    ) -> Result<Response<RecordApprovalResponse>, Status> {
        lock(&self.0).approvals.push(request.into_inner());
        Ok(Response::new(RecordApprovalResponse {}))
    }

    async fn list_related_documents(
        &self,
        _: Request<ListRelatedDocumentsRequest>,
    ) -> Result<Response<ListRelatedDocumentsResponse>, Status> {
        let documents = lock(&self.0).related.clone();
        Ok(Response::new(ListRelatedDocumentsResponse { documents }))
    }

    async fn check_evidence(
        &self,
        request: Request<CheckEvidenceRequest>,
    ) -> Result<Response<CheckEvidenceResponse>, Status> {
        let kept = lock(&self.0);
        let files = request
            .into_inner()
            .names
            .into_iter()
            .map(|name| {
                kept.evidence.get(&name).cloned().unwrap_or(EvidenceFact {
                    name,
                    ..EvidenceFact::default()
                })
            })
            .collect();
        Ok(Response::new(CheckEvidenceResponse { files }))
    }
}
