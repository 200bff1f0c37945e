//! The package of a class (A11.2).

use std::time::{Duration, Instant};

use hocba_chassis::{
    Caller, Failure,
    clock::{day_in_vietnam, new_id},
    database, outbox,
};
use hocba_evidence::{
    Kind,
    log::{entry::Entry, merkle},
    package::{self, Proof, Sealed},
    sha256,
};
use hocba_fence::Term;
use hocba_policy::Resource;
use hocba_proto::archive::ClassPackage;

use crate::{
    Error, State,
    app::year_document,
    model::{
        name::{ClassName, PackageName},
        place::{Part, Place},
        slot::Slot,
        tarball,
    },
    rpc,
    store::{self, class_package::Row},
    wire,
};

/// How long a package waits for its books' entries to be in the log.
const LOG_WAIT: Duration = Duration::from_secs(5);

/// Makes the package of a class.
///
/// # Errors
/// See the contract.
pub async fn create_class_package(
    state: &State,
    caller: &Caller,
    class: &ClassName,
) -> Result<ClassPackage, Error> {
    let school = &class.school;
    state
        .policy
        .authorize(caller, rpc::CREATE_CLASS_PACKAGE, &Resource::school(school))?;
    let mut tx = database::begin(&state.pool, school).await?;
    hocba_fence::check(&mut tx, &Term::books(school, &class.year)).await?;
    let rows = store::year_document::current(&mut tx, class).await?;
    if rows.is_empty() {
        return Err(Error::DocumentUnknown);
    }
    let open = rows.iter().filter(|row| row.state != "sealed").count();
    if open > 0 {
        return Err(Error::NotSealedYet(open));
    }
    let mut documents = Vec::with_capacity(rows.len());
    let mut content = String::new();
    for row in &rows {
        let name = row.name(school, &class.year);
        let (_, _, xml) = year_document::load(state, &mut tx, &name).await?;
        content.push_str(&format!("{name} {}\n", sha256(&xml)));
        documents.push(Sealed {
            pupil: row.pupil_id.to_string(),
            document: name.to_string(),
            xml,
        });
    }
    tx.rollback().await?;
    let content = sha256(content.as_bytes());
    let names: Vec<String> = documents.iter().map(|sealed| sealed.document.clone()).collect();
    let (proofs, note) = proofs(state, school, &names).await?;

    let now = state.clock.now();
    let name = PackageName {
        school: school.clone(),
        id: new_id(),
    };
    let date = day_in_vietnam(now).to_string();
    let bag = package::build(
        &name.to_string(),
        school,
        &class.to_string(),
        &date,
        documents,
        &proofs,
        &note,
    )
    .map_err(|flaw| Failure::internal(flaw.to_string()))?;
    let tar = tarball::write(&bag.files).map_err(|error| Failure::internal(error.to_string()))?;
    let mut tx = database::begin(&state.pool, school).await?;
    let objects = &state.objects;
    let statement = Place::package(&name, Part::Statement);
    let whole = Place::package(&name, Part::Bag);
    let row = Row {
        id: name.id,
        year_id: class.year.clone(),
        class_id: class.class.clone(),
        state: "awaiting_signatures".to_owned(),
        content,
        statement: sha256(&bag.statement),
        statement_object: objects.put(&mut tx, &statement, &bag.statement, now).await?,
        bag: sha256(&tar),
        bag_object: objects.put(&mut tx, &whole, &tar, now).await?,
        tag_manifest: bag.tag_manifest,
        document_count: i32::try_from(rows.len()).unwrap_or(i32::MAX),
        created_at: now,
    };
    // The school's key, should it be new: what it sealed lies there.
    tx.commit().await?;
    keep(state, caller, class, &name, row).await
}

/// Writes the package, unless the same documents have one already: then that one is the answer.
async fn keep(
    state: &State,
    caller: &Caller,
    class: &ClassName,
    name: &PackageName,
    row: Row,
) -> Result<ClassPackage, Error> {
    let school = &class.school;
    let mut tx = database::begin(&state.pool, school).await?;
    let epoch = hocba_fence::check(&mut tx, &Term::books(school, &class.year)).await?;
    store::year_document::alone(&mut tx, class).await?;
    let before = store::class_package::of_class(&mut tx, class).await?;
    if let Some(before) = before.iter().find(|before| before.content == row.content) {
        let name = PackageName {
            school: school.clone(),
            id: before.id,
        };
        let slots = store::slot::of(&mut tx, school, &name.to_string()).await?;
        return Ok(wire::class_package(school, before, &slots));
    }
    let slots = [Kind::Principal, Kind::Seal].map(|kind| Slot {
        kind,
        signer: String::new(),
        section: String::new(),
        signature: None,
    });
    store::class_package::insert(&mut tx, school, epoch, &row).await?;
    store::slot::insert(&mut tx, school, &name.to_string(), &class.year, epoch, &slots).await?;
    let event = outbox::Event {
        school: school.clone(),
        subject: name.to_string(),
        kind: "class_package.created".to_owned(),
        facts: serde_json::json!({ "digest": row.tag_manifest, "documents": row.document_count }),
        actor: caller.subject(),
    };
    outbox::put(&mut tx, &event, row.created_at).await?;
    tx.commit().await?;
    Ok(wire::class_package(school, &row, &slots))
}

/// That the sealing of each document stands in the log, all against one head. The entries follow the
/// signatures by moments: they are waited for.
async fn proofs(state: &State, school: &str, documents: &[String]) -> Result<(Vec<Proof>, String), Error> {
    let until = Instant::now() + LOG_WAIT;
    loop {
        let mut tx = database::begin(&state.pool, school).await?;
        let entries = store::log::sealings(&mut tx, school, documents).await?;
        if let (true, Some(head)) = (
            entries.len() == documents.len(),
            store::log::head(&mut tx, school).await?,
        ) {
            let leaves = store::log::leaves(&mut tx, school, head.tree_size).await?;
            if merkle::root(&leaves).as_slice() != head.root_hash
                || entries.iter().any(|it| !it.holds(school))
            {
                return Err(Failure::internal("the log does not recompute to its head").into());
            }
            let proof = |entry: &Entry| {
                let path = merkle::path(&leaves, usize::try_from(entry.index).ok()?)?;
                Some(Proof::of(entry, &path))
            };
            let proofs: Option<Vec<Proof>> = entries.iter().map(proof).collect();
            let proofs = proofs.ok_or_else(|| Failure::internal("an entry stands outside the tree"))?;
            return Ok((proofs, head.note));
        }
        tx.rollback().await?;
        if Instant::now() > until {
            return Err(Error::LogBehind);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Where a package stands.
///
/// # Errors
/// See the contract.
pub async fn get_class_package(
    state: &State,
    caller: &Caller,
    name: &PackageName,
) -> Result<ClassPackage, Error> {
    let school = &name.school;
    state
        .policy
        .authorize(caller, rpc::GET_CLASS_PACKAGE, &Resource::school(school))?;
    let mut tx = database::begin(&state.pool, school).await?;
    let row = store::class_package::get(&mut tx, name).await?;
    let row = row.ok_or(Error::PackageUnknown)?;
    let slots = store::slot::of(&mut tx, school, &name.to_string()).await?;
    Ok(wire::class_package(school, &row, &slots))
}

/// The package as a tar, with its signed statement. Every export leaves an event (A3).
///
/// # Errors
/// See the contract.
pub async fn download_class_package(
    state: &State,
    caller: &Caller,
    name: &PackageName,
) -> Result<Vec<u8>, Error> {
    let school = &name.school;
    state
        .policy
        .authorize(caller, rpc::DOWNLOAD_CLASS_PACKAGE, &Resource::school(school))?;
    let mut tx = database::begin(&state.pool, school).await?;
    let row = store::class_package::get(&mut tx, name).await?;
    let row = row.ok_or(Error::PackageUnknown)?;
    if row.state != "sealed" {
        return Err(Error::NotSealedYet(1));
    }
    let slots = store::slot::of(&mut tx, school, &name.to_string()).await?;
    let objects = &state.objects;
    let place = Place::package(name, Part::Statement);
    let base = objects
        .get(&mut tx, &place, (&row.statement_object, &row.statement))
        .await?;
    let statement = year_document::assembled(&base, &slots)?;
    let place = Place::package(name, Part::Bag);
    let bag = objects.get(&mut tx, &place, (&row.bag_object, &row.bag)).await?;
    let bent = |error: std::io::Error| Failure::internal(error.to_string());
    let mut files = tarball::read(&bag).map_err(bent)?;
    package::put_statement(&mut files, statement);
    let tar = tarball::write(&files).map_err(bent)?;
    let event = outbox::Event {
        school: school.clone(),
        subject: name.to_string(),
        kind: "class_package.exported".to_owned(),
        facts: serde_json::json!({ "digest": sha256(&tar) }),
        actor: caller.subject(),
    };
    outbox::put(&mut tx, &event, state.clock.now()).await?;
    tx.commit().await?;
    Ok(tar)
}
