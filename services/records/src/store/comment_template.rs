//! The comment bank.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;

/// A template as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Id.
    pub id: Uuid,
    /// None: the school's.
    pub owner: Option<Uuid>,
    /// The code.
    pub code: String,
    /// The text.
    pub text: String,
}

/// Writes a template, in place of one with its owner and code; answers its id.
pub async fn save(tx: &mut PgConnection, school: &str, new: &Template) -> Result<Uuid, Error> {
    Ok(sqlx::query_scalar!(
        "insert into comment_template (school_id, template_id, owner, code, text) values ($1, $2, $3, $4, $5)
         on conflict on constraint comment_template_unique do update set text = excluded.text
         returning template_id",
        school,
        new.id,
        new.owner,
        new.code,
        new.text,
    )
    .fetch_one(tx)
    .await?)
}

/// The school's and a person's own, own ones first.
pub async fn list(tx: &mut PgConnection, school: &str, account: Uuid) -> Result<Vec<Template>, Error> {
    Ok(sqlx::query_as!(
        Template,
        "select template_id as id, owner, code, text from comment_template
         where school_id = $1 and (owner = $2 or owner is null) order by owner nulls last, code",
        school,
        account,
    )
    .fetch_all(tx)
    .await?)
}

/// One that is the person's own or the school's.
pub async fn get(
    tx: &mut PgConnection,
    school: &str,
    account: Uuid,
    id: Uuid,
) -> Result<Option<Template>, Error> {
    let all = list(tx, school, account).await?;
    Ok(all.into_iter().find(|it| it.id == id))
}

/// Throws a template away.
pub async fn delete(tx: &mut PgConnection, school: &str, id: Uuid) -> Result<(), Error> {
    sqlx::query!(
        "delete from comment_template where school_id = $1 and template_id = $2",
        school,
        id,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The texts by code; a person's own go before the school's.
pub async fn texts(
    tx: &mut PgConnection,
    school: &str,
    account: Uuid,
) -> Result<BTreeMap<String, String>, Error> {
    let all = list(tx, school, account).await?;
    Ok(all.into_iter().rev().map(|it| (it.code, it.text)).collect())
}
