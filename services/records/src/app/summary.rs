//! What the office prints and the board checks: the class summary, and who is missing what (A6.4). Each export is an
//! event.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hocba_chassis::{Caller, Failure};
use hocba_policy::Resource;
use serde_json::json;
use uuid::Uuid;

use super::{
    mark_file::{Workbook, field, hex},
    pupil::class_of,
    tell,
    year_result::{Standing, standings},
};
use crate::{
    error::Error,
    model::{
        need::{Need, Needs},
        period::Period,
        rule_set::{Line, Part, RuleSet},
        sheet,
        summary::{self as model, Column, Gap, Line as PupilLine, Summary},
    },
    state::State,
    store::{assignment, class, correction, mark, need, pupil, school_year},
};

/// ExportClassSummary.
pub async fn export_class_summary(
    state: &State,
    caller: &Caller,
    (school, year, class): (&str, &str, &str),
    period: Period,
) -> Result<Workbook, Error> {
    let mut tx = state.begin(school).await?;
    let (resource, _) = class_of(&mut tx, caller, school, year, class).await?;
    state.authorize(caller, "ExportClassSummary", &resource)?;
    let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
    let grade = class::grade(&mut tx, school, year, class).await?;
    let needs = need::of_class(&mut tx, school, year, class).await?;
    let lines = columned(rules, grade, &needs);
    let columns: Vec<Column> = lines.iter().map(|line| column(rules, line, period)).collect();
    let mut cells = HashMap::<Uuid, BTreeMap<String, _>>::new();
    for cell in correction::latest(&mut tx, school, (year, class), period.id()).await? {
        cells.entry(cell.pupil).or_default().insert(cell.item, cell.value);
    }
    for ((pupil, item), blank) in &needs.blanks {
        let own = cells.entry(*pupil).or_default();
        own.entry(item.clone()).or_insert_with(|| blank.value());
    }
    let results: HashMap<Uuid, [String; 3]> = if period == rules.closing() {
        let standings = standings(state, &mut tx, school, year, class).await?;
        standings
            .iter()
            .map(|it| (it.pupil, printed(rules, it)))
            .collect()
    } else {
        HashMap::new()
    };
    let roster = pupil::roster(&mut tx, school, year, class).await?;
    let open = roster
        .iter()
        .flat_map(|(pupil, _)| {
            let own = cells.get(pupil);
            let required = lines
                .iter()
                .filter(|line| needs.of(*pupil, line) == Need::Required);
            required.filter(move |line| !own.is_some_and(|own| own.contains_key(&line.item)))
        })
        .count();
    let pupils: Vec<PupilLine> = roster
        .into_iter()
        .map(|(pupil, name)| PupilLine {
            name,
            cells: cells.remove(&pupil).unwrap_or_default(),
            year: results.get(&pupil).cloned(),
        })
        .collect();
    let printed = school_year::get(&mut tx, school, year).await?;
    let classes = class::list(&mut tx, school, year).await?;
    let class_name = classes
        .into_iter()
        .find(|it| it.class == class)
        .map(|it| it.display_name);
    let mut titles = vec![
        printed.school_name,
        "BẢNG TỔNG HỢP KẾT QUẢ ĐÁNH GIÁ GIÁO DỤC".to_owned(),
        format!(
            "Lớp {} — {} năm học {year}",
            class_name.unwrap_or_default(),
            period.title()
        ),
    ];
    if open > 0 {
        titles.push(format!("Còn {open} ô chưa chốt, để trống trong bảng."));
    }
    let summary = Summary {
        titles,
        columns,
        lines: pupils,
    };
    let today = state.clock.now().date();
    let file = tokio::task::spawn_blocking(move || model::summary(&summary, today));
    let file = file
        .await
        .map_err(Failure::internal)?
        .map_err(Failure::internal)?;
    let subject = format!("schools/{school}/years/{year}/classes/{class}");
    let facts = json!({"period": period.id(), "file": hex(&file), "open_cells": open});
    tell(
        state,
        &mut tx,
        caller,
        school,
        subject,
        "class_summary.exported",
        facts,
    )
    .await?;
    tx.commit().await?;
    Ok(Workbook {
        name: format!("tong-hop-{year}-{class}-{}.xlsx", period.id()),
        file,
    })
}

/// The lines a layout has columns for: what the grade has, and the electives the class learns. Comments have none.
fn columned<'r>(rules: &'r RuleSet, grade: i16, needs: &Needs) -> Vec<&'r Line> {
    let lines = rules.lines(grade, &needs.taught()).into_iter();
    lines.filter(|line| line.part != Part::Comment).collect()
}

fn column(rules: &RuleSet, line: &Line, period: Period) -> Column {
    let part = match line.part {
        Part::Subject => "Môn học và hoạt động giáo dục",
        Part::Quality => "Phẩm chất",
        Part::GeneralCompetency => "Năng lực chung",
        Part::SpecificCompetency => "Năng lực đặc thù",
        Part::Comment => "Nhận xét",
    };
    let field = field(rules, line, period);
    Column {
        item: field.item,
        name: field.name,
        part,
        signs: field.levels.into_iter().map(|it| (it.id, it.sign)).collect(),
        tested: field.tested,
    }
}

/// The year's result as the class summary prints it: only what stands confirmed and decided.
fn printed(rules: &RuleSet, standing: &Standing) -> [String; 3] {
    let Some(confirmed) = standing.standing() else {
        return Default::default();
    };
    let result = rules.result(&confirmed.result).map(|it| it.name.clone());
    let promoted = match confirmed.promoted {
        None => "",
        Some(true) => "Được lên lớp",
        Some(false) => "Chưa được lên lớp",
    };
    [
        result.unwrap_or_default(),
        standing.awards().join("; "),
        promoted.to_owned(),
    ]
}

/// ExportCompleteness.
pub async fn export_completeness(
    state: &State,
    caller: &Caller,
    (school, year): (&str, &str),
    period: Period,
) -> Result<Workbook, Error> {
    state.authorize(caller, "ExportCompleteness", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
    let teachers: HashMap<(String, String), String> = assignment::list(&mut tx, school, year, None)
        .await?
        .into_iter()
        .map(|it| ((it.class, it.item), it.teacher_name))
        .collect();
    let mut all_needs = need::by_class(&mut tx, school, year, None).await?;
    let mut gaps = Vec::new();
    for class in class::list(&mut tx, school, year).await? {
        let needs = all_needs.remove(&class.class).unwrap_or_default();
        let lines = rules.lines(class.grade, &needs.taught());
        let items: Vec<String> = lines.iter().map(|line| line.item.clone()).collect();
        let roster = pupil::roster(&mut tx, school, year, &class.class).await?;
        let names: HashMap<Uuid, &String> = roster.iter().map(|(pupil, name)| (*pupil, name)).collect();
        let sealed: BTreeSet<sheet::Place> =
            mark::current(&mut tx, school, year, &class.class, period.id(), &items)
                .await?
                .into_iter()
                .map(|cell| (cell.pupil, cell.item))
                .collect();
        for own in rules.sheets(class.grade, &needs.taught()) {
            let lines = rules.sheet(class.grade, own);
            let missing = sheet::missing(&roster, &lines, &needs, &sealed.iter().collect());
            if missing.is_empty() {
                continue;
            }
            let name = |item: &str| {
                let line = lines.iter().find(|line| line.item == item);
                line.map(|line| line.name.clone()).unwrap_or_default()
            };
            let title = match lines.as_slice() {
                [line] => line.name.clone(),
                _ => "Phẩm chất và năng lực".to_owned(),
            };
            gaps.push(Gap {
                class: class.display_name.clone(),
                sheet: title,
                teacher: teachers
                    .get(&(class.class.clone(), own.to_owned()))
                    .cloned()
                    .unwrap_or_default(),
                required: roster.len() * lines.len(),
                missing: missing
                    .into_iter()
                    .map(|(pupil, item)| {
                        let whose = names.get(&pupil).map(|name| (*name).clone()).unwrap_or_default();
                        (pupil, whose, name(&item))
                    })
                    .collect(),
            });
        }
    }
    let printed = school_year::get(&mut tx, school, year).await?;
    let count: usize = gaps.iter().map(|gap| gap.missing.len()).sum();
    let titles = vec![
        printed.school_name,
        format!("DANH SÁCH Ô ĐIỂM CÒN THIẾU — {} năm học {year}", period.title()),
        format!("Còn {count} ô ở {} bảng điểm.", gaps.len()),
    ];
    let (today, sheets) = (state.clock.now().date(), gaps.len());
    let file = tokio::task::spawn_blocking(move || model::completeness(&titles, &gaps, today));
    let file = file
        .await
        .map_err(Failure::internal)?
        .map_err(Failure::internal)?;
    let subject = format!("schools/{school}/years/{year}");
    let facts = json!({"period": period.id(), "file": hex(&file), "sheets": sheets, "cells": count});
    tell(
        state,
        &mut tx,
        caller,
        school,
        subject,
        "completeness.exported",
        facts,
    )
    .await?;
    tx.commit().await?;
    Ok(Workbook {
        name: format!("con-thieu-{year}-{}.xlsx", period.id()),
        file,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::rule_set::{choose, shipped};

    /// The nine layouts, and the scores of each (TT 27).
    #[rstest]
    #[case(Period::Mid1, [8, 8, 11, 12, 12], [0, 0, 0, 2, 2])]
    #[case(Period::Mid2, [8, 8, 11, 12, 12], [0, 0, 0, 2, 2])]
    #[case(Period::End1, [8, 8, 11, 12, 12], [2, 2, 5, 7, 7])]
    #[case(Period::End2, [8, 8, 11, 12, 12], [2, 2, 5, 7, 7])]
    fn a6_4_the_columns_of_a_summary_follow_from_the_rule_set(
        #[case] period: Period,
        #[case] subjects: [usize; 5],
        #[case] scores: [usize; 5],
    ) {
        let rules = choose(shipped().unwrap(), "tt27-2020", "2025-2026").unwrap();
        for (grade, (subjects, scores)) in (1..).zip(subjects.into_iter().zip(scores)) {
            let lines = columned(rules, grade, &Needs::default());
            let columns: Vec<Column> = lines.iter().map(|line| column(rules, line, period)).collect();
            let of = |part: &str| columns.iter().filter(|column| column.part == part).count();
            assert_eq!(of("Môn học và hoạt động giáo dục"), subjects, "grade {grade}");
            assert_eq!(
                columns.iter().filter(|column| column.tested).count(),
                scores,
                "grade {grade}"
            );
            assert_eq!((of("Phẩm chất"), of("Năng lực chung")), (5, 3));
            assert_eq!(of("Năng lực đặc thù"), if grade < 3 { 5 } else { 7 });
        }
    }
}
