//! What we make of the machine, through the gateway.

use std::{collections::BTreeMap, fs, time::Instant};

use anyhow::Context;
use hocba_cluster::{
    Cluster, Node,
    school::{ITEMS, School},
};
use hocba_proto::identity::{GetJwksRequest, identity_service_client::IdentityServiceClient};
use serde::Serialize;

use crate::calibration;

/// Pupils of a full class.
const CLASS: usize = 35;

/// Our figures.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    /// `GetJwks` through the gateway: TLS, routes, limits, mutual TLS, a service that only answers.
    pub(crate) no_op_calls_per_second: f64,
    /// Median time to finish (seal) a sheet of 35, through the gateway.
    pub(crate) finish_millis: f64,
    /// Median time to open, fill and finish a sheet of 35, through the gateway.
    pub(crate) sheet_millis: f64,
    /// Resident memory of each program before it worked, MiB.
    pub(crate) idle_mebibytes: BTreeMap<String, f64>,
}

/// Measures us.
pub(crate) async fn measure(cluster: &Cluster) -> anyhow::Result<Figures> {
    let idle_mebibytes = Node::ALL
        .into_iter()
        .map(|node| Ok((node.to_string(), resident(cluster, node)?)))
        .collect::<anyhow::Result<_>>()?;
    let identity = IdentityServiceClient::new(cluster.channel());
    let no_op_calls_per_second = calibration::calls(move || {
        let mut identity = identity.clone();
        async move {
            identity.get_jwks(GetJwksRequest {}).await?;
            Ok(())
        }
    })
    .await?;

    let pupils: Vec<String> = (1..=CLASS)
        .map(|number| format!("Học Sinh Số {number}"))
        .collect();
    let school = School::make_with(cluster, &pupils).await?;
    let (mut sheets, mut finishes) = (Vec::new(), Vec::new());
    for item in ITEMS {
        let began = Instant::now();
        let session = school.enter(&school.sheet(item, "mid1")).await?;
        let entered = Instant::now();
        school.finish(&session).await?;
        finishes.push(entered.elapsed().as_secs_f64() * 1000.0);
        sheets.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(Figures {
        no_op_calls_per_second,
        finish_millis: median(finishes)?,
        sheet_millis: median(sheets)?,
        idle_mebibytes,
    })
}

fn median(mut figures: Vec<f64>) -> anyhow::Result<f64> {
    figures.sort_by(f64::total_cmp);
    figures
        .get(figures.len() / 2)
        .copied()
        .context("nothing was measured")
}

fn resident(cluster: &Cluster, node: Node) -> anyhow::Result<f64> {
    let pid = cluster
        .deployment
        .processes
        .pid(node.name())
        .with_context(|| format!("{node} does not run"))?;
    let status = fs::read_to_string(format!("/proc/{}/status", pid.0))?;
    let kibibytes: f64 = status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .context("no resident memory in /proc")?;
    Ok(kibibytes / 1024.0)
}
