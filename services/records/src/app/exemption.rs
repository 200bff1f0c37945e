//! Exemptions: the management board's decisions that lines are lawfully empty.

use hocba_chassis::{Caller, clock::new_id};
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use uuid::Uuid;

use super::{Ask, Turn, keep, pupil::class_of, tell, turn};
use crate::{
    error::Error,
    state::State,
    store::{
        class, enrolment,
        need::{self, Exemption},
        school_year,
    },
};

/// CreateExemption: the kind is `exempt`, `not_assessed` or `special_class`.
pub async fn create_exemption<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year): (&str, &str),
    (pupil, kind, items, reason): (Uuid, &str, Vec<String>, String),
) -> Result<Exemption, Error> {
    state.authorize(ask.caller, "CreateExemption", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let id = match turn(state, &mut tx, &ask, "CreateExemption").await? {
        Turn::Again(kept) => kept.parse().map_err(|_| Error::Damaged("a kept answer"))?,
        Turn::New(ticket) => {
            let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
            let enrolment = enrolment::list(&mut tx, school, year, None, Some(pupil))
                .await?
                .pop();
            let class = enrolment.ok_or(Error::PupilUnknown)?.class;
            let grade = class::grade(&mut tx, school, year, &class).await?;
            let lines = rules.all_lines(grade);
            let items = if kind == "special_class" {
                let others = lines
                    .iter()
                    .filter(|line| !rules.special_class.contains(&line.item));
                others.map(|line| line.item.clone()).collect()
            } else {
                items
            };
            for item in &items {
                if !lines.iter().any(|line| line.item == *item) {
                    return Err(Error::ItemUnknown(item.clone()));
                }
            }
            let new = Exemption {
                id: new_id(),
                pupil,
                kind: kind.to_owned(),
                items,
                reason,
                decided_by: ask.caller.person()?.account,
                decided_at: state.clock.now(),
                ended_at: None,
            };
            need::insert_exemption(&mut tx, school, year, &new).await?;
            let subject = format!("schools/{school}/years/{year}/exemptions/{}", new.id);
            let facts = json!({"pupil": pupil, "kind": kind, "items": new.items});
            tell(
                state,
                &mut tx,
                ask.caller,
                school,
                subject,
                "exemption.created",
                facts,
            )
            .await?;
            keep(&mut tx, &ticket, &new.id.to_string()).await?;
            new.id
        }
    };
    let found = need::exemption(&mut tx, school, year, id).await?;
    tx.commit().await?;
    Ok(found)
}

/// EndExemption.
pub async fn end_exemption<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year): (&str, &str),
    id: Uuid,
) -> Result<Exemption, Error> {
    state.authorize(ask.caller, "EndExemption", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    need::exemption(&mut tx, school, year, id).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "EndExemption").await? {
        let (by, now) = (ask.caller.person()?.account, state.clock.now());
        if !need::end_exemption(&mut tx, school, (year, id), (by, now)).await? {
            return Err(Error::ExemptionOver);
        }
        let subject = format!("schools/{school}/years/{year}/exemptions/{id}");
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            subject,
            "exemption.ended",
            json!({}),
        )
        .await?;
        keep(&mut tx, &ticket, &id.to_string()).await?;
    }
    let found = need::exemption(&mut tx, school, year, id).await?;
    tx.commit().await?;
    Ok(found)
}

/// ListExemptions.
pub async fn list_exemptions(
    state: &State,
    caller: &Caller,
    (school, year, class): (&str, &str, &str),
) -> Result<Vec<Exemption>, Error> {
    let mut tx = state.begin(school).await?;
    let (resource, _) = class_of(&mut tx, caller, school, year, class).await?;
    state.authorize(caller, "ListExemptions", &resource)?;
    class::grade(&mut tx, school, year, class).await?;
    let all = need::exemptions(&mut tx, school, year, Some(class)).await?;
    Ok(all.into_iter().map(|(_, exemption)| exemption).collect())
}
