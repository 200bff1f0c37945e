//! Lists of administrative units as CSV: the shipped provinces, and what the operator imports. Columns go by their titles,
//! ours or those of the statistics office's own list; others are not looked at.

use std::collections::BTreeMap;

use time::Date;

use super::{
    calendar::parse_day,
    place::{Kind, Place, Register},
    text::clean,
};

/// The largest file, in bytes: all communes there ever were, and room.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// What does not hold, by row as an editor counts them, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The row.
    pub row: usize,
    /// Why, Vietnamese.
    pub words: String,
}

impl Finding {
    fn new(row: usize, words: impl Into<String>) -> Self {
        Self {
            row,
            words: words.into(),
        }
    }
}

/// Places with their rows.
pub type Rows = Vec<(usize, Place)>;

/// The provinces this build ships.
///
/// # Errors
/// When the shipped file is damaged.
pub fn provinces() -> Result<Vec<Place>, Vec<Finding>> {
    let rows = read(include_str!("../../data/provinces.csv"), None)?;
    Ok(rows.into_iter().map(|(_, place)| place).collect())
}

/// The columns that are read, by their titles.
const COLUMNS: [(&str, &str); 7] = [
    ("code", "mã"),
    ("name", "tên"),
    ("kind", "cấp"),
    ("province", "mã tp"),
    ("valid_from", "từ ngày"),
    ("valid_to", "đến ngày"),
    ("successor", "mã mới"),
];

/// Reads a file; every row that is none is found.
///
/// # Errors
/// The findings.
pub fn read(text: &str, valid_from: Option<Date>) -> Result<Rows, Vec<Finding>> {
    let mut lines = (1..).zip(text.trim_start_matches('\u{feff}').lines());
    let titles: Vec<String> = lines
        .next()
        .map(|(_, line)| {
            cells(line)
                .iter()
                .map(|title| clean(title).to_lowercase())
                .collect()
        })
        .unwrap_or_default();
    let column = |name: &str| {
        let (ours, theirs) = COLUMNS.into_iter().find(|(ours, _)| *ours == name)?;
        titles.iter().position(|title| title == ours || title == theirs)
    };
    let missing: Vec<&str> = ["code", "name", "kind"]
        .into_iter()
        .filter(|name| column(name).is_none())
        .collect();
    if !missing.is_empty() {
        let words = format!("thiếu cột {} ở dòng tiêu đề", missing.join(", "));
        return Err(vec![Finding::new(1, words)]);
    }
    let (mut rows, mut findings) = (Rows::new(), Vec::new());
    for (row, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let cells = cells(line);
        let cell = |name: &str| {
            let cell = column(name).and_then(|at| cells.get(at));
            cell.map(|text| clean(text)).unwrap_or_default()
        };
        match place(cell, valid_from) {
            Ok(place) => rows.push((row, place)),
            Err(words) => findings.push(Finding::new(row, words)),
        }
    }
    if rows.is_empty() && findings.is_empty() {
        findings.push(Finding::new(1, "tệp không có dòng nào"));
    }
    if findings.is_empty() {
        Ok(rows)
    } else {
        Err(findings)
    }
}

fn place(cell: impl Fn(&str) -> String, first: Option<Date>) -> Result<Place, String> {
    let word = cell("kind").to_lowercase();
    let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word);
    let kind = kind
        .ok_or_else(|| format!("cấp «{word}» không phải tỉnh, thành phố, xã, phường, thị trấn, đặc khu"))?;
    let code = cell("code");
    if !is_code(&code, kind.digits()) {
        return Err(format!("mã «{code}» phải có {} chữ số", kind.digits()));
    }
    let name = cell("name");
    if !(1..=100).contains(&name.chars().count()) {
        return Err("cần tên, dài nhất 100 kí tự".to_owned());
    }
    let day = |name: &str, none: Option<Date>| match cell(name) {
        text if text.is_empty() => Ok(none),
        text => parse_day(&text)
            .map(Some)
            .ok_or_else(|| format!("ngày «{text}» không có dạng YYYY-MM-DD")),
    };
    let valid_from = day("valid_from", first)?.ok_or("cần ngày bắt đầu hiệu lực")?;
    let valid_to = day("valid_to", None)?;
    if valid_to.is_some_and(|last| last < valid_from) {
        return Err("ngày hết hiệu lực trước ngày bắt đầu".to_owned());
    }
    let given = |name: &str| Some(cell(name)).filter(|text| !text.is_empty());
    let successor = given("successor");
    if successor
        .as_ref()
        .is_some_and(|code| !is_code(code, kind.digits()))
    {
        return Err("mã mới không đúng số chữ số".to_owned());
    }
    if successor.is_some() && valid_to.is_none() {
        return Err("đơn vị còn hiệu lực thì chưa có mã mới".to_owned());
    }
    // The office's list of provinces has their own code in this column.
    let province = given("province").filter(|_| kind.digits() == 5);
    if kind.digits() == 5 && province.is_none() {
        return Err("cần mã tỉnh, thành phố của đơn vị".to_owned());
    }
    Ok(Place {
        code,
        name,
        kind,
        province,
        valid_from,
        valid_to,
        successor,
    })
}

/// What does not hold of rows beside each other and in the register that they will stand in.
#[must_use]
pub fn judge(rows: &[(usize, Place)], register: &Register) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeMap::new();
    for (row, place) in rows {
        if let Some(other) = seen.insert((&place.code, place.valid_from), row) {
            findings.push(Finding::new(
                *row,
                format!("mã {} đã có ở dòng {other}", place.code),
            ));
            continue;
        }
        let overlaps = register.of(&place.code).iter().find(|other| {
            other.valid_from != place.valid_from
                && other.valid_to.is_none_or(|last| place.valid_from <= last)
                && place.valid_to.is_none_or(|last| other.valid_from <= last)
        });
        if let Some(other) = overlaps {
            let words = format!(
                "mã {} cùng lúc là «{}» và «{}»: ghi ngày hết hiệu lực của đơn vị trước",
                place.code, other.name, place.name
            );
            findings.push(Finding::new(*row, words));
        }
        if let Some(province) = &place.province
            && register.on(province, place.valid_from).is_none()
        {
            let words = format!("không có tỉnh, thành phố mã {province} vào ngày bắt đầu hiệu lực");
            findings.push(Finding::new(*row, words));
        }
        if let Some(code) = &place.successor
            && register.successor(place).is_none()
        {
            let words = format!("không có đơn vị mã {code} vào ngày sau ngày hết hiệu lực");
            findings.push(Finding::new(*row, words));
        }
    }
    findings
}

fn is_code(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The cells of a line; one in quotes may hold commas. No list of places has line breaks in a cell.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    cells
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const FIRST: &str = "2025-07-01";

    fn judged(text: &str) -> Vec<String> {
        let told = |findings: Vec<Finding>| -> Vec<String> {
            let told = findings.into_iter().map(|it| format!("{}: {}", it.row, it.words));
            told.collect()
        };
        let rows = match read(text, parse_day(FIRST)) {
            Ok(rows) => rows,
            Err(findings) => return told(findings),
        };
        let new = rows.iter().map(|(_, place)| place.clone());
        told(judge(
            &rows,
            &Register::new(provinces().unwrap().into_iter().chain(new)),
        ))
    }

    #[test]
    fn a8_1_the_statistics_offices_own_columns_are_read() {
        let text = "\u{feff}STT,Mã,Tên,Cấp,Nghị định,Mã TP,Tỉnh / Thành Phố\r\n\
            1,00541,\"Xã Phù Đổng\",Xã,\"1656/NQ-UBTVQH15, 2025\",01,Thành phố Hà Nội\r\n\r\n";
        let rows = read(text, parse_day(FIRST)).unwrap();
        let (row, place) = &rows[0];
        assert_eq!((rows.len(), *row, place.code.as_str()), (1, 2, "00541"));
        assert_eq!(
            (place.name.as_str(), place.kind, place.province.as_deref()),
            ("Xã Phù Đổng", Kind::Commune, Some("01"))
        );
        assert_eq!(judged(text), Vec::<String>::new());
    }

    #[rstest]
    #[case::nothing("", &["1: thiếu cột code, name, kind ở dòng tiêu đề"])]
    #[case::titles_only("code,name,kind", &["1: tệp không có dòng nào"])]
    #[case::each_row(
        "code,name,kind,province\n541,Xã A,xã,01\n00541,,xã,01\n00541,Xã A,huyện,01\n00541,Xã A,xã,",
        &["2: mã «541» phải có 5 chữ số", "3: cần tên, dài nhất 100 kí tự",
          "4: cấp «huyện» không phải tỉnh, thành phố, xã, phường, thị trấn, đặc khu",
          "5: cần mã tỉnh, thành phố của đơn vị"],
    )]
    #[case::days(
        "code,name,kind,valid_from,valid_to\n97,Tỉnh A,tỉnh,1/7/2025,\n97,Tỉnh A,tỉnh,2025-07-01,2025-06-30",
        &["2: ngày «1/7/2025» không có dạng YYYY-MM-DD", "3: ngày hết hiệu lực trước ngày bắt đầu"],
    )]
    #[case::a_successor_of_what_goes_on(
        "code,name,kind,successor\n97,Tỉnh A,tỉnh,98",
        &["2: đơn vị còn hiệu lực thì chưa có mã mới"],
    )]
    #[case::twice(
        "code,name,kind,province\n00541,Xã A,xã,01\n00541,Xã B,xã,01",
        &["3: mã 00541 đã có ở dòng 2"],
    )]
    #[case::at_the_same_time(
        "code,name,kind,province,valid_from\n00541,Xã A,xã,01,2024-12-01\n00541,Xã B,xã,01,2025-07-01",
        &["2: mã 00541 cùng lúc là «Xã B» và «Xã A»: ghi ngày hết hiệu lực của đơn vị trước",
          "3: mã 00541 cùng lúc là «Xã A» và «Xã B»: ghi ngày hết hiệu lực của đơn vị trước"],
    )]
    #[case::a_province_that_was(
        "code,name,kind,province\n02674,Xã A,xã,10",
        &["2: không có tỉnh, thành phố mã 10 vào ngày bắt đầu hiệu lực"],
    )]
    #[case::a_successor_from_nowhere(
        "code,name,kind,province,valid_from,valid_to,successor\n00541,Xã A,xã,01,2024-12-01,2025-06-30,00542",
        &["2: không có đơn vị mã 00542 vào ngày sau ngày hết hiệu lực"],
    )]
    #[case::one_after_the_other(
        "code,name,kind,province,valid_from,valid_to,successor\n00541,Xã A,xã,01,2024-12-01,2025-06-30,00541\n\
         00541,Xã B,xã,01,2025-07-01,,",
        &[],
    )]
    fn a8_1_findings_are_told_by_row(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(judged(text), expected);
    }
}
