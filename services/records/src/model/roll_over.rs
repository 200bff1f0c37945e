//! How a finished year goes over into the next: the proposal, and what keeps it from being confirmed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A pupil of the finished year, with what the principal decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pupil {
    /// The pupil.
    pub id: Uuid,
    /// The class.
    pub class: String,
    /// Its grade.
    pub grade: i16,
    /// Whether promoted; in the highest grade: has completed primary school.
    pub promoted: bool,
}

/// A class of either year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Its id: the name in lower case.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// Its grade.
    pub grade: i16,
    /// The class of the finished year it goes on.
    pub from: Option<String>,
}

/// What becomes of a pupil.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// In the next grade.
    MovesUp,
    /// In the same grade again.
    Repeats,
    /// Not at this school any more.
    Leaves,
}

/// One pupil's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The pupil.
    pub pupil: Uuid,
    /// The class of the finished year.
    pub from: String,
    /// What becomes of the pupil.
    pub outcome: Outcome,
    /// The class of the new year.
    pub to: Option<String>,
}

/// What becomes of the teaching assignments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Teachers {
    /// None are copied.
    #[default]
    None,
    /// Who taught 3A teaches the new 3A.
    Stay,
    /// Who taught 3A teaches what 3A becomes.
    Follow,
}

/// The new year as it would be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Its classes.
    pub classes: Vec<Class>,
    /// Every pupil of the finished year.
    pub moves: Vec<Move>,
    /// The teachers.
    pub teachers: Teachers,
}

/// Proposes: 1A becomes 2A, the highest grade leaves, new first classes bear the old names, who is held back joins the
/// class that now bears the name of the own, or else the smallest of the grade.
#[must_use]
pub fn propose(old: &[Class], pupils: &[Pupil], highest: i16) -> Plan {
    let lowest = old.iter().map(|class| class.grade).min().unwrap_or(1);
    let mut classes: Vec<Class> = old
        .iter()
        .filter(|class| class.grade == lowest)
        .map(|class| Class {
            from: None,
            ..class.clone()
        })
        .collect();
    classes.extend(old.iter().filter(|class| class.grade < highest).map(raised));
    classes.sort_by(|a, b| (a.grade, &a.id).cmp(&(b.grade, &b.id)));
    let goes_on: HashMap<&str, &str> = classes
        .iter()
        .filter_map(|class| Some((class.from.as_deref()?, class.id.as_str())))
        .collect();
    let mut sizes: BTreeMap<(i16, &str), usize> = classes
        .iter()
        .map(|class| ((class.grade, class.id.as_str()), 0))
        .collect();
    let mut moves = Vec::with_capacity(pupils.len());
    for pupil in pupils {
        let (outcome, to) = match (pupil.promoted, pupil.grade >= highest) {
            (true, true) => (Outcome::Leaves, None),
            (true, false) => (Outcome::MovesUp, goes_on.get(pupil.class.as_str()).copied()),
            // Placed below, once the sizes of the classes are known.
            (false, _) => (Outcome::Repeats, None),
        };
        if let Some(size) = to.and_then(|to| sizes.get_mut(&(pupil.grade + 1, to))) {
            *size += 1;
        }
        moves.push(Move {
            pupil: pupil.id,
            from: pupil.class.clone(),
            outcome,
            to: to.map(str::to_owned),
        });
    }
    for (own, pupil) in moves.iter_mut().zip(pupils) {
        if own.outcome == Outcome::Repeats {
            let of_grade = || sizes.iter().filter(|((grade, _), _)| *grade == pupil.grade);
            let same = of_grade().find(|((_, id), _)| *id == pupil.class);
            let place = same
                .or_else(|| of_grade().min_by_key(|(_, size)| **size))
                .map(|(key, _)| *key);
            own.to = place.map(|(_, id)| id.to_owned());
            if let Some(size) = place.and_then(|place| sizes.get_mut(&place)) {
                *size += 1;
            }
        }
    }
    Plan {
        classes,
        moves,
        teachers: Teachers::None,
    }
}

/// What a class becomes: its name's grade is one more, where the name begins with the grade.
fn raised(class: &Class) -> Class {
    let rest = class.display_name.strip_prefix(&class.grade.to_string());
    let display_name = rest.map_or_else(
        || class.display_name.clone(),
        |rest| format!("{}{rest}", class.grade + 1),
    );
    Class {
        id: display_name.to_lowercase(),
        display_name,
        grade: class.grade + 1,
        from: Some(class.id.clone()),
    }
}

/// What must be mended first: whose or of which class it is, and words.
#[must_use]
pub fn problems(plan: &Plan, pupils: &[Pupil]) -> Vec<(Subject, String)> {
    let mut found = Vec::new();
    let mut grades = HashMap::new();
    for class in &plan.classes {
        if grades.insert(class.id.as_str(), class.grade).is_some() {
            found.push((
                Subject::Class(class.id.clone()),
                "Hai lớp cùng tên trong năm mới: đổi tên một lớp.".to_owned(),
            ));
        }
    }
    let known: HashMap<Uuid, &Pupil> = pupils.iter().map(|pupil| (pupil.id, pupil)).collect();
    for own in &plan.moves {
        let Some(pupil) = known.get(&own.pupil) else {
            found.push((
                Subject::Pupil(own.pupil),
                "Không phải học sinh của năm học cũ.".to_owned(),
            ));
            continue;
        };
        let wanted = match own.outcome {
            Outcome::MovesUp if !pupil.promoted => {
                Err("Học sinh chưa được lên lớp: chọn ở lại lớp hoặc rời trường.")
            }
            Outcome::Repeats if pupil.promoted => {
                Err("Học sinh đã được lên lớp: chọn lên lớp hoặc rời trường.")
            }
            Outcome::MovesUp => Ok(Some(pupil.grade + 1)),
            Outcome::Repeats => Ok(Some(pupil.grade)),
            Outcome::Leaves => Ok(None),
        };
        let words = match (wanted, own.to.as_deref()) {
            (Err(words), _) => words.to_owned(),
            (Ok(None), None) => continue,
            (Ok(None), Some(_)) => "Học sinh rời trường thì không có lớp mới.".to_owned(),
            (Ok(Some(_)), None) => "Chưa có lớp mới: chọn lớp.".to_owned(),
            (Ok(Some(grade)), Some(to)) => match grades.get(to) {
                Some(of) if *of == grade => continue,
                Some(_) => format!("Lớp {to} không phải khối {grade}: chọn lớp khác."),
                None => format!("Năm mới không có lớp {to}: thêm lớp hoặc chọn lớp khác."),
            },
        };
        found.push((Subject::Pupil(own.pupil), words));
    }
    let placed: BTreeSet<Uuid> = plan.moves.iter().map(|own| own.pupil).collect();
    for pupil in pupils.iter().filter(|pupil| !placed.contains(&pupil.id)) {
        found.push((
            Subject::Pupil(pupil.id),
            "Chưa định lớp mới: chọn lớp.".to_owned(),
        ));
    }
    found
}

/// Whose problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A pupil's.
    Pupil(Uuid),
    /// A class's.
    Class(String),
}

/// Where each class's teachers go: old class to new class.
#[must_use]
pub fn followed(plan: &Plan, old: &[Class]) -> Vec<(String, String)> {
    match plan.teachers {
        Teachers::None => Vec::new(),
        Teachers::Stay => old
            .iter()
            .filter(|class| {
                plan.classes
                    .iter()
                    .any(|new| (&new.id, new.grade) == (&class.id, class.grade))
            })
            .map(|class| (class.id.clone(), class.id.clone()))
            .collect(),
        Teachers::Follow => plan
            .classes
            .iter()
            .filter_map(|class| Some((class.from.clone()?, class.id.clone())))
            .collect(),
    }
}

/// Names the roster and the decisions a proposal stands on.
#[must_use]
pub fn basis(pupils: &[Pupil]) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    for pupil in pupils {
        context.update(format!("{}|{}|{}\n", pupil.id, pupil.class, pupil.promoted).as_bytes());
    }
    context.finish().as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn class(name: &str, grade: i16) -> Class {
        Class {
            id: name.to_lowercase(),
            display_name: name.to_owned(),
            grade,
            from: None,
        }
    }

    fn pupil(class: &Class, promoted: bool) -> Pupil {
        Pupil {
            id: Uuid::now_v7(),
            class: class.id.clone(),
            grade: class.grade,
            promoted,
        }
    }

    fn school() -> Vec<Class> {
        let names = ["1A", "1B", "2A", "2B", "3A", "4A", "5A", "5B"];
        let grade = |name: &str| name.as_bytes().first().map_or(0, |digit| i16::from(digit - b'0'));
        names.iter().map(|name| class(name, grade(name))).collect()
    }

    #[test]
    fn a10_4_classes_move_up_and_the_fifth_grade_leaves() {
        let old = school();
        let pupils: Vec<Pupil> = old.iter().map(|class| pupil(class, true)).collect();
        let plan = propose(&old, &pupils, 5);
        let names: Vec<(&str, Option<&str>)> = plan
            .classes
            .iter()
            .map(|it| (it.display_name.as_str(), it.from.as_deref()))
            .collect();
        assert_eq!(
            names,
            [
                ("1A", None),
                ("1B", None),
                ("2A", Some("1a")),
                ("2B", Some("1b")),
                ("3A", Some("2a")),
                ("3B", Some("2b")),
                ("4A", Some("3a")),
                ("5A", Some("4a")),
            ]
        );
        let ways: Vec<_> = plan
            .moves
            .iter()
            .map(|it| (it.outcome, it.to.as_deref()))
            .collect();
        assert_eq!(
            ways,
            [
                (Outcome::MovesUp, Some("2a")),
                (Outcome::MovesUp, Some("2b")),
                (Outcome::MovesUp, Some("3a")),
                (Outcome::MovesUp, Some("3b")),
                (Outcome::MovesUp, Some("4a")),
                (Outcome::MovesUp, Some("5a")),
                (Outcome::Leaves, None),
                (Outcome::Leaves, None),
            ]
        );
        assert_eq!(problems(&plan, &pupils), []);
    }

    #[test]
    fn a10_4_who_is_held_back_repeats_in_the_class_of_that_name_or_the_smallest() {
        let old = school();
        let held: Vec<Pupil> = [2, 7].iter().map(|at| pupil(&old[*at], false)).collect();
        let plan = propose(&old, &held, 5);
        let to: Vec<_> = plan
            .moves
            .iter()
            .map(|it| (it.outcome, it.to.as_deref()))
            .collect();
        // Next year has no 5B: its pupil joins the only fifth class.
        assert_eq!(
            to,
            [(Outcome::Repeats, Some("2a")), (Outcome::Repeats, Some("5a"))]
        );
        assert_eq!(problems(&plan, &held), []);
    }

    #[test]
    fn a10_4_a_plan_against_the_decisions_is_named() {
        let old = school();
        let pupils = vec![
            pupil(&old[0], false),
            pupil(&old[2], true),
            pupil(&old[6], true),
            pupil(&old[4], true),
        ];
        let mut plan = propose(&old, &pupils, 5);
        plan.moves[0].outcome = Outcome::MovesUp;
        plan.moves[1].to = Some("2a".to_owned());
        plan.moves[2].to = Some("5a".to_owned());
        plan.moves.pop();
        plan.classes.push(class("1A", 1));
        let whose: Vec<Subject> = problems(&plan, &pupils).into_iter().map(|it| it.0).collect();
        let mut wanted = vec![Subject::Class("1a".to_owned())];
        wanted.extend(pupils.iter().map(|pupil| Subject::Pupil(pupil.id)));
        assert_eq!(whose, wanted);
    }

    #[test]
    fn a10_4_teachers_stay_or_follow() {
        let old = school();
        let mut plan = propose(&old, &[], 5);
        assert_eq!(followed(&plan, &old), []);
        plan.teachers = Teachers::Follow;
        assert!(followed(&plan, &old).contains(&("3a".to_owned(), "4a".to_owned())));
        plan.teachers = Teachers::Stay;
        let stay = followed(&plan, &old);
        assert!(stay.contains(&("3a".to_owned(), "3a".to_owned())));
        assert!(
            !stay.iter().any(|(from, _)| from == "5b"),
            "there is no 5B next year"
        );
    }

    proptest! {
        #[test]
        fn a10_4_a_proposal_places_every_pupil_once_and_needs_no_mending(
            decisions in prop::collection::vec((0..8_usize, any::<bool>()), 0..60),
        ) {
            let old = school();
            let pupils: Vec<Pupil> = decisions.iter().map(|(at, promoted)| pupil(&old[*at], *promoted)).collect();
            let plan = propose(&old, &pupils, 5);
            prop_assert_eq!(plan.moves.len(), pupils.len());
            prop_assert_eq!(problems(&plan, &pupils), []);
        }
    }
}
