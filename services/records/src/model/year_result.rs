//! The result of the year, derived from the end-of-year cells by the rules (TT 27, article 9).

use std::collections::BTreeMap;

use ring::digest::{Context, SHA256};

use super::{
    cell::{Mark, Value},
    period::Period,
    rule_set::{Line, Part},
};

/// A pupil's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum YearResult {
    /// Chưa hoàn thành.
    NotCompleted,
    /// Hoàn thành.
    Completed,
    /// Hoàn thành tốt.
    Good,
    /// Hoàn thành xuất sắc.
    Excellent,
}

impl YearResult {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NotCompleted, Self::Completed, Self::Good, Self::Excellent];

    /// As in SQL and in digests.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Excellent => "excellent",
            Self::Good => "good",
            Self::Completed => "completed",
            Self::NotCompleted => "not_completed",
        }
    }

    /// The result of an id.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.id() == id)
    }

    /// Whether the grade is completed.
    #[must_use]
    pub const fn completes(self) -> bool {
        match self {
            Self::Excellent | Self::Good | Self::Completed => true,
            Self::NotCompleted => false,
        }
    }

    /// Awards that follow from the result, as printed; «tiêu biểu» is a human decision.
    #[must_use]
    pub const fn awards(self) -> &'static [&'static str] {
        match self {
            Self::Excellent => &["Học sinh Xuất sắc"],
            Self::Good | Self::Completed | Self::NotCompleted => &[],
        }
    }
}

/// The result by the cells of the end of the year; `None` while one is not sealed. Lines that are lawfully empty
/// (miễn, không đánh giá) ask for nothing; who missed a test has no score, which is not 0 and not enough either.
#[must_use]
pub fn derive(lines: &[Line], cells: &BTreeMap<&str, &Value>) -> Option<YearResult> {
    let mut result = YearResult::Excellent;
    for line in lines {
        let value = cells.get(line.item.as_str())?;
        let allowed = match value.mark {
            Mark::Exempt | Mark::NotAssessed => YearResult::Excellent,
            Mark::Assessed | Mark::Absent => level(line.part, &value.level).min(score(line, value.score)),
        };
        result = result.min(allowed);
    }
    Some(result)
}

/// The best result a level allows.
fn level(part: Part, level: &str) -> YearResult {
    match (part, level) {
        (Part::Comment, _) | (_, "T") => YearResult::Excellent,
        (Part::Subject, "H") => YearResult::Completed,
        (Part::Quality | Part::GeneralCompetency | Part::SpecificCompetency, "D") => YearResult::Completed,
        _ => YearResult::NotCompleted,
    }
}

/// The best result a score allows.
fn score(line: &Line, score: Option<i16>) -> YearResult {
    if !line.is_tested(Period::End2) {
        return YearResult::Excellent;
    }
    match score {
        Some(9..) => YearResult::Excellent,
        Some(7..) => YearResult::Good,
        Some(5..) => YearResult::Completed,
        Some(_) | None => YearResult::NotCompleted,
    }
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
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::rule_set::{choose, shipped};

    /// The result of a grade-5 pupil who has everything best but for one cell.
    fn with(item: &str, mark: Mark, level: &str, score: Option<i16>) -> Option<YearResult> {
        let lines = choose(shipped().unwrap(), "tt27-2020", "2025-2026")
            .unwrap()
            .lines(5);
        let best = |line: &Line| Value {
            mark: Mark::Assessed,
            level: if line.part == Part::Comment { "" } else { "T" }.to_owned(),
            score: line.is_tested(Period::End2).then_some(10),
            comment: "Tốt.".to_owned(),
        };
        let mut values: BTreeMap<&str, Value> = lines.iter().map(|it| (it.item.as_str(), best(it))).collect();
        if let Some(value) = values.get_mut(item) {
            (value.mark, value.level, value.score) = (mark, level.to_owned(), score);
        }
        derive(
            lines,
            &values.iter().map(|(item, value)| (*item, value)).collect(),
        )
    }

    #[rstest]
    #[case::all_best("", Mark::Assessed, "T", None, YearResult::Excellent)]
    #[case::nine_is_enough("TO", Mark::Assessed, "T", Some(9), YearResult::Excellent)]
    #[case::eight_is_good("TO", Mark::Assessed, "T", Some(8), YearResult::Good)]
    #[case::seven_is_good("KH", Mark::Assessed, "T", Some(7), YearResult::Good)]
    #[case::six_is_completed("TO", Mark::Assessed, "T", Some(6), YearResult::Completed)]
    #[case::five_is_completed("TO", Mark::Assessed, "T", Some(5), YearResult::Completed)]
    #[case::four_is_not("TO", Mark::Assessed, "T", Some(4), YearResult::NotCompleted)]
    #[case::zero_is_a_score("TO", Mark::Assessed, "C", Some(0), YearResult::NotCompleted)]
    #[case::a_subject_h("AN", Mark::Assessed, "H", None, YearResult::Completed)]
    #[case::a_subject_c("AN", Mark::Assessed, "C", None, YearResult::NotCompleted)]
    #[case::a_quality_d("yeu_nuoc", Mark::Assessed, "D", None, YearResult::Completed)]
    #[case::a_quality_c("yeu_nuoc", Mark::Assessed, "C", None, YearResult::NotCompleted)]
    #[case::a_competency_d("tin_hoc", Mark::Assessed, "D", None, YearResult::Completed)]
    #[case::exempt("AN", Mark::Exempt, "", None, YearResult::Excellent)]
    #[case::not_assessed("TO", Mark::NotAssessed, "", None, YearResult::Excellent)]
    #[case::absent_has_no_score("TO", Mark::Absent, "T", None, YearResult::NotCompleted)]
    fn a8_2_the_worst_cell_decides(
        #[case] item: &str,
        #[case] mark: Mark,
        #[case] level: &str,
        #[case] score: Option<i16>,
        #[case] result: YearResult,
    ) {
        assert_eq!(with(item, mark, level, score), Some(result));
    }

    #[test]
    fn there_is_no_result_while_a_cell_is_open() {
        let lines = choose(shipped().unwrap(), "tt27-2020", "2025-2026")
            .unwrap()
            .lines(5);
        assert_eq!(derive(lines, &BTreeMap::new()), None);
    }
}
