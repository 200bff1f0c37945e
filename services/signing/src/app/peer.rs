//! What identity and archive are asked.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;
use hocba_chassis::{Caller, Failure, client};
use hocba_proto::{
    archive::{
        DocumentToSign, FinishedSignature, ListDocumentsToSignRequest, PutSignaturesRequest,
        archive_internal_service_client::ArchiveInternalServiceClient,
    },
    identity::{
        ResolveAccountsRequest, ResolveSchoolRequest, ResolvedAccount, ResolvedSchool,
        identity_internal_service_client::IdentityInternalServiceClient,
    },
};
use uuid::Uuid;

use crate::{Error, State};

/// Signatures handed over at once: well below the size of a message.
const BATCH: usize = 50;

/// The most a document with all its signatures takes.
const LARGEST: usize = 16 * 1024 * 1024;

/// An account of the school that may sign in.
///
/// # Errors
/// ACCOUNT_UNKNOWN.
pub async fn account(
    state: &State,
    caller: &Caller,
    school: &str,
    account: Uuid,
) -> Result<ResolvedAccount, Error> {
    let found = accounts(state, caller, school, &[account]).await?;
    found.into_iter().next().ok_or(Error::AccountUnknown(account))
}

/// Accounts of the school that may sign in: all that are asked for.
///
/// # Errors
/// ACCOUNT_UNKNOWN.
pub async fn accounts(
    state: &State,
    caller: &Caller,
    school: &str,
    accounts: &[Uuid],
) -> Result<Vec<ResolvedAccount>, Error> {
    let ask = ResolveAccountsRequest {
        names: accounts
            .iter()
            .map(|account| format!("accounts/{account}"))
            .collect(),
    };
    let answer = IdentityInternalServiceClient::new(state.identity.clone())
        .resolve_accounts(client::forward(caller, ask))
        .await
        .map_err(|status| Failure::from_peer("identity", &status))?;
    let mut found = answer.into_inner().accounts;
    found.retain(|it| it.active && it.school.trim_start_matches("schools/") == school);
    let known: BTreeSet<&str> = found.iter().map(|it| it.name.as_str()).collect();
    match accounts
        .iter()
        .find(|account| !known.contains(format!("accounts/{account}").as_str()))
    {
        Some(unknown) => Err(Error::AccountUnknown(*unknown)),
        None => Ok(found),
    }
}

/// The school as certificates print it.
///
/// # Errors
/// Identity's.
pub async fn school(state: &State, caller: &Caller, school: &str) -> Result<ResolvedSchool, Error> {
    let ask = ResolveSchoolRequest {
        name: format!("schools/{school}"),
    };
    let answer = IdentityInternalServiceClient::new(state.identity.clone())
        .resolve_school(client::forward(caller, ask))
        .await
        .map_err(|status| Failure::from_peer("identity", &status))?;
    Ok(answer.into_inner())
}

/// What waits for the caller's signature in a slot.
///
/// # Errors
/// Archive's, such as SLOT_NOT_READY.
pub async fn documents(
    state: &State,
    caller: &Caller,
    target: &str,
    slot: &str,
) -> Result<Vec<DocumentToSign>, Error> {
    let refused = |status: tonic::Status| Error::from(Failure::from_peer("archive", &status));
    let ask = ListDocumentsToSignRequest {
        parent: target.to_owned(),
        slot: slot.to_owned(),
    };
    let stream = ArchiveInternalServiceClient::new(state.archive.clone())
        .max_decoding_message_size(LARGEST)
        .list_documents_to_sign(client::forward(caller, ask))
        .await
        .map_err(refused)?;
    stream.into_inner().try_collect().await.map_err(refused)
}

/// Hands signatures over; answers each document with the reason of its refusal, empty when kept.
///
/// # Errors
/// Archive's, as a whole: what was kept before stays kept.
pub async fn put(
    state: &State,
    caller: &Caller,
    signatures: Vec<FinishedSignature>,
) -> Result<Vec<(String, String)>, Error> {
    let mut results = Vec::with_capacity(signatures.len());
    for batch in signatures.chunks(BATCH) {
        let ask = PutSignaturesRequest {
            signatures: batch.to_vec(),
        };
        let answer = ArchiveInternalServiceClient::new(state.archive.clone())
            .put_signatures(client::forward(caller, ask))
            .await
            .map_err(|status| Failure::from_peer("archive", &status))?;
        let answers = answer.into_inner().results;
        results.extend(answers.into_iter().map(|it| (it.document, it.reason)));
    }
    Ok(results)
}
