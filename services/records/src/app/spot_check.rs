//! Spot checks: sealed test scores against the pupils' papers (A4.2c).

use std::collections::{BTreeMap, HashMap};

use hocba_chassis::{Caller, clock::new_id};
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Ask, Turn, keep, tell, turn};
use crate::{
    error::Error,
    model::{
        period::Period,
        spot_check::{State as CheckState, Verdict, draw},
    },
    state::State,
    store::{
        class, school_year,
        spot_check::{self, Finding, Item, SpotCheck},
    },
};

/// What shall be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The period.
    pub period: Period,
    /// The classes; none: all.
    pub classes: Vec<String>,
    /// How many.
    pub size: i32,
    /// The seed; made when empty.
    pub seed: String,
}

/// A check as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The check.
    pub check: SpotCheck,
    /// What was drawn.
    pub items: Vec<Item>,
}

impl Standing {
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> CheckState {
        let items: Vec<_> = self.items.iter().map(|it| (it.verdict, it.corrected)).collect();
        CheckState::of(&items)
    }
}

/// CreateSpotCheck.
pub async fn create_spot_check<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year): (&str, &str),
    wish: Wish,
) -> Result<Standing, Error> {
    state.authorize(ask.caller, "CreateSpotCheck", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let id = match turn(state, &mut tx, &ask, "CreateSpotCheck").await? {
        Turn::Again(kept) => kept.parse().map_err(|_| Error::Damaged("a kept answer"))?,
        Turn::New(ticket) => {
            school_year::get(&mut tx, school, year).await?;
            for class in &wish.classes {
                class::grade(&mut tx, school, year, class).await?;
            }
            let at = (year, wish.period.id());
            let population = spot_check::population(&mut tx, school, at, &wish.classes).await?;
            if population.is_empty() {
                return Err(Error::NothingToCheck);
            }
            let seed = if wish.seed.is_empty() {
                Uuid::simple(new_id()).to_string()
            } else {
                wish.seed
            };
            let digests: Vec<Vec<u8>> = population.iter().map(|it| it.digest.clone()).collect();
            let size = usize::try_from(wish.size).unwrap_or_default();
            let places = draw(&seed, &digests, size);
            let drawn: Vec<_> = places.into_iter().filter_map(|at| population.get(at)).collect();
            let new = SpotCheck {
                id: new_id(),
                period: wish.period.id().to_owned(),
                classes: wish.classes,
                size: wish.size,
                seed,
                population: i32::try_from(population.len()).unwrap_or(i32::MAX),
                created_by: ask.caller.person()?.account,
                created_at: state.clock.now(),
            };
            spot_check::insert(&mut tx, school, year, &new, &drawn).await?;
            let facts = json!({"period": new.period, "seed": new.seed, "drawn": drawn.len(),
                "population": new.population});
            told(
                state,
                &mut tx,
                ask.caller,
                (school, year, new.id),
                "spot_check.drawn",
                facts,
            )
            .await?;
            keep(&mut tx, &ticket, &new.id.to_string()).await?;
            new.id
        }
    };
    let found = one(&mut tx, school, year, id).await?;
    tx.commit().await?;
    Ok(found)
}

/// GetSpotCheck.
pub async fn get_spot_check(
    state: &State,
    caller: &Caller,
    (school, year, id): (&str, &str, Uuid),
) -> Result<Standing, Error> {
    state.authorize(caller, "GetSpotCheck", &Resource::school(school))?;
    one(&mut *state.begin(school).await?, school, year, id).await
}

/// ListSpotChecks.
pub async fn list_spot_checks(
    state: &State,
    caller: &Caller,
    (school, year): (&str, &str),
) -> Result<Vec<Standing>, Error> {
    state.authorize(caller, "ListSpotChecks", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let mut items = HashMap::<Uuid, Vec<Item>>::new();
    for item in spot_check::items(&mut tx, school, Some(year), None, None).await? {
        items.entry(item.check).or_default().push(item);
    }
    let checks = spot_check::list(&mut tx, school, year, None).await?;
    Ok(checks
        .into_iter()
        .map(|check| Standing {
            items: items.remove(&check.id).unwrap_or_default(),
            check,
        })
        .collect())
}

/// What a paper says: the item's number, its score, a note.
pub type Said = (i32, Option<i16>, String);

/// RecordSpotCheckFindings.
pub async fn record_spot_check_findings<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year, id): (&str, &str, Uuid),
    said: Vec<Said>,
) -> Result<Standing, Error> {
    state.authorize(ask.caller, "RecordSpotCheckFindings", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let before = one(&mut tx, school, year, id).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "RecordSpotCheckFindings").await? {
        let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
        let drawn: BTreeMap<i32, &Item> = before.items.iter().map(|it| (it.number, it)).collect();
        let mut findings = BTreeMap::new();
        for (number, paper_score, note) in said {
            let item = drawn
                .get(&number)
                .ok_or_else(|| Error::Malformed("findings.number", format!("không có bài số {number}")))?;
            if paper_score.is_some_and(|score| !rules.scores.holds(score)) {
                let words = "không phải một điểm kiểm tra".to_owned();
                return Err(Error::Malformed("findings.paper_score", words));
            }
            let finding = Finding {
                number,
                version: item.findings + 1,
                verdict: Verdict::of(item.score, paper_score),
                paper_score,
                note,
            };
            findings.insert(number, finding);
        }
        let findings: Vec<Finding> = findings.into_values().collect();
        let by = (ask.caller.person()?.account, state.clock.now());
        spot_check::record(&mut tx, school, (year, id), &findings, by).await?;
        let of = |verdict| findings.iter().filter(|it| it.verdict == verdict).count();
        let facts = json!({"agree": of(Verdict::Agrees), "differ": of(Verdict::Differs),
            "no_paper": of(Verdict::NoPaper)});
        told(
            state,
            &mut tx,
            ask.caller,
            (school, year, id),
            "spot_check.recorded",
            facts,
        )
        .await?;
        keep(&mut tx, &ticket, &id.to_string()).await?;
    }
    let now = one(&mut tx, school, year, id).await?;
    tx.commit().await?;
    Ok(now)
}

/// ListSpotCheckTasks: what differs, is not corrected, and stands in a sheet of the caller's.
pub async fn list_spot_check_tasks(state: &State, caller: &Caller, school: &str) -> Result<Vec<Item>, Error> {
    let resource = Resource::school(school).relation("owner");
    state.authorize(caller, "ListSpotCheckTasks", &resource)?;
    let mut tx = state.begin(school).await?;
    let own = Some(caller.person()?.account);
    let mut items = spot_check::items(&mut tx, school, None, None, own).await?;
    items.retain(|it| it.verdict == Some(Verdict::Differs) && !it.corrected);
    Ok(items)
}

async fn one(tx: &mut PgConnection, school: &str, year: &str, id: Uuid) -> Result<Standing, Error> {
    let mut found = spot_check::list(tx, school, year, Some(id)).await?;
    Ok(Standing {
        check: found.pop().ok_or(Error::SpotCheckUnknown)?,
        items: spot_check::items(tx, school, Some(year), Some(id), None).await?,
    })
}

async fn told(
    state: &State,
    tx: &mut PgConnection,
    caller: &Caller,
    (school, year, id): (&str, &str, Uuid),
    kind: &str,
    facts: serde_json::Value,
) -> Result<(), Error> {
    let subject = format!("schools/{school}/years/{year}/spotChecks/{id}");
    tell(state, tx, caller, school, subject, kind, facts).await?;
    Ok(())
}
