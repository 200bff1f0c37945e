//! What both targets do with a sheet that was read.

use std::collections::{BTreeMap, HashMap};

use hocba_records::model::{
    ethnic_group,
    import::{self, School},
    spreadsheet::Sheet,
};

/// Plans the import of a list of pupils and takes every first choice: rows and findings, or words.
pub fn plan(sheet: &Sheet) {
    let school = School {
        classes: BTreeMap::from([("5a".to_owned(), 5)]),
        ethnic_groups: ethnic_group::names(),
        begins: 2025,
        personal_ids: HashMap::new(),
    };
    let Ok(plan) = import::plan(sheet, &school) else {
        return;
    };
    let first = plan
        .findings
        .iter()
        .filter_map(|finding| Some((finding.id.clone(), finding.choices.first()?.clone())));
    let chosen = import::choose(&plan, &first.collect());
    // Who chooses nothing where something must be chosen is told so.
    let nothing = import::choose(&plan, &HashMap::new());
    assert!(chosen.is_ok() || nothing.is_err(), "choices made it worse");
}
