//! The result of the year, derived from the closing period's cells by the rule set (TT 27, article 9).

use std::collections::BTreeMap;

use ring::digest::{Context, SHA256};

use super::{
    cell::{Mark, Value},
    rule_set::{Award, Given, Line, Outcome, RuleSet},
};

/// The result by the cells of the closing period; `None` while one is not sealed. Lines that are lawfully empty
/// (miễn, không đánh giá) ask for nothing; who missed a test has no score, which is not 0 and not enough either.
#[must_use]
pub fn derive<'r>(
    rules: &'r RuleSet,
    lines: &[&Line],
    cells: &BTreeMap<&str, &Value>,
) -> Option<&'r Outcome> {
    let mut assessed = Vec::with_capacity(lines.len());
    for line in lines {
        let value = *cells.get(line.item.as_str())?;
        match value.mark {
            Mark::Exempt | Mark::NotAssessed => {}
            Mark::Assessed | Mark::Absent => assessed.push((*line, value)),
        }
    }
    let reached = |outcome: &&Outcome| {
        let mut assessed = assessed.iter();
        assessed.all(|(line, value)| {
            let enough = match outcome.lowest_score {
                Some(lowest) if line.is_tested(rules.closing()) => {
                    value.score.is_some_and(|score| score >= lowest)
                }
                Some(_) | None => true,
            };
            enough && outcome.allows(line.part, &value.level)
        })
    };
    rules.results.iter().find(reached)
}

/// The awards that follow from a result, as printed.
#[must_use]
pub fn following(rules: &RuleSet, result: &str) -> Vec<String> {
    of_result(rules, Given::ByResult, result)
        .map(|award| award.name.clone())
        .collect()
}

/// The awards a pupil of this result is a candidate for: people decide.
pub fn candidate(rules: &RuleSet, result: &str) -> Vec<String> {
    of_result(rules, Given::ByDecision, result)
        .map(|award| award.id.clone())
        .collect()
}

fn of_result<'r>(rules: &'r RuleSet, given: Given, result: &str) -> impl Iterator<Item = &'r Award> {
    let awards = rules.awards.iter().filter(move |award| award.given == given);
    awards.filter(move |award| award.results.iter().any(|of| of == result))
}

/// Names the cells a result was derived from: SHA-256 over their digests in the order of items.
#[must_use]
pub fn cells_digest(digests: &BTreeMap<&str, &[u8]>) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    for (item, digest) in digests {
        context.update(item.as_bytes());
        context.update(digest);
    }
    context.finish().as_ref().to_vec()
}

#[cfg(test)]
mod tests;
