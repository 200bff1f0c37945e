//! Imports of the school office's spreadsheets (A4.1): preview, choices, commit all or nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hocba_chassis::{Caller, clock::new_id};
use hocba_policy::Resource;
use prost::Message;
use ring::digest::{SHA256, digest};
use serde_json::json;
use uuid::Uuid;

use super::{Ask, Turn, keep, tell, turn};
use crate::{
    error::Error,
    model::{
        ethnic_group,
        import::{self, Kind, Plan, School},
        movement,
        pupil::{Cv, Identity, Page},
        spreadsheet,
    },
    state::State,
    store::{
        class, enrolment,
        movement::{self as moved, Movement},
        pupil::{self, Pupil},
        pupil_import::{self, PupilImport},
        school_year,
    },
};

/// PreviewPupilImport. The file is read before any transaction begins.
pub async fn preview_pupil_import<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    year: &str,
    file: Vec<u8>,
) -> Result<(PupilImport, Plan), Error> {
    state.authorize(ask.caller, "PreviewPupilImport", &Resource::school(school))?;
    let file_digest = digest(&SHA256, &file).as_ref().to_vec();
    let sheet = tokio::task::spawn_blocking(move || spreadsheet::read(&file))
        .await
        .map_err(hocba_chassis::Failure::internal)?
        .map_err(Error::FileUnreadable)?;

    let mut tx = state.begin(school).await?;
    let ticket = match turn(state, &mut tx, &ask, "PreviewPupilImport").await? {
        Turn::New(ticket) => ticket,
        Turn::Again(id) => {
            let id = id.parse().map_err(|_| Error::Damaged("a kept answer"))?;
            return with_plan(state, school, pupil_import::get(&mut tx, school, year, id).await?);
        }
    };
    school_year::get(&mut tx, school, year).await?;
    let classes: BTreeMap<_, _> = class::list(&mut tx, school, year)
        .await?
        .into_iter()
        .map(|class| (class.class, class.grade))
        .collect();
    let begins = year
        .split_once('-')
        .and_then(|(first, _)| first.parse().ok())
        .ok_or(Error::YearUnknown)?;
    let known = pupil::list(&mut tx, &state.vault, school, year, None, None).await?;
    let of_pupil = |it: &Pupil| {
        let identity = &it.page.identity;
        Some((identity.personal_id.clone()?, identity.pupil_code.clone()))
    };
    let plan = import::plan(
        &sheet,
        &School {
            classes,
            ethnic_groups: ethnic_group::names(),
            begins,
            personal_ids: known.iter().filter_map(of_pupil).collect(),
        },
    )
    .map_err(Error::FileUnreadable)?;

    let (mut creates, mut changes, mut same) = (0, 0, 0);
    let by_code: HashMap<&str, &Pupil> = known
        .iter()
        .map(|pupil| (pupil.page.identity.pupil_code.as_str(), pupil))
        .collect();
    let mut seen = BTreeSet::new();
    for row in plan
        .rows
        .iter()
        .filter(|row| seen.insert(row.identity.pupil_code.clone()))
    {
        match by_code.get(row.identity.pupil_code.as_str()) {
            None => creates += 1,
            Some(pupil) if is_same(pupil, &row.identity, &row.class_id) => same += 1,
            Some(_) => changes += 1,
        }
    }
    let id = new_id();
    let import = PupilImport {
        id,
        year: year.to_owned(),
        file_digest,
        roster_digest: roster_digest(&known),
        plan: state.vault.seal_plan(school, id, &plan)?,
        row_count: i32::try_from(plan.rows.len()).unwrap_or(i32::MAX),
        create_count: creates,
        change_count: changes,
        unchanged_count: same,
        created_at: state.clock.now(),
        committed_at: None,
    };
    pupil_import::insert(&mut tx, school, &import, ask.caller.person()?.account).await?;
    keep(&mut tx, &ticket, &import.id.to_string()).await?;
    tx.commit().await?;
    Ok((import, plan))
}

/// GetPupilImport.
pub async fn get_pupil_import(
    state: &State,
    caller: &Caller,
    school: &str,
    year: &str,
    id: Uuid,
) -> Result<(PupilImport, Plan), Error> {
    state.authorize(caller, "GetPupilImport", &Resource::school(school))?;
    with_plan(
        state,
        school,
        pupil_import::get(&mut *state.begin(school).await?, school, year, id).await?,
    )
}

/// CommitPupilImport: every choice made, no error, the roster as it was read; then all or nothing.
pub async fn commit_pupil_import<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    year: &str,
    id: Uuid,
    choices: &HashMap<String, String>,
) -> Result<(PupilImport, Plan), Error> {
    state.authorize(ask.caller, "CommitPupilImport", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "CommitPupilImport").await? {
        let (import, plan) = with_plan(state, school, pupil_import::get(&mut tx, school, year, id).await?)?;
        if import.committed_at.is_some() {
            return Err(Error::ImportCommitted);
        }
        let errors = plan
            .findings
            .iter()
            .filter(|finding| finding.kind == Kind::Error)
            .count();
        if errors > 0 {
            return Err(Error::ImportHasErrors(errors));
        }
        let rows = import::choose(&plan, choices).map_err(Error::ImportChoiceMissing)?;
        let known = pupil::list(&mut tx, &state.vault, school, year, None, None).await?;
        if roster_digest(&known) != import.roster_digest {
            return Err(Error::ImportStale);
        }
        let mut known: HashMap<String, Pupil> = known
            .into_iter()
            .map(|pupil| (pupil.page.identity.pupil_code.clone(), pupil))
            .collect();
        let (mut pages, mut classes, mut movements, mut created) = (Vec::new(), Vec::new(), Vec::new(), 0);
        let (today, by) = (state.clock.today(), ask.caller.person()?.account);
        for row in rows {
            let there = known.remove(&row.identity.pupil_code);
            if there
                .as_ref()
                .is_some_and(|pupil| is_same(pupil, &row.identity, &row.class_id))
            {
                continue;
            }
            created += usize::from(there.is_none());
            let from = there.as_ref().and_then(|pupil| pupil.class.clone());
            let (id, key, cv) = match there {
                Some(pupil) => (pupil.id, pupil.key, pupil.page.cv),
                None => {
                    let id = new_id();
                    (id, state.vault.new_pupil(school, id)?, Cv::default())
                }
            };
            let identity = row.identity;
            if from.as_ref() != Some(&row.class_id) {
                let (kind, day) = match from {
                    Some(_) => (movement::Kind::ClassChange, today),
                    None => (
                        movement::Kind::Entry,
                        movement::entry_day(year, &identity.entry_date, today),
                    ),
                };
                movements.push(Movement {
                    id: new_id(),
                    pupil: id,
                    kind,
                    day,
                    from,
                    to: Some(row.class_id.clone()),
                    reason: String::new(),
                    by,
                    at: state.clock.now(),
                });
            }
            classes.push((id, row.class_id));
            pages.push((id, key, Page { identity, cv }));
        }
        pupil::upsert(&mut tx, &state.vault, school, &pages).await?;
        enrolment::put(&mut tx, school, year, &classes).await?;
        moved::insert_all(&mut tx, school, year, &movements).await?;
        pupil_import::commit(&mut tx, school, id, state.clock.now()).await?;
        let facts = json!({
            "created": created, "changed": pages.len() - created,
            "file": data_encoding::HEXLOWER.encode(&import.file_digest), "choices": choices.len(),
        });
        let subject = format!("schools/{school}/years/{year}/pupilImports/{id}");
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            subject,
            "pupils.imported",
            facts,
        )
        .await?;
        keep(&mut tx, &ticket, &id.to_string()).await?;
    }
    let found = with_plan(state, school, pupil_import::get(&mut tx, school, year, id).await?)?;
    tx.commit().await?;
    Ok(found)
}

fn with_plan(state: &State, school: &str, import: PupilImport) -> Result<(PupilImport, Plan), Error> {
    let plan = state.vault.open_plan(school, import.id, &import.plan)?;
    Ok((import, plan))
}

fn is_same(pupil: &Pupil, identity: &Identity, class: &str) -> bool {
    pupil.page.identity == *identity && pupil.class.as_deref() == Some(class)
}

/// What the roster is: any change of a pupil or an enrolment changes it. Made of versions, so that nothing personal can
/// be guessed from it.
fn roster_digest(pupils: &[Pupil]) -> Vec<u8> {
    let mut context = ring::digest::Context::new(&SHA256);
    for pupil in pupils {
        let class = pupil.class.as_deref().unwrap_or_default();
        context.update(format!("{}|{}|{class}\n", pupil.id, pupil.etag).as_bytes());
    }
    context.finish().as_ref().to_vec()
}
