//! Mark sheets: the view of a class's cells.

use std::collections::{BTreeMap, HashMap};

use hocba_chassis::Caller;
use hocba_policy::Resource;
use uuid::Uuid;

use super::pupil::class_of;
use crate::{
    error::Error,
    model::{
        cell::Value,
        period::Period,
        rule_set::{CRITERIA, Line},
        sheet::State as SheetState,
    },
    state::State,
    store::{assignment, class, mark, pupil, school_year, session},
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
    /// Whether it is tested.
    pub tested: bool,
    /// The sealed version, 0 while open.
    pub version: i32,
    /// The sealed value or the caller's draft.
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
    let (resource, items) = class_of(&mut tx, caller, school, year, class).await?;
    // Another subject's teacher of the class does not look into this sheet; the homeroom teacher does.
    let resource = if items.iter().any(|item| item == sheet || item == CRITERIA) {
        resource
    } else {
        Resource::school(school.as_str())
    };
    state.authorize(caller, "GetMarkSheet", &resource)?;
    let lines = lines(state, &mut tx, &address).await?;
    let item_names: Vec<String> = lines.iter().map(|line| line.item.clone()).collect();
    let roster = pupil::roster(&mut tx, school, year, class).await?;
    let sealed: HashMap<_, _> = mark::current(&mut tx, school, year, class, period.id(), &item_names)
        .await?
        .into_iter()
        .map(|cell| ((cell.pupil, cell.item), (cell.version, cell.value)))
        .collect();
    let mut drafts = HashMap::new();
    if let (Some(person), Some(live)) = (
        &caller.person,
        session::live(&mut tx, school, year, class, sheet, period.id()).await?,
    ) && live.teacher == person.account
    {
        let saved = session::drafts(&mut tx, school, live.id).await?;
        drafts = saved
            .into_iter()
            .map(|draft| ((draft.pupil, draft.item), draft.value))
            .collect();
    }
    let teacher = assignment::list(&mut tx, school, year, Some(class))
        .await?
        .into_iter()
        .find(|assignment| assignment.item == *sheet)
        .map(|assignment| assignment.teacher);

    let mut cells = Vec::with_capacity(roster.len() * lines.len());
    for (pupil, name) in &roster {
        for line in &lines {
            let place = (*pupil, line.item.clone());
            let (version, value) = match sealed.get(&place) {
                Some((version, value)) => (*version, Some(value.clone())),
                None => (0, drafts.get(&place).cloned()),
            };
            cells.push(Cell {
                pupil: *pupil,
                pupil_name: name.clone(),
                item: line.item.clone(),
                tested: line.is_tested(*period),
                version,
                value,
            });
        }
    }
    let count = cells.iter().filter(|cell| cell.version > 0).count();
    Ok((
        Standing {
            required: cells.len(),
            sealed: count,
            teacher,
            address,
        },
        cells,
    ))
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
    let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
    let classes = class::list(&mut tx, school, year).await?;
    let teachers: BTreeMap<_, _> = assignment::list(&mut tx, school, year, None)
        .await?
        .into_iter()
        .map(|a| ((a.class, a.item), a.teacher))
        .collect();
    let counts: HashMap<_, _> = mark::counts(&mut tx, school, year)
        .await?
        .into_iter()
        .map(|(class, item, period, count)| ((class, item, period), count))
        .collect();

    let mut sheets = Vec::new();
    for class in classes
        .iter()
        .filter(|class| only.is_none_or(|only| only == class.class))
    {
        for sheet in rules.sheets(class.grade) {
            for period in Period::ALL
                .into_iter()
                .filter(|each| period.is_none_or(|only| only == *each))
            {
                let lines = rules.sheet(class.grade, &sheet);
                let sealed: i64 = lines
                    .iter()
                    .filter_map(|line| {
                        counts.get(&(class.class.clone(), line.item.clone(), period.id().to_owned()))
                    })
                    .sum();
                sheets.push(Standing {
                    teacher: teachers.get(&(class.class.clone(), sheet.clone())).copied(),
                    required: usize::try_from(class.pupils).unwrap_or_default() * lines.len(),
                    sealed: usize::try_from(sealed).unwrap_or_default(),
                    address: Address {
                        school: school.to_owned(),
                        year: year.to_owned(),
                        class: class.class.clone(),
                        sheet: sheet.clone(),
                        period,
                    },
                });
            }
        }
    }
    Ok(sheets)
}

/// The lines of a sheet; a sheet the grade does not have is unknown.
pub(crate) async fn lines(
    state: &State,
    tx: &mut sqlx::PgConnection,
    address: &Address,
) -> Result<Vec<&'static Line>, Error> {
    let Address {
        school,
        year,
        class,
        sheet,
        ..
    } = address;
    let rules = school_year::rule_set(tx, state.rule_sets, school, year).await?;
    let grade = class::grade(tx, school, year, class).await?;
    let lines = rules.sheet(grade, sheet);
    if lines.is_empty() {
        Err(Error::SheetUnknown)
    } else {
        Ok(lines)
    }
}
