//! Tasks on the wire.

use hocba_chassis::{Caller, clock::to_timestamp};
use hocba_proto::records::{self as wire, ListTasksRequest, ListTasksResponse};
use tonic::{Request, Response};

use super::{Answer, completeness::day, name};
use crate::{
    app::{
        self,
        task::{Task, Thing},
    },
    state::State,
};

pub(super) async fn list_tasks(
    state: &State,
    request: Request<ListTasksRequest>,
) -> Answer<ListTasksResponse> {
    let caller = Caller::of(&request)?;
    let school = name::school("parent", &request.get_ref().parent)?;
    let tasks = app::task::list_tasks(state, &caller, &school).await?;
    let tasks = tasks.into_iter().map(|it| task(&school, it)).collect();
    Ok(Response::new(ListTasksResponse { tasks }))
}

fn task(school: &str, task: Task) -> wire::Task {
    let resource = match task.thing {
        Thing::Year(year) => format!("schools/{school}/years/{year}"),
        Thing::Class(year, class) => format!("schools/{school}/years/{year}/classes/{class}"),
        Thing::Sheet(address) => name::sheet_name(&address),
    };
    wire::Task {
        kind: task.kind.to_owned(),
        resource,
        since: task.since.map(to_timestamp),
        due_date: day(task.due),
    }
}
