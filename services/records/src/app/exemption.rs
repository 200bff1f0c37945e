//! Exemptions: the management board's decisions that lines are lawfully empty.

use hocba_chassis::{Caller, clock::new_id};
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Ask, Turn, keep,
    pupil::{self, class_of},
    tell, turn,
};
use crate::{
    error::Error,
    state::State,
    store::{
        class,
        exemption::{self, Exemption},
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
            let pupil = pupil::one(state, &mut tx, school, year, pupil).await?;
            let class = pupil.class.ok_or(Error::PupilUnknown)?;
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
                pupil: pupil.id,
                kind: kind.to_owned(),
                items,
                reason,
                decided_by: ask.caller.person()?.account,
                decided_at: state.clock.now(),
                ended_at: None,
            };
            exemption::insert(&mut tx, school, year, &pupil.key, &new).await?;
            let subject = format!("schools/{school}/years/{year}/exemptions/{}", new.id);
            let facts = json!({"pupil": new.pupil, "kind": kind, "items": new.items});
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
    let found = one(state, &mut tx, school, year, id).await?;
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
    one(state, &mut tx, school, year, id).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "EndExemption").await? {
        let (by, now) = (ask.caller.person()?.account, state.clock.now());
        if !exemption::end(&mut tx, school, (year, id), (by, now)).await? {
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
    let found = one(state, &mut tx, school, year, id).await?;
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
    exemption::list(&mut tx, &state.vault, (school, year), Some(class), None).await
}

async fn one(
    state: &State,
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    id: Uuid,
) -> Result<Exemption, Error> {
    let mut found = exemption::list(tx, &state.vault, (school, year), None, Some(id)).await?;
    found.pop().ok_or(Error::ExemptionUnknown)
}
