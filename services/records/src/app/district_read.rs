//! The district reads a pupil's page in one way only: with a reason, which the school sees (A3).

use hocba_chassis::{Caller, Failure, Role, client, clock::new_id, error::PeerFailure};
use hocba_policy::Resource;
use hocba_proto::identity::{
    ResolveSchoolRequest, identity_internal_service_client::IdentityInternalServiceClient,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    pupil::{newest_class_of, one},
    tell,
};
use crate::{
    error::Error,
    state::State,
    store::{
        district_read::{self, DistrictRead},
        pupil::Pupil,
    },
};

/// ReadPupilWithReason: answers the pupil and the newest class's year.
pub async fn read_pupil_with_reason(
    state: &State,
    caller: &Caller,
    school: &str,
    id: Uuid,
    reason: String,
) -> Result<(Pupil, String), Error> {
    let mut resource = Resource::school(school);
    // Nobody else gains by the authority, so nobody else makes us ask for it.
    if caller.person()?.roles.contains(&Role::DistrictOfficer)
        && let Some(authority) = authority(state, school).await?
    {
        resource = resource.authority(authority);
    }
    state.authorize(caller, "ReadPupilWithReason", &resource)?;
    if !(10..=500).contains(&reason.trim().chars().count()) {
        let words = "cần lí do, từ 10 đến 500 kí tự";
        return Err(Error::Malformed("reason", words.to_owned()));
    }
    let mut tx = state.begin(school).await?;
    let (_, year) = newest_class_of(&mut tx, caller, school, id).await?;
    let pupil = one(state, &mut tx, school, &year, id).await?;
    let read = DistrictRead {
        id: new_id(),
        pupil: id,
        officer: caller.person()?.account,
        reason,
        at: state.clock.now(),
    };
    district_read::insert(&mut tx, school, &pupil.key, &read).await?;
    let subject = format!("schools/{school}/pupils/{id}");
    let facts = json!({"read": format!("schools/{school}/districtReads/{}", read.id)});
    tell(
        state,
        &mut tx,
        caller,
        school,
        subject,
        "pupil.read_by_district",
        facts,
    )
    .await?;
    tx.commit().await?;
    Ok((pupil, year))
}

/// ListDistrictReads: one more than asked for, when there is one.
pub async fn list_district_reads(
    state: &State,
    caller: &Caller,
    school: &str,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<DistrictRead>, Error> {
    state.authorize(caller, "ListDistrictReads", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    district_read::list(&mut tx, &state.vault, school, before, limit).await
}

/// The authority a school belongs to, as identity knows it; none for a school it does not know. Asked without the person:
/// whether the officer may know the school is what we are about to decide.
async fn authority(state: &State, school: &str) -> Result<Option<String>, Error> {
    let away = || Failure::away("identity");
    let identity = state.identity.clone().ok_or_else(away)?;
    let name = format!("schools/{school}");
    let ask = ResolveSchoolRequest { name: name.clone() };
    let answer = IdentityInternalServiceClient::new(identity)
        .resolve_school(client::background(&name, ask))
        .await;
    match answer.map_err(|status| Failure::from_peer("identity", &status)) {
        Ok(answer) => {
            let authority = answer.into_inner().authority;
            Ok(Some(authority.trim_start_matches("authorities/").to_owned()))
        }
        Err(PeerFailure::Refused(_)) => Ok(None),
        Err(PeerFailure::Own(own)) => Err(Error::Shared(own)),
    }
}
