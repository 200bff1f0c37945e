//! The package of a class (A11.2).

use hocba_chassis::{Caller, Failure, database, outbox};
use hocba_fence::Term;
use hocba_policy::Resource;
use hocba_proto::archive::ClassPackage;

use crate::{
    Error, State,
    model::name::{ClassName, PackageName},
    rpc,
    store::{self, object::sha256},
    wire,
};

/// Makes the package of a class.
///
/// # Errors
/// See the contract.
pub async fn create_class_package(
    state: &State,
    caller: &Caller,
    class: &ClassName,
) -> Result<ClassPackage, Error> {
    state.policy.authorize(
        caller,
        rpc::CREATE_CLASS_PACKAGE,
        &Resource::school(&class.school),
    )?;
    let mut tx = database::begin(&state.pool, &class.school).await?;
    hocba_fence::check(&mut tx, &Term::books(&class.school, &class.year)).await?;
    let rows = store::year_document::current(&mut tx, class).await?;
    if rows.is_empty() {
        return Err(Error::DocumentUnknown);
    }
    let open = rows.iter().filter(|row| row.state != "sealed").count();
    if open > 0 {
        return Err(Error::NotSealedYet(open));
    }
    // Without a verifier no document is ever sealed, so nobody comes here.
    Err(Failure::away("packages").into())
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
    let tar = state.objects.get(school, &row.bag).await?;
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
