//! Tasks on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{self as wire, ListTasksRequest, ListTasksResponse};
use tonic::{Request, Response};

use super::{Answer, form::Form, name};
use crate::{
    app::{self, event, integrator},
    model::{
        day,
        slug::Slug,
        task::{Kind, Task},
    },
    state::State,
};

/// ListTasks.
pub async fn list_tasks(state: &State, request: Request<ListTasksRequest>) -> Answer<ListTasksResponse> {
    let caller = Caller::of(&request)?;
    let mut form = Form::default();
    let school = form.take("parent", name::school(&request.get_ref().parent));
    let school = form.finish(school)?;
    let tasks = app::task::list_tasks(state, &caller, school.clone()).await?;
    Ok(Response::new(ListTasksResponse {
        tasks: tasks.into_iter().map(|task| answer(&school, task)).collect(),
    }))
}

fn answer(school: &Slug, task: Task) -> wire::Task {
    let resource = match task.kind {
        Kind::ActivateAccount => event::account_name(task.id),
        Kind::RenewWorkingGroup => format!("schools/{school}/workingGroups/{}", task.id),
        Kind::RenewDelegation => format!("schools/{school}/delegations/{}", task.id),
        Kind::RenewIntegrator => integrator::name(school, task.id),
    };
    wire::Task {
        kind: task.kind.as_str().to_owned(),
        resource,
        since: task.since.map(to_timestamp),
        due_date: task.due.map(day::text).unwrap_or_default(),
    }
}
