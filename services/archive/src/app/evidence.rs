//! Evidence files: kept once by digest.

use futures::{Stream, StreamExt as _, pin_mut};
use hocba_chassis::{Caller, Failure, database, outbox};
use hocba_evidence::sha256;
use hocba_policy::Resource;
use hocba_proto::archive::{
    CheckEvidenceRequest, CheckEvidenceResponse, Evidence, EvidenceFact, UploadEvidenceRequest,
    upload_evidence_request::Part,
};
use tonic::Status;

use crate::{
    Error, State,
    model::{self, evidence, place::Place},
    rpc, store, wire,
};

/// Keeps a file. The caller is judged by the opening, before a byte of the file is read.
///
/// # Errors
/// See the contract.
pub async fn upload_evidence(
    state: &State,
    caller: &Caller,
    parts: impl Stream<Item = Result<UploadEvidenceRequest, Status>>,
) -> Result<Evidence, Error> {
    pin_mut!(parts);
    let opening = match next(&mut parts).await? {
        Some(Part::Opening(opening)) => opening,
        Some(Part::Chunk(_)) | None => {
            return Err(Failure::bad_request("opening", "phải đứng đầu").into());
        }
    };
    let [school] = hocba_chassis::name::parse("opening.parent", "schools/{school}", &opening.parent)?;
    state
        .policy
        .authorize(caller, rpc::UPLOAD_EVIDENCE, &Resource::school(&school))?;
    let mut bytes = Vec::new();
    while let Some(part) = next(&mut parts).await? {
        let Part::Chunk(chunk) = part else {
            return Err(Failure::bad_request("opening", "chỉ một lần").into());
        };
        if bytes.len() + chunk.len() > evidence::LIMIT {
            return Err(Error::EvidenceTooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    let media_type = evidence::media_type(&bytes).ok_or(Error::EvidenceType)?;
    let digest = sha256(&bytes);
    if !opening.sha256.is_empty() && opening.sha256 != digest {
        return Err(Error::EvidenceDigest);
    }
    let mut tx = database::begin(&state.pool, &school).await?;
    let kept = store::evidence::list(&mut tx, &school, std::slice::from_ref(&digest)).await?;
    if let Some(kept) = kept.into_iter().next() {
        return Ok(wire::evidence(&school, kept));
    }
    let now = state.clock.now();
    let place = Place::evidence(&school, &digest);
    let file = evidence::Evidence {
        sha256: digest.clone(),
        // The bytes first: a row never names bytes that are not there.
        object: state.objects.put(&mut tx, &place, &bytes, now).await?,
        media_type: media_type.to_owned(),
        size_bytes: i64::try_from(bytes.len()).unwrap_or_default(),
        uploader: caller.subject(),
        created_at: now,
    };
    if store::evidence::insert(&mut tx, &school, &file).await? {
        let event = outbox::Event {
            school: school.clone(),
            subject: format!("schools/{school}/evidence/{digest}"),
            kind: "evidence.uploaded".to_owned(),
            facts: serde_json::json!({ "media_type": file.media_type, "size": file.size_bytes }),
            actor: caller.subject(),
        };
        outbox::put(&mut tx, &event, file.created_at).await?;
    }
    let kept = store::evidence::list(&mut tx, &school, &[digest]).await?;
    tx.commit().await?;
    let kept = kept.into_iter().next().ok_or(Error::EvidenceUnknown)?;
    Ok(wire::evidence(&school, kept))
}

async fn next(
    parts: &mut (impl Stream<Item = Result<UploadEvidenceRequest, Status>> + Unpin),
) -> Result<Option<Part>, Error> {
    match parts.next().await {
        None => Ok(None),
        Some(Ok(UploadEvidenceRequest { part: Some(part) })) => Ok(Some(part)),
        Some(Ok(UploadEvidenceRequest { part: None })) => {
            Err(Failure::bad_request("part", "không được trống").into())
        }
        Some(Err(status)) => Err(Error::Peer(Box::new(status))),
    }
}

/// What is known of a file.
///
/// # Errors
/// See the contract.
pub async fn get_evidence(
    state: &State,
    caller: &Caller,
    (school, digest): (String, String),
) -> Result<Evidence, Error> {
    state
        .policy
        .authorize(caller, rpc::GET_EVIDENCE, &Resource::school(&school))?;
    let mut tx = database::begin(&state.pool, &school).await?;
    let file = store::evidence::list(&mut tx, &school, &[digest]).await?.pop();
    Ok(wire::evidence(&school, file.ok_or(Error::EvidenceUnknown)?))
}

/// Which files are there.
///
/// # Errors
/// See the contract.
pub async fn check_evidence(
    state: &State,
    caller: &Caller,
    names: Vec<(String, String)>,
    request: CheckEvidenceRequest,
) -> Result<CheckEvidenceResponse, Error> {
    let Some((school, _)) = names.first().cloned() else {
        return Err(Failure::bad_request("names", "không được trống").into());
    };
    if names.iter().any(|(other, _)| *other != school) {
        return Err(Failure::bad_request("names", "phải cùng một trường").into());
    }
    state
        .policy
        .authorize(caller, rpc::CHECK_EVIDENCE, &Resource::school(&school))?;
    let digests: Vec<String> = names.into_iter().map(|(_, digest)| digest).collect();
    let mut tx = database::begin(&state.pool, &school).await?;
    let files = store::evidence::list(&mut tx, &school, &digests).await?;
    let fact = |(name, digest): (String, &String)| {
        let file: Option<&model::evidence::Evidence> = files.iter().find(|file| file.sha256 == *digest);
        EvidenceFact {
            name,
            exists: file.is_some(),
            media_type: file.map(|file| file.media_type.clone()).unwrap_or_default(),
            size_bytes: file.map_or(0, |file| file.size_bytes),
        }
    };
    Ok(CheckEvidenceResponse {
        files: request.names.into_iter().zip(&digests).map(fact).collect(),
    })
}
