//! Reading year documents.

use std::collections::BTreeMap;

use hocba_chassis::{Caller, Failure, Person, database, outbox, page};
use hocba_evidence::{Document, document, sha256, verify};
use hocba_policy::Resource;
use hocba_proto::archive::{
    DownloadYearDocumentResponse, ListRelatedDocumentsResponse, ListYearDocumentsRequest,
    ListYearDocumentsResponse, RelatedDocument, VerifyYearDocumentResponse, YearDocument,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Error, State,
    model::{
        name::{ClassName, DocumentName},
        place::Place,
        slot::Slot,
    },
    rpc,
    store::{self, year_document::Row},
    wire,
};

/// The slots of documents, by name.
pub(crate) async fn slots_of(
    tx: &mut PgConnection,
    school: &str,
    names: &[String],
) -> Result<BTreeMap<String, Vec<Slot>>, Error> {
    let mut slots = BTreeMap::<String, Vec<Slot>>::new();
    for (document, slot) in store::slot::list(tx, school, names).await? {
        slots.entry(document).or_default().push(slot);
    }
    Ok(slots)
}

/// A page of a class's documents.
///
/// # Errors
/// See the contract.
pub async fn list_year_documents(
    state: &State,
    caller: &Caller,
    class: &ClassName,
    request: ListYearDocumentsRequest,
) -> Result<ListYearDocumentsResponse, Error> {
    state
        .policy
        .authorize(caller, rpc::LIST_YEAR_DOCUMENTS, &Resource::school(&class.school))?;
    let binding = format!("{class}\n{}", request.show_superseded);
    let after = match page::position(&binding, &request.page_token)? {
        Some(text) => place(&text).ok_or_else(|| Failure::bad_request("page_token", "không hợp lệ"))?,
        None => (-1, Uuid::nil(), 0),
    };
    let size = page::size(request.page_size);
    let mut tx = database::begin(&state.pool, &class.school).await?;
    let mut rows =
        store::year_document::page(&mut tx, class, request.show_superseded, after, size + 1).await?;
    let more = i64::try_from(rows.len()).unwrap_or_default() > size;
    rows.truncate(usize::try_from(size).unwrap_or_default());
    let name = |row: &Row| row.name(&class.school, &class.year).to_string();
    let names: Vec<String> = rows.iter().map(name).collect();
    let slots = slots_of(&mut tx, &class.school, &names).await?;
    let last = rows.last().filter(|_| more);
    let token = |row: &Row| {
        page::token(
            &binding,
            &format!("{}/{}/{}", row.position, row.pupil_id, row.version),
        )
    };
    let none = Vec::new();
    Ok(ListYearDocumentsResponse {
        next_page_token: last.map(token).unwrap_or_default(),
        year_documents: rows
            .iter()
            .map(|row| {
                let slots = slots.get(&name(row)).unwrap_or(&none);
                wire::year_document((&class.school, &class.year), row, slots)
            })
            .collect(),
    })
}

fn place(text: &str) -> Option<(i32, Uuid, i32)> {
    let mut parts = text.split('/');
    Some((
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
    ))
}

/// A document with the signatures it has.
pub(crate) fn assembled(base: &[u8], slots: &[Slot]) -> Result<Vec<u8>, Failure> {
    let signed = slots
        .iter()
        .filter_map(|slot| Some((&slot.kind, slot.signature.as_ref()?.xml.as_slice())));
    document::assemble(base, signed).map_err(|flaw| Failure::internal(flaw.to_string()))
}

/// A document's row, slots and bytes as they stand.
pub(crate) async fn load(
    state: &State,
    tx: &mut PgConnection,
    name: &DocumentName,
) -> Result<(Row, Vec<Slot>, Vec<u8>), Error> {
    let row = store::year_document::get(tx, name)
        .await?
        .ok_or(Error::DocumentUnknown)?;
    let slots = slots_of(tx, &name.school, &[name.to_string()])
        .await?
        .into_values()
        .next()
        .unwrap_or_default();
    let place = Place::document(name);
    let base = state.objects.get(tx, &place, (&row.object, &row.digest)).await?;
    let xml = assembled(&base, &slots)?;
    Ok((row, slots, xml))
}

/// Where a document stands.
///
/// # Errors
/// See the contract.
pub async fn get_year_document(
    state: &State,
    caller: &Caller,
    name: &DocumentName,
) -> Result<YearDocument, Error> {
    state
        .policy
        .authorize(caller, rpc::GET_YEAR_DOCUMENT, &Resource::school(&name.school))?;
    let mut tx = database::begin(&state.pool, &name.school).await?;
    let row = store::year_document::get(&mut tx, name)
        .await?
        .ok_or(Error::DocumentUnknown)?;
    let slots = slots_of(&mut tx, &name.school, &[name.to_string()]).await?;
    let slots = slots.into_values().next().unwrap_or_default();
    Ok(wire::year_document((&name.school, &name.year), &row, &slots))
}

/// A document's bytes. Every reading leaves an event (A3).
///
/// # Errors
/// See the contract.
pub async fn download_year_document(
    state: &State,
    caller: &Caller,
    name: &DocumentName,
) -> Result<DownloadYearDocumentResponse, Error> {
    let mut tx = database::begin(&state.pool, &name.school).await?;
    let slots = slots_of(&mut tx, &name.school, &[name.to_string()]).await?;
    let person = caller.person.as_ref().map(Person::name).unwrap_or_default();
    let signs = slots
        .values()
        .flatten()
        .any(|slot| !person.is_empty() && slot.signer == person);
    let resource = Resource::school(&name.school).relation_if("participant", signs);
    state
        .policy
        .authorize(caller, rpc::DOWNLOAD_YEAR_DOCUMENT, &resource)?;
    let (_, _, xml) = load(state, &mut tx, name).await?;
    let digest = sha256(&xml);
    let event = outbox::Event {
        school: name.school.clone(),
        subject: name.to_string(),
        kind: "year_document.read".to_owned(),
        facts: serde_json::json!({ "digest": digest }),
        actor: caller.subject(),
    };
    outbox::put(&mut tx, &event, state.clock.now()).await?;
    tx.commit().await?;
    Ok(DownloadYearDocumentResponse { xml, digest })
}

/// What holds of a document.
///
/// # Errors
/// See the contract.
pub async fn verify_year_document(
    state: &State,
    caller: &Caller,
    name: &DocumentName,
) -> Result<VerifyYearDocumentResponse, Error> {
    state
        .policy
        .authorize(caller, rpc::VERIFY_YEAR_DOCUMENT, &Resource::school(&name.school))?;
    let mut tx = database::begin(&state.pool, &name.school).await?;
    let (_, _, xml) = load(state, &mut tx, name).await?;
    let document = Document::parse(&xml).map_err(|flaw| Failure::internal(flaw.to_string()))?;
    Ok(wire::findings(&verify::document(&document, &state.anchors)))
}

/// The documents that hold values of a pupil's year.
///
/// # Errors
/// See the contract.
pub async fn list_related_documents(
    state: &State,
    caller: &Caller,
    (school, year, pupil): (&str, &str, Uuid),
) -> Result<ListRelatedDocumentsResponse, Error> {
    state
        .policy
        .authorize(caller, rpc::LIST_RELATED_DOCUMENTS, &Resource::school(school))?;
    let mut tx = database::begin(&state.pool, school).await?;
    let mut documents = Vec::new();
    let rows = store::year_document::of_pupil(&mut tx, school, year, pupil).await?;
    let Some(row) = rows.iter().find(|row| row.state != "superseded") else {
        return Ok(ListRelatedDocumentsResponse { documents });
    };
    let class = ClassName {
        school: school.to_owned(),
        year: year.to_owned(),
        class: row.class_id.clone(),
    };
    let mut names = vec![(row.name(school, year).to_string(), "year_document")];
    for package in store::class_package::of_class(&mut tx, &class).await? {
        names.push((format!("schools/{school}/packages/{}", package.id), "package"));
    }
    for (document, kind) in names {
        let slots = slots_of(&mut tx, school, std::slice::from_ref(&document)).await?;
        let signed = slots
            .into_values()
            .flatten()
            .filter(|slot| slot.signature.is_some());
        documents.push(RelatedDocument {
            signed_slots: signed.map(|slot| slot.kind.to_string()).collect(),
            document,
            kind: kind.to_owned(),
        });
    }
    Ok(ListRelatedDocumentsResponse { documents })
}
