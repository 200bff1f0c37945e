//! SaveDrafts: the hot path: one check of the fence, one write.

use std::collections::BTreeMap;

use prost::Message;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Ask, Turn,
    content::Content,
    entry_session::{Stay, open, owned, stay, term},
    keep, turn,
};
use crate::{
    error::Error,
    model::{
        cell::{Mark, Value},
        draft::{Kept, Lock, Outcome, Step, step},
        naming::Roster,
        need::Need,
        period::Period,
        sheet::Place,
    },
    state::State,
    store::{comment_template, draft, session},
};

/// An edit of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The pupil.
    pub pupil: Uuid,
    /// The item.
    pub item: String,
    /// What shall stand there; `None` empties the draft.
    pub value: Option<Value>,
    /// The draft version the edit began with.
    pub base: i32,
}

/// SaveDrafts: each edit is answered by itself, in order.
pub async fn save_drafts<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    id: Uuid,
    edits: Vec<Edit>,
) -> Result<(Vec<Outcome>, Stay), Error> {
    let mut tx = state.begin(school).await?;
    let found = owned(state, &mut tx, ask.caller, "SaveDrafts", school, id).await?;
    match turn(state, &mut tx, &ask, "SaveDrafts").await? {
        Turn::Again(kept) => {
            let outcomes = serde_json::from_str(&kept).map_err(|_| Error::Damaged("a kept answer"))?;
            Ok((outcomes, stay(state, &mut tx, school, found).await?))
        }
        Turn::New(ticket) => {
            let at = open(school, &found)?;
            hocba_fence::check(&mut tx, &term(school, &at.year, at.period)).await?;
            let content = Content::load(state, &mut tx, &at, Some(id)).await?;
            let coded = |edit: &Edit| edit.value.as_ref().is_some_and(|it| it.comment.starts_with('#'));
            let templates = if edits.iter().any(coded) {
                comment_template::texts(&mut tx, school, ask.caller.person()?.account).await?
            } else {
                BTreeMap::new()
            };
            let mut plan = Plan::new(content, at.period, found.save_count + 1, templates);
            let outcomes: Vec<Outcome> = edits.into_iter().map(|edit| plan.take(edit)).collect();
            let (sign_in, now) = (ask.caller.person()?.sign_in, state.clock.now());
            draft::save(&mut tx, school, id, &plan.saves, (plan.version, sign_in, now)).await?;
            draft::clear(&mut tx, school, id, &plan.clears).await?;
            session::touch(&mut tx, school, (id, plan.version), sign_in, now).await?;
            let kept = serde_json::to_string(&outcomes).map_err(hocba_chassis::Failure::internal)?;
            keep(&mut tx, &ticket, &kept).await?;
            tx.commit().await?;
            Ok((outcomes, Stay::of(found, &plan.written((sign_in, now)))))
        }
    }
}

/// What a save will write. All edits of one request began before it: of two for a cell the later counts.
struct Plan {
    content: Content,
    names: Roster,
    templates: BTreeMap<String, String>,
    period: Period,
    version: i32,
    saves: BTreeMap<Place, Value>,
    clears: Vec<Place>,
}

impl Plan {
    fn new(content: Content, period: Period, version: i32, templates: BTreeMap<String, String>) -> Self {
        Self {
            templates,
            names: Roster::new(content.roster.iter().map(|(_, name)| name.as_str())),
            content,
            period,
            version,
            saves: BTreeMap::new(),
            clears: Vec::new(),
        }
    }

    fn take(&mut self, edit: Edit) -> Outcome {
        let Some(line) = self.content.line(&edit.item) else {
            return Outcome::Locked(Lock::OtherSheet);
        };
        let Some(own) = self.content.name(edit.pupil) else {
            return Outcome::Locked(Lock::OtherClass);
        };
        let place = (edit.pupil, edit.item);
        let need = self.content.needs.of(edit.pupil, line);
        match need {
            Need::Barred => return Outcome::Locked(Lock::Exempt),
            Need::Absent => return Outcome::Locked(Lock::NotLearnt),
            Need::Required | Need::Optional => {}
        }
        if self.content.sealed.get(&place).is_some_and(|cell| !cell.reopened) {
            return Outcome::Locked(Lock::Sealed);
        }
        let mut value = edit.value.map(Value::cleaned);
        let expanded = match value.as_mut().map(|value| expand(value, &self.templates)) {
            Some(Err(words)) => return Outcome::Invalid(words),
            Some(Ok(expanded)) => expanded,
            None => None,
        };
        let blank = |value: &Value| matches!(value.mark, Mark::Exempt | Mark::NotAssessed);
        if need == Need::Required && value.as_ref().is_some_and(blank) {
            let words = "Miễn hoặc không đánh giá cần quyết định của Ban giám hiệu.";
            return Outcome::Invalid(words.to_owned());
        }
        if let Some(Err(words)) = value
            .as_ref()
            .map(|value| value.judge(self.content.rules, line, self.period))
        {
            return Outcome::Invalid(words);
        }
        let warnings = value.as_ref().map(|value| {
            let others = self.names.named(&value.comment, own).into_iter();
            others
                .map(|other| format!("Nhận xét nhắc tên học sinh khác trong lớp: {other}."))
                .collect()
        });
        let warnings = warnings.unwrap_or_default();
        let standing = self.content.drafts.get(&place);
        let version = match (step(standing, edit.base, value.as_ref()), value) {
            (Step::Conflict, _) => return Outcome::Conflict(standing.cloned()),
            (Step::Stands, _) => standing.map_or(0, |kept: &Kept| kept.version),
            (Step::Write, Some(value)) => {
                self.clears.retain(|cleared| *cleared != place);
                self.saves.insert(place, value);
                self.version
            }
            (Step::Write, None) => {
                self.saves.remove(&place);
                self.clears.push(place);
                0
            }
        };
        Outcome::Ok {
            version,
            expanded,
            warnings,
        }
    }

    /// What the sheet holds once the plan is written.
    fn written(self, (sign_in, saved_at): (Uuid, OffsetDateTime)) -> Content {
        let (mut content, version) = (self.content, self.version);
        for place in &self.clears {
            content.drafts.remove(place);
        }
        let kept = |value| Kept {
            version,
            value,
            saved_at,
            sign_in,
        };
        let saves = self.saves.into_iter();
        content
            .drafts
            .extend(saves.map(|(place, value)| (place, kept(value))));
        content
    }
}

/// Puts the bank's text in the place of a code such as `#doc-tot`; answers it.
fn expand(value: &mut Value, templates: &BTreeMap<String, String>) -> Result<Option<String>, String> {
    let Some(code) = value.comment.strip_prefix('#') else {
        return Ok(None);
    };
    let text = templates
        .get(code)
        .ok_or_else(|| format!("Không có mẫu nhận xét #{code}."))?;
    value.comment.clone_from(text);
    Ok(Some(text.clone()))
}
