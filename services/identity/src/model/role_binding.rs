//! Roles: who may give which, and when one is in force.

use hocba_chassis::caller::Role;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// A role given to an account for a time.
#[derive(Debug, Clone)]
pub struct RoleBinding {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub account: Uuid,
    /// Which role.
    pub role: Role,
    /// First day.
    pub start: Date,
    /// Last day; none is without end.
    pub end: Option<Date>,
    /// The decision it follows from.
    pub decision: Option<Decision>,
    /// The duty the decision names.
    pub duty: String,
    /// Who gave it; none for the first operator.
    pub granted_by: Option<Uuid>,
    /// When.
    pub granted_at: OffsetDateTime,
    /// When it was taken back.
    pub revoked_at: Option<OffsetDateTime>,
    /// The working group it follows from.
    pub working_group: Option<Uuid>,
}

/// A numbered and dated decision of the school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its number.
    pub number: String,
    /// Its date.
    pub date: Option<Date>,
}

/// What a grant asks for.
#[derive(Debug, Clone)]
pub struct NewBinding {
    /// Which role.
    pub role: Role,
    /// First day; none means today.
    pub start: Option<Date>,
    /// Last day; none is without end.
    pub end: Option<Date>,
    /// The decision it follows from.
    pub decision: Option<Decision>,
    /// The duty the decision names.
    pub duty: String,
}

impl NewBinding {
    /// A plain role from today on.
    pub fn plain(role: Role) -> Self {
        Self {
            role,
            start: None,
            end: None,
            decision: None,
            duty: String::new(),
        }
    }
}

impl RoleBinding {
    /// Whether it counts on a day.
    pub fn in_force(&self, day: Date) -> bool {
        self.revoked_at.is_none() && self.start <= day && self.end.is_none_or(|end| day <= end)
    }

    /// Whether it stands in some day of a span.
    pub fn overlaps(&self, start: Date, end: Option<Date>) -> bool {
        self.revoked_at.is_none()
            && self.end.is_none_or(|own| start <= own)
            && end.is_none_or(|end| self.start <= end)
    }
}

/// Whether who holds `giver` may give and take `given` (A1: rights come downwards; the deployment sets up
/// the first two people of a school, the school does the rest). A system admin cannot make a principal,
/// an admin or a working group: otherwise an admin could decide alone what needs a second person.
pub fn may_give(giver: Role, given: Role) -> bool {
    match given {
        Role::Principal | Role::SystemAdmin | Role::DistrictOfficer | Role::Operator => {
            giver == Role::Operator
        }
        Role::VicePrincipal
        | Role::SubjectTeacher
        | Role::HomeroomTeacher
        | Role::OfficeClerk
        | Role::Inspector => {
            matches!(giver, Role::Principal | Role::SystemAdmin)
        }
        Role::WorkingGroup => giver == Role::Principal,
        // Other systems are registered with their key (CreateIntegrator): no person is one.
        Role::Integrator => false,
    }
}

/// Whether a role is given and taken by a decision about a whole body only, never by itself (A6.1).
pub fn by_decision(role: Role) -> bool {
    role == Role::WorkingGroup
}

/// Whether a role is at home in the deployment rather than in a school.
pub fn of_deployment(role: Role) -> bool {
    matches!(role, Role::Operator | Role::DistrictOfficer)
}

#[cfg(test)]
mod tests {
    use hocba_chassis::caller::Role;
    use rstest::rstest;
    use time::macros::{date, datetime};
    use uuid::Uuid;

    use super::{RoleBinding, may_give};

    #[rstest]
    #[case(Role::Operator, Role::Principal, true)]
    #[case(Role::Operator, Role::SubjectTeacher, false)]
    #[case(Role::SystemAdmin, Role::SubjectTeacher, true)]
    #[case(Role::SystemAdmin, Role::Principal, false)]
    #[case(Role::SystemAdmin, Role::SystemAdmin, false)]
    #[case(Role::SystemAdmin, Role::WorkingGroup, false)]
    #[case(Role::Principal, Role::WorkingGroup, true)]
    #[case(Role::VicePrincipal, Role::SubjectTeacher, false)]
    fn rights_come_downwards(#[case] giver: Role, #[case] given: Role, #[case] may: bool) {
        assert_eq!(may_give(giver, given), may);
    }

    #[test]
    fn counts_its_first_and_last_day() {
        let binding = RoleBinding {
            id: Uuid::nil(),
            account: Uuid::nil(),
            role: Role::Inspector,
            start: date!(2025 - 09 - 01),
            end: Some(date!(2025 - 09 - 30)),
            decision: None,
            duty: String::new(),
            granted_by: None,
            granted_at: datetime!(2025-08-31 0:00 UTC),
            revoked_at: None,
            working_group: None,
        };
        assert!(!binding.in_force(date!(2025 - 08 - 31)));
        assert!(binding.in_force(date!(2025 - 09 - 01)));
        assert!(binding.in_force(date!(2025 - 09 - 30)));
        assert!(!binding.in_force(date!(2025 - 10 - 01)));
        assert!(binding.overlaps(date!(2025 - 09 - 30), None));
        assert!(!binding.overlaps(date!(2025 - 10 - 01), None));
    }
}
