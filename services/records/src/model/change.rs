//! What became different in a school.

use time::OffsetDateTime;

/// What kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A year or its calendar.
    SchoolYear,
    /// A class.
    Class,
    /// Who teaches an item of a class.
    TeachingAssignment,
    /// A pupil's identity page.
    Pupil,
    /// A pupil's class, height, weight or absences.
    Enrolment,
    /// Cells were sealed.
    MarkSheetSealed,
    /// Sealed cells were corrected.
    MarkSheetCorrected,
    /// A result of the year.
    YearResult,
    /// A promotion.
    Promotion,
    /// A month's checklist.
    MonthlyChecklist,
    /// A finding in a class's books.
    ClassFinding,
    /// A spot check.
    SpotCheck,
    /// An exemption.
    Exemption,
    /// Who learns an elective.
    Elective,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::SchoolYear,
        Self::Class,
        Self::TeachingAssignment,
        Self::Pupil,
        Self::Enrolment,
        Self::MarkSheetSealed,
        Self::MarkSheetCorrected,
        Self::YearResult,
        Self::Promotion,
        Self::MonthlyChecklist,
        Self::ClassFinding,
        Self::SpotCheck,
        Self::Exemption,
        Self::Elective,
    ];

    /// The word in SQL.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::SchoolYear => "school_year",
            Self::Class => "class",
            Self::TeachingAssignment => "teaching_assignment",
            Self::Pupil => "pupil",
            Self::Enrolment => "enrolment",
            Self::MarkSheetSealed => "mark_sheet.sealed",
            Self::MarkSheetCorrected => "mark_sheet.corrected",
            Self::YearResult => "year_result",
            Self::Promotion => "promotion",
            Self::MonthlyChecklist => "monthly_checklist",
            Self::ClassFinding => "class_finding",
            Self::SpotCheck => "spot_check",
            Self::Exemption => "exemption",
            Self::Elective => "elective",
        }
    }

    /// Whether a mark sheet may be more or less complete after it.
    const fn touches_sheets(self) -> bool {
        match self {
            Self::SchoolYear
            | Self::Class
            | Self::TeachingAssignment
            | Self::Enrolment
            | Self::MarkSheetSealed
            | Self::MarkSheetCorrected
            | Self::Exemption
            | Self::Elective => true,
            Self::Pupil
            | Self::YearResult
            | Self::Promotion
            | Self::MonthlyChecklist
            | Self::ClassFinding
            | Self::SpotCheck => false,
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its number in the school.
    pub sequence: i64,
    /// What kind of thing.
    pub kind: Kind,
    /// Its resource name.
    pub resource: String,
    /// When the number was given.
    pub at: OffsetDateTime,
}

/// Some changes in order, and where they lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Oldest first.
    pub changes: Vec<Change>,
    /// The number to go on from.
    pub sequence: i64,
    /// The newest number there is.
    pub newest: i64,
}

/// The classes of a year that changes touch; `None` when a change does not name its class, or is of the year itself:
/// then all are.
#[must_use]
pub fn touched_classes(changes: &[Change], year: &str) -> Option<Vec<String>> {
    let mut classes = Vec::new();
    for change in changes {
        let mut parts = change.resource.split('/').skip(2);
        let (years, own) = (parts.next(), parts.next());
        if years != Some("years") || own != Some(year) || !change.kind.touches_sheets() {
            // Another year, or what makes no sheet more or less complete.
            continue;
        }
        match (parts.next(), parts.next()) {
            (Some("classes"), Some(class)) => classes.push(class.to_owned()),
            _ => return None,
        }
    }
    classes.sort();
    classes.dedup();
    Some(classes)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn change(kind: Kind, resource: &str) -> Change {
        Change {
            sequence: 1,
            kind,
            resource: resource.to_owned(),
            at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn every_kind_has_its_word() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.id()), Some(kind));
        }
    }

    #[rstest]
    #[case::a_seal_touches_its_class(Kind::MarkSheetSealed, "schools/a/years/2025-2026/classes/5a/markSheets/to-end1",
        Some(vec!["5a".to_owned()]))]
    #[case::an_enrolment_may_touch_two(Kind::Enrolment, "schools/a/years/2025-2026/pupils/p", None)]
    #[case::a_calendar_touches_all(Kind::SchoolYear, "schools/a/years/2025-2026", None)]
    #[case::a_result_touches_none(Kind::YearResult, "schools/a/years/2025-2026/pupils/p", Some(vec![]))]
    #[case::an_identity_page_touches_none(Kind::Pupil, "schools/a/pupils/p", Some(vec![]))]
    #[case::an_exemption_does_not_name_its_class(
        Kind::Exemption,
        "schools/a/years/2025-2026/exemptions/e",
        None
    )]
    #[case::an_elective_touches_its_class(Kind::Elective, "schools/a/years/2025-2026/classes/5a/electives/nn",
        Some(vec!["5a".to_owned()]))]
    #[case::a_finding_touches_none(Kind::ClassFinding, "schools/a/years/2025-2026/classes/5a/findings/f", Some(vec![]))]
    #[case::a_spot_check_touches_none(Kind::SpotCheck, "schools/a/years/2025-2026/spotChecks/s", Some(vec![]))]
    #[case::another_year_touches_none(Kind::MarkSheetSealed, "schools/a/years/2024-2025/classes/5a/markSheets/to-end1",
        Some(vec![]))]
    fn completeness_is_looked_at_where_it_changed(
        #[case] kind: Kind,
        #[case] resource: &str,
        #[case] classes: Option<Vec<String>>,
    ) {
        assert_eq!(touched_classes(&[change(kind, resource)], "2025-2026"), classes);
    }
}
