//! What people are today.

use std::collections::{BTreeMap, BTreeSet};

use hocba_chassis::caller::Role;
use sqlx::PgConnection;
use time::Date;
use uuid::Uuid;

use crate::{
    error::Result,
    model::{delegation::Standing, home::Home},
    store,
};

/// What several people of one tenant are on a day.
pub async fn of_many(
    db: &mut PgConnection,
    home: &Home,
    accounts: &[Uuid],
    day: Date,
) -> Result<BTreeMap<Uuid, Standing>> {
    let mut all: BTreeMap<Uuid, Standing> = accounts.iter().map(|id| (*id, Standing::default())).collect();
    for (account, role) in store::role_binding::in_force(db, home, accounts, day).await? {
        all.entry(account).or_default().own.insert(role);
    }
    for (account, delegation) in store::delegation::in_force(db, home, accounts, day).await? {
        let standing = all.entry(account).or_default();
        if !standing.own.contains(&Role::Principal) {
            standing.acting.insert(Role::Principal, delegation);
        }
    }
    Ok(all)
}

/// What one person is on a day.
pub async fn of(db: &mut PgConnection, home: &Home, account: Uuid, day: Date) -> Result<Standing> {
    Ok(of_many(db, home, &[account], day)
        .await?
        .remove(&account)
        .unwrap_or_default())
}

/// The ids of roles.
pub fn ids(roles: &BTreeSet<Role>) -> Vec<&'static str> {
    roles.iter().map(|role| role.as_str()).collect()
}
