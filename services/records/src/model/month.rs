//! A month of a school year, and where its checklist stands (A8.2).

use std::fmt;

use time::Date;

use super::calendar::is_year;

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: time::Month,
}

/// The day of the following month on which a checklist is due.
const DUE: u8 = 5;

impl Month {
    /// `2025-10`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-').filter(|_| text.len() == 7)?;
        let month = time::Month::try_from(month.parse::<u8>().ok()?).ok()?;
        let year = year.parse().ok()?;
        Some(Self { year, month }).filter(|it| it.to_string() == text)
    }

    /// The months of a school year such as `2025-2026`: September to May, as lessons run.
    #[must_use]
    pub fn of_year(year: &str) -> Vec<Self> {
        let first = year.split_once('-').filter(|_| is_year(year));
        let Some(first) = first.and_then(|(first, _)| first.parse().ok()) else {
            return Vec::new();
        };
        let september = Self {
            year: first,
            month: time::Month::September,
        };
        std::iter::successors(Some(september), |month| Some(month.next()))
            .take(9)
            .collect()
    }

    fn next(self) -> Self {
        let month = self.month.next();
        let turned = i32::from(month == time::Month::January);
        Self {
            year: self.year + turned,
            month,
        }
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> Date {
        Date::from_calendar_date(self.year, self.month, 1).unwrap_or(Date::MIN)
    }

    /// Its last day.
    #[must_use]
    pub fn last_day(self) -> Date {
        self.next().first_day().previous_day().unwrap_or(Date::MIN)
    }

    /// The day its checklist is due: the fifth of the month after.
    #[must_use]
    pub fn due_day(self) -> Date {
        self.next().first_day().replace_day(DUE).unwrap_or(Date::MAX)
    }

    /// Where its checklist stands.
    #[must_use]
    pub fn standing(self, done: bool, today: Date) -> Standing {
        if done {
            Standing::Done
        } else if today < self.last_day() {
            Standing::Upcoming
        } else if today <= self.due_day() {
            Standing::Open
        } else {
            Standing::Late
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, u8::from(self.month))
    }
}

/// Where a checklist stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The month is not over.
    Upcoming,
    /// It may be completed, from the month's last day.
    Open,
    /// It should have been.
    Late,
    /// It was completed.
    Done,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::calendar::parse_day;

    #[test]
    fn a8_2_a_school_year_has_nine_months_from_september() {
        let months: Vec<String> = Month::of_year("2025-2026").iter().map(Month::to_string).collect();
        assert_eq!(months.len(), 9);
        assert_eq!(
            (months[0].as_str(), months[3].as_str(), months[8].as_str()),
            ("2025-09", "2025-12", "2026-05")
        );
        assert_eq!(Month::of_year("2025-2027"), []);
    }

    #[rstest]
    #[case("2025-13")]
    #[case("2025-1")]
    #[case("2025-+1")]
    #[case("25-10")]
    #[case("2025/10")]
    #[case("")]
    fn months_are_parsed_strictly(#[case] text: &str) {
        assert_eq!(Month::parse(text), None);
    }

    #[rstest]
    #[case("2025-12-30", false, Standing::Upcoming)]
    #[case("2025-12-31", false, Standing::Open)]
    #[case("2026-01-05", false, Standing::Open)]
    #[case("2026-01-06", false, Standing::Late)]
    #[case("2026-01-06", true, Standing::Done)]
    fn a8_2_a_checklist_is_due_on_the_fifth_of_the_month_after(
        #[case] today: &str,
        #[case] done: bool,
        #[case] expected: Standing,
    ) {
        let december = Month::parse("2025-12").unwrap();
        assert_eq!(december.standing(done, parse_day(today).unwrap()), expected);
    }
}
