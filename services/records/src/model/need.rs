//! What a pupil's book asks for in a line: electives, exemptions and lawful blanks decide.

use std::collections::{BTreeMap, BTreeSet};

use ring::digest::{SHA256, digest};
use uuid::Uuid;

use super::{
    cell::{Mark, Value},
    rule_set::Line,
    sheet::Place,
};

/// What a cell needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A value.
    Required,
    /// A value or none: not assessed by decision.
    Optional,
    /// None: exempt by decision.
    Barred,
    /// The pupil does not learn this elective.
    Absent,
}

/// A decision that a line is lawfully empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blank {
    /// The exemption.
    pub exemption: Uuid,
    /// EXEMPT or NOT_ASSESSED.
    pub mark: Mark,
    /// Who decided.
    pub decided_by: Uuid,
}

impl Blank {
    /// What the book prints in place of a value.
    #[must_use]
    pub fn value(&self) -> Value {
        Value {
            mark: self.mark,
            level: String::new(),
            score: None,
            comment: String::new(),
        }
    }

    /// Names the decision in the place of a sealed cell's digest: SHA-256 over one line of text.
    #[must_use]
    pub fn digest(&self, (pupil, item): &Place) -> Vec<u8> {
        let text = format!(
            "hocba-exemption-v1|{}|{pupil}|{item}|{}",
            self.exemption,
            self.mark.id()
        );
        digest(&SHA256, text.as_bytes()).as_ref().to_vec()
    }
}

/// Who of a class learns an elective.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// Everybody.
    All,
    /// These.
    Some(BTreeSet<Uuid>),
}

/// What decides for a class.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// Electives by item.
    pub electives: BTreeMap<String, Chosen>,
    /// Lawful blanks.
    pub blanks: BTreeMap<Place, Blank>,
}

impl Needs {
    /// Notes who learns an elective; none: the whole class.
    pub fn elect(&mut self, item: String, pupils: Option<Vec<Uuid>>) {
        let chosen = pupils.map_or(Chosen::All, |pupils| Chosen::Some(pupils.into_iter().collect()));
        self.electives.insert(item, chosen);
    }

    /// Notes a decision in force: its id, its kind and who decided.
    pub fn exempt(
        &mut self,
        pupil: Uuid,
        items: Vec<String>,
        (exemption, kind, decided_by): (Uuid, &str, Uuid),
    ) {
        let mark = if kind == "exempt" {
            Mark::Exempt
        } else {
            Mark::NotAssessed
        };
        let blank = Blank {
            exemption,
            mark,
            decided_by,
        };
        let places = items.into_iter().map(|item| ((pupil, item), blank.clone()));
        self.blanks.extend(places);
    }

    /// What the pupil's cell in this line needs.
    #[must_use]
    pub fn of(&self, pupil: Uuid, line: &Line) -> Need {
        let learns = match self.electives.get(&line.item) {
            _ if !line.elective => true,
            None => false,
            Some(Chosen::All) => true,
            Some(Chosen::Some(pupils)) => pupils.contains(&pupil),
        };
        let blank = self.blanks.get(&(pupil, line.item.clone()));
        match (learns, blank.map(|blank| blank.mark)) {
            (false, _) => Need::Absent,
            (true, None | Some(Mark::Assessed | Mark::Absent)) => Need::Required,
            (true, Some(Mark::Exempt)) => Need::Barred,
            (true, Some(Mark::NotAssessed)) => Need::Optional,
        }
    }

    /// How many cells of a line are required in a class of so many pupils.
    #[must_use]
    pub fn required(&self, line: &Line, pupils: usize) -> usize {
        let learners = match self.electives.get(&line.item) {
            _ if !line.elective => pupils,
            None => 0,
            Some(Chosen::All) => pupils,
            Some(Chosen::Some(chosen)) => chosen.len(),
        };
        let blank = self.blanks.keys().filter(|(pupil, item)| {
            *item == line.item && matches!(self.of(*pupil, line), Need::Optional | Need::Barred)
        });
        learners.saturating_sub(blank.count())
    }

    /// The electives somebody of the class learns.
    #[must_use]
    pub fn taught(&self) -> Vec<&str> {
        let chosen = |chosen: &&Chosen| match chosen {
            Chosen::All => true,
            Chosen::Some(pupils) => !pupils.is_empty(),
        };
        let electives = self.electives.iter().filter(|(_, it)| chosen(it));
        electives.map(|(item, _)| item.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::rule_set::{choose, shipped};

    #[rstest]
    #[case::everybody_learns(5, "TO", None, None, Need::Required)]
    #[case::exempt(5, "TD", None, Some(Mark::Exempt), Need::Barred)]
    #[case::not_assessed(5, "TD", None, Some(Mark::NotAssessed), Need::Optional)]
    #[case::an_elective_nobody_chose(1, "NN", None, None, Need::Absent)]
    #[case::an_elective_of_the_class(1, "NN", Some(Chosen::All), None, Need::Required)]
    #[case::of_this_pupil(1, "DT", Some(Chosen::Some([Uuid::nil()].into())), None, Need::Required)]
    #[case::of_others(1, "DT", Some(Chosen::Some([Uuid::max()].into())), None, Need::Absent)]
    #[case::chosen_and_exempt(1, "NN", Some(Chosen::All), Some(Mark::Exempt), Need::Barred)]
    #[case::compulsory_from_grade_3(3, "NN", Some(Chosen::Some([].into())), None, Need::Required)]
    fn a4_2a_what_is_required_follows_from_decisions(
        #[case] grade: i16,
        #[case] item: &str,
        #[case] chosen: Option<Chosen>,
        #[case] mark: Option<Mark>,
        #[case] need: Need,
    ) {
        let rules = choose(shipped().unwrap(), "tt27-2020", "2025-2026").unwrap();
        let line = rules.all_lines(grade).iter().find(|it| it.item == item).unwrap();
        let blank = |mark| Blank {
            exemption: Uuid::nil(),
            mark,
            decided_by: Uuid::nil(),
        };
        let needs = Needs {
            electives: chosen.map(|it| (item.to_owned(), it)).into_iter().collect(),
            blanks: mark
                .map(|mark| ((Uuid::nil(), item.to_owned()), blank(mark)))
                .into_iter()
                .collect(),
        };
        assert_eq!(needs.of(Uuid::nil(), line), need);
    }
}
