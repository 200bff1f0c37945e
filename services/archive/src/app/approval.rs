//! The board's word on a class (A6.5).

use hocba_chassis::{Caller, database, outbox};
use hocba_policy::Resource;
use hocba_proto::archive::{RecordApprovalRequest, RecordApprovalResponse};
use time::OffsetDateTime;

use crate::{Error, State, model::name::ClassName, rpc, store};

/// Records a decision; the same decision again changes nothing.
///
/// # Errors
/// See the contract.
pub async fn record_approval(
    state: &State,
    caller: &Caller,
    class: &ClassName,
    decided_at: OffsetDateTime,
    request: RecordApprovalRequest,
) -> Result<RecordApprovalResponse, Error> {
    state
        .policy
        .authorize(caller, rpc::RECORD_APPROVAL, &Resource::school(&class.school))?;
    let now = state.clock.now();
    let mut tx = database::begin(&state.pool, &class.school).await?;
    let (review, approved) = (request.review, request.approved);
    if store::approval::insert(&mut tx, class, &review, approved, decided_at, now).await? {
        let event = outbox::Event {
            school: class.school.clone(),
            subject: class.to_string(),
            kind: if approved {
                "class.approved"
            } else {
                "class.approval_withdrawn"
            }
            .to_owned(),
            facts: serde_json::json!({ "review": review }),
            actor: caller.subject(),
        };
        outbox::put(&mut tx, &event, now).await?;
    }
    tx.commit().await?;
    Ok(RecordApprovalResponse {})
}
