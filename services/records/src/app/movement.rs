//! Entry, repeat, class change, leaving and return (A8.2).

use hocba_chassis::{Caller, clock::new_id};
use hocba_fence::{Semester, Term};
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

use super::{
    Ask, Turn, keep,
    pupil::{class_of, one},
    tell, turn,
};
use crate::{
    error::Error,
    model::{
        calendar::format_day,
        movement::{Asked, Kind, Present, Refusal, Seat, decide},
    },
    state::State,
    store::{
        class, enrolment,
        movement::{self, Movement},
        pupil,
    },
};

/// What is to be recorded, its class not yet known to be there.
#[derive(Debug)]
pub struct New {
    /// What happened.
    pub kind: Kind,
    /// On which day.
    pub day: Date,
    /// Into which class.
    pub class: Option<String>,
    /// Why.
    pub reason: String,
}

/// RecordMovement: the present state and its history in one transaction.
pub async fn record_movement<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, year): (&str, &str),
    id: Uuid,
    new: New,
) -> Result<Movement, Error> {
    let mut tx = state.begin(school).await?;
    let found = enrolment::list(&mut tx, school, year, None, Some(id))
        .await?
        .pop();
    // Who keeps the class the pupil is in decides; for an entry, who keeps the class that is entered.
    let class = found
        .as_ref()
        .map(|it| it.class.clone())
        .or_else(|| new.class.clone());
    let (resource, _) = class_of(
        &mut tx,
        ask.caller,
        school,
        year,
        class.as_deref().unwrap_or_default(),
    )
    .await?;
    state.authorize(ask.caller, "RecordMovement", &resource)?;
    let recorded = match turn(state, &mut tx, &ask, "RecordMovement").await? {
        Turn::Again(kept) => kept.parse().map_err(|_| Error::Damaged("a kept answer"))?,
        Turn::New(ticket) => {
            hocba_fence::check(&mut tx, &Term::marks(school, year, Semester::Two)).await?;
            pupil::lock(&mut tx, school, id).await?;
            let (present, next) = decided(state, &mut tx, (school, year), id, &new).await?;
            if present.is_none() {
                enrolment::put(&mut tx, school, year, &[(id, next.seat.class.clone())]).await?;
            }
            enrolment::place(&mut tx, school, year, id, (&next.seat.class, next.left_on)).await?;
            let movement = Movement {
                id: new_id(),
                pupil: id,
                kind: new.kind,
                day: new.day,
                from: present.filter(|it| it.left_on.is_none()).map(|it| it.seat.class),
                to: next.left_on.is_none().then_some(next.seat.class),
                reason: new.reason.trim().to_owned(),
                by: ask.caller.person()?.account,
                at: state.clock.now(),
            };
            let key = one(state, &mut tx, school, year, id).await?.key;
            movement::insert(&mut tx, school, year, &key, &movement).await?;
            let subject = format!("schools/{school}/years/{year}/pupils/{id}");
            let facts = json!({
                "movement": movement.id, "kind": movement.kind.id(), "day": format_day(movement.day),
                "from": movement.from, "to": movement.to,
            });
            tell(
                state,
                &mut tx,
                ask.caller,
                school,
                subject,
                "enrolment.moved",
                facts,
            )
            .await?;
            keep(&mut tx, &ticket, &movement.id.to_string()).await?;
            movement.id
        }
    };
    let key = one(state, &mut tx, school, year, id).await?.key;
    let all = movement::list(&mut tx, school, year, id, &key).await?;
    tx.commit().await?;
    let mut all = all.into_iter();
    all.find(|it| it.id == recorded)
        .ok_or(Error::Damaged("a kept movement"))
}

/// The present state, read under the pupil's lock, and the one after the movement.
async fn decided(
    state: &State,
    tx: &mut PgConnection,
    (school, year): (&str, &str),
    id: Uuid,
    new: &New,
) -> Result<(Option<Present>, Present), Error> {
    let present = match enrolment::list(tx, school, year, None, Some(id)).await?.pop() {
        Some(it) => Some(Present {
            seat: Seat {
                grade: class::grade(tx, school, year, &it.class).await?,
                class: it.class,
            },
            left_on: it.left_on,
        }),
        None => None,
    };
    let to = match &new.class {
        Some(class) => Some(Seat {
            grade: class::grade(tx, school, year, class).await?,
            class: class.clone(),
        }),
        None => None,
    };
    let before = enrolment::grade_before(tx, school, year, id).await?;
    let asked = Asked {
        kind: new.kind,
        day: new.day,
        to,
        reason: new.reason.clone(),
    };
    let next =
        decide(present.as_ref(), before, &asked, state.clock.today()).map_err(|refusal| match refusal {
            Refusal::Enrolled => Error::PupilEnrolled,
            Refusal::NotEnrolled => Error::PupilUnknown,
            Refusal::Left => Error::PupilLeft,
            Refusal::NotLeft => Error::PupilNotLeft,
            Refusal::OtherGrade => Error::GradeDiffers,
            Refusal::Field(field, words) => Error::Malformed(field, words.to_owned()),
        })?;
    Ok((present, next))
}

/// ListMovements: a pupil's in a year, oldest first.
pub async fn list_movements(
    state: &State,
    caller: &Caller,
    (school, year): (&str, &str),
    id: Uuid,
) -> Result<Vec<Movement>, Error> {
    let mut tx = state.begin(school).await?;
    let found = enrolment::list(&mut tx, school, year, None, Some(id))
        .await?
        .pop();
    let resource = match found {
        Some(it) => class_of(&mut tx, caller, school, year, &it.class).await?.0,
        None => Resource::school(school),
    };
    state.authorize(caller, "ListMovements", &resource)?;
    let key = one(state, &mut tx, school, year, id).await?.key;
    movement::list(&mut tx, school, year, id, &key).await
}
