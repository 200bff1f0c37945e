//! What waits for somebody who manages a school's people.

use hocba_chassis::caller::Role;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

/// How long before its end something that must be renewed is told.
pub const AHEAD: Duration = Duration::days(14);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An account has no password and second factor yet.
    ActivateAccount,
    /// The working group ends.
    RenewWorkingGroup,
    /// A delegation ends.
    RenewDelegation,
    /// An integrator's grant ends.
    RenewIntegrator,
}

impl Kind {
    /// The word on the wire and in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ActivateAccount => "account.activate",
            Self::RenewWorkingGroup => "working_group.renew",
            Self::RenewDelegation => "delegation.renew",
            Self::RenewIntegrator => "integrator.renew",
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::ActivateAccount,
            Self::RenewWorkingGroup,
            Self::RenewDelegation,
            Self::RenewIntegrator,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }

    /// Whose task it is: of these roles, and of the person it is about.
    pub fn is_of(self, has: impl Fn(Role) -> bool, about_oneself: bool) -> bool {
        match self {
            Self::ActivateAccount => has(Role::Principal) || has(Role::SystemAdmin),
            Self::RenewWorkingGroup | Self::RenewIntegrator => has(Role::Principal),
            Self::RenewDelegation => has(Role::Principal) || about_oneself,
        }
    }
}

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// What is to be done.
    pub kind: Kind,
    /// With what.
    pub id: Uuid,
    /// Whom it is about; the integrator itself.
    pub account: Uuid,
    /// Since when.
    pub since: Option<OffsetDateTime>,
    /// The last day.
    pub due: Option<Date>,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Kind::ActivateAccount, Role::SystemAdmin, false, true)]
    #[case(Kind::ActivateAccount, Role::SubjectTeacher, true, false)]
    #[case(Kind::RenewWorkingGroup, Role::SystemAdmin, false, false)]
    #[case(Kind::RenewWorkingGroup, Role::Principal, false, true)]
    #[case(Kind::RenewDelegation, Role::VicePrincipal, true, true)]
    #[case(Kind::RenewDelegation, Role::VicePrincipal, false, false)]
    #[case(Kind::RenewIntegrator, Role::Principal, false, true)]
    fn a_task_is_told_to_who_can_do_it(
        #[case] kind: Kind,
        #[case] role: Role,
        #[case] about_oneself: bool,
        #[case] told: bool,
    ) {
        assert_eq!(kind.is_of(|asked| asked == role, about_oneself), told);
        assert_eq!(Kind::parse(kind.as_str()), Some(kind));
    }
}
