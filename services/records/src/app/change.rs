//! ListChanges, WatchChanges: what changed in a school.

use std::sync::Arc;

use futures::{Stream, stream};
use hocba_chassis::Caller;
use hocba_policy::Resource;

use super::{grant_of, watch::Watch};
use crate::{
    error::Error,
    model::{change::Page, grant::Grant},
    state::State,
    store::change,
};

/// At most so many at once.
const MOST: i64 = 500;

/// ListChanges.
pub async fn list_changes(
    state: &State,
    caller: &Caller,
    school: &str,
    after: i64,
    limit: i64,
) -> Result<Page, Error> {
    state.authorize(caller, "ListChanges", &Resource::school(school))?;
    read(state, school, &grant_of(caller), after, limit.min(MOST)).await
}

/// WatchChanges.
pub async fn watch_changes(
    state: &Arc<State>,
    caller: &Caller,
    school: &str,
    after: i64,
) -> Result<impl Stream<Item = Result<Page, Error>> + use<>, Error> {
    state.authorize(caller, "WatchChanges", &Resource::school(school))?;
    // A number from nowhere is refused before anything is streamed.
    let grant = grant_of(caller);
    read(state, school, &grant, after, 1).await?;
    let watch = Watch::new(state, caller, school);
    Ok(stream::try_unfold(
        (watch, grant, after),
        |(mut watch, grant, mut after)| async move {
            loop {
                watch.time_to_look(after).await?;
                let page = read(&watch.state, &watch.school, &grant, after, MOST).await?;
                after = page.sequence;
                if !page.changes.is_empty() || watch.is_silent() {
                    watch.says();
                    return Ok(Some((page, (watch, grant, after))));
                }
            }
        },
    ))
}

async fn read(state: &State, school: &str, grant: &Grant, after: i64, limit: i64) -> Result<Page, Error> {
    let mut tx = state.begin(school).await?;
    let mut changes = change::after(&mut tx, school, after, limit).await?;
    let newest = change::newest(&mut tx, school).await?;
    if after > newest {
        return Err(Error::SequenceUnknown(newest));
    }
    let sequence = changes.last().map_or(after, |last| last.sequence);
    // Numbers go on over what is not told.
    changes.retain(|change| grant.tells(change.kind));
    Ok(Page {
        sequence,
        changes,
        newest,
    })
}
