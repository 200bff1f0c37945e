//! What is sealed stays sealed: the teacher and the administrator are refused, and everything recomputes.

use anyhow::{bail, ensure};
use hocba_proto::records::{
    OpenEntrySessionRequest, SealDifference, VerifySealsRequest, records_service_client::RecordsServiceClient,
};
use tonic::transport::Channel;

use super::marks::class;
use crate::{
    cluster_file::ClusterFile,
    failure,
    session::{Session, said},
};

/// Tries to open a sealed sheet as its teacher and as the administrator, then verifies every receipt.
pub async fn prove(channel: &Channel, file: &ClusterFile) -> anyhow::Result<()> {
    let mut records = RecordsServiceClient::new(channel.clone());
    let sheet = format!("{}/markSheets/to-end1", class());
    for (key, reason) in [("teacher-29", "SHEET_COMPLETE"), ("admin", "PERMISSION_DENIED")] {
        let mut session = Session::sign_in(channel, file.login(key)?).await?;
        let request = OpenEntrySessionRequest {
            mark_sheet: sheet.clone(),
            request_id: String::new(),
        };
        match records.open_entry_session(session.ask(request).await?).await {
            Err(status) if failure::reason(&status) == reason => {
                eprintln!("- {key} bị từ chối: {}", failure::words(&status));
            }
            Err(status) => return Err(said("mở bảng đã chốt", &status)),
            Ok(_) => bail!("{key} mở được bảng điểm đã chốt"),
        }
    }
    ensure!(
        differences(channel, file).await?.is_empty(),
        "có chỗ không khớp biên nhận"
    );
    Ok(())
}

/// What differs from the receipts, by recomputation of the whole class.
pub async fn differences(channel: &Channel, file: &ClusterFile) -> anyhow::Result<Vec<SealDifference>> {
    let mut principal = Session::sign_in(channel, file.login("principal")?).await?;
    let request = principal.ask(VerifySealsRequest { parent: class() }).await?;
    let verified = RecordsServiceClient::new(channel.clone())
        .verify_seals(request)
        .await
        .map_err(|status| said("kiểm tra dấu chốt", &status))?
        .into_inner();
    for difference in &verified.differences {
        let cell = difference.cell.clone().unwrap_or_default();
        eprintln!(
            "- sai khác ở {}: {} {} {}",
            difference.receipt, cell.item, cell.period, difference.what
        );
    }
    eprintln!(
        "- {} biên nhận, {} ô, {} sai khác",
        verified.receipt_count,
        verified.cell_count,
        verified.differences.len()
    );
    Ok(verified.differences)
}
