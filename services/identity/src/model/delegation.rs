//! Delegations: a vice principal acts as principal for a time (KT. Hiệu trưởng).

use std::collections::{BTreeMap, BTreeSet};

use hocba_chassis::caller::Role;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// The principal's dated order.
#[derive(Debug, Clone)]
pub struct Delegation {
    /// Its id.
    pub id: Uuid,
    /// Who delegates.
    pub delegator: Uuid,
    /// Who acts.
    pub delegate: Uuid,
    /// First day.
    pub start: Date,
    /// Last day.
    pub end: Date,
    /// Number of the written order; may be empty.
    pub decision_number: String,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// When it was taken back.
    pub revoked_at: Option<OffsetDateTime>,
    /// Whether today the delegator is still principal and the delegate still vice principal.
    pub people_fit: bool,
}

/// The longest a delegation may run.
pub const LONGEST_DAYS: i64 = 366;

impl Delegation {
    /// Whether it counts on a day.
    pub fn in_force(&self, day: Date) -> bool {
        self.revoked_at.is_none() && self.people_fit && self.start <= day && day <= self.end
    }

    /// Whether it stands in some day of a span.
    pub fn overlaps(&self, start: Date, end: Date) -> bool {
        self.revoked_at.is_none() && start <= self.end && self.start <= end
    }
}

/// What a person is, on one day: own roles, and those held for another.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Own roles in force.
    pub own: BTreeSet<Role>,
    /// Roles held by delegation, and by which; never one that is also an own role.
    pub acting: BTreeMap<Role, Uuid>,
}

impl Standing {
    /// All roles in force.
    pub fn roles(&self) -> BTreeSet<Role> {
        self.own
            .iter()
            .copied()
            .chain(self.acting.keys().copied())
            .collect()
    }

    /// How a role is held: `None` not at all, `Some(None)` as own, `Some(Some(id))` by that delegation.
    pub fn holds(&self, role: Role) -> Option<Option<Uuid>> {
        if self.own.contains(&role) {
            return Some(None);
        }
        self.acting.get(&role).map(|delegation| Some(*delegation))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};
    use uuid::Uuid;

    use super::Delegation;

    #[test]
    fn ends_with_its_last_day_and_with_the_offices() {
        let delegation = Delegation {
            id: Uuid::nil(),
            delegator: Uuid::nil(),
            delegate: Uuid::max(),
            start: date!(2026 - 01 - 05),
            end: date!(2026 - 01 - 09),
            decision_number: String::new(),
            created_at: datetime!(2026-01-04 0:00 UTC),
            revoked_at: None,
            people_fit: true,
        };
        assert!(delegation.in_force(date!(2026 - 01 - 09)));
        assert!(!delegation.in_force(date!(2026 - 01 - 10)));
        assert!(
            !Delegation {
                people_fit: false,
                ..delegation.clone()
            }
            .in_force(date!(2026 - 01 - 09))
        );
        assert!(delegation.overlaps(date!(2026 - 01 - 09), date!(2026 - 02 - 01)));
    }
}
