//! Departments, teams and groups, and the roles held by them (A10.1).

use std::collections::BTreeSet;

use hocba_chassis::caller::Role;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// The most members a group may have.
pub const MOST_MEMBERS: usize = 200;

/// What kind of group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Tổ chuyên môn, tổ văn phòng.
    Department,
    /// Đội, ban.
    Team,
    /// Nhóm.
    Group,
}

impl Kind {
    /// The word in SQL and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::Team => "team",
            Self::Group => "group",
        }
    }

    /// Reads the word of the database, whose check constraint knows no fourth.
    pub fn of_sql(word: &str) -> Self {
        match word {
            "department" => Self::Department,
            "team" => Self::Team,
            _ => Self::Group,
        }
    }
}

/// A group of staff.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its id.
    pub id: Uuid,
    /// What kind.
    pub kind: Kind,
    /// What it is called.
    pub display_name: String,
    /// Its head: one of the members.
    pub head: Option<Uuid>,
    /// Who is in it; of a closed group who was at the end.
    pub members: BTreeSet<Uuid>,
    /// Rises with every change.
    pub etag: i64,
    /// When it was set up.
    pub created_at: OffsetDateTime,
    /// When it was closed.
    pub closed_at: Option<OffsetDateTime>,
}

/// What a group is made of or changed to.
#[derive(Debug, Clone)]
pub struct Shape {
    /// What it is called.
    pub display_name: String,
    /// Its head: one of the members.
    pub head: Option<Uuid>,
    /// Who is in it.
    pub members: BTreeSet<Uuid>,
}

/// A role given to a group for a time.
#[derive(Debug, Clone)]
pub struct GroupRole {
    /// Its id.
    pub id: Uuid,
    /// Which role.
    pub role: Role,
    /// First day.
    pub start: Date,
    /// Last day; none is without end.
    pub end: Option<Date>,
    /// Who gave it.
    pub granted_by: Uuid,
    /// When.
    pub granted_at: OffsetDateTime,
    /// When it was taken back.
    pub revoked_at: Option<OffsetDateTime>,
}

impl GroupRole {
    /// Whether it counts on a day.
    pub fn in_force(&self, day: Date) -> bool {
        self.start <= day && self.may_count(day)
    }

    /// Whether it counts on a day or will later.
    pub fn may_count(&self, day: Date) -> bool {
        self.revoked_at.is_none() && self.end.is_none_or(|end| day <= end)
    }

    /// Whether it stands in some day of a span.
    pub fn overlaps(&self, start: Date, end: Option<Date>) -> bool {
        self.may_count(start) && end.is_none_or(|end| self.start <= end)
    }
}

#[cfg(test)]
mod tests {
    use hocba_chassis::caller::Role;
    use rstest::rstest;
    use time::{
        Date,
        macros::{date, datetime},
    };
    use uuid::Uuid;

    use super::GroupRole;

    #[rstest]
    #[case(date!(2025 - 08 - 31), false, true)]
    #[case(date!(2025 - 09 - 01), true, true)]
    #[case(date!(2025 - 09 - 30), true, true)]
    #[case(date!(2025 - 10 - 01), false, false)]
    fn counts_its_first_and_last_day(#[case] day: Date, #[case] in_force: bool, #[case] may_count: bool) {
        let role = GroupRole {
            id: Uuid::nil(),
            role: Role::SubjectTeacher,
            start: date!(2025 - 09 - 01),
            end: Some(date!(2025 - 09 - 30)),
            granted_by: Uuid::nil(),
            granted_at: datetime!(2025-08-31 0:00 UTC),
            revoked_at: None,
        };
        assert_eq!((role.in_force(day), role.may_count(day)), (in_force, may_count));
        assert!(role.overlaps(date!(2025 - 08 - 01), Some(date!(2025 - 09 - 01))));
        assert!(!role.overlaps(date!(2025 - 08 - 01), Some(date!(2025 - 08 - 31))));
        let taken = GroupRole {
            revoked_at: Some(datetime!(2025-09-02 0:00 UTC)),
            ..role
        };
        assert!(!taken.in_force(day) && !taken.overlaps(day, None));
    }
}
