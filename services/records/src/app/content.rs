//! What a sheet holds: its lines, the roster, what is sealed and what is drafted.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::mark_sheet::Address;
use crate::{
    error::Error,
    model::{
        draft::Kept,
        need::Needs,
        rule_set::{self, Line, RuleSet},
        sheet::{self, Place},
    },
    state::State,
    store::{content, draft, mark},
};

/// What a sheet holds.
#[derive(Debug)]
pub(crate) struct Content {
    /// The year's rules.
    pub(crate) rules: &'static RuleSet,
    /// The lines in printed order.
    pub(crate) lines: Vec<&'static Line>,
    /// What decides which cells are needed.
    pub(crate) needs: Needs,
    /// The class's pupils in roster order, with their names.
    pub(crate) roster: Vec<(Uuid, String)>,
    /// The newest sealed versions.
    pub(crate) sealed: BTreeMap<Place, mark::Current>,
    /// The session's drafts.
    pub(crate) drafts: BTreeMap<Place, Kept>,
}

impl Content {
    /// Loads a sheet; one the grade or the year does not have is unknown.
    pub(crate) async fn load(
        state: &State,
        tx: &mut PgConnection,
        at: &Address,
        session: Option<Uuid>,
    ) -> Result<Self, Error> {
        let ground = content::ground(tx, &at.school, &at.year, &at.class).await?;
        let rules =
            rule_set::choose(state.rule_sets, &ground.rule_set, &at.year).ok_or(Error::RuleSetUnknown)?;
        let lines = rules.sheet(ground.grade, &at.sheet);
        let needs = ground.needs;
        let taught = |line: &&Line| !line.elective || needs.electives.contains_key(&line.item);
        if !lines.iter().any(taught) || !rules.periods.contains(&at.period) {
            return Err(Error::SheetUnknown);
        }
        let items: Vec<String> = lines.iter().map(|line| line.item.clone()).collect();
        let sealed = mark::current(tx, &at.school, &at.year, &at.class, at.period.id(), &items).await?;
        Ok(Self {
            rules,
            lines,
            needs,
            roster: ground.roster,
            sealed: sealed
                .into_iter()
                .map(|cell| ((cell.pupil, cell.item.clone()), cell))
                .collect(),
            drafts: match session {
                Some(id) => draft::of_session(tx, &at.school, id).await?,
                None => BTreeMap::new(),
            },
        })
    }

    /// The required cells that are neither sealed nor drafted.
    pub(crate) fn missing(&self) -> Vec<Place> {
        let filled: BTreeSet<&Place> = self.sealed.keys().chain(self.drafts.keys()).collect();
        sheet::missing(&self.roster, &self.lines, &self.needs, &filled)
    }

    /// Whether a cell of this sheet takes a further attempt.
    pub(crate) fn is_reopened(&self) -> bool {
        let on_roster = |cell: &&mark::Current| self.name(cell.pupil).is_some();
        self.sealed.values().filter(on_roster).any(|cell| cell.reopened)
    }

    /// The line of an item.
    pub(crate) fn line(&self, item: &str) -> Option<&'static Line> {
        self.lines.iter().find(|line| line.item == item).copied()
    }

    /// A pupil's name in the roster.
    pub(crate) fn name(&self, pupil: Uuid) -> Option<&str> {
        let mut roster = self.roster.iter();
        roster.find(|(id, _)| *id == pupil).map(|(_, name)| name.as_str())
    }
}
