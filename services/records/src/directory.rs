//! Which authority each school belongs to: asked of identity in the background, so that nobody who sets up a year
//! waits for it. Officers see a school some seconds after its first year was set up.

use std::{sync::Arc, time::Duration};

use hocba_chassis::{Failure, client};
use hocba_proto::identity::{
    ResolveSchoolRequest, identity_internal_service_client::IdentityInternalServiceClient,
};
use time::Duration as Span;
use tonic::{Code, transport::Channel};

use crate::{error::Error, state::State, store::authority};

/// How often new schools are looked for.
const LOOK: Duration = Duration::from_secs(2);
/// How long an answer is believed: schools seldom move.
const KEEP: Span = Span::hours(1);

/// Keeps the directory, for ever.
pub async fn keep(state: Arc<State>, identity: Channel) {
    loop {
        if let Err(error) = ask(&state, &identity).await {
            tracing::warn!(%error, "the directory is asked again");
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn ask(state: &State, identity: &Channel) -> Result<(), Error> {
    let now = state.clock.now();
    for school in authority::to_ask_for(&state.pool, now - KEEP).await? {
        let name = format!("schools/{school}");
        let request = client::background("directory", ResolveSchoolRequest { name });
        let authority = match IdentityInternalServiceClient::new(identity.clone())
            .resolve_school(request)
            .await
        {
            Ok(found) => found
                .into_inner()
                .authority
                .trim_start_matches("authorities/")
                .to_owned(),
            // A school nobody set up there belongs to nobody: no officer sees it.
            Err(status) if status.code() == Code::NotFound => String::new(),
            Err(_) => return Err(Failure::away("identity").into()),
        };
        let mut tx = state.begin(&school).await?;
        authority::put(&mut tx, &school, &authority, now).await?;
        tx.commit().await?;
    }
    Ok(())
}
