//! What nobody asks for: the start, intents left by a crash or a silent guard, windows that end.

use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;

use super::drive;
use crate::{
    Error, State,
    model::{
        change::Command,
        name::{Database, TermName},
        term::Fence,
    },
    store,
};

/// How often intents and windows are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Reads every guard's fences, takes the highest epoch, installs every fence again. A guard that is away is
/// asked until it answers; terms it guards do not change before.
pub async fn recover_all(state: State) {
    join_all(Database::ALL.map(|database| recover(&state, database))).await;
}

async fn recover(state: &State, database: Database) {
    loop {
        match recover_once(state, database).await {
            Ok(terms) => {
                state.set_recovered(database);
                tracing::info!(guard = database.as_str(), terms, "fences installed again");
                return;
            }
            Err(error) => tracing::warn!(guard = database.as_str(), %error, "fences are not known yet"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn recover_once(state: &State, database: Database) -> Result<usize, Error> {
    let found = state.guards.list(database).await.map_err(|status| {
        Error::Failure(hocba_chassis::Failure::away(&format!(
            "{} {:?}",
            database.as_str(),
            status.code()
        )))
    })?;
    let ours = store::term::list(&state.pool, state.clock.now(), false).await?;
    let names: BTreeSet<TermName> = found
        .iter()
        .map(|(name, _)| name.clone())
        .chain(ours)
        // Every term has one guard, so that one database tells all there is to know about it.
        .filter(|name| name.guards().contains(&database))
        .collect();
    for name in &names {
        let fences: Vec<Fence> = found
            .iter()
            .filter(|(other, _)| other == name)
            .map(|(_, fence)| fence.clone())
            .collect();
        drive::change(state, name, "", Command::Recover { fences }).await?;
    }
    Ok(names.len())
}

/// Finishes intents and closes windows that have ended, for ever.
pub async fn keep_going(state: State) {
    loop {
        tokio::time::sleep(LOOK).await;
        match store::term::list(&state.pool, state.clock.now(), true).await {
            Ok(due) => {
                for name in due.iter().filter(|name| state.require_recovered(name).is_ok()) {
                    if let Err(error) = drive::change(&state, name, "", Command::Tick).await {
                        tracing::warn!(term = %name, %error, "will be tried again");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "our database is away"),
        }
    }
}
