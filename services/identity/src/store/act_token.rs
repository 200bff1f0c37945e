//! Rows of `act_token_issue`: the history of act tokens.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::{
    error::Result,
    model::{act_token::Issue, home::Home},
};

/// Records a token before it is given out.
pub async fn insert(db: &mut PgConnection, home: &Home, issue: &Issue, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "insert into act_token_issue (school_id, id, account_id, sign_in_id, role, delegation_id, purpose,
                                      digest, premises, issued_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        home.key(),
        issue.id,
        issue.account,
        issue.sign_in,
        issue.role.as_str(),
        issue.delegation,
        issue.purpose.as_str(),
        issue.digest.as_str(),
        issue.premises,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
