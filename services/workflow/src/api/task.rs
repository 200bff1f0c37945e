//! Tasks on the wire.

use hocba_chassis::{Caller, clock::to_timestamp};
use hocba_proto::workflow::{self as wire, ListTasksRequest};
use tonic::{Request, Response};

use super::{Answer, name};
use crate::{
    app::{self, task::Task},
    state::State,
};

pub(super) async fn list_tasks(
    state: &State,
    request: Request<ListTasksRequest>,
) -> Answer<wire::ListTasksResponse> {
    let caller = Caller::of(&request)?;
    let school = name::school("parent", &request.get_ref().parent)?;
    let tasks = app::task::list_tasks(state, &caller, &school).await?;
    Ok(Response::new(wire::ListTasksResponse {
        tasks: tasks.into_iter().map(answer).collect(),
    }))
}

fn answer(task: Task) -> wire::Task {
    wire::Task {
        kind: task.kind.to_owned(),
        resource: task.resource,
        since: Some(to_timestamp(task.since)),
    }
}
