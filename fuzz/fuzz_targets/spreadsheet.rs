//! Any bytes as the office's list of pupils: rows and findings, or words; never a panic, never a hang.
#![no_main]

use std::collections::{BTreeMap, HashMap};

use hocba_records::{
    model::{
        ethnic_group,
        import::{self, School},
        spreadsheet,
    },
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sheet) = spreadsheet::read(bytes) {
        let school = School {
            classes: BTreeMap::from([("5a".to_owned(), 5)]),
            ethnic_groups: ethnic_group::names(),
            begins: 2025,
            personal_ids: HashMap::new(),
        };
        if let Ok(plan) = import::plan(&sheet, &school) {
            // Choosing nothing is refused or needs nothing.
            let _ = import::choose(&plan, &HashMap::new());
        }
    }
});
