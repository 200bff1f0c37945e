//! ExportClassFacts: everything the year documents of a class print, once all of it stands (A2).

use std::collections::{BTreeMap, HashMap};

use hocba_chassis::Caller;
use hocba_policy::Resource;
use serde_json::json;
use uuid::Uuid;

use super::{tell, year_result::standings};
use crate::{
    error::Error,
    model::{
        need::Need,
        rule_set::{Line, RuleSet},
    },
    state::State,
    store::{
        assignment::{self, Assignment},
        class, correction,
        enrolment::{self, Enrolment},
        need,
        pupil::{self, Pupil},
        school_year::{self, SchoolYear},
        year_result::Confirmed,
    },
};

/// A class as documents print it.
#[derive(Debug)]
pub struct Export {
    /// The school year with the school's printed names.
    pub year: SchoolYear,
    /// The class's printed name.
    pub class_name: String,
    /// Grade.
    pub grade: i16,
    /// Who teaches what.
    pub assignments: Vec<Assignment>,
    /// The year's rules.
    pub rules: &'static RuleSet,
    /// The lines of the book.
    pub lines: Vec<&'static Line>,
    /// The pupils in roster order.
    pub pupils: Vec<Facts>,
}

/// A pupil's facts.
#[derive(Debug)]
pub struct Facts {
    /// The identity page.
    pub pupil: Pupil,
    /// What the homeroom teacher keeps.
    pub enrolment: Enrolment,
    /// The end-of-year cells by item.
    pub cells: BTreeMap<String, correction::Latest>,
    /// The confirmed result.
    pub result: Confirmed,
}

/// ExportClassFacts.
pub async fn export_class_facts(
    state: &State,
    caller: &Caller,
    school: &str,
    year: &str,
    class: &str,
) -> Result<Export, Error> {
    state.authorize_internal(caller, "ExportClassFacts", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
    let grade = class::grade(&mut tx, school, year, class).await?;
    let standings = standings(state, &mut tx, school, year, class).await?;
    let missing: usize = standings.iter().map(|standing| standing.missing).sum();
    if missing > 0 {
        return Err(Error::CellsNotSealed(missing));
    }
    let decided = |it: &Confirmed| it.promoted.is_some();
    let open = standings
        .iter()
        .filter(|it| !it.standing().is_some_and(decided))
        .count();
    if open > 0 || standings.is_empty() {
        return Err(Error::ResultsNotConfirmed(open));
    }
    let mut results: HashMap<Uuid, Confirmed> = standings
        .into_iter()
        .filter_map(|it| {
            let awards = it.awards();
            let confirmed = it.confirmed?;
            Some((it.pupil, Confirmed { awards, ..confirmed }))
        })
        .collect();
    let mut cells = HashMap::<Uuid, BTreeMap<String, correction::Latest>>::new();
    for cell in correction::latest(&mut tx, school, (year, class), rules.closing().id()).await? {
        cells
            .entry(cell.pupil)
            .or_default()
            .insert(cell.item.clone(), cell);
    }
    let needs = need::of_class(&mut tx, school, year, class).await?;
    for ((pupil, item), blank) in &needs.blanks {
        let place = (*pupil, item.clone());
        let decided = correction::Latest {
            pupil: *pupil,
            item: item.clone(),
            version: 0,
            value: blank.value(),
            digest: blank.digest(&place),
            entered_by: blank.decided_by,
        };
        cells
            .entry(*pupil)
            .or_default()
            .entry(item.clone())
            .or_insert(decided);
    }
    let lines = rules.lines(grade, &needs.taught());
    let enrolments = enrolment::list(&mut tx, school, year, Some(class), None).await?;
    let mut enrolments: HashMap<Uuid, Enrolment> = enrolments.into_iter().map(|it| (it.pupil, it)).collect();
    let mut pupils = Vec::new();
    for pupil in pupil::list(&mut tx, &state.vault, school, year, Some(class), None).await? {
        let learns = |item: &String| {
            let line = lines.iter().find(|line| line.item == *item);
            line.is_some_and(|line| needs.of(pupil.id, line) != Need::Absent)
        };
        let mut own = cells.remove(&pupil.id).unwrap_or_default();
        own.retain(|item, _| learns(item));
        let (enrolment, result) = (enrolments.remove(&pupil.id), results.remove(&pupil.id));
        pupils.push(Facts {
            cells: own,
            enrolment: enrolment.ok_or(Error::Damaged("an enrolment"))?,
            result: result.ok_or(Error::Damaged("a confirmed result"))?,
            pupil,
        });
    }
    let classes = class::list(&mut tx, school, year).await?;
    let found = classes.into_iter().find(|it| it.class == class);
    let export = Export {
        year: school_year::get(&mut tx, school, year).await?,
        class_name: found.map(|it| it.display_name).unwrap_or_default(),
        grade,
        assignments: assignment::list(&mut tx, school, year, Some(class)).await?,
        rules,
        lines,
        pupils,
    };
    let subject = format!("schools/{school}/years/{year}/classes/{class}");
    let facts = json!({"pupils": export.pupils.len()});
    tell(
        state,
        &mut tx,
        caller,
        school,
        subject,
        "class_facts.exported",
        facts,
    )
    .await?;
    tx.commit().await?;
    Ok(export)
}
