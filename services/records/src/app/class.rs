//! Classes and who teaches what in them.

use hocba_chassis::Caller;
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;

use super::{Ask, Turn, keep, tell, turn};
use crate::{
    error::Error,
    state::State,
    store::{
        assignment::{self, Assignment},
        class::{self, Class},
        school_year,
    },
};

/// BatchCreateClasses.
pub async fn batch_create_classes<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    year: &str,
    classes: &[Class],
) -> Result<Vec<Class>, Error> {
    state.authorize(ask.caller, "BatchCreateClasses", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
    for class in classes {
        if rules.all_lines(class.grade).is_empty() {
            return Err(Error::RuleSetUnknown);
        }
    }
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "BatchCreateClasses").await? {
        let created = class::insert(&mut tx, school, year, classes).await?;
        let subject = format!("schools/{school}/years/{year}");
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            subject,
            "classes.created",
            json!({"count": created}),
        )
        .await?;
        keep(&mut tx, &ticket, "").await?;
    }
    let mut all = class::list(&mut tx, school, year).await?;
    for class in classes {
        let there = all.iter().find(|there| there.class == class.class);
        if there.is_none_or(|there| there.grade != class.grade) {
            return Err(Error::ClassDiffers(class.class.clone()));
        }
    }
    tx.commit().await?;
    all.retain(|there| classes.iter().any(|class| class.class == there.class));
    Ok(all)
}

/// ListClasses.
pub async fn list_classes(
    state: &State,
    caller: &Caller,
    school: &str,
    year: &str,
) -> Result<Vec<Class>, Error> {
    state.authorize(caller, "ListClasses", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    school_year::get(&mut tx, school, year).await?;
    class::list(&mut tx, school, year).await
}

/// BatchCreateTeachingAssignments: answers how many are new and how many changed.
pub async fn batch_create_teaching_assignments<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    year: &str,
    assignments: &[Assignment],
) -> Result<(i64, i64), Error> {
    state.authorize(
        ask.caller,
        "BatchCreateTeachingAssignments",
        &Resource::school(school),
    )?;
    let mut tx = state.begin(school).await?;
    let rules = school_year::rule_set(&mut tx, state.rule_sets, school, year).await?;
    let classes = class::list(&mut tx, school, year).await?;
    for assignment in assignments {
        let class = classes
            .iter()
            .find(|class| class.class == assignment.class)
            .ok_or_else(|| Error::ClassUnknown(assignment.class.clone()))?;
        if rules.sheet(class.grade, &assignment.item).is_empty() {
            return Err(Error::ItemUnknown(assignment.item.clone()));
        }
    }
    let counts = match turn(state, &mut tx, &ask, "BatchCreateTeachingAssignments").await? {
        Turn::New(ticket) => {
            let counts = assignment::upsert(&mut tx, school, year, assignments).await?;
            let facts = json!({"created": counts.0, "changed": counts.1});
            let subject = format!("schools/{school}/years/{year}");
            tell(
                state,
                &mut tx,
                ask.caller,
                school,
                subject,
                "teaching.assigned",
                facts,
            )
            .await?;
            keep(&mut tx, &ticket, &format!("{} {}", counts.0, counts.1)).await?;
            counts
        }
        Turn::Again(kept) => kept
            .split_once(' ')
            .and_then(|(created, changed)| Some((created.parse().ok()?, changed.parse().ok()?)))
            .ok_or(Error::Damaged("a kept answer"))?,
    };
    tx.commit().await?;
    Ok(counts)
}

/// ListTeachingAssignments.
pub async fn list_teaching_assignments(
    state: &State,
    caller: &Caller,
    school: &str,
    year: &str,
) -> Result<Vec<Assignment>, Error> {
    state.authorize(caller, "ListTeachingAssignments", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    school_year::get(&mut tx, school, year).await?;
    assignment::list(&mut tx, school, year, None).await
}
