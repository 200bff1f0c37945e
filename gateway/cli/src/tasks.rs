//! `hocbactl tasks`: what waits for a person, merged from the services that know of tasks.

use hocba_proto::{
    identity::{self, GetMeRequest, identity_service_client::IdentityServiceClient},
    records::{self, records_service_client::RecordsServiceClient},
    workflow::{self, workflow_service_client::WorkflowServiceClient},
};
use prost_types::Timestamp;
use tonic::transport::Channel;

use crate::{
    cluster_file::Login,
    session::{Session, said},
};

/// Something that waits, whoever told it.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// What is to be done.
    pub kind: String,
    /// With what.
    pub resource: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// The last day; empty without one.
    pub due: String,
}

impl Task {
    /// One line for a person.
    #[must_use]
    pub fn line(&self) -> String {
        let due = if self.due.is_empty() { "-" } else { &self.due };
        format!("{due:<10}  {:<28}  {}", words(&self.kind), self.resource)
    }
}

/// Asks all services for what waits for a person.
pub async fn ask(channel: &Channel, login: &Login) -> anyhow::Result<Vec<Task>> {
    let mut session = Session::sign_in(channel, login).await?;
    let me = IdentityServiceClient::new(channel.clone())
        .get_me(session.ask(GetMeRequest {}).await?)
        .await
        .map_err(|status| said("đọc tài khoản", &status))?
        .into_inner();
    let school = me.account.map(|account| account.school).unwrap_or_default();
    anyhow::ensure!(!school.is_empty(), "tài khoản này không thuộc trường nào");

    let request = identity::ListTasksRequest {
        parent: school.clone(),
    };
    let of_identity = IdentityServiceClient::new(channel.clone())
        .list_tasks(session.ask(request).await?)
        .await
        .map_err(|status| said("việc cần làm (identity)", &status))?;
    let request = records::ListTasksRequest {
        parent: school.clone(),
    };
    let of_records = RecordsServiceClient::new(channel.clone())
        .list_tasks(session.ask(request).await?)
        .await
        .map_err(|status| said("việc cần làm (records)", &status))?;
    let request = workflow::ListTasksRequest { parent: school };
    let of_workflow = WorkflowServiceClient::new(channel.clone())
        .list_tasks(session.ask(request).await?)
        .await
        .map_err(|status| said("việc cần làm (workflow)", &status))?;

    let identity = of_identity.into_inner().tasks.into_iter().map(|task| Task {
        kind: task.kind,
        resource: task.resource,
        since: task.since,
        due: task.due_date,
    });
    let records = of_records.into_inner().tasks.into_iter().map(|task| Task {
        kind: task.kind,
        resource: task.resource,
        since: task.since,
        due: task.due_date,
    });
    let workflow = of_workflow.into_inner().tasks.into_iter().map(|task| Task {
        kind: task.kind,
        resource: task.resource,
        since: task.since,
        due: String::new(),
    });
    Ok(merge(identity.chain(records).chain(workflow).collect()))
}

/// What is due first comes first, what is not due last; then what waits longest.
fn merge(mut tasks: Vec<Task>) -> Vec<Task> {
    tasks.sort_by_key(|task| {
        let since = task.since.map_or(i64::MAX, |since| since.seconds);
        (task.due.is_empty(), task.due.clone(), since)
    });
    tasks
}

/// A kind in words.
fn words(kind: &str) -> &str {
    match kind {
        "account.activate" => "kích hoạt tài khoản",
        "working_group.renew" => "gia hạn Tổ công tác",
        "delegation.renew" => "gia hạn ủy quyền",
        "integrator.renew" => "gia hạn hệ thống tích hợp",
        "school_year.set_up" => "lập năm học",
        "classes.set_up" => "lập lớp",
        "teachers.assign" => "phân công chủ nhiệm",
        "mark_sheet.enter" => "nhập bảng điểm",
        "year_results.confirm" => "xác nhận kết quả năm học",
        "promotions.decide" => "xét lên lớp",
        "lock_order.decide" => "quyết định khóa, mở",
        "lock_order.execute" => "thực hiện khóa, mở",
        "dossier.submit" => "nộp hồ sơ sửa",
        "dossier.consent" => "xét hồ sơ sửa",
        "dossier.attest" => "chứng kiến hồ sơ sửa",
        "dossier.apply" => "sửa theo hồ sơ",
        "review.decide" => "xét duyệt lớp",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_first_and_then_what_waits_longest() {
        let task = |kind: &str, due: &str, since: i64| Task {
            kind: kind.to_owned(),
            resource: "schools/a".to_owned(),
            since: (since > 0).then_some(Timestamp {
                seconds: since,
                nanos: 0,
            }),
            due: due.to_owned(),
        };
        let merged = merge(vec![
            task("a", "", 9),
            task("b", "2026-01-02", 0),
            task("c", "", 3),
            task("d", "2026-01-01", 5),
        ]);
        let kinds: Vec<_> = merged.iter().map(|task| task.kind.as_str()).collect();
        assert_eq!(kinds, ["d", "b", "c", "a"]);
        assert!(task("mark_sheet.enter", "", 0).line().contains("nhập bảng điểm"));
    }
}
