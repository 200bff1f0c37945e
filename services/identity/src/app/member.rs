//! People named as members of a school's bodies: locked, and told when their roles change.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    model::{account_event::Kind, home::Home},
    store,
};

/// Locks accounts, so that what is given out on the strength of their roles comes before the change or after it.
/// Refuses who is no account of this tenant.
pub async fn lock(db: &mut PgConnection, home: &Home, accounts: &[Uuid]) -> Result<()> {
    let there = store::account::lock_all(db, home, accounts).await?;
    match accounts.iter().find(|account| !there.contains(account)) {
        Some(account) => Err(Error::MemberUnknown { account: *account }),
        None => Ok(()),
    }
}

/// Tells the feed that roles of accounts changed. Last in a transaction: others wait for the feed until the commit.
pub async fn told(
    db: &mut PgConnection,
    home: &Home,
    accounts: impl IntoIterator<Item = Uuid>,
    now: OffsetDateTime,
) -> Result<()> {
    for account in accounts {
        store::account_event::put(db, home, Kind::RolesChanged, account, None, now).await?;
    }
    Ok(())
}
