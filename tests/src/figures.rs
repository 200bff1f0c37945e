//! What is measured: memory, percentiles.

use std::{collections::BTreeMap, fs, time::Duration};

use anyhow::Context;
use serde::Serialize;

use crate::{Cluster, Node};

/// How long something took, in milliseconds, over many times.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Spread {
    /// How many were measured.
    pub count: usize,
    /// The median.
    pub p50: f64,
    /// Nineteen of twenty were faster.
    pub p95: f64,
    /// The slowest.
    pub most: f64,
}

impl Spread {
    /// Of what was measured.
    #[must_use]
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |share: usize| {
            let index = (times.len() * share / 100).min(times.len().saturating_sub(1));
            times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        Self {
            count: times.len(),
            p50: at(50),
            p95: at(95),
            most: at(100),
        }
    }
}

/// Resident memory of each program, MiB.
pub fn resident(cluster: &Cluster) -> anyhow::Result<BTreeMap<String, f64>> {
    Node::ALL
        .into_iter()
        .map(|node| Ok((node.to_string(), resident_of(cluster, node)?)))
        .collect()
}

fn resident_of(cluster: &Cluster, node: Node) -> anyhow::Result<f64> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_hundred() {
        let spread = Spread::of((1..=100).map(Duration::from_millis).collect());
        assert_eq!(
            (spread.count, spread.p50, spread.p95, spread.most),
            (100, 51.0, 96.0, 100.0)
        );
        assert_eq!(Spread::of(Vec::new()).count, 0);
    }
}
