//! The school office's own list, read: every quirk is named with row and column and what to do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hocba_records::model::{
    ethnic_group,
    import::{self, Kind, Plan, School},
    spreadsheet::{self, Sheet},
};

fn read() -> Plan {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/data/school-a/danh-sach-hoc-sinh.xlsx"
    );
    let sheet = spreadsheet::read(&std::fs::read(path).unwrap()).unwrap();
    import::plan(&sheet, &school(ethnic_group::names())).unwrap()
}

fn school(ethnic_groups: &BTreeSet<String>) -> School<'_> {
    let mut classes = BTreeMap::new();
    for grade in 1..=5 {
        for letter in ["a", "b", "c", "d", "e", "g"] {
            classes.insert(format!("{grade}{letter}"), grade);
        }
    }
    School {
        classes,
        ethnic_groups,
        begins: 2025,
        personal_ids: HashMap::new(),
    }
}

#[test]
fn a4_1_every_quirk_of_the_offices_list_is_named() {
    let plan = read();
    let mut counts = BTreeMap::<&str, usize>::new();
    for finding in &plan.findings {
        *counts.entry(finding.code.as_str()).or_default() += 1;
        assert!(!finding.words.is_empty());
    }
    assert_eq!(plan.rows.len(), 997, "996 pupils and one of them twice");
    for (code, count) in [
        ("LEADING_ZERO_LOST", 28),
        ("ID_MISSING", 28),
        ("DATE_AS_TEXT", 36),
        ("REGISTER_NUMBER_AS_NUMBER", 5),
        ("DUPLICATE_PUPIL", 1),
        ("FOREIGN", 11),
        ("DISABILITY", 11),
        ("BLANK_ROW", 2),
        ("TOTAL_ROW", 1),
        ("DECOMPOSED", 26),
        ("BLANKS", 26),
        ("AGE", 19),
        ("TONE_STYLE", 15),
    ] {
        assert_eq!(counts.get(code), Some(&count), "{code} of {counts:?}");
    }
    assert!(
        plan.findings.iter().all(|finding| finding.kind != Kind::Error),
        "{counts:?}"
    );
    let ids: BTreeSet<_> = plan.findings.iter().map(|finding| &finding.id).collect();
    assert_eq!(ids.len(), plan.findings.len(), "ids are unique");

    let zero = plan
        .findings
        .iter()
        .find(|finding| finding.code == "LEADING_ZERO_LOST")
        .unwrap();
    assert_eq!((zero.row, zero.value.as_str()), (7, "001219543858"));
    let register = plan
        .findings
        .iter()
        .find(|finding| finding.code == "REGISTER_NUMBER_AS_NUMBER")
        .unwrap();
    assert_eq!((register.row, register.value.as_str()), (260, "0253/TH"));
    let blank = plan
        .findings
        .iter()
        .find(|finding| finding.code == "BLANK_ROW")
        .unwrap();
    assert_eq!(blank.row, 250);
}

#[test]
fn a4_1_a_duplicate_waits_for_a_choice_and_never_makes_a_silent_pupil() {
    let plan = read();
    let open = import::choose(&plan, &HashMap::new()).unwrap_err();
    assert_eq!(open.len(), 1);
    let id = open[0].id.clone();
    assert!(import::choose(&plan, &HashMap::from([(id.clone(), "accept".to_owned())])).is_err());
    for (choice, register) in [("keep_first", "0996/TH"), ("keep_last", "9999/TH")] {
        let rows = import::choose(&plan, &HashMap::from([(id.clone(), choice.to_owned())])).unwrap();
        let last = rows
            .iter()
            .find(|row| row.identity.pupil_code == "01018A012100996")
            .unwrap();
        assert_eq!(
            (rows.len(), last.identity.register_number.as_str()),
            (996, register)
        );
    }
}

#[test]
fn a4_1_what_is_no_list_is_refused_with_words() {
    assert!(spreadsheet::read(b"not a spreadsheet").is_err());
    assert!(spreadsheet::read(&vec![0; spreadsheet::LARGEST + 1]).is_err());
    let groups = BTreeSet::new();
    assert!(
        import::plan(&Sheet::default(), &school(&groups))
            .unwrap_err()
            .contains("Họ và tên")
    );
}
