//! Orders: the principal decides, the administrator executes.

use anyhow::ensure;
use hocba_proto::{
    types::Semester,
    workflow::{
        DecideLockOrderRequest, ExecuteLockOrderRequest, LockOrder, ProposeLockOrderRequest,
        decide_lock_order_request::Decision,
        lock_order::{Kind, State},
        workflow_service_client::WorkflowServiceClient,
    },
};
use tonic::transport::Channel;
use uuid::Uuid;

use super::{people::SCHOOL, school::year};
use crate::{
    cluster_file::ClusterFile,
    failure,
    progress::Step,
    session::{Session, said},
};

/// Locks the marks of a semester, or with `None` the books of the year. An order of this number that is there
/// already was carried out before.
pub async fn lock(
    channel: &Channel,
    file: &ClusterFile,
    semester: Option<Semester>,
    number: &str,
) -> anyhow::Result<()> {
    let step = Step::start(format!("lệnh khoá số {number}"), 0);
    let mut workflow = WorkflowServiceClient::new(channel.clone());
    let mut admin = Session::sign_in(channel, file.login("admin")?).await?;
    let kind = if semester.is_some() {
        Kind::LockMarks
    } else {
        Kind::LockBooks
    };
    let request = ProposeLockOrderRequest {
        parent: SCHOOL.to_owned(),
        lock_order: Some(LockOrder {
            kind: kind.into(),
            year: year(),
            semester: semester.unwrap_or(Semester::Unspecified).into(),
            number: number.to_owned(),
            reason: "Kết thúc năm học".to_owned(),
            ..LockOrder::default()
        }),
        request_id: Uuid::now_v7().to_string(),
    };
    let order = match workflow.propose_lock_order(admin.ask(request).await?).await {
        Ok(order) => order.into_inner(),
        Err(status) if failure::reason(&status) == "NUMBER_TAKEN" => {
            step.done("đã có");
            return Ok(());
        }
        Err(status) => return Err(said("đề nghị khoá", &status)),
    };
    let mut principal = Session::sign_in(channel, file.login("principal")?).await?;
    let request = DecideLockOrderRequest {
        name: order.name.clone(),
        decision: Decision::Approve.into(),
        refusal: String::new(),
        act_token: principal
            .step_up("lock_order.decide", &order.digest, "principal")
            .await?,
        request_id: Uuid::now_v7().to_string(),
    };
    workflow
        .decide_lock_order(principal.ask(request).await?)
        .await
        .map_err(|status| said("duyệt lệnh khoá", &status))?;
    let request = ExecuteLockOrderRequest {
        name: order.name.clone(),
        act_token: admin
            .step_up("lock_order.execute", &order.digest, "system_admin")
            .await?,
        request_id: Uuid::now_v7().to_string(),
    };
    let order = workflow
        .execute_lock_order(admin.ask(request).await?)
        .await
        .map_err(|status| said("thực hiện lệnh khoá", &status))?
        .into_inner();
    ensure!(
        order.state() == State::Executed,
        "lệnh {number}: {:?} {}",
        order.state(),
        order.failure
    );
    step.done(format!(
        "epoch {}, {} phiên nhập được chốt",
        order.epoch, order.sealed_session_count
    ));
    Ok(())
}
