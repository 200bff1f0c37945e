//! Wire to model and back; decides nothing.

mod dossier;
mod lock_order;
mod name;
mod review;
mod task;

use std::sync::Arc;

use hocba_proto::workflow as wire;
use tonic::{Request, Response, Status};

use crate::state::State;

/// Answers `hocba.workflow.v1.WorkflowService`.
#[derive(Clone)]
pub struct Server(pub Arc<State>);

/// An answer.
pub(crate) type Answer<T> = Result<Response<T>, Status>;

macro_rules! serve {
    ($($module:ident :: $method:ident ( $request:ident ) -> $answer:ident;)*) => {
        #[tonic::async_trait]
        impl wire::workflow_service_server::WorkflowService for Server {
            $(async fn $method(&self, request: Request<wire::$request>) -> Answer<wire::$answer> {
                $module::$method(&self.0, request).await
            })*
        }
    };
}

serve! {
    lock_order::propose_lock_order(ProposeLockOrderRequest) -> LockOrder;
    lock_order::decide_lock_order(DecideLockOrderRequest) -> LockOrder;
    lock_order::execute_lock_order(ExecuteLockOrderRequest) -> LockOrder;
    lock_order::get_lock_order(GetLockOrderRequest) -> LockOrder;
    lock_order::list_lock_orders(ListLockOrdersRequest) -> ListLockOrdersResponse;
    dossier::create_dossier(CreateDossierRequest) -> Dossier;
    dossier::attach_evidence(AttachEvidenceRequest) -> Dossier;
    dossier::submit_dossier(SubmitDossierRequest) -> Dossier;
    dossier::consent_dossier(ConsentDossierRequest) -> Dossier;
    dossier::refuse_dossier(RefuseDossierRequest) -> Dossier;
    dossier::attest_dossier(AttestDossierRequest) -> Dossier;
    dossier::apply_dossier(ApplyDossierRequest) -> Dossier;
    dossier::withdraw_dossier(WithdrawDossierRequest) -> Dossier;
    dossier::get_dossier(GetDossierRequest) -> Dossier;
    dossier::list_dossiers(ListDossiersRequest) -> ListDossiersResponse;
    dossier::close_checklist_item(CloseChecklistItemRequest) -> Dossier;
    review::create_review(CreateReviewRequest) -> Review;
    review::decide_review(DecideReviewRequest) -> Review;
    review::get_review(GetReviewRequest) -> Review;
    review::list_reviews(ListReviewsRequest) -> ListReviewsResponse;
    task::list_tasks(ListTasksRequest) -> ListTasksResponse;
}
