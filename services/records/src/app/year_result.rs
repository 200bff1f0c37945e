//! Results of the year: derived, confirmed, promoted on.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use hocba_chassis::{Caller, Role, act_token};
use hocba_policy::Resource;
use prost::Message;
use ring::digest::{SHA256, digest};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Ask, Turn, grant_of, keep, pupil::class_of, tell, turn};
use crate::{
    error::Error,
    model::{
        cell::Value,
        need::Need,
        rule_set::{Outcome, RuleSet},
        year_result::{cells_digest, derive, following},
    },
    state::State,
    store::{
        award::{self, Award},
        class, correction, need, pupil, school_year,
        year_result::{self, Confirmed, Promotion},
    },
};

/// A pupil's standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The pupil.
    pub pupil: Uuid,
    /// The name.
    pub pupil_name: String,
    /// End-of-year cells that are not sealed.
    pub missing: usize,
    /// By the cells as they are.
    pub derived: Option<&'static Outcome>,
    /// The newest confirmed one.
    pub confirmed: Option<Confirmed>,
    /// What people gave.
    given: Vec<Award>,
    /// The cells it would be confirmed on.
    cells: Vec<u8>,
}

impl Standing {
    /// Whether a correction came after the confirmation.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.confirmed
            .as_ref()
            .is_some_and(|it| it.cells_digest != self.cells)
    }

    /// The awards as printed: what follows from the result that stands, and what people gave.
    #[must_use]
    pub fn awards(&self) -> Vec<String> {
        let Some(confirmed) = self.standing() else {
            return Vec::new();
        };
        let given = self.given.iter().filter(|award| award.fits(&confirmed.result));
        let given = given.map(|award| award.name.clone());
        confirmed.awards.iter().cloned().chain(given).collect()
    }

    /// The confirmed result that stands.
    #[must_use]
    pub fn standing(&self) -> Option<&Confirmed> {
        self.confirmed.as_ref().filter(|it| it.cells_digest == self.cells)
    }
}

/// The class as it stands, in roster order.
pub(crate) async fn standings(
    state: &State,
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: &str,
) -> Result<Vec<Standing>, Error> {
    let rules = school_year::rule_set(tx, state.rule_sets, school, year).await?;
    let needs = need::of_class(tx, school, year, class).await?;
    let lines = rules.lines(class::grade(tx, school, year, class).await?, &needs.taught());
    let latest = correction::latest(tx, school, (year, class), rules.closing().id()).await?;
    let mut cells = BTreeMap::<Uuid, Vec<&correction::Latest>>::new();
    for cell in &latest {
        cells.entry(cell.pupil).or_default().push(cell);
    }
    let mut confirmed = year_result::of_class(tx, school, year, class).await?;
    let mut given = BTreeMap::<Uuid, Vec<Award>>::new();
    for award in award::of_class(tx, school, year, class).await? {
        given.entry(award.pupil).or_default().push(award);
    }
    let roster = pupil::roster(tx, school, year, class).await?;
    Ok(roster
        .into_iter()
        .map(|(pupil, pupil_name)| {
            let own = cells.remove(&pupil).unwrap_or_default();
            let learnt: Vec<_> = lines
                .iter()
                .copied()
                .filter(|line| needs.of(pupil, line) != Need::Absent)
                .collect();
            let mut values = BTreeMap::<&str, Value>::new();
            let mut digests = BTreeMap::<&str, Vec<u8>>::new();
            for line in &learnt {
                let place = (pupil, line.item.clone());
                if let Some(cell) = own.iter().find(|cell| cell.item == line.item) {
                    values.insert(&line.item, cell.value.clone());
                    digests.insert(&line.item, cell.digest.clone());
                } else if let Some(blank) = needs.blanks.get(&place) {
                    values.insert(&line.item, blank.value());
                    digests.insert(&line.item, blank.digest(&place));
                }
            }
            let values: BTreeMap<&str, &Value> = values.iter().map(|(item, it)| (*item, it)).collect();
            let digests = digests.iter().map(|(item, it)| (*item, it.as_slice())).collect();
            Standing {
                pupil,
                pupil_name,
                missing: learnt.len() - values.len(),
                derived: derive(rules, &learnt, &values),
                confirmed: confirmed.remove(&pupil),
                given: given.remove(&pupil).unwrap_or_default(),
                cells: cells_digest(&digests),
            }
        })
        .collect())
}

/// ListYearResults.
pub async fn list_year_results(
    state: &State,
    caller: &Caller,
    school: &str,
    year: &str,
    class: &str,
) -> Result<(&'static RuleSet, Vec<Standing>), Error> {
    let mut tx = state.begin(school).await?;
    let (resource, _) = class_of(&mut tx, caller, school, year, class).await?;
    state.authorize(caller, "ListYearResults", &resource)?;
    let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
    let mut standings = standings(state, &mut tx, school, year, class).await?;
    if !grant_of(caller).shows_names() {
        for standing in &mut standings {
            standing.pupil_name = String::new();
        }
    }
    Ok((rules, standings))
}

/// ConfirmYearResults: what is derived and not confirmed on these cells gets a new version.
pub async fn confirm_year_results<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    year: &str,
    class: &str,
) -> Result<(&'static RuleSet, usize, Vec<Standing>), Error> {
    let mut tx = state.begin(school).await?;
    let (resource, _) = class_of(&mut tx, ask.caller, school, year, class).await?;
    state.authorize(ask.caller, "ConfirmYearResults", &resource)?;
    let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
    let count = match turn(state, &mut tx, &ask, "ConfirmYearResults").await? {
        Turn::Again(kept) => kept.parse().map_err(|_| Error::Damaged("a kept answer"))?,
        Turn::New(ticket) => {
            let before = standings(state, &mut tx, school, year, class).await?;
            let missing: usize = before.iter().map(|standing| standing.missing).sum();
            if missing > 0 {
                return Err(Error::CellsNotSealed(missing));
            }
            let by = ask.caller.person()?.account;
            let mut count = 0_usize;
            for standing in before.iter().filter(|standing| standing.standing().is_none()) {
                let result = standing
                    .derived
                    .ok_or(Error::Damaged("a result of sealed cells"))?;
                let new = Confirmed {
                    pupil: standing.pupil,
                    version: standing.confirmed.as_ref().map_or(1, |it| it.version + 1),
                    awards: following(rules, &result.id),
                    completed: result.completes,
                    result: result.id.clone(),
                    cells_digest: standing.cells.clone(),
                    confirmed_at: state.clock.now(),
                    promoted: None,
                };
                year_result::insert(&mut tx, school, (year, class), by, &new).await?;
                count += 1;
            }
            let subject = format!("schools/{school}/years/{year}/classes/{class}");
            let facts = json!({"confirmed": count});
            tell(
                state,
                &mut tx,
                ask.caller,
                school,
                subject,
                "year_results.confirmed",
                facts,
            )
            .await?;
            keep(&mut tx, &ticket, &count.to_string()).await?;
            count
        }
    };
    let now = standings(state, &mut tx, school, year, class).await?;
    tx.commit().await?;
    Ok((rules, count, now))
}

/// A promotion that does not follow from the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The pupil.
    pub pupil: Uuid,
    /// Whether.
    pub promoted: bool,
    /// Why.
    pub reason: String,
}

/// DecidePromotions; answers how many are promoted and how many are not.
pub async fn decide_promotions<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year, class): (&str, &str, &str),
    exceptions: &[Exception],
    token: &str,
) -> Result<(usize, usize), Error> {
    state.authorize(ask.caller, "DecidePromotions", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let ticket = match turn(state, &mut tx, &ask, "DecidePromotions").await? {
        Turn::New(ticket) => ticket,
        Turn::Again(kept) => {
            return serde_json::from_str(&kept).map_err(|_| Error::Damaged("a kept answer"));
        }
    };
    let standings = standings(state, &mut tx, school, year, class).await?;
    let of_class = |it: &Exception| standings.iter().any(|own| own.pupil == it.pupil);
    if !exceptions.iter().all(of_class) {
        return Err(Error::PupilUnknown);
    }
    let open = standings.iter().filter(|it| it.standing().is_none()).count();
    if open > 0 {
        return Err(Error::ResultsNotConfirmed(open));
    }
    let name = format!("schools/{school}/years/{year}/classes/{class}");
    let mut text = format!("hocba-promotion-v1\n{name}\n{}\n", standings.len());
    let mut promotions = Vec::with_capacity(standings.len());
    for confirmed in standings.iter().filter_map(Standing::standing) {
        let exception = exceptions.iter().find(|it| it.pupil == confirmed.pupil);
        let promoted = exception.map_or(confirmed.completed, |it| it.promoted);
        text.push_str(&format!("{}|{}|{promoted}\n", confirmed.pupil, confirmed.result));
        promotions.push(Promotion {
            pupil: confirmed.pupil,
            version: confirmed.version,
            promoted,
            reason: exception.map(|it| it.reason.clone()).unwrap_or_default(),
        });
    }
    let bound = HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref());
    let person = ask.caller.person()?;
    let act = state
        .tokens
        .verify_act(token, "promotion.decide", &bound, person)
        .await?;
    if act.role != Role::Principal {
        return Err(act_token::invalid().meta("what", "role").into());
    }
    let now = state.clock.now();
    act_token::spend(&mut tx, &act, now).await?;
    let by = (person.account, act.delegation.as_deref(), now);
    year_result::promote(&mut tx, school, year, &promotions, by).await?;
    let promoted = promotions.iter().filter(|it| it.promoted).count();
    let counts = (promoted, promotions.len() - promoted);
    let facts = json!({"promoted": counts.0, "held_back": counts.1, "digest": bound});
    tell(
        state,
        &mut tx,
        ask.caller,
        school,
        name,
        "promotions.decided",
        facts,
    )
    .await?;
    let kept = serde_json::to_string(&counts).map_err(hocba_chassis::Failure::internal)?;
    keep(&mut tx, &ticket, &kept).await?;
    tx.commit().await?;
    Ok(counts)
}
