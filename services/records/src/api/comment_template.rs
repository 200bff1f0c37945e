//! The comment bank on the wire.

use hocba_chassis::{Caller, Failure};
use hocba_proto::records::{
    self as wire, DeleteCommentTemplateRequest, DeleteCommentTemplateResponse, ListCommentTemplatesRequest,
    ListCommentTemplatesResponse, SaveCommentTemplateRequest,
};
use tonic::{Request, Response};

use super::{Answer, name};
use crate::{
    app::{self, Ask},
    state::State,
    store::comment_template::Template,
};

pub(super) async fn save_comment_template(
    state: &State,
    request: Request<SaveCommentTemplateRequest>,
) -> Answer<wire::CommentTemplate> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let school = name::school("parent", &request.parent)?;
    let given = request.comment_template.clone().unwrap_or_default();
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(1..=30).contains(&given.code.len()) || !given.code.chars().all(sound) {
        let words = "mã gồm 1 đến 30 chữ thường không dấu, số, gạch nối";
        return Err(Failure::bad_request("comment_template.code", words).into());
    }
    let text = name::reason("comment_template.text", &given.text)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let what = (given.code, text, given.shared);
    let saved = app::comment_template::save_comment_template(state, ask, &school, what).await?;
    Ok(Response::new(answer(&school, saved)))
}

pub(super) async fn delete_comment_template(
    state: &State,
    request: Request<DeleteCommentTemplateRequest>,
) -> Answer<DeleteCommentTemplateResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let pattern = "schools/{school}/commentTemplates/{comment_template}";
    let (school, id) = name::child("name", pattern, &request.name)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    app::comment_template::delete_comment_template(state, ask, &school, id).await?;
    Ok(Response::new(DeleteCommentTemplateResponse {}))
}

pub(super) async fn list_comment_templates(
    state: &State,
    request: Request<ListCommentTemplatesRequest>,
) -> Answer<ListCommentTemplatesResponse> {
    let caller = Caller::of(&request)?;
    let school = name::school("parent", &request.get_ref().parent)?;
    let all = app::comment_template::list_comment_templates(state, &caller, &school).await?;
    let comment_templates = all.into_iter().map(|it| answer(&school, it)).collect();
    Ok(Response::new(ListCommentTemplatesResponse { comment_templates }))
}

fn answer(school: &str, it: Template) -> wire::CommentTemplate {
    wire::CommentTemplate {
        name: format!("schools/{school}/commentTemplates/{}", it.id),
        code: it.code,
        text: it.text,
        shared: it.owner.is_none(),
    }
}
