//! What a database administrator can do, and what shows: a sealed cell refuses a plain update by the superuser, and
//! one that is forced through with the triggers off is found by verification.

use std::process::Command;

use anyhow::{Context as _, ensure};
use tonic::transport::Channel;

use super::seals;
use crate::{cluster_file::ClusterFile, progress::Step};

/// One sealed score of the class, raised and put back.
const CELL: &str =
    "school_id = '01018a01' and class_id = '5a' and item = 'KH' and period = 'end1' and version = 1
    and pupil_id = (select min(pupil_id::text)::uuid from sealed_cell where class_id = '5a' and item = 'KH'
        and period = 'end1')";

/// Tries both, and leaves everything as it was.
pub async fn prove(channel: &Channel, file: &ClusterFile) -> anyhow::Result<()> {
    let step = Step::start("người quản trị CSDL sửa điểm đã chốt", 0);
    let plain = superuser(
        file,
        &format!("update sealed_cell set score = score - 1 where {CELL}"),
    )?;
    ensure!(
        plain.contains("what is sealed never changes"),
        "a plain update was not refused: {plain}"
    );
    let forced = |change: &str| {
        format!(
            "set session_replication_role = replica; update sealed_cell set score = score {change} where {CELL}"
        )
    };
    let done = superuser(file, &forced("- 1"))?;
    ensure!(
        done.contains("UPDATE 1"),
        "the forced update did not happen: {done}"
    );
    let found = seals::differences(channel, file).await?;
    superuser(file, &forced("+ 1"))?;
    ensure!(!found.is_empty(), "verification did not find the forced update");
    let after = seals::differences(channel, file).await?;
    ensure!(after.is_empty(), "the cell was not put back");
    step.done("cập nhật thường bị từ chối; cập nhật khi tắt trigger bị phát hiện");
    Ok(())
}

/// What `psql` says to a statement of the superuser.
fn superuser(file: &ClusterFile, statement: &str) -> anyhow::Result<String> {
    let url = file.databases.get("records").and_then(|url| url.as_str());
    let output = Command::new("psql")
        .args([
            "-X",
            "-d",
            url.context("cluster file has no database of records")?,
            "-c",
            statement,
        ])
        .output()
        .context("psql")?;
    let text = [output.stdout, output.stderr].concat();
    Ok(String::from_utf8_lossy(&text).into_owned())
}
