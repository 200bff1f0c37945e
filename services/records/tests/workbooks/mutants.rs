//! A good workbook with bytes changed: rows or words, never a panic.

use std::sync::OnceLock;

use proptest::prelude::*;
use zip::CompressionMethod::Stored;

use crate::house::{book, parts, read, zipped};

fn good() -> &'static [u8] {
    static GOOD: OnceLock<Vec<u8>> = OnceLock::new();
    GOOD.get_or_init(|| zipped(&parts(&book(|_| {})), Stored))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// In the container.
    #[test]
    fn a4_1_changed_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = good().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // The reader's own guard turns a panic into words, so that reading answers in any case.
        let _ = read(&bytes);
    }

    /// Inside the sheet, where checksums do not help.
    #[test]
    fn a4_1_changed_sheets_never_panic(
        part in prop::sample::select(vec!["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"<>/&\"'=0129AZaz \0\xff".to_vec())), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut parts = parts(good());
        let content = parts.get_mut(part).unwrap();
        for (at, byte) in changes {
            let at = at.index(content.len());
            content[at] = byte;
        }
        if let Some(cut) = cut {
            content.truncate(cut.index(content.len()));
        }
        let read = read(&zipped(&parts, Stored));
        if let Ok(plan) = read {
            prop_assert!(plan.rows.len() <= 5_000);
        }
    }

    #[test]
    fn a4_1_any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
        let _ = read(&[b"PK\x03\x04".as_slice(), &bytes].concat());
    }
}
