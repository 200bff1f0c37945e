//! Carries on what a crash, or an absent peer, left: executions of orders, and what the archive must hear. Closes
//! dossiers whose permit ran out.

use std::{sync::Arc, time::Duration};

use hocba_chassis::client;

use super::{
    dossier::{file, save},
    lock_order::{AGAIN, carry_out},
    review::tell_archive,
};
use crate::{
    error::Error,
    model::course::{self, Command},
    state::State,
    store,
};

/// How often it looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks for ever.
pub async fn run(state: Arc<State>) {
    loop {
        if let Err(error) = once(&state).await {
            tracing::warn!(%error, "unfinished work waits");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Takes what is due and tries it; what fails is due again.
///
/// # Errors
/// The database's failure.
pub async fn once(state: &State) -> Result<(), Error> {
    let now = state.clock.now();
    for (school, id) in store::lock_order::to_finish(&state.pool, now, now + AGAIN).await? {
        let mut tx = state.begin(&school).await?;
        let order = store::lock_order::get(&mut tx, &school, id).await?;
        tx.rollback().await?;
        if let Some(order) = order {
            let decision = order.name(&school);
            carry_out(state, &school, id, &order, &|| client::background(&decision, ())).await?;
        }
    }
    for (school, id) in store::review::to_tell(&state.pool, now, now + AGAIN).await? {
        let mut tx = state.begin(&school).await?;
        let review = store::review::get(&mut tx, &state.seals, &school, id).await?;
        tx.rollback().await?;
        if let Some(review) = review {
            tell_archive(state, &school, review).await?;
        }
    }
    for (school, id) in store::dossier::to_expire(&state.pool, now).await? {
        let mut tx = state.begin(&school).await?;
        if let Some(dossier) = store::dossier::get(&mut tx, &state.seals, &school, id).await? {
            let file = file(state, &mut tx, &school, dossier).await?;
            let next = course::apply(file.clone(), now, Command::Tick)?;
            let actor = "services/workflow".to_owned();
            save(state, &mut tx, actor, &school, &file, next).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
