//! The register of administrative units, and what pupils' pages say by it.

use hocba_chassis::Caller;
use hocba_policy::Resource;
use prost::Message;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::Date;

use super::{Ask, Turn, keep, turn};
use crate::{
    error::Error,
    model::{
        place::{Place, Register, Unfit},
        place_file::{self, Finding},
        pupil::{Page, Unit},
    },
    state::State,
    store::place,
};

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// New ones.
    pub created: usize,
    /// Known ones that became different.
    pub changed: usize,
    /// Known ones that stayed.
    pub unchanged: usize,
}

/// ImportPlaces: all rows, or none and the findings. Rows without a first day have `valid_from`.
pub async fn import_places<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    file: &[u8],
    valid_from: Option<Date>,
) -> Result<Counts, Error> {
    state.authorize(ask.caller, "ImportPlaces", &Resource::deployment())?;
    if file.len() > place_file::LARGEST {
        return Err(Error::FileUnreadable("Tệp quá lớn: nhiều nhất 4 MB.".to_owned()));
    }
    let text = std::str::from_utf8(file)
        .map_err(|_| Error::FileUnreadable("Tệp phải là CSV, mã UTF-8.".to_owned()))?;
    let rows = place_file::read(text, valid_from).map_err(Error::PlaceRows)?;
    // The register is the country's: no school is named.
    let mut tx = state.pool.begin().await?;
    let counts = match turn(state, &mut tx, &ask, "ImportPlaces").await? {
        Turn::Again(kept) => serde_json::from_str(&kept).map_err(|_| Error::Damaged("a kept answer"))?,
        Turn::New(ticket) => {
            place::lock(&mut tx).await?;
            let new = || rows.iter().map(|(_, place)| place);
            let before = Register::new(known(state, place::of_codes(&mut tx, None).await?));
            let after = Register::new(before.all().chain(new()).cloned());
            let findings: Vec<Finding> = place_file::judge(&rows, &after);
            if !findings.is_empty() {
                return Err(Error::PlaceRows(findings));
            }
            let mut counts = Counts::default();
            for place in new() {
                match before
                    .of(&place.code)
                    .iter()
                    .find(|it| it.valid_from == place.valid_from)
                {
                    None => counts.created += 1,
                    Some(same) if same == place => counts.unchanged += 1,
                    Some(_) => counts.changed += 1,
                }
            }
            let places: Vec<&Place> = new().collect();
            place::put(
                &mut tx,
                &places,
                (ask.caller.person()?.account, state.clock.now()),
            )
            .await?;
            let kept = serde_json::to_string(&counts).map_err(hocba_chassis::Failure::internal)?;
            keep(&mut tx, &ticket, &kept).await?;
            counts
        }
    };
    tx.commit().await?;
    Ok(counts)
}

/// ListPlaces: the provinces, or the communes of one; of a day, or of all times. By code and first day, after one of them.
pub async fn list_places(
    state: &State,
    caller: &Caller,
    province: Option<&str>,
    day: Option<Date>,
    after: Option<&(String, Date)>,
    limit: usize,
) -> Result<Vec<Place>, Error> {
    state.authorize(caller, "ListPlaces", &Resource::deployment())?;
    let mut tx = state.pool.begin().await?;
    let stored = place::of_province(&mut tx, province).await?;
    let register = match province {
        Some(_) => Register::new(stored),
        None => Register::new(known(state, stored)),
    };
    let places = register.all().filter(|place| {
        let position = (&place.code, place.valid_from);
        day.is_none_or(|day| place.in_force(day))
            && after.is_none_or(|(code, first)| position > (code, *first))
    });
    Ok(places.take(limit).cloned().collect())
}

/// What is shipped, and over it what was imported.
fn known(state: &State, stored: Vec<Place>) -> impl Iterator<Item = Place> {
    state.places.iter().cloned().chain(stored)
}

/// Every unit that a page newly names must have been one on the day it speaks of: where somebody was born, on that day;
/// where somebody lives, today. What stood there before is history, and is left alone.
pub(crate) async fn hold(
    state: &State,
    tx: &mut PgConnection,
    page: &Page,
    before: Option<&Page>,
) -> Result<(), Error> {
    let today = state.clock.today();
    let stood = before.map(|page| page.dated_units(today)).unwrap_or_default();
    let mut refused = Vec::new();
    for new in page.dated_units(today) {
        if !stood.contains(&new) {
            let (field, unit, day) = new;
            refused.extend(unfit(state, tx, unit, day).await?.map(|it| (field, it)));
        }
    }
    if refused.is_empty() {
        Ok(())
    } else {
        Err(Error::PlaceInvalid(refused))
    }
}

/// What is wrong with a unit on a day.
async fn unfit(state: &State, tx: &mut PgConnection, unit: &Unit, day: Date) -> Result<Option<Unfit>, Error> {
    let codes = [unit.code.clone(), unit.province.clone()];
    let register = Register::new(known(state, place::of_codes(tx, Some(&codes)).await?));
    if unit.code.len() == 2 {
        return Ok(register.unfit(&unit.code, &unit.name, day));
    }
    if !unit.province.is_empty()
        && let Some(found) = register.unfit(&unit.province, "", day)
    {
        return Ok(Some(found));
    }
    // Whose commune it is, is said or is in the register.
    let own = register.of(&unit.code).last().and_then(|it| it.province.clone());
    let province = Some(unit.province.clone())
        .filter(|code| !code.is_empty())
        .or(own);
    let Some(province) = province else {
        return Ok(None);
    };
    if !place::has_communes(tx, &province, day).await? {
        return Ok(None);
    }
    let unfit = register.unfit(&unit.code, &unit.name, day);
    Ok(unfit.or_else(|| register.elsewhere(&unit.code, &province, day)))
}
