//! Rules of assessment as data: the lines of the book per grade, and which of them are tested when.
//! Versions are chosen by school year; nothing of them is compiled into code.

use std::sync::OnceLock;

use serde::Deserialize;

use super::period::Period;

/// A version of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RuleSet {
    /// Its id, such as `tt27-2020`.
    pub id: String,
    /// The circular's title.
    pub title: String,
    /// The first calendar year a school year may begin in to use it.
    pub first_year: u16,
    grades: Vec<Grade>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Grade {
    grade: i16,
    lines: Vec<Line>,
}

/// One line of the book.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// The item's code.
    pub item: String,
    /// Its printed name.
    pub name: String,
    /// The part of the book.
    pub part: Part,
    #[serde(default)]
    tested: Vec<String>,
}

/// The part of the book a line stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Subjects and activities: T, H, C.
    Subject,
    /// Qualities: T, Đ, C.
    Quality,
    /// General competencies: T, Đ, C.
    GeneralCompetency,
    /// Specific competencies: T, Đ, C.
    SpecificCompetency,
    /// A group's comment.
    Comment,
}

impl Line {
    /// Whether a test score belongs to the line in this period.
    #[must_use]
    pub fn is_tested(&self, period: Period) -> bool {
        self.tested.iter().any(|id| id == period.id())
    }
}

/// The sheet of the homeroom teacher: qualities, competencies and their comments.
pub const CRITERIA: &str = "criteria";

impl RuleSet {
    /// The lines of a grade, in printed order; empty for a grade the rules do not know.
    #[must_use]
    pub fn lines(&self, grade: i16) -> &[Line] {
        self.grades
            .iter()
            .find(|rules| rules.grade == grade)
            .map_or(&[], |rules| rules.lines.as_slice())
    }

    /// The lines a sheet holds: one subject, or all criteria.
    #[must_use]
    pub fn sheet(&self, grade: i16, sheet: &str) -> Vec<&Line> {
        self.lines(grade)
            .iter()
            .filter(|line| match line.part {
                Part::Subject => line.item == sheet,
                Part::Quality | Part::GeneralCompetency | Part::SpecificCompetency | Part::Comment => {
                    sheet == CRITERIA
                }
            })
            .collect()
    }

    /// The sheets of a grade: each subject, then the criteria.
    #[must_use]
    pub fn sheets(&self, grade: i16) -> Vec<String> {
        let subjects = self.lines(grade).iter().filter(|line| line.part == Part::Subject);
        subjects
            .map(|line| line.item.clone())
            .chain([CRITERIA.to_owned()])
            .collect()
    }
}

/// The rule sets this build ships.
///
/// # Errors
/// When an embedded file does not parse: found at the start, before a port is bound.
pub fn shipped() -> Result<&'static [RuleSet], String> {
    static SHIPPED: OnceLock<Result<Vec<RuleSet>, String>> = OnceLock::new();
    SHIPPED
        .get_or_init(|| {
            [include_str!("../../rules/tt27-2020.json")]
                .into_iter()
                .map(|text| serde_json::from_str(text).map_err(|error| error.to_string()))
                .collect()
        })
        .as_deref()
        .map_err(Clone::clone)
}

/// The rule set of this id, or the newest in force for a school year such as `2025-2026`.
#[must_use]
pub fn choose(sets: &'static [RuleSet], id: &str, year: &str) -> Option<&'static RuleSet> {
    if !id.is_empty() {
        return sets.iter().find(|set| set.id == id);
    }
    let begins: u16 = year.split_once('-')?.0.parse().ok()?;
    sets.iter()
        .filter(|set| set.first_year <= begins)
        .max_by_key(|set| set.first_year)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(1, 8, 4)]
    #[case(2, 8, 4)]
    #[case(3, 11, 10)]
    #[case(4, 12, 18)]
    #[case(5, 12, 18)]
    fn a4_2a_lines_and_scores_of_a_grade_are_those_of_tt27(
        #[case] grade: i16,
        #[case] subjects: usize,
        #[case] scores: usize,
    ) {
        let set = choose(shipped().unwrap(), "", "2025-2026").unwrap();
        let lines = set.lines(grade);
        assert_eq!(
            lines.iter().filter(|line| line.part == Part::Subject).count(),
            subjects
        );
        let tests = lines
            .iter()
            .flat_map(|line| Period::ALL.map(|period| line.is_tested(period)));
        assert_eq!(tests.filter(|tested| *tested).count(), scores);
        let specific = lines
            .iter()
            .filter(|line| line.part == Part::SpecificCompetency)
            .count();
        assert_eq!(specific, if grade < 3 { 5 } else { 7 });
    }

    #[test]
    fn a_year_before_the_rules_has_none() {
        assert!(choose(shipped().unwrap(), "", "2019-2020").is_none());
        assert!(choose(shipped().unwrap(), "tt99", "2025-2026").is_none());
    }
}
