//! The 54 official ethnic groups.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

/// Name to code, 01 to 54.
fn groups() -> &'static BTreeMap<&'static str, &'static str> {
    static GROUPS: OnceLock<BTreeMap<&str, &str>> = OnceLock::new();
    GROUPS.get_or_init(|| {
        include_str!("../../rules/ethnic_groups.csv")
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(','))
            .map(|(code, name)| (name.trim(), code.trim()))
            .collect()
    })
}

/// Their names.
#[must_use]
pub fn names() -> &'static BTreeSet<String> {
    static NAMES: OnceLock<BTreeSet<String>> = OnceLock::new();
    NAMES.get_or_init(|| groups().keys().map(|name| (*name).to_owned()).collect())
}

/// The code of a name.
#[must_use]
pub fn code(name: &str) -> Option<&'static str> {
    groups().get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a8_1_there_are_54_ethnic_groups_with_codes_of_two_digits() {
        assert_eq!(names().len(), 54);
        assert_eq!((code("Kinh"), code("Anh")), (Some("01"), None));
        let codes: BTreeSet<_> = names().iter().filter_map(|name| code(name)).collect();
        assert_eq!((codes.first(), codes.last()), (Some(&"01"), Some(&"54")));
    }
}
