//! The table: a row a method, a column a role, six letters a cell.

use std::{collections::BTreeMap, fmt::Write as _};

use hocba_cluster::person::reason;
use tonic::{Code, Status};

/// What a caller was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letter {
    /// Let through, whatever came of it then.
    Allowed,
    /// Refused by the rules.
    Refused,
    /// The thing is not there for this caller.
    Unknown,
    /// Let through by the rules, refused by the lock.
    Locked,
}

impl Letter {
    /// Of an answer; none when it tells nothing about rights.
    pub(crate) fn of(outcome: &Result<(), Status>) -> Option<Self> {
        let Err(status) = outcome else {
            return Some(Self::Allowed);
        };
        match status.code() {
            Code::PermissionDenied => Some(Self::Refused),
            Code::NotFound => Some(Self::Unknown),
            Code::FailedPrecondition if reason(status).ends_with("_LOCKED") => Some(Self::Locked),
            Code::InvalidArgument | Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists => {
                Some(Self::Allowed)
            }
            _ => None,
        }
    }

    const fn as_char(self) -> char {
        match self {
            Self::Allowed => 'a',
            Self::Refused => '.',
            Self::Unknown => 'n',
            Self::Locked => 'l',
        }
    }
}

/// How to read it, above the rows.
const HEAD: &str = "\
# Every guarded method and what each role is told: own class, other class, other school; then the same with all terms locked.
# a let through, . refused by the rules, n not there (or not to be known), l let through by the rules and refused by the lock.
";

/// Marks are written by these; nobody but the class's teachers gets past the rules, nobody at all past the lock.
const WRITES_MARKS: [&str; 4] = [
    "OpenEntrySession",
    "SaveDrafts",
    "FinishEntrySession",
    "CommitMarkSheetImport",
];

/// Methods by full name, roles in the order asked, letters in the order asked.
#[derive(Debug, Default)]
pub(crate) struct Table {
    roles: Vec<&'static str>,
    rows: BTreeMap<String, BTreeMap<&'static str, String>>,
}

impl Table {
    pub(crate) fn add(&mut self, method: &str, role: &'static str, letters: [Letter; 3]) {
        if !self.roles.contains(&role) {
            self.roles.push(role);
        }
        let cells = self.rows.entry(method.to_owned()).or_default();
        cells
            .entry(role)
            .or_default()
            .extend(letters.map(Letter::as_char));
    }

    /// What no reading may ever approve.
    pub(crate) fn unlawful(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (method, cells) in &self.rows {
            for (role, letters) in cells {
                let [own, other, foreign, own_locked, other_locked, foreign_locked] =
                    letters.chars().collect::<Vec<_>>()[..]
                else {
                    found.push(format!("{method} {role}: {letters:?} is not six letters"));
                    continue;
                };
                let mut never = |what: &str, broken: bool| {
                    if broken {
                        found.push(format!("{method} {role} {letters}: {what}"));
                    }
                };
                // Operators set schools up, and keep the country's register of places.
                let sets_up = *role == "operator"
                    && (method.starts_with("hocba.identity.") || method.ends_with(".ImportPlaces"));
                never(
                    "crosses schools",
                    !sets_up && (foreign != '.' || foreign_locked != '.'),
                );
                let writes = WRITES_MARKS.iter().any(|name| method.ends_with(name));
                let teaches = ["subject_teacher", "homeroom_teacher"].contains(role);
                never(
                    "writes marks without teaching",
                    writes && !teaches && [own, other, own_locked, other_locked].contains(&'a'),
                );
                never("writes into another's class", writes && other == 'a');
                never("writes behind the lock", writes && own_locked == 'a');
                never(
                    "lets a system read pupils",
                    *role == "operator" && method.ends_with(".CreateIntegrator") && letters != "......",
                );
            }
        }
        found
    }

    /// As the file has it.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{HEAD}method\t{}\n", self.roles.join("\t"));
        for (method, cells) in &self.rows {
            text.push_str(method.trim_start_matches("hocba."));
            for role in &self.roles {
                let letters = cells.get(role).map(String::as_str).unwrap_or_default();
                write!(text, "\t{letters}").expect("writing to a text");
            }
            text.push('\n');
        }
        text
    }
}

/// The cells in which two tables differ.
pub(crate) fn changes(reviewed: &str, found: &str) -> Vec<String> {
    let (before, now) = (cells(reviewed), cells(found));
    let gone = before.keys().filter(|key| !now.contains_key(*key));
    let all = now.keys().chain(gone);
    all.filter(|key| before.get(*key) != now.get(*key))
        .map(|key| {
            let show = |side: &BTreeMap<(String, String), String>| {
                side.get(key).cloned().unwrap_or_else(|| "nothing".to_owned())
            };
            format!(
                "{} {}: reviewed {}, found {}",
                key.0,
                key.1,
                show(&before),
                show(&now)
            )
        })
        .collect()
}

fn cells(text: &str) -> BTreeMap<(String, String), String> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let roles: Vec<&str> = lines.next().unwrap_or_default().split('\t').skip(1).collect();
    let mut cells = BTreeMap::new();
    for line in lines {
        let mut parts = line.split('\t');
        let method = parts.next().unwrap_or_default();
        for (role, letters) in roles.iter().zip(parts) {
            cells.insert((method.to_owned(), (*role).to_owned()), letters.to_owned());
        }
    }
    cells
}

#[test]
fn a_cell_that_changed_a_row_that_went_and_one_that_came_are_told() {
    let reviewed = "# words\nmethod\tone\ttwo\na.B\taaaaaa\t......\nc.D\taaaaaa\taaaaaa\n";
    let found = "method\tone\ttwo\na.B\taaaaaa\t...a..\ne.F\tnnnnnn\tnnnnnn\n";
    let told = changes(reviewed, found);
    assert_eq!(told.len(), 5, "{told:#?}");
    assert!(told[0].contains("a.B two: reviewed ......, found ...a.."));
    assert!(changes(reviewed, reviewed).is_empty());
}
