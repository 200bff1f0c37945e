//! The comment bank: a teacher's own templates and the school's.

use hocba_chassis::{Caller, clock::new_id};
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use uuid::Uuid;

use super::{Ask, Turn, keep, tell, turn};
use crate::{
    error::Error,
    state::State,
    store::comment_template::{self, Template},
};

/// SaveCommentTemplate.
pub async fn save_comment_template<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    (code, text, shared): (String, String, bool),
) -> Result<Template, Error> {
    let resource = Resource::school(school).relation_if("owner", !shared);
    state.authorize(ask.caller, "SaveCommentTemplate", &resource)?;
    let account = ask.caller.person()?.account;
    let mut tx = state.begin(school).await?;
    let id = match turn(state, &mut tx, &ask, "SaveCommentTemplate").await? {
        Turn::Again(kept) => kept.parse().map_err(|_| Error::Damaged("a kept answer"))?,
        Turn::New(ticket) => {
            let new = Template {
                id: new_id(),
                owner: (!shared).then_some(account),
                code,
                text,
            };
            let id = comment_template::save(&mut tx, school, &new).await?;
            told(state, &ask, &mut tx, (school, id), "comment_template.saved").await?;
            keep(&mut tx, &ticket, &id.to_string()).await?;
            id
        }
    };
    let found = comment_template::get(&mut tx, school, account, id).await?;
    tx.commit().await?;
    found.ok_or(Error::TemplateUnknown)
}

/// DeleteCommentTemplate; another's own template is not to be known.
pub async fn delete_comment_template<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    id: Uuid,
) -> Result<(), Error> {
    let mut tx = state.begin(school).await?;
    let found = match &ask.caller.person {
        Some(person) => comment_template::get(&mut tx, school, person.account, id).await?,
        None => None,
    };
    let shared = found.as_ref().is_some_and(|it| it.owner.is_none());
    let resource = Resource::school(school).relation_if("owner", !shared);
    state.authorize(ask.caller, "DeleteCommentTemplate", &resource)?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "DeleteCommentTemplate").await? {
        found.ok_or(Error::TemplateUnknown)?;
        comment_template::delete(&mut tx, school, id).await?;
        told(state, &ask, &mut tx, (school, id), "comment_template.deleted").await?;
        keep(&mut tx, &ticket, "").await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn told<M: Message>(
    state: &State,
    ask: &Ask<'_, M>,
    tx: &mut sqlx::PgConnection,
    (school, id): (&str, Uuid),
    kind: &str,
) -> Result<(), Error> {
    let subject = format!("schools/{school}/commentTemplates/{id}");
    tell(state, tx, ask.caller, school, subject, kind, json!({})).await?;
    Ok(())
}

/// ListCommentTemplates.
pub async fn list_comment_templates(
    state: &State,
    caller: &Caller,
    school: &str,
) -> Result<Vec<Template>, Error> {
    let resource = Resource::school(school).relation("owner");
    state.authorize(caller, "ListCommentTemplates", &resource)?;
    let mut tx = state.begin(school).await?;
    comment_template::list(&mut tx, school, caller.person()?.account).await
}
