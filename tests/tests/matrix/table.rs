//! The checked-in table: a line a method, a column a role.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use anyhow::Context;
use hocba_cluster::files::repository;
use prost_reflect::MethodDescriptor;

pub(crate) const FILE: &str = "tests/data/matrix.tsv";

const HEAD: &str = "\
# Who may do what, as a whole deployment answers; `make matrix` writes this file, `make test` compares it.
# A cell has a letter each for the own class, another class of the school, another school; after the stroke the same
# with the semester's marks locked, when that differs.
#   a  allowed: done, or refused only for what the made-up request says
#   s  allowed, but the state of things forbids it (sealed, locked, decided already)
#   n  there is no such thing, or it is not to be known
#   .  refused by the policy
";

/// How one role's calls of one method end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) open: String,
    pub(crate) locked: String,
}

impl Cell {
    fn said(&self) -> String {
        if self.open == self.locked {
            self.open.clone()
        } else {
            format!("{}/{}", self.open, self.locked)
        }
    }

    fn parse(text: &str) -> Self {
        let (open, locked) = text.split_once('/').unwrap_or((text, text));
        Self {
            open: open.to_owned(),
            locked: locked.to_owned(),
        }
    }
}

/// By method and role.
#[derive(Debug, Default)]
pub(crate) struct Table(pub(crate) BTreeMap<(String, String), Cell>);

/// A method's name in the table: `records/GetMarkSheet`.
pub(crate) fn row(method: &MethodDescriptor) -> String {
    let package = method.parent_service().package_name().to_owned();
    let service = package.split('.').nth(1).unwrap_or_default().to_owned();
    format!("{service}/{}", method.name())
}

impl Table {
    pub(crate) fn of(
        open: BTreeMap<(String, String), String>,
        locked: BTreeMap<(String, String), String>,
    ) -> Self {
        Self(
            open.into_iter()
                .map(|(key, open)| {
                    let locked = locked.get(&key).cloned().unwrap_or_default();
                    (key, Cell { open, locked })
                })
                .collect(),
        )
    }

    pub(crate) fn read() -> anyhow::Result<Self> {
        let text = fs::read_to_string(repository().join(FILE)).context(FILE)?;
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        let roles: Vec<&str> = lines.next().context("no head")?.split('\t').skip(1).collect();
        let mut table = Self::default();
        for line in lines {
            let mut words = line.split('\t').map(str::trim);
            let row = words.next().context("no method")?;
            for (role, word) in roles.iter().zip(words) {
                table
                    .0
                    .insert((row.to_owned(), role.trim().to_owned()), Cell::parse(word));
            }
        }
        Ok(table)
    }

    pub(crate) fn write(&self, roles: &[&str]) -> anyhow::Result<()> {
        let mut text = HEAD.to_owned();
        writeln!(text, "method\t{}", roles.join("\t"))?;
        let mut rows: Vec<&String> = self.0.keys().map(|(row, _)| row).collect();
        rows.dedup();
        for row in rows {
            let cells = roles.iter().map(|role| {
                let cell = self.0.get(&(row.clone(), (*role).to_owned()));
                cell.map(Cell::said).unwrap_or_default()
            });
            writeln!(text, "{row}\t{}", cells.collect::<Vec<_>>().join("\t"))?;
        }
        fs::write(repository().join(FILE), text).context(FILE)
    }

    /// Where this one differs from what was expected.
    pub(crate) fn compare(&self, expected: &Self) -> Vec<String> {
        let missing = Cell::parse("not there");
        self.0
            .keys()
            .chain(expected.0.keys().filter(|key| !self.0.contains_key(*key)))
            .filter_map(|key| {
                let (now, then) = (self.0.get(key), expected.0.get(key));
                (now != then).then(|| {
                    let (now, then) = (now.unwrap_or(&missing), then.unwrap_or(&missing));
                    format!(
                        "{} by {}: the table says {}, now it is {}",
                        key.0,
                        key.1,
                        then.said(),
                        now.said()
                    )
                })
            })
            .collect()
    }
}
