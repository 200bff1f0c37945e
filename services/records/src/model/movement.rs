//! Where a pupil belongs in a year, and what may change it (A8.2): entry, repeat, class change, leaving, return.

use time::Date;

use super::calendar::parse_day;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Enters a class of the year.
    Entry,
    /// Enters a class of the grade of the year before.
    Repeat,
    /// Goes to another class of the grade.
    ClassChange,
    /// Leaves the school.
    Leaving,
    /// Comes back.
    Return,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Entry,
        Self::Repeat,
        Self::ClassChange,
        Self::Leaving,
        Self::Return,
    ];

    /// As stored.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Repeat => "repeat",
            Self::ClassChange => "class_change",
            Self::Leaving => "leaving",
            Self::Return => "return",
        }
    }

    /// The kind of an id.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }
}

/// A class with its grade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Class id.
    pub class: String,
    /// Grade.
    pub grade: i16,
}

/// Where the pupil belongs in the year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// The class, the last one for a leaver.
    pub seat: Seat,
    /// Since when the pupil has left.
    pub left_on: Option<Date>,
}

/// What is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What happened.
    pub kind: Kind,
    /// On which day.
    pub day: Date,
    /// Into which class; a return without one goes back to the last.
    pub to: Option<Seat>,
    /// Why.
    pub reason: String,
}

/// Why it cannot be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The pupil is in a class of the year already.
    Enrolled,
    /// The pupil is in no class of the year.
    NotEnrolled,
    /// The pupil has left.
    Left,
    /// The pupil has not left.
    NotLeft,
    /// The class is of another grade.
    OtherGrade,
    /// A field does not hold: its name and the words.
    Field(&'static str, &'static str),
}

/// Where the pupil belongs after it. `before` is the grade of the year before, when it was with us.
///
/// # Errors
/// Why it cannot be.
pub fn decide(
    present: Option<&Present>,
    before: Option<i16>,
    asked: &Asked,
    today: Date,
) -> Result<Present, Refusal> {
    if asked.day > today {
        return Err(Refusal::Field("movement.day", "ngày không được ở tương lai"));
    }
    let class = asked.to.clone();
    let needed = || Refusal::Field("movement.class", "cần lớp mà học sinh vào");
    let staying = |seat: Seat| Present { seat, left_on: None };
    match (asked.kind, present) {
        (Kind::Entry | Kind::Repeat, Some(_)) => Err(Refusal::Enrolled),
        (Kind::Entry, None) => class.map(staying).ok_or_else(needed),
        (Kind::Repeat, None) => {
            let seat = class.ok_or_else(needed)?;
            if before == Some(seat.grade) {
                Ok(staying(seat))
            } else {
                Err(Refusal::OtherGrade)
            }
        }
        (Kind::ClassChange | Kind::Leaving | Kind::Return, None) => Err(Refusal::NotEnrolled),
        (Kind::ClassChange | Kind::Leaving, Some(Present { left_on: Some(_), .. })) => Err(Refusal::Left),
        (Kind::ClassChange, Some(Present { seat, left_on: None })) => {
            let to = class.ok_or_else(needed)?;
            if to.class == seat.class {
                Err(Refusal::Field("movement.class", "học sinh đang học lớp này"))
            } else if to.grade == seat.grade {
                Ok(staying(to))
            } else {
                Err(Refusal::OtherGrade)
            }
        }
        (Kind::Leaving, Some(Present { seat, left_on: None })) => {
            if asked.reason.trim().is_empty() {
                return Err(Refusal::Field(
                    "movement.reason",
                    "cần lí do thôi học hoặc chuyển trường",
                ));
            }
            Ok(Present {
                seat: seat.clone(),
                left_on: Some(asked.day),
            })
        }
        (Kind::Return, Some(Present { left_on: None, .. })) => Err(Refusal::NotLeft),
        (
            Kind::Return,
            Some(Present {
                seat,
                left_on: Some(left),
            }),
        ) => {
            let to = class.unwrap_or_else(|| seat.clone());
            if asked.day < *left {
                Err(Refusal::Field(
                    "movement.day",
                    "ngày trở lại phải sau ngày thôi học",
                ))
            } else if to.grade == seat.grade {
                Ok(staying(to))
            } else {
                Err(Refusal::OtherGrade)
            }
        }
    }
}

/// The day of an entry that is told by an identity page: the date of entry when it lies in the school year, else today.
#[must_use]
pub fn entry_day(year: &str, entry_date: &str, today: Date) -> Date {
    let begins = year
        .split_once('-')
        .and_then(|(first, _)| parse_day(&format!("{first}-07-01")));
    let entered = parse_day(entry_date).filter(|day| *day <= today);
    entered
        .filter(|day| begins.is_some_and(|begins| begins <= *day))
        .unwrap_or(today)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn seat(class: &str, grade: i16) -> Seat {
        Seat {
            class: class.into(),
            grade,
        }
    }

    fn day(text: &str) -> Date {
        parse_day(text).unwrap()
    }

    fn asked(kind: Kind, to: Option<Seat>) -> Asked {
        Asked {
            kind,
            day: day("2025-10-02"),
            to,
            reason: "theo gia đình".into(),
        }
    }

    const TODAY: &str = "2025-10-02";

    fn here() -> Present {
        Present {
            seat: seat("5a", 5),
            left_on: None,
        }
    }

    fn gone() -> Present {
        Present {
            left_on: Some(day("2025-10-01")),
            ..here()
        }
    }

    #[rstest]
    #[case::enters(None, None, Kind::Entry, Some(seat("5b", 5)), Ok(("5b", false)))]
    #[case::enters_nowhere(
        None,
        None,
        Kind::Entry,
        None,
        Err(Refusal::Field("movement.class", "cần lớp mà học sinh vào"))
    )]
    #[case::enters_twice(Some(here()), None, Kind::Entry, Some(seat("5b", 5)), Err(Refusal::Enrolled))]
    #[case::repeats(None, Some(5), Kind::Repeat, Some(seat("5b", 5)), Ok(("5b", false)))]
    #[case::repeats_another_grade(None, Some(4), Kind::Repeat, Some(seat("5b", 5)), Err(Refusal::OtherGrade))]
    #[case::repeats_nothing(None, None, Kind::Repeat, Some(seat("5b", 5)), Err(Refusal::OtherGrade))]
    #[case::changes(Some(here()), None, Kind::ClassChange, Some(seat("5b", 5)), Ok(("5b", false)))]
    #[case::changes_the_grade(
        Some(here()),
        None,
        Kind::ClassChange,
        Some(seat("4b", 4)),
        Err(Refusal::OtherGrade)
    )]
    #[case::changes_when_gone(
        Some(gone()),
        None,
        Kind::ClassChange,
        Some(seat("5b", 5)),
        Err(Refusal::Left)
    )]
    #[case::leaves(Some(here()), None, Kind::Leaving, None, Ok(("5a", true)))]
    #[case::leaves_twice(Some(gone()), None, Kind::Leaving, None, Err(Refusal::Left))]
    #[case::leaves_unknown(None, None, Kind::Leaving, None, Err(Refusal::NotEnrolled))]
    #[case::returns(Some(gone()), None, Kind::Return, None, Ok(("5a", false)))]
    #[case::returns_elsewhere(Some(gone()), None, Kind::Return, Some(seat("5b", 5)), Ok(("5b", false)))]
    #[case::returns_from_nowhere(Some(here()), None, Kind::Return, None, Err(Refusal::NotLeft))]
    fn a8_2_what_may_happen_to_an_enrolment(
        #[case] present: Option<Present>,
        #[case] before: Option<i16>,
        #[case] kind: Kind,
        #[case] to: Option<Seat>,
        #[case] expected: Result<(&str, bool), Refusal>,
    ) {
        let next = decide(present.as_ref(), before, &asked(kind, to), day(TODAY));
        let next = next.map(|next| (next.seat.class, next.left_on.is_some()));
        assert_eq!(next, expected.map(|(class, left)| (class.to_owned(), left)));
    }

    #[rstest]
    #[case::came_this_year("2025-09-05", "2025-09-05")]
    #[case::came_long_ago("2021-09-05", TODAY)]
    #[case::comes_later("2025-12-01", TODAY)]
    #[case::nobody_knows("", TODAY)]
    fn a8_2_an_entry_has_a_day_of_its_year(#[case] entry_date: &str, #[case] expected: &str) {
        assert_eq!(entry_day("2025-2026", entry_date, day(TODAY)), day(expected));
    }

    #[test]
    fn a8_2_days_and_reasons_must_hold() {
        let field = |present: &Present, asked: &Asked| match decide(Some(present), None, asked, day(TODAY)) {
            Err(Refusal::Field(field, _)) => field,
            other => panic!("{other:?}"),
        };
        let mut leaving = asked(Kind::Leaving, None);
        leaving.reason = " ".into();
        assert_eq!(field(&here(), &leaving), "movement.reason");
        leaving.day = day("2025-10-03");
        assert_eq!(field(&here(), &leaving), "movement.day");
        let mut back = asked(Kind::Return, None);
        back.day = day("2025-09-30");
        assert_eq!(field(&gone(), &back), "movement.day");
        let same = asked(Kind::ClassChange, Some(seat("5a", 5)));
        assert_eq!(field(&here(), &same), "movement.class");
    }
}
