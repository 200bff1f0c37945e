//! The year's roll-over (A10.4): proposed from the promotion decisions, edited, written once.

use std::collections::{HashMap, HashSet};

use hocba_chassis::{Caller, clock::new_id, once::Ticket};
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{Ask, Turn, keep, tell, turn, year_result::standings};
use crate::{
    error::Error,
    model::{
        calendar, movement,
        roll_over::{self as model, Class, Move, Outcome, Plan, Pupil, Subject, Teachers},
        rule_set::{Line, RuleSet},
    },
    state::State,
    store::{
        assignment::{self, Assignment},
        class, enrolment,
        movement::{self as moved, Movement},
        pupil,
        roll_over::{self as store, Leaver, RollOver},
        school_year,
    },
};

/// A roll-over with what people need to see of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// As stored.
    pub roll_over: RollOver,
    /// Names of pupils.
    pub names: HashMap<Uuid, String>,
    /// Assignments it would make.
    pub assignments: usize,
    /// What must be mended first.
    pub problems: Vec<(Subject, String)>,
}

/// A change of a draft.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// All classes, when given.
    pub classes: Vec<Class>,
    /// Pupils to change: whose, what becomes of them, where to.
    pub moves: Vec<(Uuid, Outcome, Option<String>)>,
    /// The teachers, when given.
    pub teachers: Option<Teachers>,
}

/// The finished year: what a roll-over stands on.
struct Finished {
    classes: Vec<Class>,
    pupils: Vec<Pupil>,
    names: HashMap<Uuid, String>,
    assignments: Vec<Assignment>,
}

impl Finished {
    /// Reads it; refused while the promotion of somebody is undecided, with who.
    async fn load(state: &State, tx: &mut PgConnection, school: &str, year: &str) -> Result<Self, Error> {
        let mut found = Self {
            classes: Vec::new(),
            pupils: Vec::new(),
            names: HashMap::new(),
            assignments: assignment::list(tx, school, year, None).await?,
        };
        let mut undecided = Vec::new();
        for class in class::list(tx, school, year).await? {
            for standing in standings(state, tx, school, year, &class.class).await? {
                let decided = standing.standing().and_then(|it| it.promoted);
                match decided {
                    None => undecided.push((standing.pupil, class.display_name.clone())),
                    Some(promoted) => found.pupils.push(Pupil {
                        id: standing.pupil,
                        class: class.class.clone(),
                        grade: class.grade,
                        promoted,
                    }),
                }
                found.names.insert(standing.pupil, standing.pupil_name);
            }
            found.classes.push(Class {
                id: class.class,
                display_name: class.display_name,
                grade: class.grade,
                from: None,
            });
        }
        if undecided.is_empty() {
            Ok(found)
        } else {
            let name = |(pupil, class): (Uuid, String)| (format!("schools/{school}/pupils/{pupil}"), class);
            Err(Error::PromotionUndecided(
                undecided.into_iter().map(name).collect(),
            ))
        }
    }

    /// The assignments a plan would make: items the new grade has.
    fn copied(&self, plan: &Plan, rules: &RuleSet) -> Vec<Assignment> {
        let mut copied = Vec::new();
        for (old, new) in model::followed(plan, &self.classes) {
            let grade = plan
                .classes
                .iter()
                .find(|it| it.id == new)
                .map_or(0, |it| it.grade);
            let items: HashSet<&str> = rules.all_lines(grade).iter().map(Line::sheet).collect();
            let of_class = self
                .assignments
                .iter()
                .filter(|it| it.class == old && items.contains(it.item.as_str()));
            copied.extend(of_class.map(|it| Assignment {
                class: new.clone(),
                ..it.clone()
            }));
        }
        copied
    }
}

/// PreviewRollOver.
pub async fn preview_roll_over<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    year: &str,
) -> Result<View, Error> {
    state.authorize(ask.caller, "PreviewRollOver", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "PreviewRollOver").await? {
        let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
        let from_year = calendar::year_before(year).ok_or(Error::YearUnknown)?;
        school_year::get(&mut tx, school, &from_year).await?;
        let finished = Finished::load(state, &mut tx, school, &from_year).await?;
        if finished.pupils.is_empty() {
            return Err(Error::RosterEmpty);
        }
        let grades = finished.classes.iter().map(|it| it.grade + 1);
        let highest = grades.filter(|grade| rules.all_lines(*grade).is_empty()).min();
        let highest = highest.map_or(i16::MAX, |beyond| beyond - 1);
        let new = RollOver {
            year: year.to_owned(),
            from_year,
            plan: model::propose(&finished.classes, &finished.pupils, highest),
            basis: model::basis(&finished.pupils),
            etag: 1,
            confirmed_at: None,
        };
        let by = (ask.caller.person()?.account, state.clock.now());
        if !store::insert(&mut tx, school, &new, by).await? {
            return Err(Error::RollOverExists);
        }
        let what = (
            "roll_over.proposed",
            json!({"classes": new.plan.classes.len(), "pupils": new.plan.moves.len()}),
        );
        done(state, &mut tx, &ask, &ticket, (school, year), what).await?;
    }
    let seen = view(state, &mut tx, school, year).await?;
    tx.commit().await?;
    Ok(seen)
}

/// GetRollOver.
pub async fn get_roll_over(state: &State, caller: &Caller, school: &str, year: &str) -> Result<View, Error> {
    state.authorize(caller, "GetRollOver", &Resource::school(school))?;
    view(state, &mut *state.begin(school).await?, school, year).await
}

/// UpdateRollOver.
pub async fn update_roll_over<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year): (&str, &str),
    change: Change,
    etag: i64,
) -> Result<View, Error> {
    state.authorize(ask.caller, "UpdateRollOver", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "UpdateRollOver").await? {
        let mut plan = draft(&mut tx, school, year, Some(etag)).await?.plan;
        if !change.classes.is_empty() {
            plan.classes = change.classes;
        }
        for (pupil, outcome, to) in change.moves {
            let own = plan.moves.iter_mut().find(|it| it.pupil == pupil);
            let own = own.ok_or(Error::PupilUnknown)?;
            *own = Move {
                outcome,
                to,
                ..own.clone()
            };
        }
        plan.teachers = change.teachers.unwrap_or(plan.teachers);
        store::update(&mut tx, school, year, &plan).await?;
        let what = ("roll_over.changed", json!({"classes": plan.classes.len()}));
        done(state, &mut tx, &ask, &ticket, (school, year), what).await?;
    }
    let seen = view(state, &mut tx, school, year).await?;
    tx.commit().await?;
    Ok(seen)
}

/// DiscardRollOver.
pub async fn discard_roll_over<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    year: &str,
) -> Result<(), Error> {
    state.authorize(ask.caller, "DiscardRollOver", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "DiscardRollOver").await? {
        draft(&mut tx, school, year, None).await?;
        store::delete(&mut tx, school, year).await?;
        let what = ("roll_over.discarded", json!({}));
        done(state, &mut tx, &ask, &ticket, (school, year), what).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// ConfirmRollOver: classes, enrolments, leavers and assignments in one transaction.
pub async fn confirm_roll_over<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year): (&str, &str),
    etag: i64,
) -> Result<View, Error> {
    state.authorize(ask.caller, "ConfirmRollOver", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "ConfirmRollOver").await? {
        let own = draft(&mut tx, school, year, Some(etag)).await?;
        let finished = Finished::load(state, &mut tx, school, &own.from_year).await?;
        if model::basis(&finished.pupils) != own.basis {
            return Err(Error::RollOverStale);
        }
        let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
        let problems = problems(&mut tx, school, &own, &finished).await?;
        if !problems.is_empty() {
            let named = |(of, words): (Subject, String)| (subject_name(school, &of), words);
            return Err(Error::RollOverIncomplete(
                problems.into_iter().map(named).collect(),
            ));
        }
        let by = (ask.caller.person()?.account, state.clock.now());
        let today = state.clock.today();
        let facts = write(&mut tx, school, &own, &finished, rules, (by, today)).await?;
        store::confirm(&mut tx, school, year, by).await?;
        let what = ("roll_over.confirmed", facts);
        done(state, &mut tx, &ask, &ticket, (school, year), what).await?;
    }
    let seen = view(state, &mut tx, school, year).await?;
    tx.commit().await?;
    Ok(seen)
}

async fn write(
    tx: &mut PgConnection,
    school: &str,
    own: &RollOver,
    finished: &Finished,
    rules: &RuleSet,
    (by, today): ((Uuid, OffsetDateTime), Date),
) -> Result<serde_json::Value, Error> {
    let (year, plan) = (own.year.as_str(), &own.plan);
    let classes: Vec<class::Class> = plan
        .classes
        .iter()
        .map(|it| class::Class {
            class: it.id.clone(),
            display_name: it.display_name.clone(),
            grade: it.grade,
            pupils: 0,
        })
        .collect();
    class::insert(tx, school, year, &classes).await?;
    enrol(tx, school, own, (by, today)).await?;
    let completed: HashSet<Uuid> = finished
        .pupils
        .iter()
        .filter(|it| it.promoted)
        .map(|it| it.id)
        .collect();
    let highest = finished
        .classes
        .iter()
        .map(|it| it.grade)
        .max()
        .unwrap_or_default();
    let of_highest: HashSet<&str> = finished
        .classes
        .iter()
        .filter(|it| it.grade == highest)
        .map(|it| it.id.as_str())
        .collect();
    let leavers: Vec<Leaver> = plan
        .moves
        .iter()
        .filter(|it| it.outcome == Outcome::Leaves)
        .map(|it| Leaver {
            pupil: it.pupil,
            class: it.from.clone(),
            reason: if completed.contains(&it.pupil) && of_highest.contains(it.from.as_str()) {
                "completed_primary"
            } else {
                "elsewhere"
            },
        })
        .collect();
    store::leave(tx, school, &own.from_year, &leavers, by).await?;
    let copied = finished.copied(plan, rules);
    if !copied.is_empty() {
        assignment::upsert(tx, school, year, &copied).await?;
    }
    let count = |outcome: Outcome| plan.moves.iter().filter(|it| it.outcome == outcome).count();
    Ok(json!({
        "classes": classes.len(), "moved_up": count(Outcome::MovesUp), "repeated": count(Outcome::Repeats),
        "left": leavers.len(), "assignments": copied.len(),
    }))
}

/// Enrols who is not enrolled yet, and keeps what happened: an entry, or a repeat.
async fn enrol(
    tx: &mut PgConnection,
    school: &str,
    own: &RollOver,
    ((by, at), today): ((Uuid, OffsetDateTime), Date),
) -> Result<(), Error> {
    let year = own.year.as_str();
    let mut there = HashSet::new();
    for class in class::list(tx, school, year).await? {
        let roster = pupil::roster(tx, school, year, &class.class).await?;
        there.extend(roster.into_iter().map(|(pupil, _)| pupil));
    }
    let (mut enrolled, mut movements) = (Vec::new(), Vec::new());
    for own in own.plan.moves.iter().filter(|it| !there.contains(&it.pupil)) {
        let Some(to) = own.to.clone() else { continue };
        movements.push(Movement {
            id: new_id(),
            pupil: own.pupil,
            kind: match own.outcome {
                Outcome::Repeats => movement::Kind::Repeat,
                Outcome::MovesUp | Outcome::Leaves => movement::Kind::Entry,
            },
            day: today,
            from: None,
            to: Some(to.clone()),
            reason: String::new(),
            by,
            at,
        });
        enrolled.push((own.pupil, to));
    }
    enrolment::put(tx, school, year, &enrolled).await?;
    moved::insert_all(tx, school, year, &movements).await
}

/// The draft, if it is one and the one that was seen.
async fn draft(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    etag: Option<i64>,
) -> Result<RollOver, Error> {
    let own = store::get(tx, school, year).await?;
    if own.confirmed_at.is_some() {
        return Err(Error::RollOverConfirmed);
    }
    if etag.is_some_and(|etag| etag != own.etag) {
        return Err(Error::EtagMismatch);
    }
    Ok(own)
}

/// What the plan itself lacks, and what stands in the new year already.
async fn problems(
    tx: &mut PgConnection,
    school: &str,
    own: &RollOver,
    finished: &Finished,
) -> Result<Vec<(Subject, String)>, Error> {
    let mut found = model::problems(&own.plan, &finished.pupils);
    let planned: HashMap<&str, i16> = own
        .plan
        .classes
        .iter()
        .map(|it| (it.id.as_str(), it.grade))
        .collect();
    for there in class::list(tx, school, &own.year).await? {
        if planned
            .get(there.class.as_str())
            .is_some_and(|grade| *grade != there.grade)
        {
            let words = format!("Năm mới đã có lớp này ở khối {}: đổi tên lớp.", there.grade);
            found.push((Subject::Class(there.class.clone()), words));
        }
        for (pupil, _) in pupil::roster(tx, school, &own.year, &there.class).await? {
            let elsewhere = own.plan.moves.iter().find(|it| it.pupil == pupil);
            if elsewhere.is_some_and(|it| it.to.as_deref() != Some(there.class.as_str())) {
                let words = format!("Đã có tên ở lớp {} của năm mới: chọn lớp đó.", there.display_name);
                found.push((Subject::Pupil(pupil), words));
            }
        }
    }
    Ok(found)
}

async fn view(state: &State, tx: &mut PgConnection, school: &str, year: &str) -> Result<View, Error> {
    let own = store::get(tx, school, year).await?;
    let rules = school_year::rule_set(tx, state.rule_sets, school, year).await?;
    let finished = match Finished::load(state, tx, school, &own.from_year).await {
        // A decision that was taken back shows when it is confirmed.
        Err(Error::PromotionUndecided(_)) if own.confirmed_at.is_none() => return Err(Error::RollOverStale),
        Err(Error::PromotionUndecided(_)) => Finished {
            classes: Vec::new(),
            pupils: Vec::new(),
            names: HashMap::new(),
            assignments: Vec::new(),
        },
        loaded => loaded?,
    };
    let problems = if own.confirmed_at.is_some() {
        Vec::new()
    } else {
        problems(tx, school, &own, &finished).await?
    };
    Ok(View {
        assignments: finished.copied(&own.plan, rules).len(),
        names: finished.names,
        problems,
        roll_over: own,
    })
}

/// Tells what became of the plan, and keeps that the call was answered.
async fn done<M>(
    state: &State,
    tx: &mut PgConnection,
    ask: &Ask<'_, M>,
    ticket: &Ticket,
    (school, year): (&str, &str),
    (kind, facts): (&str, serde_json::Value),
) -> Result<(), Error> {
    let subject = format!("schools/{school}/years/{year}/rollOver");
    tell(state, tx, ask.caller, school, subject, kind, facts).await?;
    keep(tx, ticket, "").await
}

/// Whose problem, as clients name it.
#[must_use]
pub fn subject_name(school: &str, of: &Subject) -> String {
    match of {
        Subject::Pupil(pupil) => format!("schools/{school}/pupils/{pupil}"),
        Subject::Class(class) => format!("classes/{class}"),
    }
}
