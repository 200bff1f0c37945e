//! The year's result against the regulation's own words, for every grade.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::model::{
    period::Period,
    rule_set::{Part, choose, parse, shipped},
};

fn tt27() -> &'static RuleSet {
    choose(shipped().unwrap(), "tt27-2020", "2025-2026").unwrap()
}

/// What everybody of a grade learns.
fn lines(grade: i16) -> Vec<&'static Line> {
    tt27().lines(grade, &[])
}

fn value(mark: Mark, level: &str, score: Option<i16>) -> Value {
    Value {
        mark,
        level: level.to_owned(),
        score,
        comment: String::new(),
    }
}

fn best(line: &Line) -> Value {
    let level = if line.part == Part::Comment { "" } else { "T" };
    value(Mark::Assessed, level, line.is_tested(Period::End2).then_some(10))
}

fn derived(grade: i16, values: &BTreeMap<&str, Value>) -> Option<&'static str> {
    let cells = values.iter().map(|(item, value)| (*item, value)).collect();
    derive(tt27(), &lines(grade), &cells).map(|outcome| outcome.id.as_str())
}

/// The result of a pupil who has everything best but for one cell.
fn with(grade: i16, item: &str, one: Value) -> Option<&'static str> {
    let lines = lines(grade);
    let mut values: BTreeMap<&str, Value> = lines.iter().map(|it| (it.item.as_str(), best(it))).collect();
    if let Some(value) = values.get_mut(item) {
        *value = one;
    }
    derived(grade, &values)
}

#[rstest]
#[case::all_best("", Mark::Assessed, "T", None, "excellent")]
#[case::nine_is_enough("TO", Mark::Assessed, "T", Some(9), "excellent")]
#[case::eight_is_good("TO", Mark::Assessed, "T", Some(8), "good")]
#[case::seven_is_good("TV", Mark::Assessed, "T", Some(7), "good")]
#[case::six_is_completed("TO", Mark::Assessed, "T", Some(6), "completed")]
#[case::five_is_completed("TO", Mark::Assessed, "T", Some(5), "completed")]
#[case::four_is_not("TO", Mark::Assessed, "T", Some(4), "not_completed")]
#[case::zero_is_a_score("TO", Mark::Assessed, "C", Some(0), "not_completed")]
#[case::ten_with_h_is_completed("TO", Mark::Assessed, "H", Some(10), "completed")]
#[case::a_subject_h("AN", Mark::Assessed, "H", None, "completed")]
#[case::a_subject_c("AN", Mark::Assessed, "C", None, "not_completed")]
#[case::a_quality_d("yeu_nuoc", Mark::Assessed, "D", None, "completed")]
#[case::a_quality_c("yeu_nuoc", Mark::Assessed, "C", None, "not_completed")]
#[case::a_general_competency_d("tu_chu", Mark::Assessed, "D", None, "completed")]
#[case::a_specific_competency_c("the_chat", Mark::Assessed, "C", None, "not_completed")]
#[case::exempt("AN", Mark::Exempt, "", None, "excellent")]
#[case::not_assessed("TO", Mark::NotAssessed, "", None, "excellent")]
#[case::absent_has_no_score("TO", Mark::Absent, "T", None, "not_completed")]
fn a8_2_the_worst_cell_decides_in_every_grade(
    #[case] item: &str,
    #[case] mark: Mark,
    #[case] level: &str,
    #[case] score: Option<i16>,
    #[case] result: &str,
    #[values(1, 2, 3, 4, 5)] grade: i16,
) {
    assert_eq!(with(grade, item, value(mark, level, score)), Some(result));
}

#[rstest]
#[case(1, "KH", false)]
#[case(3, "NN", true)]
#[case(3, "CN", true)]
#[case(4, "LD", true)]
#[case(5, "KH", true)]
#[case(5, "TH", true)]
fn a8_2_the_tests_of_the_grade_count(#[case] grade: i16, #[case] item: &str, #[case] counts: bool) {
    let expected = if counts { "not_completed" } else { "excellent" };
    assert_eq!(
        with(grade, item, value(Mark::Assessed, "T", Some(4))),
        Some(expected)
    );
}

#[rstest]
fn there_is_no_result_while_a_cell_is_open(#[values(1, 2, 3, 4, 5)] grade: i16) {
    for open in lines(grade) {
        let values: BTreeMap<&str, Value> = lines(grade)
            .into_iter()
            .filter(|line| line.item != open.item)
            .map(|line| (line.item.as_str(), best(line)))
            .collect();
        assert_eq!(derived(grade, &values), None, "{}", open.item);
    }
}

/// A cell's value by what it is worth: 0 the best.
fn worth(line: &Line, level: usize, score: i16) -> Value {
    let signs = match line.part {
        Part::Subject => ["T", "H", "C"],
        Part::Quality | Part::GeneralCompetency | Part::SpecificCompetency => ["T", "D", "C"],
        Part::Comment => ["", "", ""],
    };
    value(
        Mark::Assessed,
        signs[level],
        line.is_tested(Period::End2).then_some(score),
    )
}

/// The regulation's four sentences, written down a second time and from its text alone.
fn by_the_letter(grade: i16, cells: &BTreeMap<&str, Value>) -> &'static str {
    let of = |criterion: bool| -> Vec<&str> {
        let lines = lines(grade).into_iter().filter(move |line| match line.part {
            Part::Subject => !criterion,
            Part::Quality | Part::GeneralCompetency | Part::SpecificCompetency => criterion,
            Part::Comment => false,
        });
        lines
            .map(|line| cells[line.item.as_str()].level.as_str())
            .collect()
    };
    let (subjects, criteria) = (of(false), of(true));
    let tested = ["TV", "TO", "NN", "LD", "KH", "TH", "CN"];
    let lowest = tested
        .iter()
        .filter_map(|item| cells.get(item))
        .filter_map(|value| value.score)
        .min()
        .unwrap();
    let all_t = subjects.iter().chain(&criteria).all(|level| *level == "T");
    let none_c = subjects.iter().chain(&criteria).all(|level| *level != "C");
    match lowest {
        9.. if all_t => "excellent",
        7.. if all_t => "good",
        5.. if none_c => "completed",
        _ => "not_completed",
    }
}

proptest! {
    #[test]
    fn a8_2_any_sheet_of_marks_gets_the_result_the_regulation_says(
        grade in 1_i16..=5,
        mostly in 0_usize..3,
        cells in prop::collection::vec((0_usize..12, 0_usize..3, 0_i16..=10, 0_usize..6), 40),
    ) {
        // Most pupils are even; a few cells differ.
        let base = [10, 8, 6][mostly];
        let values: BTreeMap<&str, Value> = lines(grade)
            .into_iter()
            .zip(&cells)
            .map(|(line, (differs, level, score, near))| {
                let (level, score) = match differs {
                    0 => (*level, *score),
                    1 => (0, base - i16::try_from(*near).unwrap() % 3),
                    _ => (0, base),
                };
                (line.item.as_str(), worth(line, level, score))
            })
            .collect();
        prop_assert_eq!(derived(grade, &values), Some(by_the_letter(grade, &values)));
    }

    #[test]
    fn a8_2_a_better_cell_never_makes_a_worse_result(
        grade in 1_i16..=5,
        level in 0_usize..3,
        score in 0_i16..=10,
        better_level in 0_usize..3,
        better_score in 0_i16..=10,
        which in 0_usize..40,
    ) {
        prop_assume!(better_level <= level && better_score >= score);
        let all = lines(grade);
        let line = all[which % all.len()];
        let rank = |id: Option<&str>| tt27().results.iter().position(|it| Some(it.id.as_str()) == id);
        let before = rank(with(grade, &line.item, worth(line, level, score)));
        let after = rank(with(grade, &line.item, worth(line, better_level, better_score)));
        prop_assert!(after <= before);
    }
}

#[test]
fn a10_3_another_rule_set_has_its_own_results_and_awards() {
    let rules = parse(include_str!("../../../tests/rules/thu-nghiem-2030.json")).unwrap();
    let lines = rules.lines(5, &[]);
    let with = |subject: &str, score: i16, quality: &str| {
        let values: BTreeMap<&str, Value> = BTreeMap::from([
            ("NGU", value(Mark::Assessed, subject, Some(score))),
            ("STEM", value(Mark::Assessed, "A", None)),
            ("tu_te", value(Mark::Assessed, quality, None)),
            ("nx_chung", value(Mark::Assessed, "", None)),
        ]);
        let cells = values.iter().map(|(item, value)| (*item, value)).collect();
        derive(&rules, &lines, &cells).unwrap().id.clone()
    };
    assert_eq!(with("A", 85, "1"), "star");
    assert_eq!(with("A", 80, "1"), "met");
    assert_eq!(with("A", 85, "2"), "met", "this set asks no quality of who meets");
    assert_eq!(with("K", 100, "1"), "again");
    assert_eq!(following(&rules, "star"), ["Ngôi sao của lớp"]);
    assert_eq!(candidate(&rules, "again"), ["no_luc"]);
    assert!(following(tt27(), "good").is_empty());
    assert_eq!(candidate(tt27(), "good"), ["tieu_bieu"]);
}
