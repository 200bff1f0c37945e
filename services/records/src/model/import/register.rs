//! What a list is checked against beside its columns: the pattern of its register numbers, the age of a grade.

use std::collections::BTreeMap;

use super::{Column, Finding, Reader};
use crate::model::{
    calendar::parse_day,
    pupil::Identity,
    spreadsheet::{Cell, Row},
};

impl Reader<'_> {
    /// The part after the number that most register numbers of the file have, such as `/TH`.
    pub(super) fn common_suffix(&self, rows: &[Row]) -> Option<String> {
        let mut counts = BTreeMap::<String, usize>::new();
        for row in rows {
            if let Cell::Text(text) = self.cell(row, Column::RegisterNumber)
                && let Some(at) = text.find('/')
                && let (Some(number), Some(suffix)) = (text.get(..at), text.get(at..))
                && number.len() == 4
            {
                *counts.entry(suffix.to_owned()).or_default() += 1;
            }
        }
        counts
            .into_iter()
            .max_by_key(|(_, count)| *count)
            .map(|(suffix, _)| suffix)
    }

    pub(super) fn register_number(&mut self, row: &Row) -> String {
        let column = Column::RegisterNumber;
        if let (Cell::Number(number), Some(suffix)) = (self.cell(row, column), &self.register_suffix) {
            let text = format!("{number:04.0}{suffix}");
            let words = "Số đăng bộ bị Excel đổi thành số, đã ghi lại theo mẫu của cột.";
            self.found(Finding::repaired(
                row.number,
                column,
                "REGISTER_NUMBER_AS_NUMBER",
                words,
                &text,
            ));
            return text;
        }
        self.text(row, column)
    }

    pub(super) fn age(&mut self, row: u32, identity: &Identity, grade: i16) {
        let Some(born) = parse_day(&identity.birth_date).map(time::Date::year) else {
            return;
        };
        let late = self.school.begins - 5 - i32::from(grade) - born;
        if late != 0 {
            let words = if late > 0 {
                format!("Lớn hơn độ tuổi của khối {late} tuổi: xin kiểm tra ngày sinh và lớp.")
            } else {
                format!(
                    "Nhỏ hơn độ tuổi của khối {} tuổi: xin kiểm tra ngày sinh và lớp.",
                    -late
                )
            };
            self.found(Finding::note(row, Some(Column::BirthDate), "AGE", words));
        }
    }
}
