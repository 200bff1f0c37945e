//! What an integrator sees of what the policy lets it ask for (A10.1). People see all of it.

use std::collections::BTreeSet;

use super::{
    change::Kind,
    pupil::{Identity, Page},
};

/// Groups of fields; none named: a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant(Option<BTreeSet<String>>);

/// Names, codes, sex, birth date, class.
pub const ROSTER: &str = "roster";
/// The whole identity page.
pub const IDENTITY_PAGE: &str = "identity_page";
/// Mark sheets.
pub const MARKS: &str = "marks";
/// Results of the year.
pub const RESULTS: &str = "results";
/// How far the sheets are: counts, no mark.
pub const COMPLETENESS: &str = "completeness";

impl Grant {
    /// A person's: the policy has said all.
    #[must_use]
    pub const fn person() -> Self {
        Self(None)
    }

    /// An integrator's.
    #[must_use]
    pub fn integrator(groups: &BTreeSet<String>) -> Self {
        Self(Some(groups.clone()))
    }

    fn names(&self, group: &str) -> bool {
        self.0.as_ref().is_none_or(|groups| groups.contains(group))
    }

    /// Whether pupils' names may stand beside marks and results.
    #[must_use]
    pub fn shows_names(&self) -> bool {
        self.names(ROSTER) || self.names(IDENTITY_PAGE)
    }

    /// Whether teachers may stand beside their sheets.
    #[must_use]
    pub fn shows_teachers(&self) -> bool {
        self.names(ROSTER)
    }

    /// A pupil's page with what is granted; every other field is empty, also one that is yet to be invented. What
    /// stands beside the identity page, health and family circumstances among it, is in no group.
    #[must_use]
    pub fn page(&self, whole: Page) -> Page {
        if self.0.is_none() {
            return whole;
        }
        let whole = whole.identity;
        let identity = if self.names(IDENTITY_PAGE) {
            Identity {
                disability: String::new(),
                ..whole
            }
        } else {
            Identity {
                pupil_code: whole.pupil_code,
                display_name: whole.display_name,
                sex: whole.sex,
                birth_date: whole.birth_date,
                ..Identity::default()
            }
        };
        Page {
            identity,
            ..Page::default()
        }
    }

    /// Whether a change of this kind is told.
    #[must_use]
    pub fn tells(&self, kind: Kind) -> bool {
        match kind {
            Kind::SchoolYear | Kind::Class => true,
            Kind::TeachingAssignment => self.names(ROSTER),
            Kind::Pupil | Kind::Enrolment => self.shows_names(),
            // What a sheet asks for changes what is read of it.
            Kind::MarkSheetSealed | Kind::MarkSheetCorrected | Kind::Exemption | Kind::Elective => {
                self.names(MARKS)
            }
            Kind::YearResult | Kind::Promotion => self.names(RESULTS),
            // The school's own watch over itself is in no group.
            Kind::MonthlyChecklist | Kind::ClassFinding | Kind::SpotCheck => self.0.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn grant(groups: &[&str]) -> Grant {
        Grant::integrator(&groups.iter().map(|group| (*group).to_owned()).collect())
    }

    #[test]
    fn r3_the_roster_shows_no_family_no_address_no_health_and_no_personal_id() {
        let text = || "x".to_owned();
        let whole = Identity {
            pupil_code: text(),
            personal_id: Some(text()),
            display_name: text(),
            sex: text(),
            birth_date: text(),
            ethnic_group: text(),
            address: text(),
            father: text(),
            disability: text(),
            ..Identity::default()
        };
        let page = |identity: Identity| Page {
            identity,
            ..Page::default()
        };
        let expected = Identity {
            pupil_code: text(),
            display_name: text(),
            sex: text(),
            birth_date: text(),
            ..Identity::default()
        };
        let shown = |grant: Grant| grant.page(page(whole.clone()));
        assert_eq!(shown(grant(&[ROSTER])), page(expected));
        let printed = Identity {
            disability: String::new(),
            ..whole.clone()
        };
        assert_eq!(shown(grant(&[IDENTITY_PAGE])), page(printed));
        assert_eq!(shown(Grant::person()), page(whole.clone()));
    }

    #[rstest]
    #[case(&[ROSTER], &[Kind::SchoolYear, Kind::Class, Kind::TeachingAssignment, Kind::Pupil, Kind::Enrolment])]
    #[case(&[IDENTITY_PAGE], &[Kind::SchoolYear, Kind::Class, Kind::Pupil, Kind::Enrolment])]
    #[case(&[MARKS], &[Kind::SchoolYear, Kind::Class, Kind::MarkSheetSealed, Kind::MarkSheetCorrected, Kind::Exemption,
        Kind::Elective])]
    #[case(&[COMPLETENESS], &[Kind::SchoolYear, Kind::Class])]
    #[case(&[RESULTS], &[Kind::SchoolYear, Kind::Class, Kind::YearResult, Kind::Promotion])]
    #[case(&[], &[Kind::SchoolYear, Kind::Class])]
    fn r3_a_change_is_told_to_who_may_read_it(#[case] groups: &[&str], #[case] told: &[Kind]) {
        let grant = grant(groups);
        let kinds: Vec<_> = Kind::ALL.into_iter().filter(|kind| grant.tells(*kind)).collect();
        assert_eq!(kinds, told);
        assert!(Kind::ALL.into_iter().all(|kind| Grant::person().tells(kind)));
    }
}
