//! The demo school and a part of its year, played through the gateway's public API only.

pub mod calendar;
pub mod marks;
pub mod people;
pub mod school;
pub mod seals;

use std::{fs, path::Path};

use anyhow::Context as _;

use crate::{cluster_file::ClusterFile, connection, staff_list};

/// Makes authority, school, people, the school year with its classes, pupils and assignments. Running it
/// again changes nothing.
pub async fn load(cluster: &Path, data: &Path) -> anyhow::Result<()> {
    let mut file = ClusterFile::read(cluster)?;
    let channel = connection::connect(&file.gateway, file.ca_file.as_ref()).await?;
    let read = |name: &str| {
        let path = data.join(name);
        fs::read(&path).with_context(|| format!("không đọc được {}", path.display()))
    };
    let staff = staff_list::read(&read("danh-sach-cbgv.xlsx")?)?;
    let made = people::load(&channel, &mut file, &staff).await;
    // Accounts that were activated stay activated: their secrets are kept also when a later step failed.
    file.write(cluster)?;
    made?;
    school::load(&channel, &file, &staff, read("danh-sach-hoc-sinh.xlsx")?).await
}

/// Plays the year of class 5A as far as it goes, and leaves what it made in `out`.
pub async fn play(cluster: &Path, out: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(out)?;
    let file = ClusterFile::read(cluster)?;
    let channel = connection::connect(&file.gateway, file.ca_file.as_ref()).await?;
    let receipts = marks::enter(&channel, &file).await?;
    fs::write(
        out.join("receipts.json"),
        serde_json::to_string_pretty(&receipts)?,
    )?;
    seals::prove(&channel, &file).await?;
    eprintln!(
        "demo: OK — các bảng điểm của lớp 5A đã nhập và chốt; {} biên nhận ở {}",
        receipts.len(),
        out.display()
    );
    Ok(())
}
