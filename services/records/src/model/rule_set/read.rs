//! Reads rule sets and refuses those that contradict themselves: found at the start, before a port is bound.

use std::{collections::BTreeSet, sync::OnceLock};

use serde::Deserialize;

use super::{Award, Given, Grade, Line, Outcome, Part, RuleSet, Scale, Scores};
use crate::model::period::Period;

/// A file of rules: each line stands once, with its grades.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    title: String,
    first_year: u16,
    periods: Vec<Period>,
    longest_comment: usize,
    scores: Scores,
    scales: Vec<Scale>,
    lines: Vec<Row>,
    #[serde(default)]
    special_class: Vec<String>,
    results: Vec<Outcome>,
    #[serde(default)]
    awards: Vec<Award>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    item: String,
    name: String,
    part: Part,
    /// Where everybody learns it.
    grades: Vec<i16>,
    /// Where it can be chosen.
    #[serde(default)]
    elective: Vec<i16>,
    #[serde(default)]
    tested: Vec<Tested>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tested {
    grades: Vec<i16>,
    periods: Vec<Period>,
}

impl Row {
    fn of(&self, grade: i16) -> Option<Line> {
        let elective = self.elective.contains(&grade);
        (elective || self.grades.contains(&grade)).then(|| Line {
            item: self.item.clone(),
            name: self.name.clone(),
            part: self.part,
            elective,
            tested: self
                .tested
                .iter()
                .filter(|tested| tested.grades.contains(&grade))
                .flat_map(|tested| tested.periods.iter().copied())
                .collect(),
        })
    }
}

/// Reads a rule set.
///
/// # Errors
/// Why it is none.
pub fn parse(text: &str) -> Result<RuleSet, String> {
    let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let id = file.id.clone();
    check(&file).map_err(|what| format!("{id}: {what}"))?;
    let of_rows = |row: &Row| -> Vec<i16> { row.grades.iter().chain(&row.elective).copied().collect() };
    let grades: BTreeSet<i16> = file.lines.iter().flat_map(of_rows).collect();
    let grades = grades.into_iter().map(|grade| Grade {
        grade,
        lines: file.lines.iter().filter_map(|row| row.of(grade)).collect(),
    });
    Ok(RuleSet {
        grades: grades.collect(),
        id: file.id,
        title: file.title,
        first_year: file.first_year,
        periods: file.periods,
        longest_comment: file.longest_comment,
        scores: file.scores,
        special_class: file.special_class,
        results: file.results,
        awards: file.awards,
        scales: file.scales,
    })
}

/// What makes a file no rule set.
fn check(file: &File) -> Result<(), String> {
    let ids: Vec<&str> = file.lines.iter().map(|row| row.item.as_str()).collect();
    if ids.iter().collect::<BTreeSet<_>>().len() != ids.len() {
        return Err("a line stands twice".to_owned());
    }
    if !file.periods.is_sorted() || file.periods.is_empty() {
        return Err("periods are not in order".to_owned());
    }
    let scores = file.scores;
    if scores.step < 1 || scores.decimals > 2 || scores.lowest < 0 || !scores.holds(scores.highest) {
        return Err("no scale of scores".to_owned());
    }
    let levels = |part: Part| {
        let scales = file
            .scales
            .iter()
            .filter(move |scale| scale.parts.contains(&part));
        scales
            .flat_map(|scale| &scale.levels)
            .map(|level| level.id.as_str())
            .collect::<Vec<_>>()
    };
    for row in &file.lines {
        let known = levels(row.part);
        let distinct = known.iter().collect::<BTreeSet<_>>().len() == known.len();
        if known.is_empty() != (row.part == Part::Comment) || !distinct {
            return Err(format!("{} has no scale of its own", row.item));
        }
        let tested = row.tested.iter().flat_map(|tested| &tested.periods);
        let periods_known = tested.into_iter().all(|period| file.periods.contains(period));
        let sheet_like = row
            .item
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !periods_known || row.item.is_empty() || (row.part == Part::Subject && !sheet_like) {
            return Err(format!("{} is no line", row.item));
        }
    }
    if let Some(item) = file
        .special_class
        .iter()
        .find(|item| !ids.contains(&item.as_str()))
    {
        return Err(format!("{item} of special classes is unknown"));
    }
    for outcome in &file.results {
        for allowed in &outcome.levels {
            let of = |level: &String| {
                let mut parts = allowed.parts.iter();
                parts.all(|part| levels(*part).contains(&level.as_str()))
            };
            if !allowed.of.iter().all(of) {
                return Err(format!("{} asks for an unknown level", outcome.id));
            }
        }
    }
    let last = file.results.last().ok_or("no results")?;
    if last.lowest_score.is_some() || !last.levels.is_empty() {
        return Err("the last result must ask for nothing".to_owned());
    }
    let result = |id: &String| file.results.iter().any(|outcome| outcome.id == *id);
    for award in &file.awards {
        let at_any_time = award.given == Given::AnyTime;
        if at_any_time != award.results.is_empty() || !award.results.iter().all(result) {
            return Err(format!("the results of {} are unclear", award.id));
        }
    }
    Ok(())
}

/// The rule sets this build ships.
///
/// # Errors
/// When an embedded file is none.
pub fn shipped() -> Result<&'static [RuleSet], String> {
    static SHIPPED: OnceLock<Result<Vec<RuleSet>, String>> = OnceLock::new();
    let read = || {
        [include_str!("../../../rules/tt27-2020.json")]
            .into_iter()
            .map(parse)
            .collect()
    };
    SHIPPED.get_or_init(read).as_deref().map_err(Clone::clone)
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
        let lines = set.lines(grade, &[]);
        let of = |part| lines.iter().filter(|line| line.part == part).count();
        assert_eq!(of(Part::Subject), subjects);
        let tests = lines
            .iter()
            .flat_map(|line| Period::ALL.map(|period| line.is_tested(period)));
        assert_eq!(tests.filter(|tested| *tested).count(), scores);
        let criteria = (of(Part::Quality), of(Part::GeneralCompetency), of(Part::Comment));
        assert_eq!(criteria, (5, 3, 3));
        assert_eq!(of(Part::SpecificCompetency), if grade < 3 { 5 } else { 7 });
        let chosen: Vec<&str> = set
            .all_lines(grade)
            .iter()
            .filter(|line| line.elective)
            .map(|line| line.item.as_str())
            .collect();
        assert_eq!(chosen, if grade < 3 { vec!["NN", "DT"] } else { vec!["DT"] });
        assert_eq!(lines.first().map(|line| line.item.as_str()), Some("TV"));
    }

    #[test]
    fn a10_3_a_year_before_the_rules_has_none_and_a_newer_set_is_for_its_years_only() {
        let sets: &'static [RuleSet] = Vec::leak(vec![
            shipped().unwrap()[0].clone(),
            parse(include_str!("../../../tests/rules/thu-nghiem-2030.json")).unwrap(),
        ]);
        let chosen = |id, year| choose(sets, id, year).map(|set| set.id.as_str());
        assert_eq!(chosen("", "2019-2020"), None);
        assert_eq!(chosen("tt99", "2025-2026"), None);
        assert_eq!(chosen("", "2029-2030"), Some("tt27-2020"));
        assert_eq!(chosen("", "2030-2031"), Some("thu-nghiem-2030"));
        assert_eq!(chosen("tt27-2020", "2030-2031"), Some("tt27-2020"));
    }

    #[rstest]
    #[case::a_line_twice(r#""item": "TO""#, r#""item": "TV""#)]
    #[case::an_unknown_level(r#""of": ["T", "D"]"#, r#""of": ["T", "X"]"#)]
    #[case::an_unknown_result(r#""results": ["good"]"#, r#""results": ["bad"]"#)]
    #[case::no_step(r#""step": 1"#, r#""step": 0"#)]
    #[case::a_result_that_nobody_may_reach(
        r#""completes": false"#,
        r#""completes": false, "lowest_score": 1"#
    )]
    #[case::a_word_nobody_knows(r#""first_year""#, r#""year""#)]
    #[case::an_unknown_special_line(r#""special_class": ["TV""#, r#""special_class": ["XX""#)]
    #[case::an_unknown_period(r#""periods": ["mid1", "end1", "mid2", "end2"],"#, r#""periods": ["end1"],"#)]
    fn a10_3_rules_that_contradict_themselves_are_no_rules(#[case] from: &str, #[case] to: &str) {
        let text = include_str!("../../../rules/tt27-2020.json");
        assert!(text.contains(from));
        assert!(parse(&text.replace(from, to)).is_err());
    }

    #[rstest]
    #[case(0, 10, 1, 0, 9, true, "9")]
    #[case(0, 10, 1, 0, 11, false, "11")]
    #[case(0, 100, 5, 1, 85, true, "8,5")]
    #[case(0, 100, 5, 1, 83, false, "8,3")]
    #[case(0, 100, 5, 1, 105, false, "10,5")]
    fn a10_3_scores_are_whole_numbers_of_the_scale(
        #[case] lowest: i16,
        #[case] highest: i16,
        #[case] step: i16,
        #[case] decimals: u8,
        #[case] score: i16,
        #[case] holds: bool,
        #[case] words: &str,
    ) {
        let scores = Scores {
            lowest,
            highest,
            step,
            decimals,
        };
        assert_eq!(
            (scores.holds(score), scores.words(score).as_str()),
            (holds, words)
        );
    }
}
