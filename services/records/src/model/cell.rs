//! A cell's value: what may stand in it, and the line of text that digests are made of.

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use super::{
    period::Period,
    rule_set::{Line, Part, RuleSet},
};

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mark {
    /// Assessed: level, score and comment say how.
    Assessed,
    /// Absent from the test: a level, lawfully no score.
    Absent,
    /// Exempt by decision.
    Exempt,
    /// Not assessed (không đánh giá).
    NotAssessed,
}

impl Mark {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Assessed, Self::Absent, Self::Exempt, Self::NotAssessed];

    /// As in SQL and in digests.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Assessed => "ASSESSED",
            Self::Absent => "ABSENT",
            Self::Exempt => "EXEMPT",
            Self::NotAssessed => "NOT_ASSESSED",
        }
    }

    /// The mark of an id.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.id() == id)
    }
}

/// A value for a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// What kind.
    pub mark: Mark,
    /// A level of the line's scale; empty for comments.
    pub level: String,
    /// The test's score, in the rule set's scale.
    pub score: Option<i16>,
    /// The comment, NFC.
    pub comment: String,
}

impl Value {
    /// Cleans the comment: NFC, no blanks around, no control characters.
    #[must_use]
    pub fn cleaned(mut self) -> Self {
        let comment: String = self
            .comment
            .nfc()
            .filter(|c| !c.is_control() || *c == '\n')
            .collect();
        self.comment = comment.trim().to_owned();
        self
    }

    /// Whether the value may stand in this line in this period; the words say why not.
    ///
    /// # Errors
    /// Vietnamese words for the teacher.
    pub fn judge(&self, rules: &RuleSet, line: &Line, period: Period) -> Result<(), String> {
        if self.comment.chars().count() > rules.longest_comment {
            return Err(format!("Nhận xét dài quá {} kí tự.", rules.longest_comment));
        }
        if matches!(self.mark, Mark::Exempt | Mark::NotAssessed) {
            return if self.level.is_empty() && self.score.is_none() {
                Ok(())
            } else {
                Err("Ô miễn hoặc không đánh giá thì không có mức và điểm.".to_owned())
            };
        }
        let scores = rules.scores;
        let why_not = match (self.mark, line.is_tested(period), self.score) {
            (Mark::Absent, false, _) => "Thời điểm này môn không có bài kiểm tra nên không có vắng thi.",
            (Mark::Absent, true, Some(_)) => "Vắng kiểm tra thì không có điểm.",
            (_, false, Some(_)) => "Thời điểm này môn không có điểm kiểm tra.",
            (Mark::Assessed, true, None) => "Thiếu điểm kiểm tra; nếu vắng hãy ghi là vắng.",
            (_, true, Some(score)) if !scores.holds(score) => {
                return Err(format!(
                    "Điểm từ {} đến {}, cách nhau {}.",
                    scores.words(scores.lowest),
                    scores.words(scores.highest),
                    scores.words(scores.step)
                ));
            }
            _ => "",
        };
        if !why_not.is_empty() {
            return Err(why_not.to_owned());
        }
        if line.part == Part::Comment {
            return match (self.level.is_empty(), self.comment.is_empty()) {
                (false, _) => Err("Ô này chỉ ghi nhận xét.".to_owned()),
                (true, true) => Err("Chưa có nhận xét.".to_owned()),
                (true, false) => Ok(()),
            };
        }
        let levels = rules.levels(line.part);
        if levels.iter().any(|level| level.id == self.level) {
            return Ok(());
        }
        let signs: Vec<&str> = levels.iter().map(|level| level.sign.as_str()).collect();
        Err(format!("Mức đạt được là một trong: {}.", signs.join(", ")))
    }
}

/// A sealed cell's address and value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The school year.
    pub year: String,
    /// The pupil.
    pub pupil: Uuid,
    /// The item.
    pub item: String,
    /// The period's id.
    pub period: String,
    /// The version, from 1.
    pub version: i32,
    /// The mark's id as stored: recomputing must see what is there, lawful or not.
    pub mark: String,
    /// The level.
    pub level: String,
    /// The score.
    pub score: Option<i16>,
    /// The comment.
    pub comment: String,
}

impl Sealed {
    /// The line of text that digests are made of; SQL's `cell_line` makes the same.
    #[must_use]
    pub fn line(&self) -> String {
        let comment = data_encoding::HEXLOWER.encode(digest(&SHA256, self.comment.as_bytes()).as_ref());
        let score = self.score.map(|score| score.to_string()).unwrap_or_default();
        format!(
            "{}|{}|{}|{}|{}|{}|{}|{score}|{comment}",
            self.year, self.pupil, self.item, self.period, self.version, self.mark, self.level
        )
    }
}

/// The digest of a receipt: SHA-256 over the cells' lines in order of pupil and item.
#[must_use]
pub fn receipt_digest(cells: &[Sealed]) -> Vec<u8> {
    let mut cells: Vec<&Sealed> = cells.iter().collect();
    cells.sort_by_key(|cell| (cell.pupil.to_string(), cell.item.clone()));
    let lines: Vec<_> = cells.into_iter().map(Sealed::line).collect();
    let text = format!("hocba-receipt-v1\n{}\n", lines.join("\n"));
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::rule_set::{choose, shipped};

    fn value(mark: Mark, level: &str, score: Option<i16>) -> Value {
        Value {
            mark,
            level: level.into(),
            score,
            comment: String::new(),
        }
    }

    #[rstest]
    #[case::zero_is_a_score(value(Mark::Assessed, "C", Some(0)), "TO", Period::End2, true)]
    #[case::eleven_is_not(value(Mark::Assessed, "T", Some(11)), "TO", Period::End2, false)]
    #[case::no_test_is_not_zero(value(Mark::Assessed, "T", None), "TO", Period::End2, false)]
    #[case::absent_has_no_score(value(Mark::Absent, "H", None), "TO", Period::End2, true)]
    #[case::absent_with_score(value(Mark::Absent, "H", Some(5)), "TO", Period::End2, false)]
    #[case::untested_has_no_score(value(Mark::Assessed, "T", Some(9)), "AN", Period::End2, false)]
    #[case::untested_needs_a_level(value(Mark::Assessed, "T", None), "AN", Period::Mid1, true)]
    #[case::criteria_level_is_no_subject_level(value(Mark::Assessed, "D", None), "AN", Period::Mid1, false)]
    #[case::subject_level_is_no_criteria_level(
        value(Mark::Assessed, "H", None),
        "yeu_nuoc",
        Period::Mid1,
        false
    )]
    #[case::criteria_level(value(Mark::Assessed, "D", None), "yeu_nuoc", Period::Mid1, true)]
    #[case::exempt_holds_nothing(value(Mark::Exempt, "T", None), "AN", Period::Mid1, false)]
    #[case::not_assessed_is_lawful(value(Mark::NotAssessed, "", None), "AN", Period::Mid1, true)]
    #[case::a_comment_line_needs_words(value(Mark::Assessed, "", None), "nx_pham_chat", Period::Mid1, false)]
    fn a4_2a_a_cell_takes_only_what_the_rules_allow(
        #[case] value: Value,
        #[case] item: &str,
        #[case] period: Period,
        #[case] allowed: bool,
    ) {
        let set = choose(shipped().unwrap(), "tt27-2020", "2025-2026").unwrap();
        let lines = set.lines(5, &[]);
        let line = lines.iter().find(|line| line.item == item).unwrap();
        let judged = value.judge(set, line, period);
        assert_eq!(judged.is_ok(), allowed, "{judged:?}");
    }

    #[test]
    fn a_receipt_does_not_depend_on_the_order_of_rows_and_does_on_every_value() {
        let cell = |item: &str, score| Sealed {
            year: "2025-2026".into(),
            pupil: Uuid::nil(),
            item: item.into(),
            period: "end2".into(),
            version: 1,
            mark: "ASSESSED".into(),
            level: "T".into(),
            score,
            comment: "Chăm học.".into(),
        };
        let (one, two) = (cell("TO", Some(9)), cell("TV", Some(8)));
        let both = receipt_digest(&[one.clone(), two.clone()]);
        assert_eq!(both, receipt_digest(&[two.clone(), one]));
        assert_ne!(both, receipt_digest(&[cell("TO", Some(10)), two]));
    }
}
