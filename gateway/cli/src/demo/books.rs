//! The books of the class: composed, signed by everybody in order, sealed, packed, verified.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use hocba_evidence::Verdict;
use hocba_proto::archive::{
    ComposeYearDocumentsRequest, CreateClassPackageRequest, DownloadClassPackageRequest,
    DownloadYearDocumentRequest, ListYearDocumentsRequest, YearDocument,
    archive_service_client::ArchiveServiceClient,
};
use tonic::transport::Channel;
use uuid::Uuid;

use super::{
    ceremonies::{self, Signer},
    keys,
    marks::class,
};
use crate::{
    cluster_file::ClusterFile,
    failure,
    progress::Step,
    session::{Session, said},
    verify::{Trust, verify},
};

/// Composes the books; answers them as they stand.
pub async fn compose(channel: &Channel, file: &ClusterFile) -> anyhow::Result<Vec<YearDocument>> {
    let step = Step::start("lập học bạ", 0);
    let mut principal = Session::sign_in(channel, file.login("principal")?).await?;
    let mut archive = ArchiveServiceClient::new(channel.clone());
    let request = ComposeYearDocumentsRequest {
        parent: class(),
        request_id: Uuid::now_v7().to_string(),
    };
    let made = archive
        .compose_year_documents(principal.ask(request).await?)
        .await
        .map_err(|status| said("lập học bạ", &status))?
        .into_inner();
    let documents = list(&mut principal).await?;
    step.done(format!(
        "{} mới, {} bản mới, {} như cũ",
        made.created_count, made.renewed_count, made.unchanged_count
    ));
    Ok(documents)
}

async fn list(session: &mut Session) -> anyhow::Result<Vec<YearDocument>> {
    let request = ListYearDocumentsRequest {
        parent: class(),
        page_size: 500,
        ..ListYearDocumentsRequest::default()
    };
    let answer = ArchiveServiceClient::new(session.channel())
        .list_year_documents(session.ask(request).await?)
        .await
        .map_err(|status| said("xem học bạ", &status))?;
    Ok(answer.into_inner().year_documents)
}

/// The accounts that sign sections of these documents.
#[must_use]
pub fn signers(documents: &[YearDocument]) -> BTreeMap<String, Vec<String>> {
    let mut signers = BTreeMap::<String, Vec<String>>::new();
    for slot in documents.iter().flat_map(|document| &document.slots) {
        let slots = signers.entry(slot.signer.clone()).or_default();
        if !slot.signer.is_empty() && !slots.contains(&slot.slot) {
            slots.push(slot.slot.clone());
        }
    }
    signers.remove("");
    signers
}

/// Subject teachers, then the homeroom teacher. The principal follows the board's approval.
pub async fn sign_sections(
    channel: &Channel,
    file: &mut ClusterFile,
    documents: &[YearDocument],
) -> anyhow::Result<()> {
    let signers = signers(documents);
    keys::make(channel, file, &signers.keys().cloned().collect::<Vec<_>>()).await?;
    let mut homeroom = None;
    for (account, mut slots) in signers {
        let login = file.login_of(&account)?.clone();
        let mut session = Session::sign_in(channel, &login).await?;
        let above = slots
            .iter()
            .position(|slot| slot == "homeroom")
            .map(|at| slots.remove(at));
        if !slots.is_empty() {
            let signer = Signer {
                session: &mut session,
                role: "subject_teacher",
                words: &login.signing_secret,
            };
            let step = Step::start(format!("{} kí {} môn", login.key, slots.len()), 0);
            let count = ceremonies::sign(signer, &class(), &slots).await?;
            step.done(format!("{count} chữ kí"));
        }
        if let Some(slot) = above {
            homeroom = Some((session, login, slot));
        }
    }
    let (mut session, login, slot) = homeroom.context("nobody signs as homeroom teacher")?;
    let step = Step::start(format!("{} kí chủ nhiệm", login.key), 0);
    let signer = Signer {
        session: &mut session,
        role: "homeroom_teacher",
        words: &login.signing_secret,
    };
    let count = ceremonies::sign(signer, &class(), &[slot]).await?;
    step.done(format!("{count} chữ kí"));
    Ok(())
}

/// The principal signs and the clerk seals a target: the class, or its package.
pub async fn sign_and_seal(channel: &Channel, file: &ClusterFile, target: &str) -> anyhow::Result<()> {
    for (key, slot, role) in [
        ("principal", "principal", "principal"),
        ("clerk", "seal", "office_clerk"),
    ] {
        let login = file.login(key)?;
        let words = if slot == "seal" {
            &login.seal_secret
        } else {
            &login.signing_secret
        };
        let mut session = Session::sign_in(channel, login).await?;
        let step = Step::start(format!("{key} kí"), 0);
        let signer = Signer {
            session: &mut session,
            role,
            words,
        };
        let count = ceremonies::sign(signer, target, &[slot.to_owned()]).await?;
        step.done(format!("{count} chữ kí"));
    }
    Ok(())
}

/// One sealed book as a file, with the root that verifies it.
pub async fn keep_one(channel: &Channel, file: &ClusterFile, out: &Path) -> anyhow::Result<()> {
    let mut principal = Session::sign_in(channel, file.login("principal")?).await?;
    let document = list(&mut principal)
        .await?
        .into_iter()
        .next()
        .context("no book")?;
    let request = DownloadYearDocumentRequest { name: document.name };
    let book = ArchiveServiceClient::new(channel.clone())
        .download_year_document(principal.ask(request).await?)
        .await
        .map_err(|status| said("tải học bạ", &status))?;
    fs::write(out.join("book.xml"), book.into_inner().xml)?;
    fs::copy(&file.trust_anchors, out.join("root.pem"))?;
    Ok(())
}

/// Makes the package, lets it be signed and sealed, and unpacks it.
pub async fn pack(channel: &Channel, file: &ClusterFile, out: &Path) -> anyhow::Result<PathBuf> {
    let mut archive = ArchiveServiceClient::new(channel.clone());
    let mut principal = Session::sign_in(channel, file.login("principal")?).await?;
    let request = CreateClassPackageRequest {
        parent: class(),
        request_id: Uuid::now_v7().to_string(),
    };
    let step = Step::start("gói học bạ của lớp", 0);
    let package = archive
        .create_class_package(principal.ask(request).await?)
        .await
        .map_err(|status| said("lập gói", &status))?
        .into_inner();
    step.done(format!("{} học bạ", package.document_count));
    sign_and_seal(channel, file, &package.name).await?;
    let request = DownloadClassPackageRequest { name: package.name };
    let mut stream = archive
        .download_class_package(principal.ask(request).await?)
        .await
        .map_err(|status| said("tải gói", &status))?
        .into_inner();
    let mut tar = Vec::new();
    while let Some(part) = stream
        .message()
        .await
        .map_err(|status| said("tải gói", &status))?
    {
        tar.extend(part.chunk);
    }
    let folder = out.join("package");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    tar::Archive::new(tar.as_slice()).unpack(&folder)?;
    Ok(folder)
}

/// After the books are locked nobody composes.
pub async fn refused(channel: &Channel, file: &ClusterFile) -> anyhow::Result<()> {
    let mut principal = Session::sign_in(channel, file.login("principal")?).await?;
    let request = ComposeYearDocumentsRequest {
        parent: class(),
        request_id: Uuid::now_v7().to_string(),
    };
    let answer = ArchiveServiceClient::new(channel.clone())
        .compose_year_documents(principal.ask(request).await?)
        .await;
    match answer {
        Err(status) if failure::reason(&status) == "BOOKS_LOCKED" => {
            eprintln!("- học bạ đã khoá: {}", failure::words(&status));
            Ok(())
        }
        Err(status) => Err(said("lập học bạ sau khi khoá", &status)),
        Ok(_) => bail!("học bạ đã khoá mà vẫn lập được"),
    }
}

/// Verifies what was left, as a stranger would.
pub fn check(file: &ClusterFile, out: &Path) -> anyhow::Result<()> {
    let trust = Trust::read(&out.join("root.pem"), Some(&file.log_key))?;
    for path in ["book.xml", "package"] {
        let report = verify(&out.join(path), &trust)?;
        for line in report.lines(false) {
            eprintln!("- {path}: {line}");
        }
        ensure!(report.verdict == Verdict::Valid, "{path} không hợp lệ");
    }
    Ok(())
}
