//! Ceremonies: each signer looks at the list and signs it with one second factor.

use anyhow::ensure;
use hocba_proto::signing::{
    CreateCeremonyRequest, SignCeremonyRequest, ceremony_item::State,
    signing_service_client::SigningServiceClient,
};
use uuid::Uuid;

use super::people::SCHOOL;
use crate::{
    failure,
    session::{Session, said},
};

/// Who signs, in which capacity, with which words.
pub struct Signer<'a> {
    /// Signed in.
    pub session: &'a mut Session,
    /// The role of the act token.
    pub role: &'static str,
    /// The six words.
    pub words: &'a str,
}

/// Signs everything of a target that waits in these slots; answers how many documents. Nothing waiting is fine:
/// it was signed before.
pub async fn sign(signer: Signer<'_>, target: &str, slots: &[String]) -> anyhow::Result<usize> {
    let session = signer.session;
    let mut signing = SigningServiceClient::new(session.channel());
    let request = CreateCeremonyRequest {
        parent: SCHOOL.to_owned(),
        target: target.to_owned(),
        slots: slots.to_vec(),
        request_id: Uuid::now_v7().to_string(),
    };
    let ceremony = match signing.create_ceremony(session.ask(request).await?).await {
        Ok(ceremony) => ceremony.into_inner(),
        Err(status) if failure::reason(&status) == "NOTHING_TO_SIGN" => return Ok(0),
        Err(status) => return Err(said("mở lượt kí", &status)),
    };
    let request = SignCeremonyRequest {
        name: ceremony.name,
        act_token: session
            .step_up("ceremony.sign", &ceremony.digest, signer.role)
            .await?,
        passphrase: signer.words.to_owned(),
        request_id: Uuid::now_v7().to_string(),
    };
    let done = signing
        .sign_ceremony(session.ask(request).await?)
        .await
        .map_err(|status| said("kí", &status))?
        .into_inner();
    for item in &done.items {
        ensure!(
            item.state() == State::Signed,
            "{} {}: {}",
            item.slot,
            item.document,
            item.reason
        );
    }
    Ok(done.items.len())
}
