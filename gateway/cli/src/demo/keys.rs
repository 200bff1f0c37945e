//! Signing keys for everybody who signs the class: the principal decides, each holder makes the own key.

use anyhow::Context as _;
use hocba_evidence::sha256;
use hocba_proto::signing::{
    BatchAuthorizeCertificatesRequest, CertificateAuthorization, CertificateGrant, CreatePersonalKeyRequest,
    CreateSealKeyRequest, KeyKind, signing_service_client::SigningServiceClient,
};
use tonic::transport::Channel;
use uuid::Uuid;

use super::people::SCHOOL;
use crate::{
    cluster_file::ClusterFile,
    progress::Step,
    session::{Session, said},
};

/// Makes the keys that are missing: of the principal, the clerk's seal, and of these accounts. The words go into
/// the cluster file, where a person would keep them in the head.
pub async fn make(channel: &Channel, file: &mut ClusterFile, teachers: &[String]) -> anyhow::Result<()> {
    let mut wanted: Vec<(String, KeyKind)> = Vec::new();
    for login in &file.accounts {
        let signs = login.key == "principal" || teachers.contains(&login.account);
        if signs && login.signing_secret.is_empty() {
            wanted.push((login.key.clone(), KeyKind::Personal));
        }
        if login.key == "clerk" && login.seal_secret.is_empty() {
            wanted.push((login.key.clone(), KeyKind::Seal));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let step = Step::start("khoá kí và chứng thư", wanted.len() as u64);
    let authorizations = authorize(channel, file, &wanted).await?;
    for ((key, kind), authorization) in wanted.iter().zip(authorizations) {
        let words = create(channel, file, key, *kind, authorization).await?;
        let login = file.login_mut(key)?;
        match kind {
            KeyKind::Seal => login.seal_secret = words,
            KeyKind::Personal | KeyKind::Unspecified => login.signing_secret = words,
        }
        step.tick();
    }
    step.done(format!("{} chứng thư", wanted.len()));
    Ok(())
}

async fn authorize(
    channel: &Channel,
    file: &ClusterFile,
    wanted: &[(String, KeyKind)],
) -> anyhow::Result<Vec<CertificateAuthorization>> {
    let mut grants = Vec::new();
    let mut text = format!("hocba-certificates-v1\n{SCHOOL}\n{}\n", wanted.len());
    for (key, kind) in wanted {
        let account = file.login(key)?.account.clone();
        let word = if *kind == KeyKind::Seal {
            "seal"
        } else {
            "personal"
        };
        text.push_str(&format!("{account} {word}\n"));
        grants.push(CertificateGrant {
            account,
            kind: (*kind).into(),
        });
    }
    let mut principal = Session::sign_in(channel, file.login("principal")?).await?;
    let digest = sha256(text.as_bytes());
    let request = BatchAuthorizeCertificatesRequest {
        parent: SCHOOL.to_owned(),
        grants,
        act_token: principal
            .step_up("certificate.authorize", &digest, "principal")
            .await?,
        request_id: Uuid::now_v7().to_string(),
    };
    let answer = SigningServiceClient::new(channel.clone())
        .batch_authorize_certificates(principal.ask(request).await?)
        .await
        .map_err(|status| said("quyết định cấp chứng thư", &status))?;
    Ok(answer.into_inner().certificate_authorizations)
}

async fn create(
    channel: &Channel,
    file: &ClusterFile,
    key: &str,
    kind: KeyKind,
    authorization: CertificateAuthorization,
) -> anyhow::Result<String> {
    let mut holder = Session::sign_in(channel, file.login(key)?).await?;
    let role = match (key, kind) {
        (_, KeyKind::Seal) => "office_clerk",
        ("principal", _) => "principal",
        _ => "subject_teacher",
    };
    let act_token = holder.step_up("key.create", &authorization.digest, role).await?;
    let mut signing = SigningServiceClient::new(channel.clone());
    let what = format!("tạo khoá của {key}");
    if kind == KeyKind::Seal {
        let request = CreateSealKeyRequest {
            authorization: authorization.name,
            act_token,
        };
        let made = signing.create_seal_key(holder.ask(request).await?).await;
        return Ok(made
            .map_err(|status| said(&what, &status))?
            .into_inner()
            .passphrase);
    }
    let request = CreatePersonalKeyRequest {
        authorization: authorization.name,
        act_token,
    };
    let made = signing.create_personal_key(holder.ask(request).await?).await;
    let made = made.map_err(|status| said(&what, &status))?.into_inner();
    made.certificate.context("no certificate in the answer")?;
    Ok(made.passphrase)
}
