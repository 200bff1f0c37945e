//! Rules of assessment as data: the lines of the book per grade, levels, scores, results and awards. Versions are
//! chosen by school year; nothing of them is compiled into code.

mod read;

use serde::Deserialize;

use super::period::Period;

pub use read::{choose, parse, shipped};

/// A version of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSet {
    /// Its id, such as `tt27-2020`.
    pub id: String,
    /// The circular's title.
    pub title: String,
    /// The first calendar year a school year may begin in to use it.
    pub first_year: u16,
    /// The periods that are assessed, in order; the last one closes the year.
    pub periods: Vec<Period>,
    /// The longest comment, in characters.
    pub longest_comment: usize,
    /// What a test score may be.
    pub scores: Scores,
    /// What pupils of special classes are assessed in.
    pub special_class: Vec<String>,
    /// The results of the year, the best first; the last asks for nothing.
    pub results: Vec<Outcome>,
    /// Awards.
    pub awards: Vec<Award>,
    scales: Vec<Scale>,
    grades: Vec<Grade>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Grade {
    grade: i16,
    lines: Vec<Line>,
}

/// What a test score may be. Scores are whole numbers of 10^-decimals: with one decimal 85 is 8,5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scores {
    /// The lowest.
    pub lowest: i16,
    /// The highest.
    pub highest: i16,
    /// From one to the next.
    pub step: i16,
    /// Digits behind the comma.
    pub decimals: u8,
}

impl Scores {
    /// Whether a number is a score.
    #[must_use]
    pub fn holds(self, score: i16) -> bool {
        (self.lowest..=self.highest).contains(&score)
            && i32::from(score).wrapping_sub(self.lowest.into()) % i32::from(self.step) == 0
    }

    /// A score as people write it: `8,5`.
    #[must_use]
    pub fn words(self, score: i16) -> String {
        let unit = 10_i32.pow(u32::from(self.decimals));
        let (whole, rest) = (i32::from(score) / unit, i32::from(score).abs() % unit);
        match self.decimals {
            0 => whole.to_string(),
            decimals => format!("{whole},{rest:0width$}", width = usize::from(decimals)),
        }
    }
}

/// One line of the book, in one grade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The item's code.
    pub item: String,
    /// Its printed name.
    pub name: String,
    /// The part of the book.
    pub part: Part,
    /// Whether only who chose it learns it.
    pub elective: bool,
    tested: Vec<Period>,
}

/// The part of the book a line stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Subjects and activities.
    Subject,
    /// Qualities.
    Quality,
    /// General competencies.
    GeneralCompetency,
    /// Specific competencies.
    SpecificCompetency,
    /// A group's comment: words and no level.
    Comment,
}

impl Part {
    /// As in the contract.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Quality => "quality",
            Self::GeneralCompetency => "general_competency",
            Self::SpecificCompetency => "specific_competency",
            Self::Comment => "comment",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scale {
    parts: Vec<Part>,
    levels: Vec<Level>,
}

/// A level of a scale.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// As in cells: ASCII.
    pub id: String,
    /// As printed: `Đ`.
    pub sign: String,
    /// What it means.
    pub name: String,
}

/// A result of the year and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// As in SQL and digests.
    pub id: String,
    /// As printed.
    pub name: String,
    /// Whether the grade is completed.
    pub completes: bool,
    /// Every test of the closing period has at least this score.
    #[serde(default)]
    pub lowest_score: Option<i16>,
    #[serde(default)]
    levels: Vec<Allowed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    parts: Vec<Part>,
    of: Vec<String>,
}

impl Outcome {
    /// Whether a level of this part allows the result. A part it does not speak of allows everything.
    #[must_use]
    pub fn allows(&self, part: Part, level: &str) -> bool {
        let mut about = self.levels.iter().filter(|it| it.parts.contains(&part));
        about.all(|it| it.of.iter().any(|of| of == level))
    }
}

/// An award.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Award {
    /// Its code.
    pub id: String,
    /// As printed.
    pub name: String,
    /// How it comes about.
    pub given: Given,
    /// The results it follows from, or whose pupils are candidates; empty for awards at any time.
    #[serde(default)]
    pub results: Vec<String>,
}

/// How an award comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// It follows from the result.
    ByResult,
    /// People decide among the pupils of these results.
    ByDecision,
    /// People decide, at any time in the year.
    AnyTime,
}

impl Line {
    /// Whether a test score belongs to the line in this period.
    #[must_use]
    pub fn is_tested(&self, period: Period) -> bool {
        self.tested.contains(&period)
    }
}

/// The sheet of the homeroom teacher: qualities, competencies and their comments.
pub const CRITERIA: &str = "criteria";

impl Line {
    /// The sheet the line stands in.
    #[must_use]
    pub fn sheet(&self) -> &str {
        match self.part {
            Part::Subject => &self.item,
            Part::Quality | Part::GeneralCompetency | Part::SpecificCompetency | Part::Comment => CRITERIA,
        }
    }
}

impl RuleSet {
    /// The lines a grade may have, electives among them, in printed order; empty for a grade the rules do not know.
    #[must_use]
    pub fn all_lines(&self, grade: i16) -> &[Line] {
        self.grades
            .iter()
            .find(|rules| rules.grade == grade)
            .map_or(&[], |rules| rules.lines.as_slice())
    }

    /// The lines of a grade with these electives, in printed order.
    #[must_use]
    pub fn lines(&self, grade: i16, electives: &[&str]) -> Vec<&Line> {
        let lines = self.all_lines(grade).iter();
        lines
            .filter(|line| !line.elective || electives.contains(&line.item.as_str()))
            .collect()
    }

    /// The lines a sheet holds: one subject, or all criteria.
    #[must_use]
    pub fn sheet(&self, grade: i16, sheet: &str) -> Vec<&Line> {
        let lines = self.all_lines(grade).iter();
        lines.filter(|line| line.sheet() == sheet).collect()
    }

    /// The sheets of a grade with these electives: each subject, then the criteria if there are any.
    #[must_use]
    pub fn sheets(&self, grade: i16, electives: &[&str]) -> Vec<&str> {
        let mut sheets: Vec<&str> = Vec::new();
        for line in self.lines(grade, electives) {
            if !sheets.contains(&line.sheet()) {
                sheets.push(line.sheet());
            }
        }
        sheets
    }

    /// The levels of a part; empty for comments.
    #[must_use]
    pub fn levels(&self, part: Part) -> &[Level] {
        self.scales
            .iter()
            .find(|scale| scale.parts.contains(&part))
            .map_or(&[], |scale| scale.levels.as_slice())
    }

    /// The period that closes the year.
    #[must_use]
    pub fn closing(&self) -> Period {
        self.periods.last().copied().unwrap_or(Period::End2)
    }

    /// The result of an id.
    #[must_use]
    pub fn result(&self, id: &str) -> Option<&Outcome> {
        self.results.iter().find(|it| it.id == id)
    }
}
