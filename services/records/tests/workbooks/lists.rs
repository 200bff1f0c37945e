//! Lists of pupils as offices make them.

use hocba_records::model::import::{self, Kind};
use rstest::rstest;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use unicode_normalization::UnicodeNormalization as _;

use crate::house::{
    ADDRESS, BORN, CLASS, CODE, ETHNIC, Fate, HEAD, ID, NAME, SEX, SHEET, book, list, meets, read, replaced,
};
use Kind::{Choice, Error, Note, Repaired};

/// Writes over a cell of the first pupil.
fn cell(column: u16, text: &str) -> Vec<u8> {
    book(|sheet| {
        if text.is_empty() {
            sheet.clear_cell(1, column);
        } else {
            sheet.write(1, column, text).unwrap();
        }
    })
}

fn number(column: u16, number: f64) -> Vec<u8> {
    book(|sheet| {
        sheet.write(1, column, number).unwrap();
    })
}

fn day(year: u16) -> Vec<u8> {
    let format = Format::new().set_num_format("dd/mm/yyyy");
    book(|sheet| {
        let day = ExcelDateTime::from_ymd(year, 3, 2).unwrap();
        sheet.write_with_format(1, BORN, &day, &format).unwrap();
    })
}

fn formula(column: u16, result: &str) -> Vec<u8> {
    book(|sheet| {
        let formula = Formula::new("=A1").set_result(result);
        sheet.write_formula(1, column, formula).unwrap();
    })
}

fn uncounted() -> Vec<u8> {
    replaced(
        &formula(NAME, "không có ở đây"),
        SHEET,
        "<v>không có ở đây</v>",
        "",
    )
}

fn broken() -> Vec<u8> {
    let bytes = formula(NAME, "hỏng");
    let bytes = replaced(&bytes, SHEET, r#"t="str"><f>A1</f>"#, r#"t="e"><f>A1</f>"#);
    replaced(&bytes, SHEET, "<v>hỏng</v>", "<v>#REF!</v>")
}

/// As an old Macintosh counts: the same days have smaller numbers.
fn of_1904() -> Vec<u8> {
    let bytes = book(|sheet| {
        let format = Format::new().set_num_format("dd/mm/yyyy");
        for row in 1..=3 {
            sheet
                .write_with_format(row, BORN, 42_065 - 1_462, &format)
                .unwrap();
            sheet.write_with_format(row, 6, 44_423 - 1_462, &format).unwrap();
        }
    });
    replaced(
        &bytes,
        "xl/workbook.xml",
        "<workbookPr ",
        "<workbookPr date1904=\"1\" ",
    )
}

fn below(lines: u32, dress: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    list(sheet, lines);
    dress(sheet);
    book.save_to_buffer().unwrap()
}

fn titled(title: impl Fn(&str) -> String) -> Vec<u8> {
    book(|sheet| {
        for (at, own) in (0..).zip(HEAD) {
            sheet.write(0, at, title(own)).unwrap();
        }
    })
}

/// Two sheets, the list on the second; `hide` the first or not.
fn second_sheet(hide: bool) -> Vec<u8> {
    let mut book = Workbook::new();
    let first = book.add_worksheet().set_name("Hướng dẫn").unwrap();
    first.write(0, 0, "Xin đọc kĩ.").unwrap();
    first.set_hidden(hide);
    let second = book.add_worksheet().set_name("Danh sách").unwrap();
    list(second, 0);
    if hide {
        second.set_active(true);
    }
    book.save_to_buffer().unwrap()
}

fn further_sheet() -> Vec<u8> {
    let mut book = Workbook::new();
    list(book.add_worksheet(), 0);
    book.add_worksheet().set_name("Khối 4").unwrap();
    book.save_to_buffer().unwrap()
}

fn hidden_sheet_only() -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Bìa").unwrap();
    let second = book.add_worksheet();
    list(second, 0);
    second.set_hidden(true);
    book.save_to_buffer().unwrap()
}

/// Row 2 (office: 3) after a gap of `rows` styled, empty rows.
fn gap(rows: u32) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    list(sheet, rows);
    for (at, title) in (0..).zip(HEAD) {
        sheet.write(0, at, title).unwrap();
        sheet.write(rows, at, "").unwrap();
    }
    let bold = Format::new().set_bold();
    for row in 1..=rows {
        sheet.write_blank(row, 0, &bold).unwrap();
        if row == rows {
            for column in 1..10 {
                sheet.write_blank(row, column, &bold).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

fn twice(change: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    book(|sheet| {
        let format = Format::new().set_num_format("dd/mm/yyyy");
        let texts = [
            "01018A0001",
            "001215000001",
            "Nguyễn Văn An",
            "",
            "Nam",
            "Kinh",
            "",
            "5A",
            "",
            "",
        ];
        for (at, text) in (0..).zip(texts) {
            sheet.write(4, at, text).unwrap();
        }
        let date = |year| ExcelDateTime::from_ymd(year, 3, 2).unwrap();
        sheet.write_with_format(4, BORN, date(2015), &format).unwrap();
        sheet.write_with_format(4, 6, date(2021), &format).unwrap();
        change(sheet);
    })
}

#[rstest]
#[case::as_it_should_be(book(|_| {}), Fate::Good)]
#[case::decomposed_letters(cell(NAME, &"Nguyễn Văn An".nfd().collect::<String>()), Fate::Finds("DECOMPOSED", 2, Repaired))]
#[case::hard_blanks(cell(NAME, "Nguyễn\u{a0}Văn An"), Fate::Finds("BLANKS", 2, Repaired))]
#[case::blanks_around(cell(NAME, "  Nguyễn Văn An "), Fate::Finds("BLANKS", 2, Repaired))]
#[case::lines_in_a_cell(cell(ADDRESS, "Thôn 1\nPhù Đổng"), Fate::Finds("BLANKS", 2, Repaired))]
#[case::icelandic_eth(cell(NAME, "\u{d0}ỗ An"), Fate::Finds("LETTER_ETH", 2, Repaired))]
#[case::zero_width(cell(NAME, "Nguyễn\u{200b} Văn An"), Fate::Finds("INVISIBLE", 2, Repaired))]
#[case::turned_reading(cell(NAME, "\u{202e}Nguyễn Văn An"), Fate::Finds("INVISIBLE", 2, Repaired))]
#[case::control_characters(cell(NAME, "Nguyễn\u{1} Văn\u{1f} An"), Fate::Finds("INVISIBLE", 2, Repaired))]
#[case::old_tones(cell(NAME, "Nguyễn Thuý Hoà"), Fate::Finds("TONE_STYLE", 2, Note))]
#[case::emoji(cell(NAME, "Nguyễn Văn An 😀"), Fate::Finds("NAME_INVALID", 2, Error))]
#[case::digits_in_a_name(cell(NAME, "Nguyễn Văn An 2"), Fate::Finds("NAME_INVALID", 2, Error))]
#[case::a_number_for_a_name(number(NAME, 17.0), Fate::Finds("NAME_INVALID", 2, Error))]
#[case::a_formula_for_a_name(cell(NAME, "=HYPERLINK(\"http://x\")"), Fate::Finds("NAME_INVALID", 2, Error))]
#[case::a_formula_as_text(cell(ADDRESS, "=cmd|' /C calc'!A0"), Fate::Finds("FORMULA_TEXT", 2, Note))]
#[case::no_name(cell(NAME, ""), Fate::Finds("NAME_MISSING", 2, Error))]
#[case::blanks_for_a_name(cell(NAME, " \u{a0} "), Fate::Finds("NAME_MISSING", 2, Error))]
#[case::a_very_long_name(cell(NAME, &"An ".repeat(300)), Fate::Finds("TOO_LONG", 2, Error))]
#[case::the_longest_cell(cell(ADDRESS, &"x".repeat(32_767)), Fate::Finds("TOO_LONG", 2, Error))]
#[case::a_truth_for_a_name(book(|sheet| { sheet.write(1, NAME, true).unwrap(); }), Fate::Finds("CELL_UNREADABLE", 2, Error))]
#[case::a_formula_with_its_value(formula(NAME, "Nguyễn Văn An"), Fate::Good)]
#[case::a_formula_not_counted(uncounted(), Fate::Finds("CELL_UNREADABLE", 2, Error))]
#[case::a_formula_that_broke(broken(), Fate::Finds("CELL_UNREADABLE", 2, Error))]
#[case::days_of_1904(of_1904(), Fate::Good)]
#[case::a_day_as_text(cell(BORN, "02/03/2015"), Fate::Finds("DATE_AS_TEXT", 2, Repaired))]
#[case::a_day_with_dots(cell(BORN, "2.3.2015"), Fate::Finds("DATE_AS_TEXT", 2, Repaired))]
#[case::a_day_as_machines_write(cell(BORN, "2015-03-02"), Fate::Finds("DATE_AS_TEXT", 2, Repaired))]
#[case::a_thirteenth_month(cell(BORN, "03/13/2015"), Fate::Finds("DATE_INVALID", 2, Error))]
#[case::no_such_day(cell(BORN, "30/02/2015"), Fate::Finds("DATE_INVALID", 2, Error))]
#[case::a_year_of_two_digits(cell(BORN, "02/03/15"), Fate::Finds("DATE_INVALID", 2, Error))]
#[case::a_day_in_words(cell(BORN, "mồng hai tháng ba"), Fate::Finds("DATE_INVALID", 2, Error))]
#[case::no_day(cell(BORN, ""), Fate::Finds("DATE_INVALID", 2, Error))]
#[case::a_day_as_number(number(BORN, 42_065.0), Fate::Finds("DATE_AS_NUMBER", 2, Error))]
#[case::a_year_alone(number(BORN, 2015.0), Fate::Finds("DATE_AS_NUMBER", 2, Error))]
#[case::a_grandfather(day(1955), Fate::Finds("DATE_RANGE", 2, Error))]
#[case::the_future(day(2035), Fate::Finds("DATE_RANGE", 2, Error))]
#[case::too_young(day(2017), Fate::Finds("AGE", 2, Note))]
#[case::an_id_without_its_zeros(number(ID, 1_215_000_001.0), Fate::Finds("LEADING_ZERO_LOST", 2, Repaired))]
#[case::an_id_as_number(number(ID, 101_215_000_001.0), Fate::Finds("ID_AS_NUMBER", 2, Repaired))]
#[case::an_id_with_a_fraction(number(ID, 1_215_000_001.5), Fate::Finds("ID_INVALID", 2, Error))]
#[case::an_id_below_zero(number(ID, -5.0), Fate::Finds("ID_INVALID", 2, Error))]
#[case::an_id_too_long(number(ID, 1.2e13), Fate::Finds("ID_INVALID", 2, Error))]
#[case::an_id_too_short(cell(ID, "0012150001"), Fate::Finds("ID_INVALID", 2, Error))]
#[case::an_id_as_excel_shows_it(cell(ID, "1.2E+11"), Fate::Finds("ID_INVALID", 2, Error))]
#[case::no_id(cell(ID, ""), Fate::Finds("ID_MISSING", 2, Note))]
#[case::anothers_id(cell(ID, "001215999999"), Fate::Finds("ID_TAKEN", 2, Error))]
#[case::one_id_for_two(cell(ID, "001215000002"), Fate::Finds("DUPLICATE_ID", 3, Error))]
#[case::no_code(cell(CODE, ""), Fate::Finds("CODE_MISSING", 2, Error))]
#[case::sex_in_small_letters(cell(SEX, "nam"), Fate::Finds("SEX_CASE", 2, Repaired))]
#[case::sex_as_a_number(number(SEX, 1.0), Fate::Finds("SEX_INVALID", 2, Error))]
#[case::no_such_people(cell(ETHNIC, "Kình"), Fate::Finds("ETHNIC_GROUP_UNKNOWN", 2, Error))]
#[case::no_people(cell(ETHNIC, ""), Fate::Finds("ETHNIC_GROUP_MISSING", 2, Error))]
#[case::another_schools_class(cell(CLASS, "5Z"), Fate::Finds("CLASS_UNKNOWN", 2, Error))]
#[case::a_class_with_its_word(cell(CLASS, "Lớp 5A"), Fate::Finds("CLASS_NAME", 2, Repaired))]
#[case::a_class_with_a_blank(cell(CLASS, "5 a"), Fate::Finds("CLASS_NAME", 2, Repaired))]
#[case::a_class_in_small_letters(cell(CLASS, "5a"), Fate::Good)]
#[case::a_class_as_a_number(number(CLASS, 5.0), Fate::Finds("CLASS_UNKNOWN", 2, Error))]
#[case::a_class_merged_downwards(
    book(|sheet| { sheet.merge_range(1, CLASS, 3, CLASS, "5A", &Format::new()).unwrap(); }),
    Fate::Finds("CLASS_MISSING", 3, Error)
)]
#[case::head_in_the_sixth_row(below(5, |_| {}), Fate::Good)]
#[case::letterhead_merged(
    below(5, |sheet| {
        sheet.merge_range(0, 0, 1, 9, "TRƯỜNG TIỂU HỌC MẪU A", &Format::new()).unwrap();
        sheet.merge_range(2, 0, 2, 9, "DANH SÁCH HỌC SINH", &Format::new()).unwrap();
    }),
    Fate::Good
)]
#[case::head_merged_with_an_empty_column(
    book(|sheet| { sheet.merge_range(0, 9, 0, 10, "Số đăng bộ", &Format::new()).unwrap(); }),
    Fate::Good
)]
#[case::head_in_capitals_with_stars(titled(|title| format!("{} (*):", title.to_uppercase())), Fate::Good)]
#[case::head_decomposed(titled(|title| title.nfd().collect()), Fate::Good)]
#[case::head_on_two_lines(titled(|title| title.replace(' ', "\n")), Fate::Good)]
#[case::no_head(titled(|_| "cột".to_owned()), Fate::Refused("Họ và tên"))]
#[case::head_without_dates(titled(|title| title.replace("Ngày", "Ngầy")), Fate::Refused("Ngày sinh, Ngày vào trường"))]
#[case::a_column_twice(book(|sheet| { sheet.write(0, 10, "Họ và tên").unwrap(); }), Fate::Refused("hai lần"))]
#[case::a_column_of_their_own(book(|sheet| { sheet.write(0, 10, "Sở thích").unwrap(); }), Fate::Finds("COLUMN_UNKNOWN", 1, Note))]
#[case::rows_hidden(book(|sheet| { sheet.set_row_hidden(2).unwrap(); }), Fate::Good)]
#[case::columns_hidden(book(|sheet| { sheet.set_column_hidden(NAME).unwrap(); }), Fate::Good)]
#[case::filtered(book(|sheet| { sheet.autofilter(0, 0, 3, 9).unwrap(); }), Fate::Good)]
#[case::list_on_a_second_sheet(second_sheet(false), Fate::Refused("«Hướng dẫn»"))]
#[case::first_sheet_hidden(second_sheet(true), Fate::Good)]
#[case::list_on_a_hidden_sheet(hidden_sheet_only(), Fate::Refused("«Bìa»"))]
#[case::a_further_sheet(further_sheet(), Fate::Finds("SHEET_UNREAD", 1, Note))]
#[case::an_empty_sheet(Workbook::new().save_to_buffer().unwrap(), Fate::Refused("Họ và tên"))]
#[case::a_blank_row(below(0, |sheet| { sheet.write(5, NAME, "Tổng số: 3").unwrap(); }), Fate::Finds("BLANK_ROW", 5, Note))]
#[case::a_total(book(|sheet| { sheet.write(4, 0, "Tổng số: 3").unwrap(); }), Fate::Finds("TOTAL_ROW", 5, Note))]
#[case::hundred_thousand_blank_rows(gap(100_000), Fate::Finds("BLANK_ROW", 2, Note))]
#[case::a_row_twice(twice(|_| {}), Fate::Finds("DUPLICATE_PUPIL", 5, Choice))]
#[case::two_of_one_name(
    twice(|sheet| {
        sheet.write(4, CODE, "01018A0004").unwrap();
        sheet.write(4, ID, "001215000004").unwrap();
    }),
    Fate::Finds("SAME_NAME", 5, Note)
)]
#[case::words_in_several_fonts(
    book(|sheet| {
        let (plain, bold) = (Format::new(), Format::new().set_bold());
        sheet.write_rich_string(1, NAME, &[(&bold, "Nguyễn "), (&plain, "Văn An")]).unwrap();
    }),
    Fate::Good
)]
fn a4_1_an_odd_list_is_read_rightly_or_named_by_row_and_column(#[case] bytes: Vec<u8>, #[case] fate: Fate) {
    meets("", &bytes, fate);
}

#[test]
fn a4_1_choices_that_do_not_agree_leave_no_pupil_twice() {
    let bytes = twice(|sheet| {
        for (at, text) in (0..).zip(["01018A0001", "001215000001", "Nguyễn Văn An"]) {
            sheet.write(5, at, text).unwrap();
        }
        for (at, text) in [
            (BORN, "02/03/2015"),
            (SEX, "Nam"),
            (ETHNIC, "Kinh"),
            (6, "15/08/2021"),
            (CLASS, "5A"),
        ] {
            sheet.write(5, at, text).unwrap();
        }
    });
    let plan = read(&bytes).unwrap();
    let open: Vec<_> = plan.findings.iter().filter(|it| it.kind == Choice).collect();
    assert_eq!(open.len(), 2, "{:#?}", plan.findings);
    let choose = |first: &str, second: &str| {
        let choices = [
            (open[0].id.clone(), first.to_owned()),
            (open[1].id.clone(), second.to_owned()),
        ];
        import::choose(&plan, &choices.into_iter().collect())
    };
    for (first, second, kept) in [
        ("keep_first", "keep_first", 2),
        ("keep_last", "keep_last", 6),
        ("keep_last", "keep_first", 5),
    ] {
        let rows = choose(first, second).unwrap();
        let own: Vec<u32> = rows
            .iter()
            .filter(|row| row.identity.pupil_code == "01018A0001")
            .map(|row| row.row)
            .collect();
        assert_eq!(own, [kept], "{first}, {second}");
    }
    assert_eq!(choose("keep_first", "keep_last").unwrap_err().len(), 2);
}
