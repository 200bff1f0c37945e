//! Rows that stand for one pupil twice: found, and chosen among by a person.

use std::collections::{BTreeSet, HashMap};

use super::{Column, Finding, Kind, Plan, PlannedRow};

/// What is there twice.
pub(super) fn find(rows: &[PlannedRow]) -> Vec<Finding> {
    let (mut codes, mut ids, mut names) = (HashMap::new(), HashMap::new(), HashMap::new());
    let mut found = Vec::new();
    for row in rows {
        let identity = &row.identity;
        // A row without a code has its own error.
        if !identity.pupil_code.is_empty()
            && let Some(first) = codes.insert(&identity.pupil_code, row.row)
        {
            let words = format!("Trùng mã học sinh với dòng {first}: chọn giữ dòng trước hoặc dòng sau.");
            found.push(Finding::choice(
                row.row,
                Column::Code,
                "DUPLICATE_PUPIL",
                words,
                first,
            ));
            continue;
        }
        if let Some(id) = &identity.personal_id
            && let Some(first) = ids.insert(id, row.row)
        {
            let words =
                format!("Trùng số định danh với dòng {first}, mã học sinh khác: sửa trong tệp rồi nạp lại.");
            found.push(Finding::error(row.row, Column::PersonalId, "DUPLICATE_ID", words));
        }
        if let Some(first) = names.insert((&identity.display_name, &row.class_id), row.row) {
            let words = format!(
                "Cùng tên cùng lớp với dòng {first}: hai học sinh khác nhau, xin lưu ý khi nhập điểm."
            );
            found.push(Finding::note(row.row, Some(Column::Name), "SAME_NAME", words));
        }
    }
    found
}

/// Applies choices: the rows that will be written.
///
/// # Errors
/// The findings that still need a choice, whose choice is none of theirs, or whose choices together leave one pupil twice.
pub fn choose(plan: &Plan, choices: &HashMap<String, String>) -> Result<Vec<PlannedRow>, Vec<Finding>> {
    let asked = || plan.findings.iter().filter(|it| it.kind == Kind::Choice);
    let mut open = Vec::new();
    let mut dropped = BTreeSet::new();
    for finding in asked() {
        let choice = choices
            .get(&finding.id)
            .filter(|choice| finding.choices.contains(choice));
        match choice.map(String::as_str) {
            Some("keep_last") => dropped.extend(finding.other_row),
            Some(_) => {
                dropped.insert(finding.row);
            }
            None => open.push(finding.clone()),
        }
    }
    if !open.is_empty() {
        return Err(open);
    }
    let kept: Vec<PlannedRow> = plan
        .rows
        .iter()
        .filter(|row| !dropped.contains(&row.row))
        .cloned()
        .collect();
    // Of three rows two can be left by choices that do not agree.
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<&str> = kept
        .iter()
        .map(|row| row.identity.pupil_code.as_str())
        .filter(|code| !seen.insert(*code))
        .collect();
    let of_twice = |row: u32| {
        let mut rows = plan.rows.iter();
        rows.any(|it| it.row == row && twice.contains(it.identity.pupil_code.as_str()))
    };
    let open: Vec<Finding> = asked().filter(|it| of_twice(it.row)).cloned().collect();
    if open.is_empty() { Ok(kept) } else { Err(open) }
}
