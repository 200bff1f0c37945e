//! Signatures: what waits for one, and storing finished ones. Documents and packages alike.

use hocba_chassis::{Caller, Failure, Person, Role, database};
use hocba_fence::Term;
use hocba_policy::Resource;
use hocba_proto::archive::{DocumentToSign, FinishedSignature, PutSignaturesResponse, SignatureResult};
use sqlx::PgConnection;

use crate::{
    Error, State,
    model::{
        book,
        name::{ClassName, PackageName, Signable},
        slot::{Kind, NotReady, Slot, ready},
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
        answer.push(DocumentToSign {
            document: name.to_string(),
            content_digest: found.content_digest(&kind)?,
            signer: place.signer.clone(),
            xml: found.assembled()?,
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

/// Something to sign as it stands.
struct Found {
    slots: Vec<Slot>,
    base: Vec<u8>,
    approved: bool,
    live: bool,
}

impl Found {
    fn assembled(&self) -> Result<Vec<u8>, Failure> {
        book::assemble(&self.base, &self.slots).ok_or_else(|| Failure::internal("a place is gone"))
    }

    fn content_digest(&self, kind: &Kind) -> Result<String, Failure> {
        book::content_digest(&self.base, &self.slots, kind)
            .ok_or_else(|| Failure::internal("a place is gone"))
    }
}

async fn load(state: &State, tx: &mut PgConnection, name: &Signable) -> Result<Found, Error> {
    let school = name.school();
    let (digest, live, approved) = match name {
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
            (row.digest, row.state != "superseded", approved)
        }
        Signable::Package(name) => {
            let row = store::class_package::get(tx, name)
                .await?
                .ok_or(Error::PackageUnknown)?;
            // The documents inside are approved: they could not be sealed otherwise.
            (row.statement, true, true)
        }
    };
    let slots = store::slot::of(tx, school, &name.to_string()).await?;
    let base = state.objects.get(school, &digest).await?;
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
    hocba_fence::check(&mut tx, &Term::books(school, &year)).await?;
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
    if !found.live || found.content_digest(&kind)? != item.content_digest {
        return Err(Error::StaleDigest);
    }
    // Nothing is stored unverified.
    Err(Error::SignatureInvalid("no verifier".to_owned()))
}
