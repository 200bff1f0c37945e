//! ListTasks: what waits for the caller.

use hocba_chassis::{Caller, Role};
use hocba_policy::Resource;
use time::OffsetDateTime;

use crate::{
    error::Error,
    model::dossier::{Capacity, Dossier, Step},
    state::State,
    store,
};

/// At most so many of a kind.
const MOST: i64 = 100;

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// What is to be done.
    pub kind: &'static str,
    /// With what.
    pub resource: String,
    /// Since when.
    pub since: OffsetDateTime,
}

/// ListTasks.
///
/// # Errors
/// See the contract.
pub async fn list_tasks(state: &State, caller: &Caller, school: &str) -> Result<Vec<Task>, Error> {
    state.authorize(caller, "ListTasks", &Resource::school(school))?;
    let person = caller.person()?;
    let mut tx = state.begin(school).await?;
    let mut tasks = Vec::new();
    let orders = [
        (Role::Principal, "proposed", "lock_order.decide"),
        (Role::SystemAdmin, "approved", "lock_order.execute"),
    ];
    for (role, step, kind) in orders {
        if !person.has(role) {
            continue;
        }
        for order in store::lock_order::page(&mut tx, school, (None, Some(step)), MOST).await? {
            if order.decided_by != Some(person.account) {
                tasks.push(Task {
                    kind,
                    resource: order.name(school),
                    since: order.decided_at.unwrap_or(order.proposed_at),
                });
            }
        }
    }
    if person.has(Role::Principal) || person.has(Role::VicePrincipal) {
        for review in store::review::page(&mut tx, &state.seals, school, (None, Some("open")), MOST).await? {
            tasks.push(Task {
                kind: "review.decide",
                resource: review.name(school),
                since: review.created_at,
            });
        }
    }
    let mut dossier = |kind, dossier: &Dossier, since: Option<OffsetDateTime>| {
        tasks.push(Task {
            kind,
            resource: dossier.name(school),
            since: since.unwrap_or(dossier.created_at),
        });
    };
    let own = (None, Some(person.account));
    for (step, kind) in [
        (Step::Draft, "dossier.submit"),
        (Step::Permitted, "dossier.apply"),
        (Step::Applying, "dossier.apply"),
    ] {
        for it in
            store::dossier::page(&mut tx, &state.seals, school, (own.0, own.1, Some(step)), MOST).await?
        {
            dossier(kind, &it, it.decided_at);
        }
    }
    if person.has(Role::Principal) {
        for it in store::dossier::page(
            &mut tx,
            &state.seals,
            school,
            (None, None, Some(Step::Submitted)),
            MOST,
        )
        .await?
        {
            if it.requester != person.account {
                dossier("dossier.consent", &it, it.submitted_at);
            }
        }
    }
    for it in store::dossier::page(
        &mut tx,
        &state.seals,
        school,
        (None, None, Some(Step::Consented)),
        MOST,
    )
    .await?
    {
        let given = store::dossier::attestations(&mut tx, &state.seals, school, &it).await?;
        let open = |capacity: Capacity| !given.iter().any(|done| done.capacity == capacity.id());
        let may = |capacity: Capacity| match capacity {
            Capacity::Requester => it.requester == person.account,
            Capacity::WorkingGroup => it.requester != person.account && person.has(Role::WorkingGroup),
            Capacity::ManagementBoard => {
                it.requester != person.account
                    && (person.has(Role::Principal) || person.has(Role::VicePrincipal))
            }
        };
        let done = given.iter().any(|done| done.account == person.account);
        if !done
            && Capacity::ALL
                .into_iter()
                .any(|capacity| open(capacity) && may(capacity))
        {
            dossier("dossier.attest", &it, it.decided_at);
        }
    }
    tasks.sort_by_key(|task| task.since);
    tasks.truncate(200);
    Ok(tasks)
}
