//! Wire to model and back; decides nothing.

use std::{mem::take, sync::Arc};

use hocba_chassis::{Caller, Failure};
use hocba_proto::workflow::{
    self as wire_proto, decide_lock_order_request::Decision as OrderDecision,
    decide_review_request::Decision as ReviewDecision, workflow_service_server::WorkflowService,
};
use tonic::{Request, Response, Status};

use crate::{
    app::{self, Ask, dossier::File},
    error::Error,
    model::dossier::Capacity,
    state::State,
    wire,
};

/// Answers `hocba.workflow.v1.WorkflowService`.
#[derive(Clone)]
pub struct Server(pub Arc<State>);

type Answer<T> = Result<Response<T>, Status>;

const ORDER: &str = "schools/{school}/lockOrders/{order}";
const DOSSIER: &str = "schools/{school}/dossiers/{dossier}";
const REVIEW: &str = "schools/{school}/reviews/{review}";

/// The call, with the act token taken out of what request_id is bound to.
macro_rules! asked {
    ($caller:ident, $request:ident) => {
        Ask {
            caller: &$caller,
            request_id: &$request.request_id,
            body: &$request,
        }
    };
}

fn dossier(school: &str, file: Result<File, Error>) -> Answer<wire_proto::Dossier> {
    Ok(Response::new(wire::dossier(school, file?)))
}

#[tonic::async_trait]
impl WorkflowService for Server {
    async fn propose_lock_order(
        &self,
        request: Request<wire_proto::ProposeLockOrderRequest>,
    ) -> Answer<wire_proto::LockOrder> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let school = wire::school("parent", &request.parent)?;
        let order = wire::order(&school, request.lock_order.clone().unwrap_or_default())?;
        let ask = asked!(caller, request);
        let order = app::lock_order::propose_lock_order(&self.0, ask, &school, order).await?;
        Ok(Response::new(wire::lock_order(&school, &order)))
    }

    async fn decide_lock_order(
        &self,
        request: Request<wire_proto::DecideLockOrderRequest>,
    ) -> Answer<wire_proto::LockOrder> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let token = take(&mut request.act_token);
        let (school, id) = wire::child(ORDER, &request.name)?;
        let refusal = match request.decision() {
            OrderDecision::Approve => None,
            OrderDecision::Refuse => Some(request.refusal.clone()),
            OrderDecision::Unspecified => {
                return Err(Failure::bad_request("decision", "phải là APPROVE hoặc REFUSE").into());
            }
        };
        let ask = asked!(caller, request);
        let order = app::lock_order::decide_lock_order(&self.0, ask, (&school, id), refusal, &token).await?;
        Ok(Response::new(wire::lock_order(&school, &order)))
    }

    async fn execute_lock_order(
        &self,
        request: Request<wire_proto::ExecuteLockOrderRequest>,
    ) -> Answer<wire_proto::LockOrder> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let token = take(&mut request.act_token);
        let (school, id) = wire::child(ORDER, &request.name)?;
        let ask = asked!(caller, request);
        let order = app::lock_order::execute_lock_order(&self.0, ask, (&school, id), &token).await?;
        Ok(Response::new(wire::lock_order(&school, &order)))
    }

    async fn get_lock_order(
        &self,
        request: Request<wire_proto::GetLockOrderRequest>,
    ) -> Answer<wire_proto::LockOrder> {
        let caller = Caller::of(&request)?;
        let (school, id) = wire::child(ORDER, &request.get_ref().name)?;
        let order = app::lock_order::get_lock_order(&self.0, &caller, &school, id).await?;
        Ok(Response::new(wire::lock_order(&school, &order)))
    }

    async fn list_lock_orders(
        &self,
        request: Request<wire_proto::ListLockOrdersRequest>,
    ) -> Answer<wire_proto::ListLockOrdersResponse> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let school = wire::school("parent", &request.parent)?;
        let page = (request.page_size, request.page_token.as_str());
        let (orders, next_page_token) =
            app::lock_order::list_lock_orders(&self.0, &caller, &school, page).await?;
        Ok(Response::new(wire_proto::ListLockOrdersResponse {
            lock_orders: orders
                .iter()
                .map(|order| wire::lock_order(&school, order))
                .collect(),
            next_page_token,
        }))
    }

    async fn create_dossier(
        &self,
        request: Request<wire_proto::CreateDossierRequest>,
    ) -> Answer<wire_proto::Dossier> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let school = wire::school("parent", &request.parent)?;
        let given = request.dossier.clone().unwrap_or_default();
        let wanted = (given.reason, wire::changes(given.changes)?);
        let ask = asked!(caller, request);
        dossier(
            &school,
            app::dossier::create_dossier(&self.0, ask, &school, wanted).await,
        )
    }

    async fn attach_evidence(
        &self,
        request: Request<wire_proto::AttachEvidenceRequest>,
    ) -> Answer<wire_proto::Dossier> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let (school, id) = wire::child(DOSSIER, &request.name)?;
        let (ask, evidence) = (asked!(caller, request), request.evidence.clone());
        dossier(
            &school,
            app::submit::attach_evidence(&self.0, ask, (&school, id), evidence).await,
        )
    }

    async fn submit_dossier(
        &self,
        request: Request<wire_proto::SubmitDossierRequest>,
    ) -> Answer<wire_proto::Dossier> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let (school, id) = wire::child(DOSSIER, &request.name)?;
        let ask = asked!(caller, request);
        dossier(
            &school,
            app::submit::submit_dossier(&self.0, ask, (&school, id)).await,
        )
    }

    async fn consent_dossier(
        &self,
        request: Request<wire_proto::ConsentDossierRequest>,
    ) -> Answer<wire_proto::Dossier> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let token = take(&mut request.act_token);
        let (school, id) = wire::child(DOSSIER, &request.name)?;
        let (ask, said) = (asked!(caller, request), (request.reason.clone(), token.as_str()));
        dossier(
            &school,
            app::dossier::consent_dossier(&self.0, ask, (&school, id), said).await,
        )
    }

    async fn refuse_dossier(
        &self,
        request: Request<wire_proto::RefuseDossierRequest>,
    ) -> Answer<wire_proto::Dossier> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let (school, id) = wire::child(DOSSIER, &request.name)?;
        let (ask, reason) = (asked!(caller, request), request.reason.clone());
        dossier(
            &school,
            app::dossier::refuse_dossier(&self.0, ask, (&school, id), reason).await,
        )
    }

    async fn attest_dossier(
        &self,
        request: Request<wire_proto::AttestDossierRequest>,
    ) -> Answer<wire_proto::Dossier> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let token = take(&mut request.act_token);
        let (school, id) = wire::child(DOSSIER, &request.name)?;
        let capacity = Capacity::parse(&request.capacity).ok_or_else(|| {
            let words = "phải là management_board, working_group hoặc requester";
            Failure::bad_request("capacity", words)
        })?;
        let ask = asked!(caller, request);
        let said = (capacity, token.as_str());
        dossier(
            &school,
            app::dossier::attest_dossier(&self.0, ask, (&school, id), said).await,
        )
    }

    async fn apply_dossier(
        &self,
        request: Request<wire_proto::ApplyDossierRequest>,
    ) -> Answer<wire_proto::Dossier> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let (school, id) = wire::child(DOSSIER, &request.name)?;
        let ask = asked!(caller, request);
        dossier(
            &school,
            app::apply::apply_dossier(&self.0, ask, (&school, id)).await,
        )
    }

    async fn withdraw_dossier(
        &self,
        request: Request<wire_proto::WithdrawDossierRequest>,
    ) -> Answer<wire_proto::Dossier> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let (school, id) = wire::child(DOSSIER, &request.name)?;
        let ask = asked!(caller, request);
        dossier(
            &school,
            app::dossier::withdraw_dossier(&self.0, ask, (&school, id)).await,
        )
    }

    async fn get_dossier(
        &self,
        request: Request<wire_proto::GetDossierRequest>,
    ) -> Answer<wire_proto::Dossier> {
        let caller = Caller::of(&request)?;
        let (school, id) = wire::child(DOSSIER, &request.get_ref().name)?;
        dossier(
            &school,
            app::dossier::get_dossier(&self.0, &caller, &school, id).await,
        )
    }

    async fn list_dossiers(
        &self,
        request: Request<wire_proto::ListDossiersRequest>,
    ) -> Answer<wire_proto::ListDossiersResponse> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let school = wire::school("parent", &request.parent)?;
        let page = (request.page_size, request.page_token.as_str());
        let (files, next_page_token) = app::dossier::list_dossiers(&self.0, &caller, &school, page).await?;
        Ok(Response::new(wire_proto::ListDossiersResponse {
            dossiers: files
                .into_iter()
                .map(|file| wire::dossier(&school, file))
                .collect(),
            next_page_token,
        }))
    }

    async fn close_checklist_item(
        &self,
        request: Request<wire_proto::CloseChecklistItemRequest>,
    ) -> Answer<wire_proto::Dossier> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let (school, id) = wire::child(DOSSIER, &request.name)?;
        let (ask, item) = (asked!(caller, request), (request.number, request.proof.clone()));
        dossier(
            &school,
            app::dossier::close_checklist_item(&self.0, ask, (&school, id), item).await,
        )
    }

    async fn create_review(
        &self,
        request: Request<wire_proto::CreateReviewRequest>,
    ) -> Answer<wire_proto::Review> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let school = wire::school("parent", &request.parent)?;
        let given = request.review.clone().unwrap_or_default();
        let class = wire::class(&school, &given.class)?;
        let ask = asked!(caller, request);
        let review = app::review::create_review(&self.0, ask, &school, class).await?;
        Ok(Response::new(wire::review(&school, &review)))
    }

    async fn decide_review(
        &self,
        request: Request<wire_proto::DecideReviewRequest>,
    ) -> Answer<wire_proto::Review> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let token = take(&mut request.act_token);
        let (school, id) = wire::child(REVIEW, &request.name)?;
        let note = match request.decision() {
            ReviewDecision::Approve => None,
            ReviewDecision::Return => Some(request.note.clone()),
            ReviewDecision::Unspecified => {
                return Err(Failure::bad_request("decision", "phải là APPROVE hoặc RETURN").into());
            }
        };
        let ask = asked!(caller, request);
        let review = app::review::decide_review(&self.0, ask, (&school, id), note, &token).await?;
        Ok(Response::new(wire::review(&school, &review)))
    }

    async fn get_review(&self, request: Request<wire_proto::GetReviewRequest>) -> Answer<wire_proto::Review> {
        let caller = Caller::of(&request)?;
        let (school, id) = wire::child(REVIEW, &request.get_ref().name)?;
        let review = app::review::get_review(&self.0, &caller, &school, id).await?;
        Ok(Response::new(wire::review(&school, &review)))
    }

    async fn list_reviews(
        &self,
        request: Request<wire_proto::ListReviewsRequest>,
    ) -> Answer<wire_proto::ListReviewsResponse> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let school = wire::school("parent", &request.parent)?;
        let page = (request.page_size, request.page_token.as_str());
        let (reviews, next_page_token) = app::review::list_reviews(&self.0, &caller, &school, page).await?;
        Ok(Response::new(wire_proto::ListReviewsResponse {
            reviews: reviews
                .iter()
                .map(|review| wire::review(&school, review))
                .collect(),
            next_page_token,
        }))
    }

    async fn list_tasks(
        &self,
        request: Request<wire_proto::ListTasksRequest>,
    ) -> Answer<wire_proto::ListTasksResponse> {
        let caller = Caller::of(&request)?;
        let school = wire::school("parent", &request.get_ref().parent)?;
        let tasks = app::task::list_tasks(&self.0, &caller, &school).await?;
        Ok(Response::new(wire_proto::ListTasksResponse {
            tasks: tasks.into_iter().map(wire::task).collect(),
        }))
    }
}
