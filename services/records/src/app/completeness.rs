//! WatchCompleteness, and the completeness of sheets that overview and tasks stand on (A6.4).

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures::{Stream, stream};
use hocba_chassis::Caller;
use hocba_policy::Resource;
use sqlx::PgConnection;
use time::Date;

use super::{
    grant_of,
    mark_sheet::{self, Address, Standing},
    watch::Watch,
};
use crate::{
    error::Error,
    model::{
        calendar::{due, is_late},
        change::touched_classes,
        period::Period,
        sheet::State as SheetState,
    },
    state::State,
    store::{assignment, change, school_year},
};

/// A sheet, who enters it and by when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// How far it is.
    pub standing: Standing,
    /// The teacher's name as in the documents; empty while nobody is assigned.
    pub teacher_name: String,
    /// The last day.
    pub due: Option<Date>,
    /// Not complete although the day has passed.
    pub late: bool,
}

impl Sheet {
    /// Whether something is left to enter. A class without pupils leaves nothing.
    pub(crate) fn is_open(&self) -> bool {
        self.standing.required > 0 && self.standing.state() != SheetState::Complete
    }
}

/// The sheets of a year, or of some classes of it.
pub(crate) async fn sheets(
    state: &State,
    tx: &mut PgConnection,
    (school, year): (&str, &str),
    only: Option<&[String]>,
) -> Result<Vec<Sheet>, Error> {
    let today = state.clock.today();
    let days = school_year::due_days(tx, school, year).await?;
    let names: HashMap<_, _> = assignment::list(tx, school, year, None)
        .await?
        .into_iter()
        .map(|it| ((it.class, it.item), it.teacher_name))
        .collect();
    let standings = mark_sheet::standings(state, tx, school, year, only).await?;
    Ok(standings
        .into_iter()
        .map(|standing| {
            let Address {
                class, sheet, period, ..
            } = &standing.address;
            let due = due(&days, *period);
            let name = names.get(&(class.clone(), sheet.clone()));
            let mut sheet = Sheet {
                teacher_name: name.cloned().unwrap_or_default(),
                due,
                late: false,
                standing,
            };
            sheet.late = sheet.is_open() && is_late(due, today);
            sheet
        })
        .collect())
}

/// What a watcher is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Whether `sheets` are all there are.
    pub whole: bool,
    /// Sheets that became different.
    pub sheets: Vec<Sheet>,
    /// Sheets that are no more.
    pub gone: Vec<Address>,
    /// The change up to which it is true.
    pub sequence: i64,
}

/// WatchCompleteness: looks again only at the classes that the feed names.
pub async fn watch_completeness(
    state: &Arc<State>,
    caller: &Caller,
    school: &str,
    year: &str,
) -> Result<impl Stream<Item = Result<News, Error>> + use<>, Error> {
    state.authorize(caller, "WatchCompleteness", &Resource::school(school))?;
    school_year::get(&mut *state.begin(school).await?, school, year).await?;
    let told = Told {
        watch: Watch::new(state, caller, school),
        year: year.to_owned(),
        teachers: grant_of(caller).shows_teachers(),
        sheets: BTreeMap::new(),
        seen: 0,
        day: None,
    };
    Ok(stream::try_unfold(told, |mut told| async move {
        let news = told.next().await?;
        Ok(Some((news, told)))
    }))
}

/// Class, sheet and period.
type Key = (String, String, Period);

/// What a watcher knows.
struct Told {
    watch: Watch,
    year: String,
    /// Whether it is told whose the sheets are.
    teachers: bool,
    sheets: BTreeMap<Key, Sheet>,
    seen: i64,
    /// The day it was judged on: another day makes other sheets late.
    day: Option<Date>,
}

impl Told {
    async fn next(&mut self) -> Result<News, Error> {
        loop {
            self.watch.time_to_look(self.seen).await?;
            let whole = self.day.is_none();
            let (sheets, gone) = self.look().await?;
            if whole || !sheets.is_empty() || !gone.is_empty() || self.watch.is_silent() {
                self.watch.says();
                return Ok(News {
                    whole,
                    sheets,
                    gone,
                    sequence: self.seen,
                });
            }
        }
    }

    async fn look(&mut self) -> Result<(Vec<Sheet>, Vec<Address>), Error> {
        /// So many changes at once are looked up one by one; after more all classes are.
        const FEW: i64 = 500;
        let (state, school) = (Arc::clone(&self.watch.state), self.watch.school.clone());
        let today = state.clock.today();
        let mut tx = state.begin(&school).await?;
        // The number first: what is read after it is at least as new.
        let newest = change::newest(&mut tx, &school).await?;
        let only = if self.day == Some(today) && newest - self.seen < FEW {
            let changes = change::after(&mut tx, &school, self.seen, FEW).await?;
            touched_classes(&changes, &self.year)
        } else {
            None
        };
        let now = match &only {
            Some(classes) if classes.is_empty() => Vec::new(),
            _ => sheets(&state, &mut tx, (&school, &self.year), only.as_deref()).await?,
        };
        let mut before = std::mem::take(&mut self.sheets);
        let mut news = Vec::new();
        for mut sheet in now {
            if !self.teachers {
                sheet.standing.teacher = None;
                sheet.teacher_name.clear();
            }
            let at = &sheet.standing.address;
            let key = (at.class.clone(), at.sheet.clone(), at.period);
            if before.remove(&key).as_ref() != Some(&sheet) {
                news.push(sheet.clone());
            }
            self.sheets.insert(key, sheet);
        }
        // What was not looked at stays as it is; what was and is not there any more is gone.
        let mut gone = Vec::new();
        for (key, sheet) in before {
            if only.as_ref().is_none_or(|classes| classes.contains(&key.0)) {
                gone.push(sheet.standing.address);
            } else {
                self.sheets.insert(key, sheet);
            }
        }
        (self.seen, self.day) = (newest, Some(today));
        Ok((news, gone))
    }
}
