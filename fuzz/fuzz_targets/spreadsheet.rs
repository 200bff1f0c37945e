//! Any bytes as a workbook: rows or words; never a panic, never a hang.
#![no_main]

use hocba_records::model::spreadsheet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sheet) = spreadsheet::read(bytes) {
        hocba_fuzz::plan(&sheet);
    }
});
