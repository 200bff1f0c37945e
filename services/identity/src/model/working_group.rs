//! The working group by the principal's decision (A6.1).

use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::role_binding::Decision;

/// The longest a working group may be set up for: five years.
pub const LONGEST_DAYS: i64 = 1830;
/// The most members it may have.
pub const MOST_MEMBERS: usize = 50;

/// A working group.
#[derive(Debug, Clone)]
pub struct WorkingGroup {
    /// Its id.
    pub id: Uuid,
    /// The decision that set it up.
    pub decision: Decision,
    /// First day.
    pub start: Date,
    /// Last day.
    pub end: Date,
    /// Its head: one of the members.
    pub head: Uuid,
    /// Who is in it; of an ended group who was at the end.
    pub members: Vec<Member>,
    /// Rises with every change.
    pub etag: i64,
    /// Who decided.
    pub created_by: Uuid,
    /// When it was entered.
    pub created_at: OffsetDateTime,
    /// When the principal ended it.
    pub ended_at: Option<OffsetDateTime>,
}

/// A person's place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub account: Uuid,
    /// The duty the decision names.
    pub duty: String,
}

/// Where a working group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its first day is yet to come.
    Planned,
    /// At work.
    InForce,
    /// Over.
    Ended,
}

impl WorkingGroup {
    /// Where it stands on a day.
    pub fn state(&self, day: Date) -> State {
        if self.ended_at.is_some() || day > self.end {
            State::Ended
        } else if day < self.start {
            State::Planned
        } else {
            State::InForce
        }
    }
}

/// Who leaves and who joins when one list of members replaces another. Who stays with the same duty is in neither;
/// who gets another duty leaves with the old and joins with the new.
pub fn replace(before: &[Member], after: &[Member]) -> (Vec<Member>, Vec<Member>) {
    let without = |all: &[Member], others: &[Member]| {
        all.iter()
            .filter(|member| !others.contains(member))
            .cloned()
            .collect()
    };
    (without(before, after), without(after, before))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::{
        Date,
        macros::{date, datetime},
    };
    use uuid::Uuid;

    use super::{Decision, Member, State, WorkingGroup, replace};

    fn member(number: u128, duty: &str) -> Member {
        Member {
            account: Uuid::from_u128(number),
            duty: duty.to_owned(),
        }
    }

    #[test]
    fn who_stays_with_the_same_duty_keeps_the_role() {
        let before = [
            member(1, "Tổ trưởng"),
            member(2, "Thư kí"),
            member(3, "Thành viên"),
        ];
        let after = [
            member(1, "Tổ trưởng"),
            member(2, "Kĩ thuật"),
            member(4, "Thành viên"),
        ];
        let (leave, join) = replace(&before, &after);
        assert_eq!(leave, [member(2, "Thư kí"), member(3, "Thành viên")]);
        assert_eq!(join, [member(2, "Kĩ thuật"), member(4, "Thành viên")]);
        assert_eq!(replace(&before, &before), (vec![], vec![]));
    }

    #[rstest]
    #[case(date!(2025 - 08 - 31), false, State::Planned)]
    #[case(date!(2025 - 09 - 01), false, State::InForce)]
    #[case(date!(2026 - 05 - 31), false, State::InForce)]
    #[case(date!(2026 - 06 - 01), false, State::Ended)]
    #[case(date!(2025 - 10 - 01), true, State::Ended)]
    fn ends_with_its_last_day_or_before(#[case] day: Date, #[case] ended: bool, #[case] state: State) {
        let group = WorkingGroup {
            id: Uuid::nil(),
            decision: Decision {
                number: "114/QĐ-THĐX".to_owned(),
                date: Some(date!(2025 - 08 - 20)),
            },
            start: date!(2025 - 09 - 01),
            end: date!(2026 - 05 - 31),
            head: Uuid::from_u128(1),
            members: vec![member(1, "Tổ trưởng")],
            etag: 1,
            created_by: Uuid::max(),
            created_at: datetime!(2025-08-20 0:00 UTC),
            ended_at: ended.then_some(datetime!(2025-09-30 0:00 UTC)),
        };
        assert_eq!(group.state(day), state);
    }
}
