//! Further attempts: re-tests, and further assessment of who did not complete the grade. The teacher proposes, the
//! management board consents, and the teacher's next seal writes a new version.

use hocba_chassis::{Caller, clock::new_id};
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

use super::{
    Ask, Turn,
    content::Content,
    keep,
    mark_sheet::Address,
    pupil::{self, class_of},
    tell, turn,
    year_result::standings,
};
use crate::{
    error::Error,
    model::{rule_set::CRITERIA, sheet},
    state::State,
    store::reassessment::{self, Reassessment, Version},
};

/// Why there is another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A test is taken again.
    Retest,
    /// A pupil who did not complete is assessed again after support.
    Further,
}

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The sheet.
    pub at: Address,
    /// The pupil.
    pub pupil: Uuid,
    /// The items; none: all lines of the sheet.
    pub items: Vec<String>,
    /// Why.
    pub kind: Kind,
    /// The reason, or the plan of support.
    pub plan: String,
    /// Until when.
    pub due_day: Date,
}

/// ProposeReassessment.
pub async fn propose_reassessment<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    proposal: Proposal,
) -> Result<Reassessment, Error> {
    let Address {
        school,
        year,
        class,
        sheet,
        ..
    } = &proposal.at;
    let mut tx = state.begin(school).await?;
    let (_, items) = class_of(&mut tx, ask.caller, school, year, class).await?;
    let resource = Resource::school(school.as_str())
        .relation_if("teacher", items.contains(sheet))
        .relation_if("homeroom", items.iter().any(|item| item == CRITERIA));
    state.authorize(ask.caller, "ProposeReassessment", &resource)?;
    let id = match turn(state, &mut tx, &ask, "ProposeReassessment").await? {
        Turn::Again(kept) => kept.parse().map_err(|_| Error::Damaged("a kept answer"))?,
        Turn::New(ticket) => {
            let items = lawful(state, &mut tx, &proposal).await?;
            let new = Reassessment {
                id: new_id(),
                class: class.clone(),
                sheet: sheet.clone(),
                period: proposal.at.period.id().to_owned(),
                pupil: proposal.pupil,
                items,
                kind: match proposal.kind {
                    Kind::Retest => "retest",
                    Kind::Further => "further",
                }
                .to_owned(),
                plan: proposal.plan.clone(),
                due_day: proposal.due_day,
                proposed_by: ask.caller.person()?.account,
                proposed_at: state.clock.now(),
                granted: None,
                decided_by: None,
                decided_at: None,
                waiting: 0,
            };
            let pupil = pupil::one(state, &mut tx, school, year, new.pupil).await?;
            reassessment::insert(&mut tx, school, year, &pupil.key, &new).await?;
            let subject = format!("schools/{school}/years/{year}/reassessments/{}", new.id);
            let facts = json!({"pupil": new.pupil, "sheet": sheet::id(sheet, proposal.at.period),
                "kind": new.kind, "items": new.items});
            tell(
                state,
                &mut tx,
                ask.caller,
                school,
                subject,
                "reassessment.proposed",
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

/// The items of a lawful proposal.
async fn lawful(state: &State, tx: &mut PgConnection, proposal: &Proposal) -> Result<Vec<String>, Error> {
    let at = &proposal.at;
    let content = Content::load(state, tx, at, None).await?;
    content.name(proposal.pupil).ok_or(Error::PupilUnknown)?;
    let items = if proposal.items.is_empty() {
        content.lines.iter().map(|line| line.item.clone()).collect()
    } else {
        proposal.items.clone()
    };
    for item in &items {
        let line = content
            .line(item)
            .ok_or_else(|| Error::ItemUnknown(item.clone()))?;
        let place = (proposal.pupil, item.clone());
        let sealed = content.sealed.get(&place);
        let sealed = sealed.ok_or_else(|| Error::CellUnknown(format!("{}/{item}", proposal.pupil)))?;
        if sealed.reopened {
            return Err(Error::ReassessmentUnlawful("open"));
        }
        if proposal.kind == Kind::Retest && !line.is_tested(at.period) {
            return Err(Error::ReassessmentUnlawful("untested"));
        }
    }
    if proposal.kind == Kind::Further {
        if at.period != content.rules.closing() {
            return Err(Error::ReassessmentUnlawful("period"));
        }
        let all = standings(state, tx, &at.school, &at.year, &at.class).await?;
        let own = all.iter().find(|it| it.pupil == proposal.pupil);
        let confirmed = own
            .and_then(|it| it.confirmed.as_ref())
            .ok_or(Error::ResultsNotConfirmed(1))?;
        if confirmed.completed {
            return Err(Error::ReassessmentUnlawful("completed"));
        }
    }
    Ok(items)
}

/// DecideReassessment.
pub async fn decide_reassessment<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year, id): (&str, &str, Uuid),
    granted: bool,
) -> Result<Reassessment, Error> {
    state.authorize(ask.caller, "DecideReassessment", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    one(state, &mut tx, school, year, id).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "DecideReassessment").await? {
        let (by, now) = (ask.caller.person()?.account, state.clock.now());
        if !reassessment::decide(&mut tx, school, (year, id), granted, (by, now)).await? {
            return Err(Error::ReassessmentDecided);
        }
        let cells = if granted {
            reassessment::grant(&mut tx, school, year, id).await?
        } else {
            0
        };
        let subject = format!("schools/{school}/years/{year}/reassessments/{id}");
        let facts = json!({"granted": granted, "cells": cells});
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            subject,
            "reassessment.decided",
            facts,
        )
        .await?;
        keep(&mut tx, &ticket, &id.to_string()).await?;
    }
    let found = one(state, &mut tx, school, year, id).await?;
    tx.commit().await?;
    Ok(found)
}

/// ListReassessments.
pub async fn list_reassessments(
    state: &State,
    caller: &Caller,
    (school, year, class): (&str, &str, &str),
) -> Result<Vec<Reassessment>, Error> {
    let mut tx = state.begin(school).await?;
    let (resource, _) = class_of(&mut tx, caller, school, year, class).await?;
    state.authorize(caller, "ListReassessments", &resource)?;
    reassessment::list(&mut tx, &state.vault, (school, year), Some(class), None).await
}

/// ListCellVersions.
pub async fn list_cell_versions(
    state: &State,
    caller: &Caller,
    at: &Address,
    (pupil, item): (Uuid, &str),
) -> Result<Vec<Version>, Error> {
    let Address {
        school,
        year,
        class,
        sheet,
        period,
    } = at;
    let mut tx = state.begin(school).await?;
    let (resource, items) = class_of(&mut tx, caller, school, year, class).await?;
    let resource = if items.iter().any(|it| it == sheet || it == CRITERIA) {
        resource
    } else {
        Resource::school(school.as_str())
    };
    state.authorize(caller, "ListCellVersions", &resource)?;
    let content = Content::load(state, &mut tx, at, None).await?;
    content.name(pupil).ok_or(Error::PupilUnknown)?;
    content
        .line(item)
        .ok_or_else(|| Error::ItemUnknown(item.to_owned()))?;
    reassessment::versions(&mut tx, school, (year, period.id()), (pupil, item)).await
}

async fn one(
    state: &State,
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    id: Uuid,
) -> Result<Reassessment, Error> {
    let mut found = reassessment::list(tx, &state.vault, (school, year), None, Some(id)).await?;
    found.pop().ok_or(Error::ReassessmentUnknown)
}
