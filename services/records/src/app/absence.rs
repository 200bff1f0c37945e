//! Absences by month, with and without leave (A8.2).

use std::collections::{BTreeMap, BTreeSet};

use hocba_chassis::Caller;
use hocba_fence::{Semester, Term};
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Ask, Turn, keep, pupil::class_of, tell, turn};
use crate::{
    error::Error,
    model::month::Month,
    state::State,
    store::{
        absence::{self, Absence},
        class, enrolment, pupil,
    },
};

/// Which month of which class.
#[derive(Debug, Clone)]
pub struct Address {
    /// School.
    pub school: String,
    /// Year.
    pub year: String,
    /// Class.
    pub class: String,
    /// Month.
    pub month: Month,
}

/// A month as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// One for each pupil.
    pub absences: Vec<Absence>,
    /// Changes with every recording; 0 before the first.
    pub etag: i64,
}

/// RecordAbsences: the whole month of a class; who is not named was never absent. Without an etag: whatever stands there.
pub async fn record_absences<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    at: &Address,
    given: Vec<Absence>,
    etag: Option<i64>,
) -> Result<Recorded, Error> {
    let (school, year, class) = (at.school.as_str(), at.year.as_str(), at.class.as_str());
    let mut tx = state.begin(school).await?;
    let (resource, _) = class_of(&mut tx, ask.caller, school, year, class).await?;
    state.authorize(ask.caller, "RecordAbsences", &resource)?;
    class::grade(&mut tx, school, year, class).await?;
    held(at, state.clock.today(), &given)?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "RecordAbsences").await? {
        hocba_fence::check(&mut tx, &Term::marks(school, year, Semester::Two)).await?;
        let mut days: BTreeMap<Uuid, Absence> = pupil::roster(&mut tx, school, year, class)
            .await?
            .into_iter()
            .map(|(pupil, _)| {
                let none = Absence {
                    pupil,
                    with_leave: 0,
                    without_leave: 0,
                };
                (pupil, none)
            })
            .collect();
        // A leaver's days of the last month are told too.
        let of_class: BTreeSet<Uuid> = enrolment::list(&mut tx, school, year, Some(class), None)
            .await?
            .into_iter()
            .map(|it| it.pupil)
            .collect();
        for absence in given {
            if !of_class.contains(&absence.pupil) {
                return Err(Error::PupilUnknown);
            }
            days.insert(absence.pupil, absence);
        }
        let days: Vec<Absence> = days.into_values().collect();
        let (month, by) = (at.month.to_string(), ask.caller.person()?.account);
        if !absence::touch(&mut tx, school, (year, class, &month), etag).await? {
            return Err(Error::EtagMismatch);
        }
        absence::put(&mut tx, school, (year, &month), &days, (by, state.clock.now())).await?;
        let subject = format!("schools/{school}/years/{year}/classes/{class}");
        let facts = json!({"month": month, "pupils": days.len()});
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            subject,
            "absences.recorded",
            facts,
        )
        .await?;
        keep(&mut tx, &ticket, "").await?;
    }
    let now = recorded(&mut tx, at).await?;
    tx.commit().await?;
    Ok(now)
}

/// ListAbsences: empty while the month is not recorded.
pub async fn list_absences(state: &State, caller: &Caller, at: &Address) -> Result<Recorded, Error> {
    let (school, year, class) = (at.school.as_str(), at.year.as_str(), at.class.as_str());
    let mut tx = state.begin(school).await?;
    let (resource, _) = class_of(&mut tx, caller, school, year, class).await?;
    state.authorize(caller, "ListAbsences", &resource)?;
    class::grade(&mut tx, school, year, class).await?;
    recorded(&mut tx, at).await
}

async fn recorded(tx: &mut PgConnection, at: &Address) -> Result<Recorded, Error> {
    let (year, class, month) = (at.year.as_str(), at.class.as_str(), at.month.to_string());
    // The etag first: what is read after it is at least as new.
    let etag = absence::etag(tx, &at.school, (year, class, &month)).await?;
    let absences = absence::list(tx, &at.school, (year, class), &month).await?;
    Ok(Recorded { absences, etag })
}

/// The month is one of the year and has begun; a pupil is named once.
fn held(at: &Address, today: time::Date, given: &[Absence]) -> Result<(), Error> {
    if !Month::of_year(&at.year).contains(&at.month) || today < at.month.first_day() {
        let words = "phải là tháng của năm học (tháng 9 đến tháng 5) và đã bắt đầu";
        return Err(Error::Malformed("month", words.to_owned()));
    }
    let pupils: BTreeSet<Uuid> = given.iter().map(|it| it.pupil).collect();
    if pupils.len() == given.len() {
        Ok(())
    } else {
        Err(Error::Malformed(
            "absences",
            "mỗi học sinh chỉ ghi một lần".to_owned(),
        ))
    }
}
