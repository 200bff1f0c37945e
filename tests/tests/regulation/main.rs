//! The regulation, article by article, through the gateway of a whole deployment: one module an article, each
//! test named by the article it proves. The tests share a cluster and have a school of their own each.
//! docs/promises.md lists the articles; a watchman compares the two.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test program: a panic is its failure"
)]

mod a1;
mod a10;
mod a4;
mod a4_2c;
mod a6;
mod a8;
mod a9;
mod dossier;

use hocba_cluster::{Cluster, person::reason, school::School};
use tonic::{Response, Status};

/// A school in the shared cluster, with a class that the teacher has and one that nobody has.
async fn school() -> (Cluster, School) {
    let cluster = Cluster::shared().await.expect("the shared cluster");
    let pupils = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let (own, other) = (
        pupils(&["Kiều Quỳnh Thơ", "Lục Bảo Ngân", "Đoàn Nhật Vượng"]),
        pupils(&["Ngô An Bình", "Vũ Gia Hân"]),
    );
    let school = School::make_of(&cluster, &[("5A", &own), ("5B", &other)])
        .await
        .expect("a school");
    (cluster, school)
}

/// The reason of a refusal; what was answered instead is a failure.
#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> String {
    reason(&answer.expect_err("this must be refused"))
}
