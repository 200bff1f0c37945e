//! ListTasks: what waits for the caller.

use hocba_chassis::caller::Caller;

use super::school::resource_of_home;
use crate::{
    error::Result,
    model::{
        day,
        home::Home,
        slug::Slug,
        task::{AHEAD, Task},
    },
    state::State,
    store,
};

/// Lists what waits for the caller in a school.
pub async fn list_tasks(state: &State, caller: &Caller, school: Slug) -> Result<Vec<Task>> {
    const RPC: &str = "hocba.identity.v1.IdentityService/ListTasks";
    let home = Home::School(school.clone());
    let mut db = state.begin(&home).await?;
    state
        .policy
        .authorize(caller, RPC, &resource_of_home(&mut db, &home).await?)?;
    let person = caller.person()?;
    let today = day::of(state.clock.now());
    let mut tasks = store::task::list(&mut db, &school, today, today.saturating_add(AHEAD)).await?;
    tasks.retain(|task| {
        task.kind
            .is_of(|role| person.has(role), task.account == person.account)
    });
    Ok(tasks)
}
