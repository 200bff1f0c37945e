//! Composing the documents of a class from records' sealed facts.

use data_encoding::HEXLOWER;
use futures::TryStreamExt as _;
use hocba_chassis::{
    Caller, Failure, client, database,
    once::{self, Once},
    outbox,
};
use hocba_evidence::sha256;
use hocba_fence::Term;
use hocba_policy::Resource;
use hocba_proto::{
    archive::{ComposeYearDocumentsRequest, ComposeYearDocumentsResponse},
    records::{
        ClassHeader, ExportClassFactsRequest, PupilFacts, class_facts::Facts,
        records_internal_service_client::RecordsInternalServiceClient,
    },
    types::CellMark,
};
use prost::Message as _;
use sqlx::PgConnection;

use crate::{
    Error, State, facts,
    model::{
        name::{ClassName, DocumentName},
        place::Place,
        slot::Slot,
    },
    rpc,
    store::{self, year_document::Row},
};

/// Composes what is new or changed.
///
/// # Errors
/// See the contract.
pub async fn compose_year_documents(
    state: &State,
    caller: &Caller,
    class: &ClassName,
    request: ComposeYearDocumentsRequest,
) -> Result<ComposeYearDocumentsResponse, Error> {
    state.policy.authorize(
        caller,
        rpc::COMPOSE_YEAR_DOCUMENTS,
        &Resource::school(&class.school),
    )?;
    let term = Term::books(&class.school, &class.year);
    let now = state.clock.now();
    let id = request.request_id.clone();
    // Looked up before records is asked: a repeat and locked books cost nothing.
    let mut tx = database::begin(&state.pool, &class.school).await?;
    if let Once::Again(answer) =
        once::begin(&mut tx, caller, rpc::COMPOSE_YEAR_DOCUMENTS, &id, &request, now).await?
    {
        return Ok(once::again(&answer)?);
    }
    hocba_fence::check(&mut tx, &term).await?;
    tx.rollback().await?;

    let (header, pupils) = facts(state, caller, class).await?;
    let mut tx = database::begin(&state.pool, &class.school).await?;
    let ticket = match once::begin(&mut tx, caller, rpc::COMPOSE_YEAR_DOCUMENTS, &id, &request, now).await? {
        Once::First(ticket) => ticket,
        Once::Again(answer) => return Ok(once::again(&answer)?),
    };
    let epoch = hocba_fence::check(&mut tx, &term).await?;
    store::year_document::alone(&mut tx, class).await?;
    let work = Work {
        state,
        caller,
        class,
        header: &header,
        epoch,
    };
    let mut answer = ComposeYearDocumentsResponse::default();
    for (position, pupil) in pupils.iter().enumerate() {
        match work.pupil(&mut tx, position, pupil).await? {
            Outcome::Created => answer.created_count += 1,
            Outcome::Renewed => answer.renewed_count += 1,
            Outcome::Unchanged => answer.unchanged_count += 1,
        }
    }
    once::finish(&mut tx, &ticket, &answer).await?;
    tx.commit().await?;
    Ok(answer)
}

/// The facts of a class, whole: everything sealed, everybody with a result.
async fn facts(
    state: &State,
    caller: &Caller,
    class: &ClassName,
) -> Result<(ClassHeader, Vec<PupilFacts>), Error> {
    let refused = |status: tonic::Status| Error::from(Failure::from_peer("records", &status));
    let ask = ExportClassFactsRequest {
        class: class.to_string(),
    };
    let mut stream = RecordsInternalServiceClient::new(state.records.clone())
        .export_class_facts(client::forward(caller, ask))
        .await
        .map_err(refused)?
        .into_inner();
    let (mut header, mut pupils) = (None, Vec::new());
    while let Some(message) = stream.try_next().await.map_err(refused)? {
        match message.facts {
            Some(Facts::Header(first)) => header = Some(first),
            Some(Facts::Pupil(pupil)) => pupils.push(pupil),
            None => {}
        }
    }
    let incomplete = |what: &str| Error::FactsIncomplete(what.to_owned());
    let header = header.ok_or_else(|| incomplete("header"))?;
    if header.class != class.to_string() {
        return Err(Failure::internal("records answered another class").into());
    }
    if pupils.is_empty() || usize::try_from(header.pupil_count) != Ok(pupils.len()) {
        return Err(incomplete("pupils"));
    }
    for pupil in &pupils {
        if pupil.year_result.is_empty() {
            return Err(incomplete("year_result"));
        }
        let sealed = |item: &str| {
            pupil.lines.iter().any(|line| {
                let mark = line.value.as_ref().map(hocba_proto::types::CellValue::mark);
                line.item == item && mark.is_some_and(|mark| mark != CellMark::Unspecified)
            })
        };
        if let Some(line) = header
            .lines
            .iter()
            .find(|line| !line.elective && !sealed(&line.item))
        {
            return Err(incomplete(&line.item));
        }
    }
    Ok((header, pupils))
}

enum Outcome {
    Created,
    Renewed,
    Unchanged,
}

struct Work<'a> {
    state: &'a State,
    caller: &'a Caller,
    class: &'a ClassName,
    header: &'a ClassHeader,
    epoch: i64,
}

impl Work<'_> {
    /// Keyed digest of what the document prints. How many pupils the class has is not printed: a newcomer renews
    /// nobody's book.
    fn facts_digest(&self, pupil: &PupilFacts) -> String {
        let header = ClassHeader {
            pupil_count: 0,
            ..self.header.clone()
        };
        let mut bytes = header.encode_length_delimited_to_vec();
        bytes.extend(pupil.encode_length_delimited_to_vec());
        HEXLOWER.encode(&self.state.digests.facts.of(&bytes))
    }

    async fn pupil(
        &self,
        tx: &mut PgConnection,
        position: usize,
        pupil: &PupilFacts,
    ) -> Result<Outcome, Error> {
        let class = self.class;
        let id = hocba_chassis::name::id("pupil", &pupil.pupil)?;
        let versions = store::year_document::of_pupil(tx, &class.school, &class.year, id).await?;
        let old = versions.last();
        let facts_digest = self.facts_digest(pupil);
        if old.is_some_and(|old| {
            old.state != "superseded" && old.facts_digest == facts_digest && old.class_id == class.class
        }) {
            return Ok(Outcome::Unchanged);
        }
        let name = DocumentName {
            school: class.school.clone(),
            year: class.year.clone(),
            pupil: id,
            version: old.map_or(1, |old| old.version + 1),
        };
        let mut made = facts::document(&name, self.header, pupil, &self.state.digests.salts);
        if let Some(old) = old {
            let before = old.name(&class.school, &class.year);
            let signed = store::slot::of(tx, &class.school, &before.to_string()).await?;
            carry_over(&mut made.slots, &signed);
            if old.state != "superseded" {
                store::year_document::set_state(tx, &before, "superseded", self.epoch).await?;
            }
        }
        let now = self.state.clock.now();
        let objects = &self.state.objects;
        let carried = made.slots.iter().filter(|slot| slot.signature.is_some()).count();
        let row = Row {
            pupil_id: id,
            version: name.version,
            class_id: class.class.clone(),
            position: i32::try_from(position).unwrap_or(i32::MAX),
            state: "open".to_owned(),
            digest: sha256(&made.xml),
            object: objects.put(tx, &Place::document(&name), &made.xml, now).await?,
            facts_digest,
            composed_at: now,
        };
        store::year_document::insert(tx, &class.school, &class.year, self.epoch, &row).await?;
        let (document, epoch) = (name.to_string(), self.epoch);
        store::slot::insert(tx, &class.school, &document, &class.year, epoch, &made.slots).await?;
        let event = outbox::Event {
            school: class.school.clone(),
            subject: document,
            kind: "year_document.composed".to_owned(),
            facts: serde_json::json!({ "digest": row.digest, "version": row.version, "carried": carried }),
            actor: self.caller.subject(),
        };
        outbox::put(tx, &event, row.composed_at).await?;
        Ok(if old.is_some() {
            Outcome::Renewed
        } else {
            Outcome::Created
        })
    }
}

/// Takes over the signatures of sections that are the same byte for byte (A5.2d: exactly the signatures
/// touched become stale).
fn carry_over(slots: &mut [Slot], old: &[Slot]) {
    for slot in slots.iter_mut().filter(|slot| !slot.section.is_empty()) {
        let same = |before: &&Slot| {
            before.kind == slot.kind && before.signer == slot.signer && before.section == slot.section
        };
        slot.signature = old.iter().find(same).and_then(|before| before.signature.clone());
    }
}
