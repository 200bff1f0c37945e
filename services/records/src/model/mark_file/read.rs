//! A filled template, read: what it would write, and what was found cell by cell.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{FORMAT, Field, Line, Slot, Stamp, View, parse};
use crate::model::{
    cell::Value,
    import::Kind,
    naming::Roster,
    spreadsheet::{Cell, Row},
    text::clean,
};

/// One thing found in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Unique within the file.
    pub id: String,
    /// The row, as the teacher sees it.
    pub row: u32,
    /// The column's title.
    pub column: String,
    /// What it means for the commit.
    pub kind: Kind,
    /// Stable code.
    pub code: String,
    /// What was found and what to do, Vietnamese.
    pub words: String,
    /// What will be written.
    pub value: String,
    /// The choices.
    pub choices: Vec<String>,
    /// Whose cell: pupil, item, column. None for a whole row.
    pub place: Option<(Uuid, String, Slot)>,
}

/// What was typed into a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Which column.
    pub slot: Slot,
    /// The text.
    pub text: String,
}

/// A cell of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCell {
    /// The pupil.
    pub pupil: Uuid,
    /// The item.
    pub item: String,
    /// What was typed.
    pub given: Vec<Given>,
    /// What will be written; `None` leaves the sheet's cell as it is.
    pub value: Option<Value>,
}

/// The file, read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Its cells.
    pub cells: Vec<PlannedCell>,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// Reads the identity a file bears; `None` when it is no template of ours.
pub(super) fn stamp(identity: &[Row]) -> Option<Stamp> {
    let text = |row: &Row, at: usize| match row.cell(at) {
        Cell::Text(text) => text.clone(),
        Cell::Empty | Cell::Number(_) | Cell::Date(_) | Cell::Unreadable(_) => String::new(),
    };
    let mut facts: BTreeMap<String, String> =
        identity.iter().map(|row| (text(row, 0), text(row, 1))).collect();
    if facts.remove("format")? != FORMAT {
        return None;
    }
    Some(Stamp {
        sheet: facts.remove("sheet")?,
        roster: facts.remove("roster")?,
        seals: facts.remove("seals")?,
        drafts: facts.remove("drafts")?,
    })
}

/// Why a file is not read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No template of ours: words.
    Unreadable(String),
    /// Another sheet's template: that sheet.
    Other(String),
    /// The sheet is not what it was any more: `roster` or `seals`.
    Stale(&'static str),
}

/// Reads a file against the sheet as it is now. `judge` is the rules' word about a value of an item.
///
/// # Errors
/// When it is no template, another sheet's, or an old one.
pub fn plan(
    [sheet, identity]: [Option<Vec<Row>>; 2],
    view: &View,
    judge: impl Fn(&str, &Value) -> Result<(), String>,
) -> Result<Plan, Refusal> {
    let no_template = || {
        Refusal::Unreadable("Tệp không phải mẫu bảng điểm tải từ hệ thống: tải mẫu mới rồi điền.".to_owned())
    };
    let (sheet, identity) = sheet.zip(identity).ok_or_else(no_template)?;
    let stamp = stamp(&identity).ok_or_else(no_template)?;
    let now = view.stamp();
    if stamp.sheet != now.sheet {
        return Err(Refusal::Other(stamp.sheet));
    }
    if stamp.roster != now.roster {
        return Err(Refusal::Stale("roster"));
    }
    if stamp.seals != now.seals {
        return Err(Refusal::Stale("seals"));
    }
    let head = sheet
        .iter()
        .position(|row| matches!(row.cell(0), Cell::Text(text) if text == FORMAT))
        .ok_or_else(no_template)?;
    let keys: HashMap<String, usize> = sheet
        .get(head)
        .into_iter()
        .flat_map(|row| row.cells.iter().enumerate())
        .map(|(at, cell)| (parse::typed(cell), at))
        .collect();
    let mut reader = Reader {
        view,
        keys,
        judge,
        drafts_moved: stamp.drafts != now.drafts,
        names: Roster::new(view.lines.iter().map(|line| line.name.as_str())),
        seen: BTreeSet::new(),
        plan: Plan::default(),
    };
    let keys = sheet.get(head).map_or(0, |row| row.number);
    reader.columns(keys);
    // Below the keys stands the head that people read.
    for row in sheet.iter().skip(head + 1).filter(|row| row.number > keys + 1) {
        reader.row(row);
    }
    reader.absent_rows();
    Ok(reader.plan)
}

/// Applies choices: the cells to write.
///
/// # Errors
/// The findings that still need a choice, or whose choice is none of theirs.
pub fn wanted<'a>(
    plan: &'a Plan,
    choices: &HashMap<String, String>,
) -> Result<Vec<&'a PlannedCell>, Vec<Finding>> {
    let mut kept = BTreeSet::new();
    let mut open = Vec::new();
    for finding in plan.findings.iter().filter(|it| it.kind == Kind::Choice) {
        let choice = choices.get(&finding.id).filter(|it| finding.choices.contains(it));
        match choice.map(String::as_str) {
            Some("take_file") => {}
            Some(_) => kept.extend(
                finding
                    .place
                    .as_ref()
                    .map(|(pupil, item, _)| (*pupil, item.as_str())),
            ),
            None => open.push(finding.clone()),
        }
    }
    if !open.is_empty() {
        return Err(open);
    }
    let written =
        |cell: &&PlannedCell| cell.value.is_some() && !kept.contains(&(cell.pupil, cell.item.as_str()));
    Ok(plan.cells.iter().filter(written).collect())
}

struct Reader<'a, J> {
    view: &'a View,
    keys: HashMap<String, usize>,
    judge: J,
    drafts_moved: bool,
    names: Roster,
    seen: BTreeSet<Uuid>,
    plan: Plan,
}

impl<J: Fn(&str, &Value) -> Result<(), String>> Reader<'_, J> {
    fn columns(&mut self, row: u32) {
        for field in &self.view.fields {
            for slot in field.slots() {
                if !self.keys.contains_key(&field.key(slot)) {
                    let words = format!("Thiếu cột «{}»: tải mẫu mới rồi điền lại.", field.title(slot));
                    self.found(row, field.title(slot), Kind::Error, "COLUMN_MISSING", words, None);
                }
            }
        }
    }

    fn row(&mut self, row: &Row) {
        let pupil = match row.cell(0) {
            Cell::Text(text) => Uuid::try_parse(text.trim()).ok(),
            Cell::Empty | Cell::Number(_) | Cell::Date(_) | Cell::Unreadable(_) => None,
        };
        let view = self.view;
        let line = pupil.and_then(|pupil| view.lines.iter().find(|line| line.pupil == pupil));
        let Some(line) = line else {
            let words = "Dòng này không phải của học sinh nào trong lớp: xóa dòng rồi nạp lại.".to_owned();
            self.found(row.number, String::new(), Kind::Error, "ROW_UNKNOWN", words, None);
            return;
        };
        if !self.seen.insert(line.pupil) {
            let words = "Học sinh này có ở hai dòng: xóa bớt một dòng rồi nạp lại.".to_owned();
            self.found(row.number, String::new(), Kind::Error, "ROW_TWICE", words, None);
            return;
        }
        if clean(&parse::typed(row.cell(2))) != clean(&line.name) {
            let words = format!(
                "Tên ở dòng này đã bị sửa; đây là dòng của «{}»: ghi lại tên cũ.",
                line.name
            );
            self.found(
                row.number,
                "Họ và tên".to_owned(),
                Kind::Error,
                "NAME_CHANGED",
                words,
                None,
            );
        }
        for (field, (sealed, present)) in view.fields.iter().zip(&line.cells) {
            self.cell(row, line, field, (*sealed, present.as_ref()));
        }
    }

    fn cell(&mut self, row: &Row, line: &Line, field: &Field, (sealed, present): (bool, Option<&Value>)) {
        let pupil = line.pupil;
        let scores = self.view.scores;
        let of = |slot: Slot| {
            let at = self.keys.get(&field.key(slot));
            at.map_or(Cell::Empty, |at| row.cell(*at).clone())
        };
        let given: Vec<Given> = field
            .slots()
            .into_iter()
            .map(|slot| Given {
                slot,
                text: parse::typed(&of(slot)),
            })
            .collect();
        let first = given.first().map_or(Slot::Comment, |it| it.slot);
        let place = |slot: Slot| Some((pupil, field.item.clone(), slot));
        let (read, remarks) = parse::field(field, scores, of);
        let mut planned = PlannedCell {
            pupil,
            item: field.item.clone(),
            given,
            value: None,
        };
        if sealed {
            let same = |it: &Given| {
                let shown = present
                    .map(|value| field.shown(it.slot, value, scores))
                    .unwrap_or_default();
                clean(&it.text) == clean(&shown)
            };
            if !planned.given.iter().all(same) {
                let words = "Ô đã chốt: ghi lại như cũ; muốn sửa xin lập hồ sơ sửa điểm.".to_owned();
                self.found(
                    row.number,
                    field.title(first),
                    Kind::Error,
                    "SEALED",
                    words,
                    place(first),
                );
            }
        } else if let Some(value) = read {
            let wrong = remarks
                .iter()
                .any(|(_, remark)| matches!(remark, parse::Remark::Wrong(_)));
            for (slot, remark) in remarks {
                match remark {
                    parse::Remark::Repaired(value) => {
                        let words = format!("Đã hiểu là «{value}».");
                        self.found(
                            row.number,
                            field.title(slot),
                            Kind::Repaired,
                            "REPAIRED",
                            words,
                            place(slot),
                        );
                        if let Some(last) = self.plan.findings.last_mut() {
                            last.value = value;
                        }
                    }
                    parse::Remark::Wrong(words) => {
                        self.found(
                            row.number,
                            field.title(slot),
                            Kind::Error,
                            "INVALID",
                            words,
                            place(slot),
                        );
                    }
                }
            }
            if !wrong && let Err(words) = (self.judge)(&field.item, &value) {
                self.found(
                    row.number,
                    field.title(first),
                    Kind::Error,
                    "INVALID",
                    words,
                    place(first),
                );
            }
            let others = self.names.named(&value.comment, &line.name).into_iter();
            let others: Vec<String> = others
                .map(|other| format!("Nhận xét nhắc tên học sinh khác trong lớp: {other}."))
                .collect();
            for words in others {
                self.found(
                    row.number,
                    field.title(Slot::Comment),
                    Kind::Note,
                    "NAMES_ANOTHER",
                    words,
                    place(Slot::Comment),
                );
            }
            let differs = present != Some(&value);
            if differs && self.drafts_moved && present.is_some() {
                let words = "Ô này đã có bản nháp khác sau khi tải mẫu: chọn giữ bản nháp hoặc lấy theo tệp."
                    .to_owned();
                self.found(
                    row.number,
                    field.title(first),
                    Kind::Choice,
                    "DRAFT_DIFFERS",
                    words,
                    place(first),
                );
                if let Some(last) = self.plan.findings.last_mut() {
                    last.choices = vec!["keep_draft".to_owned(), "take_file".to_owned()];
                }
            }
            planned.value = differs.then_some(value);
        } else if present.is_some() {
            let words = "Ô trống trong tệp: giữ bản nháp đang có.".to_owned();
            self.found(
                row.number,
                field.title(first),
                Kind::Note,
                "EMPTIED",
                words,
                place(first),
            );
        }
        self.plan.cells.push(planned);
    }

    fn absent_rows(&mut self) {
        let view = self.view;
        for line in view
            .lines
            .iter()
            .filter(|line| !self.seen.contains(&line.pupil))
            .collect::<Vec<_>>()
        {
            let words = format!("Tệp không còn dòng của «{}»: các ô của em giữ nguyên.", line.name);
            let row = 0;
            self.found(row, String::new(), Kind::Note, "ROW_MISSING", words, None);
        }
    }

    fn found(
        &mut self,
        row: u32,
        column: String,
        kind: Kind,
        code: &str,
        words: String,
        place: Option<(Uuid, String, Slot)>,
    ) {
        let at = self.plan.findings.len() + 1;
        self.plan.findings.push(Finding {
            id: format!("{row}-{code}-{at}"),
            row,
            column,
            kind,
            code: code.to_owned(),
            words,
            value: String::new(),
            choices: Vec::new(),
            place,
        });
    }
}
