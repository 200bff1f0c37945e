//! Names of terms and of what causes their changes.

use std::{collections::BTreeSet, fmt};

/// A term of one school: `schools/{school}/years/{year}/terms/{term}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TermName {
    school: String,
    year: String,
    kind: Kind,
}

/// What is locked as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The marks of semester 1.
    MarksSemester1,
    /// The marks of semester 2.
    MarksSemester2,
    /// The books of the year.
    Books,
}

/// A database that holds fences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Database {
    /// Guards marks.
    Records,
    /// Guards books.
    Archive,
}

impl Database {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Records, Self::Archive];

    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Archive => "archive",
        }
    }

    /// From its stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|database| database.as_str() == text)
    }
}

impl Kind {
    const ALL: [Self; 3] = [Self::MarksSemester1, Self::MarksSemester2, Self::Books];

    fn as_str(self) -> &'static str {
        match self {
            Self::MarksSemester1 => "marks-semester1",
            Self::MarksSemester2 => "marks-semester2",
            Self::Books => "books",
        }
    }
}

impl TermName {
    /// From the resource name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (school, rest) = name.strip_prefix("schools/")?.split_once("/years/")?;
        let (year, term) = rest.split_once("/terms/")?;
        Self::of_key(school, &format!("{year}/{term}"))
    }

    /// From the school and the key in SQL, `2025-2026/marks-semester1`.
    #[must_use]
    pub fn of_key(school: &str, key: &str) -> Option<Self> {
        let (year, term) = key.split_once('/')?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == term)?;
        (is_slug(school) && is_year(year)).then(|| Self {
            school: school.to_owned(),
            year: year.to_owned(),
            kind,
        })
    }

    /// The school's id.
    #[must_use]
    pub fn school(&self) -> &str {
        &self.school
    }

    /// The key in SQL, within the school.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.year, self.kind.as_str())
    }

    /// The databases that guard it.
    #[must_use]
    pub fn guards(&self) -> BTreeSet<Database> {
        BTreeSet::from([match self.kind {
            Kind::MarksSemester1 | Kind::MarksSemester2 => Database::Records,
            Kind::Books => Database::Archive,
        }])
    }

    /// Whether `name` is `schools/{this school}/{collection}/{id}`.
    #[must_use]
    pub fn owns(&self, collection: &str, name: &str) -> bool {
        name.strip_prefix("schools/")
            .and_then(|rest| rest.strip_prefix(self.school.as_str()))
            .and_then(|rest| rest.strip_prefix('/'))
            .and_then(|rest| rest.strip_prefix(collection))
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|id| {
                (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
    }
}

impl fmt::Display for TermName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "schools/{}/years/{}/terms/{}",
            self.school,
            self.year,
            self.kind.as_str()
        )
    }
}

fn is_slug(id: &str) -> bool {
    (1..=30).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Two years that follow each other.
fn is_year(id: &str) -> bool {
    let number = |text: &str| {
        (text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<u16>().ok())
    };
    id.split_once('-')
        .and_then(|(first, second)| Some((number(first)??, number(second)??)))
        .is_some_and(|(first, second)| second == first + 1)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("schools/01018a01/years/2025-2026/terms/marks-semester1", Database::Records)]
    #[case("schools/01018a01/years/2025-2026/terms/marks-semester2", Database::Records)]
    #[case("schools/a-b/years/2025-2026/terms/books", Database::Archive)]
    fn a_name_says_who_guards_the_term(#[case] name: &str, #[case] guard: Database) {
        let term = TermName::parse(name).expect("a term");
        assert_eq!(term.to_string(), name);
        assert_eq!(TermName::of_key(term.school(), &term.key()), Some(term.clone()));
        assert_eq!(term.guards(), BTreeSet::from([guard]));
    }

    #[rstest]
    #[case("")]
    #[case("schools/01018a01")]
    #[case("schools/A/years/2025-2026/terms/books")]
    #[case("schools//years/2025-2026/terms/books")]
    #[case("schools/a/years/2025-2027/terms/books")]
    #[case("schools/a/years/+025-2026/terms/books")]
    #[case("schools/a/years/2025-2026/terms/marks")]
    #[case("schools/a/b/years/2025-2026/terms/books")]
    fn what_is_no_term_is_refused(#[case] name: &str) {
        assert_eq!(TermName::parse(name), None);
    }

    #[test]
    fn causes_belong_to_the_terms_school() {
        let term = TermName::parse("schools/a/years/2025-2026/terms/books").expect("a term");
        assert!(term.owns("lockOrders", "schools/a/lockOrders/0192"));
        assert!(!term.owns("lockOrders", "schools/ab/lockOrders/0192"));
        assert!(!term.owns("lockOrders", "schools/a/dossiers/0192"));
        assert!(!term.owns("lockOrders", "schools/a/lockOrders/"));
        assert!(!term.owns("lockOrders", "schools/a/lockOrders/1/2"));
    }
}
