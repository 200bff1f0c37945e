//! Drafts on the wire.

use hocba_chassis::{Caller, Failure, clock::to_timestamp, name::parse};
use hocba_proto::records::{
    DraftResult, SaveDraftsRequest, SaveDraftsResponse, TheirDraft,
    draft_result::{Lock as WireLock, Outcome as WireOutcome},
};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{
    Answer,
    entry_session::{PATTERN, answer},
    mark_sheet::{parse_value, value},
    name,
};
use crate::{
    app::{self, Ask, draft::Edit},
    model::draft::{Kept, Lock, Outcome},
    state::State,
};

pub(super) async fn save_drafts(
    state: &State,
    request: Request<SaveDraftsRequest>,
) -> Answer<SaveDraftsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, id) = name::child("name", PATTERN, &request.name)?;
    if request.drafts.len() > 1000 {
        return Err(Failure::bad_request("drafts", "nhiều nhất 1000 ô một lần").into());
    }
    let mut edits = Vec::with_capacity(request.drafts.len());
    for (at, draft) in request.drafts.iter().enumerate() {
        edits.push(Edit {
            pupil: pupil_of(&school, &format!("drafts[{at}].pupil"), &draft.pupil)?,
            item: draft.item.clone(),
            value: draft.value.as_ref().and_then(parse_value),
            base: draft.base_version,
        });
    }
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let (outcomes, stay) = app::draft::save_drafts(state, ask, &school, id, edits).await?;
    let account = stay.session.teacher;
    Ok(Response::new(SaveDraftsResponse {
        results: outcomes.into_iter().map(|it| result(account, it)).collect(),
        entry_session: Some(answer(&school, stay)),
    }))
}

/// A pupil of this school; another school's is told like a malformed name.
pub(super) fn pupil_of(school: &str, field: &str, text: &str) -> Result<Uuid, Failure> {
    let [of, id] = parse(field, "schools/{school}/pupils/{pupil}", text)?;
    if of == school {
        hocba_chassis::name::id(field, &id)
    } else {
        Err(Failure::bad_request(field, "học sinh thuộc trường khác"))
    }
}

fn result(account: Uuid, outcome: Outcome) -> DraftResult {
    match outcome {
        Outcome::Ok {
            version,
            expanded,
            warnings,
        } => DraftResult {
            outcome: WireOutcome::Ok.into(),
            draft_version: version,
            expanded_comment: expanded.unwrap_or_default(),
            warnings,
            ..DraftResult::default()
        },
        Outcome::Invalid(words) => DraftResult {
            outcome: WireOutcome::Invalid.into(),
            words,
            ..DraftResult::default()
        },
        Outcome::Conflict(theirs) => DraftResult {
            outcome: WireOutcome::Conflict.into(),
            words: "Ô này vừa được lưu từ thiết bị khác của thầy cô, xin chọn giữ giá trị nào.".to_owned(),
            draft_version: theirs.as_ref().map_or(0, |kept| kept.version),
            theirs: Some(their(account, theirs)),
            ..DraftResult::default()
        },
        Outcome::Locked(lock) => {
            let (lock, words) = match lock {
                Lock::Sealed => (WireLock::Sealed, "Ô đã chốt; muốn sửa xin lập hồ sơ đề nghị sửa."),
                Lock::OtherSheet => (WireLock::OtherSheet, "Mục này không thuộc bảng điểm."),
                Lock::OtherClass => (WireLock::OtherClass, "Học sinh này không thuộc lớp."),
                Lock::Exempt => (WireLock::Exempt, "Học sinh được miễn theo quyết định."),
                Lock::NotLearnt => (WireLock::NotLearnt, "Học sinh không học môn tự chọn này."),
            };
            DraftResult {
                outcome: WireOutcome::Locked.into(),
                words: words.to_owned(),
                lock: lock.into(),
                ..DraftResult::default()
            }
        }
    }
}

fn their(account: Uuid, kept: Option<Kept>) -> TheirDraft {
    kept.map_or_else(TheirDraft::default, |kept| TheirDraft {
        value: Some(value(kept.value)),
        save_time: Some(to_timestamp(kept.saved_at)),
        sign_in: format!("accounts/{account}/signIns/{}", kept.sign_in),
    })
}
