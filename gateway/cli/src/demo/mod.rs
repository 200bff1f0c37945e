//! The demo school and the year of one of its classes, played through the gateway's public API only.

pub mod books;
pub mod calendar;
pub mod ceremonies;
pub mod corrections;
pub mod keys;
pub mod marks;
pub mod orders;
pub mod people;
pub mod results;
pub mod school;
pub mod seals;
pub mod tampering;

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use hocba_proto::{types::Semester, workflow::dossier::Track};

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

/// Plays the year of class 5A to its end, and leaves what it made in `out`. When it was played before, what it left
/// is verified again.
pub async fn play(cluster: &Path, out: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(out)?;
    let mut file = ClusterFile::read(cluster)?;
    let channel = connection::connect(&file.gateway, file.ca_file.as_ref()).await?;
    if out.join("package").exists() {
        eprintln!("- đã diễn trước đó; `make fresh demo` để diễn lại từ đầu");
        return books::check(&file, out);
    }
    let receipts = marks::enter(&channel, &file).await?;
    fs::write(
        out.join("receipts.json"),
        serde_json::to_string_pretty(&receipts)?,
    )?;
    seals::prove(&channel, &file).await?;
    tampering::prove(&channel, &file).await?;
    let normal = corrections::correct(&channel, &file, "to-mid2").await?;
    ensure!(
        normal == Track::Normal,
        "the second semester's tests are ahead: in time"
    );
    let late = corrections::correct(&channel, &file, "tv-end1").await?;
    ensure!(late == Track::Late, "the first semester's tests are behind: late");
    orders::lock(&channel, &file, Some(Semester::One), "21/QĐ-THMA").await?;
    orders::lock(&channel, &file, Some(Semester::Two), "22/QĐ-THMA").await?;
    let locked = corrections::correct(&channel, &file, "to-end1").await?;
    ensure!(locked == Track::Late, "a locked term opens for a dossier alone");
    results::decide(&channel, &file).await?;
    let documents = books::compose(&channel, &file).await?;
    let signed = books::sign_sections(&channel, &mut file, &documents).await;
    // Keys that were made stay made: their words are kept also when a later step failed.
    file.write(cluster)?;
    signed?;
    results::approve(&channel, &file).await?;
    books::sign_and_seal(&channel, &file, &marks::class()).await?;
    books::keep_one(&channel, &file, out).await?;
    books::pack(&channel, &file, out).await?;
    orders::lock(&channel, &file, None, "23/QĐ-THMA").await?;
    books::refused(&channel, &file).await?;
    books::check(&file, out)
}
