//! What is locked as one.

use std::fmt;

/// Which database guards it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The marks of a semester: guarded by records.
    Marks(Semester),
    /// The books of a year: guarded by archive.
    Books,
}

/// A semester: the unit whose marks are locked together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Semester {
    /// Periods mid1 and end1.
    One,
    /// Periods mid2 and end2.
    Two,
}

impl Semester {
    /// The semester a period (`mid1`, `end1`, `mid2`, `end2`) or a semester id belongs to.
    #[must_use]
    pub fn of(period: &str) -> Option<Self> {
        match period {
            "mid1" | "end1" | "semester1" => Some(Self::One),
            "mid2" | "end2" | "semester2" => Some(Self::Two),
            _ => None,
        }
    }
}

/// A term of one school.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term {
    school: String,
    year: String,
    kind: Kind,
}

impl Term {
    /// The marks of a semester. The year is `2025-2026`.
    #[must_use]
    pub fn marks(school: &str, year: &str, semester: Semester) -> Self {
        Self {
            school: school.to_owned(),
            year: year.to_owned(),
            kind: Kind::Marks(semester),
        }
    }

    /// The books of a year.
    #[must_use]
    pub fn books(school: &str, year: &str) -> Self {
        Self {
            school: school.to_owned(),
            year: year.to_owned(),
            kind: Kind::Books,
        }
    }

    /// From `schools/{school}/years/{year}/terms/{term}`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix("schools/")?;
        let (school, rest) = rest.split_once("/years/")?;
        let (year, term) = rest.split_once("/terms/")?;
        Self::of_key(school, &format!("{year}/{term}"))
    }

    /// From the school's id and the key used in SQL, `2025-2026/marks-semester1`.
    #[must_use]
    pub fn of_key(school: &str, key: &str) -> Option<Self> {
        let (year, term) = key.split_once('/')?;
        let kind = match term {
            "marks-semester1" => Kind::Marks(Semester::One),
            "marks-semester2" => Kind::Marks(Semester::Two),
            "books" => Kind::Books,
            _ => return None,
        };
        (is_school(school) && is_year(year)).then(|| Self {
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

    /// The school year, `2025-2026`.
    #[must_use]
    pub fn year(&self) -> &str {
        &self.year
    }

    /// What is locked.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The key in SQL, within the school.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.year, self.kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Marks(Semester::One) => "marks-semester1",
            Self::Marks(Semester::Two) => "marks-semester2",
            Self::Books => "books",
        })
    }
}

/// The resource name.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "schools/{}/years/{}/terms/{}",
            self.school, self.year, self.kind
        )
    }
}

fn is_school(id: &str) -> bool {
    (1..=30).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Two years that follow each other.
fn is_year(id: &str) -> bool {
    let number = |text: &str| (text.len() == 4).then(|| text.parse::<u16>().ok()).flatten();
    id.split_once('-')
        .and_then(|(first, second)| Some((number(first)?, number(second)?)))
        .is_some_and(|(first, second)| second == first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys_are_two_ways_to_say_the_same() {
        for name in [
            "schools/01018a01/years/2025-2026/terms/marks-semester1",
            "schools/01018a01/years/2025-2026/terms/marks-semester2",
            "schools/a-b/years/2025-2026/terms/books",
        ] {
            let term = Term::parse(name).expect(name);
            assert_eq!(term.to_string(), name);
            assert_eq!(Term::of_key(term.school(), &term.key()), Some(term));
        }
    }

    #[test]
    fn what_is_no_term_is_refused() {
        for name in [
            "",
            "schools/01018a01",
            "schools/A/years/2025-2026/terms/books",
            "schools//years/2025-2026/terms/books",
            "schools/a/years/2025-2027/terms/books",
            "schools/a/years/+025-2026/terms/books",
            "schools/a/years/2025-2026/terms/marks",
            "schools/a/years/2025-2026/terms/books/x",
            "schools/a/b/years/2025-2026/terms/books",
        ] {
            assert_eq!(Term::parse(name), None, "{name}");
        }
    }
}
