//! One teacher's year: every sheet opened, filled and finished.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use hocba_cluster::{
    dice::Dice,
    figures::Spread,
    person::{Login, Person},
    school::request_id,
};
use hocba_proto::records::{
    Draft, FinishEntrySessionRequest, GetMarkSheetRequest, OpenEntrySessionRequest, SaveDraftsRequest,
    draft_result::Outcome, records_service_client::RecordsServiceClient,
};
use tonic::transport::Channel;

use crate::values;

/// A teacher and the sheets to enter.
#[derive(Debug, Clone)]
pub(crate) struct Teacher {
    pub(crate) login: Login,
    pub(crate) sheets: Vec<String>,
}

/// What was entered into one cell.
#[derive(Debug, Clone)]
pub(crate) struct Entered {
    pub(crate) class: String,
    pub(crate) pupil: String,
    pub(crate) item: String,
    pub(crate) period: String,
    pub(crate) level: String,
    pub(crate) score: Option<i32>,
}

/// What was done, and how long it took.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(crate) sheets: usize,
    pub(crate) marks: usize,
    pub(crate) cells: Vec<Entered>,
    times: BTreeMap<&'static str, Vec<Duration>>,
}

impl Work {
    pub(crate) fn add(&mut self, other: Self) {
        self.sheets += other.sheets;
        self.marks += other.marks;
        self.cells.extend(other.cells);
        for (method, times) in other.times {
            self.times.entry(method).or_default().extend(times);
        }
    }

    pub(crate) fn latency(self) -> BTreeMap<&'static str, Spread> {
        self.times
            .into_iter()
            .map(|(method, times)| (method, Spread::of(times)))
            .collect()
    }

    async fn timed<T>(
        &mut self,
        method: &'static str,
        call: impl Future<Output = Result<T, tonic::Status>>,
    ) -> anyhow::Result<T> {
        let began = Instant::now();
        let answer = call.await.with_context(|| method);
        self.times.entry(method).or_default().push(began.elapsed());
        answer
    }
}

impl Teacher {
    /// Signs in and enters all sheets, one after another as a person does.
    pub(crate) async fn enter(self, channel: Channel, dice: Dice) -> anyhow::Result<Work> {
        let mut person = Person::sign_in(&channel, &self.login).await?;
        let mut records = RecordsServiceClient::new(channel);
        let mut work = Work::default();
        for sheet in &self.sheets {
            person.keep_fresh().await?;
            one(&mut records, &person, sheet, &dice, &mut work)
                .await
                .with_context(|| sheet.clone())?;
        }
        Ok(work)
    }
}

async fn one(
    records: &mut RecordsServiceClient<Channel>,
    person: &Person,
    sheet: &str,
    dice: &Dice,
    work: &mut Work,
) -> anyhow::Result<()> {
    let (class, item_and_period) = sheet.split_once("/markSheets/").context("not a sheet")?;
    let (_, period) = item_and_period.rsplit_once('-').context("no period")?;
    let open = person.ask(OpenEntrySessionRequest {
        mark_sheet: sheet.to_owned(),
        request_id: request_id(),
    })?;
    let session = work
        .timed("OpenEntrySession", records.open_entry_session(open))
        .await?
        .into_inner();
    let get = person.ask(GetMarkSheetRequest {
        name: sheet.to_owned(),
    })?;
    let cells = work
        .timed("GetMarkSheet", records.get_mark_sheet(get))
        .await?
        .into_inner()
        .cells;
    let mut drafts = Vec::new();
    for cell in cells.iter().filter(|cell| cell.required && !cell.sealed) {
        let value = values::of(cell, period, dice);
        work.marks += usize::from(!value.level.is_empty()) + usize::from(value.score.is_some());
        work.cells.push(Entered {
            class: class.to_owned(),
            pupil: cell.pupil.rsplit('/').next().unwrap_or_default().to_owned(),
            item: cell.item.clone(),
            period: period.to_owned(),
            level: value.level.clone(),
            score: value.score,
        });
        drafts.push(Draft {
            pupil: cell.pupil.clone(),
            item: cell.item.clone(),
            value: Some(value),
            ..Draft::default()
        });
    }
    let count = drafts.len();
    let save = person.ask(SaveDraftsRequest {
        name: session.name.clone(),
        drafts,
        request_id: request_id(),
    })?;
    let saved = work
        .timed("SaveDrafts", records.save_drafts(save))
        .await?
        .into_inner();
    for result in &saved.results {
        ensure!(
            result.outcome() == Outcome::Ok,
            "a draft was refused: {}",
            result.words
        );
    }
    let finish = person.ask(FinishEntrySessionRequest {
        name: session.name,
        request_id: request_id(),
    })?;
    let receipt = work
        .timed("FinishEntrySession", records.finish_entry_session(finish))
        .await?
        .into_inner();
    ensure!(
        usize::try_from(receipt.cell_count)? == count,
        "{count} cells entered, {} sealed",
        receipt.cell_count
    );
    work.sheets += 1;
    Ok(())
}
