//! The year's result, recomputed from what was entered, in the regulation's own words (Thông tư 27/2020, articles 6 to
//! 9). Nothing here is shared with the services, on purpose: two readings of one text must agree.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};

use crate::teacher::Entered;

/// Subjects with a test at the end of a semester, by grade.
const fn tested(grade: i32) -> &'static [&'static str] {
    match grade {
        1 | 2 => &["TO", "TV"],
        3 => &["CN", "NN", "TH", "TO", "TV"],
        _ => &["CN", "KH", "LD", "NN", "TH", "TO", "TV"],
    }
}

/// Test scores a year, by grade.
const fn scores_a_year(grade: i32) -> usize {
    match grade {
        1 | 2 => 4,
        3 => 10,
        _ => 18,
    }
}

/// Subjects and activities in the book, by grade.
const fn subjects(grade: i32) -> usize {
    match grade {
        1 | 2 => 8,
        3 => 11,
        _ => 12,
    }
}

/// Qualities and competencies with a level: technology and informatics begin in grade 3.
const fn criteria(grade: i32) -> usize {
    if grade < 3 { 13 } else { 15 }
}

/// The result of every pupil.
pub(crate) fn judge(
    grades: &BTreeMap<String, i32>,
    cells: &[Entered],
) -> anyhow::Result<BTreeMap<String, &'static str>> {
    let mut pupils = BTreeMap::<&str, Vec<&Entered>>::new();
    for cell in cells {
        pupils.entry(&cell.pupil).or_default().push(cell);
    }
    pupils
        .into_iter()
        .map(|(pupil, cells)| {
            let class = &cells.first().context("no cells")?.class;
            let grade = *grades.get(class).context("no grade")?;
            Ok((
                pupil.to_owned(),
                one(grade, &cells).with_context(|| format!("{pupil} of {class}"))?,
            ))
        })
        .collect()
}

fn one(grade: i32, cells: &[&Entered]) -> anyhow::Result<&'static str> {
    let scores = cells.iter().filter(|cell| cell.score.is_some()).count();
    ensure!(
        scores == scores_a_year(grade),
        "{scores} scores a year in grade {grade}"
    );
    let of_year_end: Vec<_> = cells.iter().filter(|cell| cell.period == "end2").collect();
    let mut tests: Vec<&str> = of_year_end
        .iter()
        .filter(|cell| cell.score.is_some())
        .map(|cell| cell.item.as_str())
        .collect();
    tests.sort_unstable();
    ensure!(tests == tested(grade), "tests in {tests:?} in grade {grade}");
    let is_subject = |cell: &Entered| cell.item.chars().all(char::is_uppercase);
    let levels = |subject: bool| {
        of_year_end
            .iter()
            .filter(move |cell| is_subject(cell) == subject && !cell.level.is_empty())
            .map(|cell| cell.level.as_str())
            .collect::<Vec<_>>()
    };
    let (in_subjects, in_criteria) = (levels(true), levels(false));
    ensure!(
        in_subjects.len() == subjects(grade),
        "{} subjects in grade {grade}",
        in_subjects.len()
    );
    ensure!(
        in_criteria.len() == criteria(grade),
        "{} criteria in grade {grade}",
        in_criteria.len()
    );
    let lowest = of_year_end
        .iter()
        .filter_map(|cell| cell.score)
        .min()
        .context("no test")?;
    let all_best = in_subjects.iter().chain(&in_criteria).all(|level| *level == "T");
    let none_failed = in_subjects.iter().all(|level| ["T", "H"].contains(level))
        && in_criteria.iter().all(|level| ["T", "D"].contains(level));
    Ok(if all_best && lowest >= 9 {
        "excellent"
    } else if all_best && lowest >= 7 {
        "good"
    } else if none_failed && lowest >= 5 {
        "completed"
    } else {
        "not_completed"
    })
}
