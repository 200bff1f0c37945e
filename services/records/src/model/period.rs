//! The four periods of a year.

use serde::Deserialize;

/// An assessment period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Middle of semester 1.
    Mid1,
    /// End of semester 1.
    End1,
    /// Middle of semester 2.
    Mid2,
    /// End of the year.
    End2,
}

impl Period {
    /// All four, in order.
    pub const ALL: [Self; 4] = [Self::Mid1, Self::End1, Self::Mid2, Self::End2];

    /// The id in names and SQL.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Mid1 => "mid1",
            Self::End1 => "end1",
            Self::Mid2 => "mid2",
            Self::End2 => "end2",
        }
    }

    /// As printed.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Mid1 => "Giữa học kì I",
            Self::End1 => "Cuối học kì I",
            Self::Mid2 => "Giữa học kì II",
            Self::End2 => "Cuối năm",
        }
    }

    /// The period of an id.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.id() == id)
    }

    /// The semester whose lock covers it.
    #[must_use]
    pub const fn semester(self) -> hocba_fence::Semester {
        match self {
            Self::Mid1 | Self::End1 => hocba_fence::Semester::One,
            Self::Mid2 | Self::End2 => hocba_fence::Semester::Two,
        }
    }

    /// The semester's id in names and SQL.
    #[must_use]
    pub const fn semester_id(self) -> &'static str {
        match self {
            Self::Mid1 | Self::End1 => "semester1",
            Self::Mid2 | Self::End2 => "semester2",
        }
    }
}
