//! The configuration: the master key, and rules of assessment newer than the build.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, anyhow, ensure};
use hocba_chassis::config::{Common, Configured};

use crate::model::rule_set::{self, RuleSet};

/// Records' configuration.
#[derive(Debug, Clone, clap::Parser)]
pub struct Config {
    /// What every service needs.
    #[command(flatten)]
    pub common: Common,
    /// The master key: 32 raw bytes or 64 hex digits. Wraps the pupils' keys, seals imports, keys the search by personal id.
    #[arg(long, env = "HOCBA_MASTER_KEY_FILE")]
    pub master_key_file: PathBuf,
    /// A folder of rule sets (*.json) beside the shipped ones: a new circular needs no new build.
    #[arg(long, env = "HOCBA_RULE_SETS")]
    pub rule_sets: Option<PathBuf>,
}

impl Configured for Config {
    fn common(&self) -> &Common {
        &self.common
    }
}

impl Config {
    /// The rules of assessment: those this build ships, and those of the folder. They live as long as the program.
    ///
    /// # Errors
    /// When a file is none, or an id stands twice.
    pub fn rule_sets(&self) -> anyhow::Result<&'static [RuleSet]> {
        let shipped = rule_set::shipped().map_err(|error| anyhow!("the rule sets: {error}"))?;
        let Some(folder) = &self.rule_sets else {
            return Ok(shipped);
        };
        let mut sets = shipped.to_vec();
        for entry in fs::read_dir(folder).with_context(|| format!("rule sets in {}", folder.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
                let set = rule_set::parse(&text).map_err(|error| anyhow!("{}: {error}", path.display()))?;
                ensure!(
                    sets.iter().all(|other| other.id != set.id),
                    "the rule set {} stands twice",
                    set.id
                );
                sets.push(set);
            }
        }
        Ok(Vec::leak(sets))
    }
}
