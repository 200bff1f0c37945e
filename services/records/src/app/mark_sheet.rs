//! Mark sheets: the view of a class's cells.

use std::collections::{BTreeMap, HashMap};

use hocba_chassis::Caller;
use hocba_policy::Resource;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{content::Content, grant_of, pupil::class_of};
use crate::{
    error::Error,
    model::{
        cell::Value,
        need::{Blank, Need, Needs},
        period::Period,
        rule_set::CRITERIA,
        sheet::State as SheetState,
    },
    state::State,
    store::{assignment, class, mark, need, school_year, session},
};

/// Which sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// School.
    pub school: String,
    /// Year.
    pub year: String,
    /// Class.
    pub class: String,
    /// Subject, or `criteria`.
    pub sheet: String,
    /// Period.
    pub period: Period,
}

/// A sheet's standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub address: Address,
    /// Who enters it.
    pub teacher: Option<Uuid>,
    /// Required cells.
    pub required: usize,
    /// Sealed ones.
    pub sealed: usize,
}

impl Standing {
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> SheetState {
        SheetState::of(self.required, self.sealed)
    }
}

/// One cell of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Pupil.
    pub pupil: Uuid,
    /// Name.
    pub pupil_name: String,
    /// Item.
    pub item: String,
    /// Whether it must be filled.
    pub required: bool,
    /// Whether it is tested.
    pub tested: bool,
    /// The sealed version, 0 while open.
    pub version: i32,
    /// Whether it takes a further attempt.
    pub reopened: bool,
    /// The draft's version, 0 while there is none.
    pub draft_version: i32,
    /// The caller's draft, the sealed value, or the word of a decision.
    pub value: Option<Value>,
}

/// GetMarkSheet.
pub async fn get_mark_sheet(
    state: &State,
    caller: &Caller,
    address: Address,
) -> Result<(Standing, Vec<Cell>), Error> {
    let Address {
        school,
        year,
        class,
        sheet,
        period,
    } = &address;
    let mut tx = state.begin(school).await?;
    may_read(state, &mut tx, caller, &address, "GetMarkSheet").await?;
    let own = own_session(&mut tx, caller, &address).await?;
    let content = Content::load(state, &mut tx, &address, own).await?;
    let teacher = assignment::list(&mut tx, school, year, Some(class))
        .await?
        .into_iter()
        .find(|assignment| assignment.item == *sheet)
        .map(|assignment| assignment.teacher);

    let shows_names = grant_of(caller).shows_names();
    let mut cells = Vec::with_capacity(content.roster.len() * content.lines.len());
    for (pupil, name) in &content.roster {
        for line in &content.lines {
            let need = content.needs.of(*pupil, line);
            if need == Need::Absent {
                continue;
            }
            let place = (*pupil, line.item.clone());
            let (sealed, draft) = (content.sealed.get(&place), content.drafts.get(&place));
            let blank = content.needs.blanks.get(&place).map(Blank::value);
            cells.push(Cell {
                pupil: *pupil,
                pupil_name: if shows_names { name.clone() } else { String::new() },
                required: need == Need::Required,
                tested: line.is_tested(*period),
                version: sealed.map_or(0, |cell| cell.version),
                reopened: sealed.is_some_and(|cell| cell.reopened),
                draft_version: draft.map_or(0, |kept| kept.version),
                value: draft
                    .map(|kept| kept.value.clone())
                    .or(sealed.map(|cell| cell.value.clone()))
                    .or(blank),
                item: place.1,
            });
        }
    }
    let required = || cells.iter().filter(|cell| cell.required);
    Ok((
        Standing {
            required: required().count(),
            sealed: required().filter(|cell| cell.version > 0).count(),
            teacher,
            address,
        },
        cells,
    ))
}

/// Whether the caller may look into a sheet.
pub(crate) async fn may_read(
    state: &State,
    tx: &mut PgConnection,
    caller: &Caller,
    at: &Address,
    method: &str,
) -> Result<(), Error> {
    let (resource, items) = class_of(tx, caller, &at.school, &at.year, &at.class).await?;
    // Another subject's teacher of the class does not look into this sheet; the homeroom teacher does.
    let resource = if items.iter().any(|item| *item == at.sheet || item == CRITERIA) {
        resource
    } else {
        Resource::school(at.school.as_str())
    };
    Ok(state.authorize(caller, method, &resource)?)
}

/// The caller's own open session of a sheet.
pub(crate) async fn own_session(
    tx: &mut PgConnection,
    caller: &Caller,
    at: &Address,
) -> Result<Option<Uuid>, Error> {
    let live = session::live(tx, &at.school, &at.year, &at.class, &at.sheet, at.period.id()).await?;
    let own = live.filter(|live| {
        let person = caller.person.as_ref();
        live.state == "open" && person.is_some_and(|person| person.account == live.teacher)
    });
    Ok(own.map(|live| live.id))
}

/// ListMarkSheets: the state of completeness (A6.4).
pub async fn list_mark_sheets(
    state: &State,
    caller: &Caller,
    school: &str,
    year: &str,
    only: Option<&str>,
    period: Option<Period>,
) -> Result<Vec<Standing>, Error> {
    state.authorize(caller, "ListMarkSheets", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let only = only.map(|class| vec![class.to_owned()]);
    let mut sheets = standings(state, &mut tx, school, year, only.as_deref()).await?;
    sheets.retain(|sheet| period.is_none_or(|only| only == sheet.address.period));
    Ok(sheets)
}

/// The sheets of a year, or of some classes of it, by class, item and period.
pub(crate) async fn standings(
    state: &State,
    tx: &mut sqlx::PgConnection,
    school: &str,
    year: &str,
    only: Option<&[String]>,
) -> Result<Vec<Standing>, Error> {
    let rules = school_year::rule_set(tx, state.rule_sets, school, year).await?;
    let classes = class::list(tx, school, year).await?;
    let teachers: BTreeMap<_, _> = assignment::list(tx, school, year, None)
        .await?
        .into_iter()
        .map(|a| ((a.class, a.item), a.teacher))
        .collect();
    let counts: HashMap<_, _> = mark::counts(tx, school, year, only)
        .await?
        .into_iter()
        .map(|(class, item, period, count)| ((class, item, period), count))
        .collect();

    let needs = need::by_class(tx, school, year, None).await?;
    let nobody = Needs::default();
    let mut sheets = Vec::new();
    for class in classes
        .iter()
        .filter(|class| only.is_none_or(|only| only.contains(&class.class)))
    {
        let needs = needs.get(&class.class).unwrap_or(&nobody);
        let pupils = usize::try_from(class.pupils).unwrap_or_default();
        for sheet in rules.sheets(class.grade, &needs.taught()) {
            for period in rules.periods.iter().copied() {
                let lines = rules.sheet(class.grade, sheet);
                let sealed: i64 = lines
                    .iter()
                    .filter_map(|line| {
                        counts.get(&(class.class.clone(), line.item.clone(), period.id().to_owned()))
                    })
                    .sum();
                sheets.push(Standing {
                    teacher: teachers.get(&(class.class.clone(), sheet.to_owned())).copied(),
                    required: lines.iter().map(|line| needs.required(line, pupils)).sum(),
                    sealed: usize::try_from(sealed).unwrap_or_default(),
                    address: Address {
                        school: school.to_owned(),
                        year: year.to_owned(),
                        class: class.class.clone(),
                        sheet: sheet.to_owned(),
                        period,
                    },
                });
            }
        }
    }
    Ok(sheets)
}
