//! Signatures: what waits for one, and storing finished ones. Documents and packages alike.

use hocba_chassis::{Caller, Failure, Person, Role, database, outbox};
use hocba_evidence::{Document, Flaw, Verdict, document, sha256, verify};
use hocba_fence::Term;
use hocba_policy::Resource;
use hocba_proto::archive::{DocumentToSign, FinishedSignature, PutSignaturesResponse, SignatureResult};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::{
    Error, State,
    app::year_document::assembled,
    model::{
        name::{ClassName, PackageName, Signable},
        place::{Part, Place},
        slot::{Kind, NotReady, Signature, Slot, ready},
    },
    rpc, store,
};

/// Whose documents are listed.
#[derive(Debug)]
pub enum Parent {
    /// All documents of a class.
    Class(ClassName),
    /// A package's statement.
    Package(PackageName),
}

/// What waits for this slot's signature by this person. Documents that carry it already, and those another
/// account must sign, are left out.
///
/// # Errors
/// See the contract.
pub async fn list_documents_to_sign(
    state: &State,
    caller: &Caller,
    parent: Parent,
    slot: &str,
) -> Result<Vec<DocumentToSign>, Error> {
    let school = match &parent {
        Parent::Class(class) => class.school.clone(),
        Parent::Package(package) => package.school.clone(),
    };
    state
        .policy
        .authorize(caller, rpc::LIST_DOCUMENTS_TO_SIGN, &Resource::school(&school))?;
    let kind = Kind::parse(slot).ok_or_else(|| not_ready(slot, NotReady::Unknown))?;
    let mut tx = database::begin(&state.pool, &school).await?;
    let signables = match parent {
        Parent::Package(name) => vec![Signable::Package(name)],
        Parent::Class(class) => store::year_document::current(&mut tx, &class)
            .await?
            .iter()
            .map(|row| Signable::Document(row.name(&class.school, &class.year)))
            .collect(),
    };
    if signables.is_empty() {
        return Err(Error::DocumentUnknown);
    }
    let mut answer = Vec::new();
    for name in signables {
        let found = load(state, &mut tx, &name).await?;
        let place = found.slots.iter().find(|slot| slot.kind == kind);
        let Some(place) = place else {
            return Err(not_ready(slot, NotReady::Unknown));
        };
        if place.signature.is_some() || may_sign(caller.person()?, place).is_err() {
            continue;
        }
        ready(&found.slots, &kind, found.approved).map_err(|why| not_ready(slot, why))?;
        let xml = found.assembled()?;
        answer.push(DocumentToSign {
            document: name.to_string(),
            content_digest: read(&xml)?.content_digest(&kind).map_err(own)?,
            signer: place.signer.clone(),
            xml,
        });
    }
    Ok(answer)
}

fn not_ready(slot: &str, why: NotReady) -> Error {
    Error::NotReady {
        slot: slot.to_owned(),
        why,
    }
}

/// The slot's signer, or any holder of the role where none is named.
fn may_sign(person: &Person, slot: &Slot) -> Result<(), Error> {
    let may = match &slot.kind {
        Kind::Subject(_) | Kind::Homeroom => slot.signer == person.name(),
        Kind::Principal => person.has(Role::Principal),
        Kind::Seal => person.has(Role::OfficeClerk),
    };
    if may { Ok(()) } else { Err(Error::WrongSigner) }
}

/// A document of ours that does not read is our fault.
fn own(flaw: Flaw) -> Failure {
    Failure::internal(flaw.to_string())
}

fn read(xml: &[u8]) -> Result<Document<'_>, Failure> {
    Document::parse(xml).map_err(own)
}

/// Something to sign as it stands.
struct Found {
    slots: Vec<Slot>,
    base: Vec<u8>,
    approved: bool,
    live: bool,
}

impl Found {
    fn assembled(&self) -> Result<Vec<u8>, Failure> {
        assembled(&self.base, &self.slots)
    }
}

async fn load(state: &State, tx: &mut PgConnection, name: &Signable) -> Result<Found, Error> {
    let school = name.school();
    let (place, (object, digest), live, approved) = match name {
        Signable::Document(name) => {
            let row = store::year_document::get(tx, name)
                .await?
                .ok_or(Error::DocumentUnknown)?;
            let class = ClassName {
                school: name.school.clone(),
                year: name.year.clone(),
                class: row.class_id,
            };
            let approved = store::approval::stands(tx, &class).await?;
            let live = row.state != "superseded";
            (Place::document(name), (row.object, row.digest), live, approved)
        }
        Signable::Package(name) => {
            let row = store::class_package::get(tx, name)
                .await?
                .ok_or(Error::PackageUnknown)?;
            // The documents inside are approved: they could not be sealed otherwise.
            let place = Place::package(name, Part::Statement);
            (place, (row.statement_object, row.statement), true, true)
        }
    };
    let slots = store::slot::of(tx, school, &name.to_string()).await?;
    let base = state.objects.get(tx, &place, (&object, &digest)).await?;
    Ok(Found {
        slots,
        base,
        approved,
        live,
    })
}

/// Stores finished signatures, each in a transaction of its own and answered by itself. What is our fault, or
/// a database that is away, fails the call: a repeat stores the rest.
///
/// # Errors
/// See the contract.
pub async fn put_signatures(
    state: &State,
    caller: &Caller,
    items: Vec<(Signable, FinishedSignature)>,
) -> Result<PutSignaturesResponse, Error> {
    for (name, _) in &items {
        state
            .policy
            .authorize(caller, rpc::PUT_SIGNATURES, &Resource::school(name.school()))?;
    }
    let mut results = Vec::with_capacity(items.len());
    for (name, item) in items {
        let document = item.document.clone();
        let reason = match put(state, caller, &name, item).await {
            Ok(()) => String::new(),
            Err(error) => {
                let failure = error.into_failure().map_err(Error::Peer)?;
                match failure.code() {
                    tonic::Code::Internal | tonic::Code::Unavailable => return Err(failure.into()),
                    _ => failure.reason().to_owned(),
                }
            }
        };
        results.push(SignatureResult { document, reason });
    }
    Ok(PutSignaturesResponse { results })
}

async fn put(state: &State, caller: &Caller, name: &Signable, item: FinishedSignature) -> Result<(), Error> {
    let person = caller.person()?;
    let kind = Kind::parse(&item.slot).ok_or_else(|| not_ready(&item.slot, NotReady::Unknown))?;
    let school = name.school();
    let mut tx = database::begin(&state.pool, school).await?;
    let year = match name {
        Signable::Document(name) => name.year.clone(),
        Signable::Package(name) => {
            let row = store::class_package::get(&mut tx, name).await?;
            row.ok_or(Error::PackageUnknown)?.year_id
        }
    };
    let epoch = hocba_fence::check(&mut tx, &Term::books(school, &year)).await?;
    let found = load(state, &mut tx, name).await?;
    let place = found.slots.iter().find(|slot| slot.kind == kind);
    let place = place
        .ok_or_else(|| not_ready(&item.slot, NotReady::Unknown))?
        .clone();
    if let Some(stored) = &place.signature {
        return if stored.xml == item.signature_xml {
            Ok(())
        } else {
            Err(Error::SlotSigned(item.slot))
        };
    }
    may_sign(person, &place)?;
    if item.signer != person.name() {
        return Err(Error::WrongSigner);
    }
    ready(&found.slots, &kind, found.approved).map_err(|why| not_ready(&item.slot, why))?;
    let before = found.assembled()?;
    let shown = read(&before)?.content_digest(&kind).map_err(own)?;
    if !found.live || shown != item.content_digest {
        return Err(Error::StaleDigest);
    }
    let now = state.clock.now();
    let xml = verified(state, &before, &kind, &item, now)?;
    let signature = Signature {
        xml: item.signature_xml,
        content_digest: item.content_digest,
        by: item.signer,
        at: now,
    };
    store::slot::fill(&mut tx, school, &name.to_string(), &kind, &signature, epoch).await?;
    let what = match name {
        Signable::Document(_) => "year_document",
        Signable::Package(_) => "class_package",
    };
    let event = |kind: &str, facts: serde_json::Value| outbox::Event {
        school: school.to_owned(),
        subject: name.to_string(),
        kind: format!("{what}.{kind}"),
        facts,
        actor: caller.subject(),
    };
    let facts = serde_json::json!({ "slot": kind.to_string(), "content_digest": signature.content_digest });
    outbox::put(&mut tx, &event("signed", facts), now).await?;
    if kind == Kind::Seal {
        match name {
            Signable::Document(name) => {
                store::year_document::set_state(&mut tx, name, "sealed", epoch).await?
            }
            Signable::Package(name) => store::class_package::seal(&mut tx, name, epoch).await?,
        }
        // What the log holds of a sealed document: the package proves its books by it.
        let facts = serde_json::json!({ "digest": sha256(&xml) });
        outbox::put(&mut tx, &event("sealed", facts), now).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// How far a signer's clock may be from ours: a signature does not say that it is of another day.
const CLOCK_DRIFT: Duration = Duration::minutes(10);

/// The document with the new signature, after that was found valid: from the bytes as they will lie here.
fn verified(
    state: &State,
    before: &[u8],
    kind: &Kind,
    item: &FinishedSignature,
    now: OffsetDateTime,
) -> Result<Vec<u8>, Error> {
    let invalid = |why: &str| Error::SignatureInvalid(why.to_owned());
    let xml = document::assemble(before, [(kind, item.signature_xml.as_slice())])
        .map_err(|flaw| invalid(&flaw.0))?;
    let document = Document::parse(&xml).map_err(|flaw| invalid(&flaw.0))?;
    let checked = verify::check(&document, kind, &state.anchors);
    if checked.verdict != Verdict::Valid {
        return Err(Error::SignatureInvalid(checked.detail));
    }
    let account = checked.signer.and_then(|signer| signer.account);
    if account.is_some_and(|account| account != item.signer) {
        return Err(invalid("the certificate is of another account"));
    }
    if checked.signed_at.is_none_or(|at| (now - at).abs() > CLOCK_DRIFT) {
        return Err(invalid("the signing time is not now"));
    }
    Ok(xml)
}
