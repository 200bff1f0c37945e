//! Mark sheets in Excel (A4.1): the template, the preview of a filled one, its commit into the caller's own session.

use std::collections::{BTreeMap, HashMap};

use hocba_chassis::{Caller, Failure, clock::new_id};
use prost::Message;
use ring::digest::{SHA256, digest};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Ask, Turn,
    content::Content,
    entry_session::{Stay, open, owned, stay, term},
    keep,
    mark_sheet::{Address, may_read, own_session},
    tell, turn,
};
use crate::{
    error::Error,
    model::{
        cell::Value,
        import::Kind,
        mark_file::{self, Field, IDENTITY, Line as PupilLine, SHEET, Sign, View},
        period::Period,
        rule_set::{Line, Part, RuleSet},
        sheet::{self, Place},
        spreadsheet,
    },
    state::State,
    store::{
        class, draft,
        mark_file::{self as store, MarkSheetImport},
        school_year, session,
    },
};

/// A spreadsheet of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workbook {
    /// A name to keep it under.
    pub name: String,
    /// The bytes.
    pub file: Vec<u8>,
}

/// An import with the file that shows its findings.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The import.
    pub import: MarkSheetImport,
    /// The file with its findings; none when nothing was found.
    pub errors: Option<Workbook>,
}

/// ExportMarkSheetTemplate: pre-filled; the export is an event.
pub async fn export_mark_sheet_template(
    state: &State,
    caller: &Caller,
    at: Address,
) -> Result<Workbook, Error> {
    let mut tx = state.begin(&at.school).await?;
    may_read(state, &mut tx, caller, &at, "ExportMarkSheetTemplate").await?;
    let session = own_session(&mut tx, caller, &at).await?;
    let content = Content::load(state, &mut tx, &at, session).await?;
    let file = written(state, view(&mut tx, &at, &content).await?, None).await?;
    let facts = json!({"file": hex(&file)});
    tell(
        state,
        &mut tx,
        caller,
        &at.school,
        sheet_name(&at),
        "mark_sheet.exported",
        facts,
    )
    .await?;
    tx.commit().await?;
    Ok(Workbook {
        name: file_name(&at),
        file,
    })
}

/// PreviewMarkSheetImport: writes no draft. The file is read between two transactions.
pub async fn preview_mark_sheet_import<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    id: Uuid,
    file: Vec<u8>,
) -> Result<Import, Error> {
    let method = "PreviewMarkSheetImport";
    owned(
        state,
        &mut *state.begin(school).await?,
        ask.caller,
        method,
        school,
        id,
    )
    .await?;
    let file_digest = digest(&SHA256, &file).as_ref().to_vec();
    let read = tokio::task::spawn_blocking(move || spreadsheet::read_named(&file, [SHEET, IDENTITY]))
        .await
        .map_err(Failure::internal)?
        .map_err(Error::FileUnreadable)?;

    let mut tx = state.begin(school).await?;
    let found = owned(state, &mut tx, ask.caller, method, school, id).await?;
    let at = open(school, &found)?;
    let content = Content::load(state, &mut tx, &at, Some(id)).await?;
    let view = view(&mut tx, &at, &content).await?;
    let import = match turn(state, &mut tx, &ask, method).await? {
        Turn::Again(kept) => {
            let import = kept.parse().map_err(|_| Error::Damaged("a kept answer"))?;
            store::get(&mut tx, school, id, import).await?
        }
        Turn::New(ticket) => {
            let judge = |item: &str, value: &Value| match content.line(item) {
                Some(line) => value.judge(content.rules, line, at.period),
                None => Err("Ô không thuộc bảng này.".to_owned()),
            };
            let plan = mark_file::plan(read, &view, judge).map_err(|refusal| match refusal {
                mark_file::Refusal::Unreadable(words) => Error::FileUnreadable(words),
                mark_file::Refusal::Other(sheet) => Error::SheetFileOther(sheet),
                mark_file::Refusal::Stale(what) => Error::SheetFileStale(what),
            })?;
            let import = MarkSheetImport {
                id: new_id(),
                session: id,
                file_digest,
                sheet_digest: sheet_digest(&view),
                plan,
                created_at: state.clock.now(),
                committed_at: None,
            };
            store::insert(&mut tx, school, &import, ask.caller.person()?.account).await?;
            keep(&mut tx, &ticket, &import.id.to_string()).await?;
            import
        }
    };
    tx.commit().await?;
    with_errors(state, &at, view, import).await
}

/// CommitMarkSheetImport: every choice made, no error, the sheet as it was read; then all cells as drafts, or none.
pub async fn commit_mark_sheet_import<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    (id, import): (Uuid, Uuid),
    choices: &HashMap<String, String>,
) -> Result<(Import, Stay), Error> {
    let method = "CommitMarkSheetImport";
    let mut tx = state.begin(school).await?;
    let found = owned(state, &mut tx, ask.caller, method, school, id).await?;
    let at = open(school, &found)?;
    let content = Content::load(state, &mut tx, &at, Some(id)).await?;
    let before = view(&mut tx, &at, &content).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, method).await? {
        hocba_fence::check(&mut tx, &term(school, &at.year, at.period)).await?;
        let import = store::get(&mut tx, school, id, import).await?;
        if import.committed_at.is_some() {
            return Err(Error::ImportCommitted);
        }
        let errors = import
            .plan
            .findings
            .iter()
            .filter(|it| it.kind == Kind::Error)
            .count();
        if errors > 0 {
            return Err(Error::ImportHasErrors(errors));
        }
        if sheet_digest(&before) != import.sheet_digest {
            return Err(Error::ImportStale);
        }
        let wanted = mark_file::wanted(&import.plan, choices).map_err(|open| {
            Error::SheetChoiceMissing(open.into_iter().map(|it| (it.id, it.words)).collect())
        })?;
        let drafts: BTreeMap<Place, Value> = wanted
            .iter()
            .filter_map(|cell| Some(((cell.pupil, cell.item.clone()), cell.value.clone()?)))
            .collect();
        let (version, sign_in, now) = (
            found.save_count + 1,
            ask.caller.person()?.sign_in,
            state.clock.now(),
        );
        draft::save(&mut tx, school, id, &drafts, (version, sign_in, now)).await?;
        session::touch(&mut tx, school, (id, version), sign_in, now).await?;
        store::commit(&mut tx, school, import.id, now).await?;
        let facts = json!({
            "cells": drafts.len(), "file": data_encoding::HEXLOWER.encode(&import.file_digest),
            "choices": choices.len(),
        });
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            sheet_name(&at),
            "mark_sheet.imported",
            facts,
        )
        .await?;
        keep(&mut tx, &ticket, "").await?;
    }
    let import = store::get(&mut tx, school, id, import).await?;
    let stay = stay(state, &mut tx, school, found).await?;
    tx.commit().await?;
    Ok((with_errors(state, &at, before, import).await?, stay))
}

async fn with_errors(
    state: &State,
    at: &Address,
    view: View,
    import: MarkSheetImport,
) -> Result<Import, Error> {
    let errors = if import.plan.findings.is_empty() {
        None
    } else {
        Some(Workbook {
            name: format!("loi-{}", file_name(at)),
            file: written(state, view, Some(import.plan.clone())).await?,
        })
    };
    Ok(Import { import, errors })
}

async fn written(state: &State, view: View, plan: Option<mark_file::Plan>) -> Result<Vec<u8>, Error> {
    let today = state.clock.now().date();
    let file = tokio::task::spawn_blocking(move || mark_file::workbook(&view, plan.as_ref(), today));
    Ok(file
        .await
        .map_err(Failure::internal)?
        .map_err(Failure::internal)?)
}

/// The sheet as a template shows it.
async fn view(tx: &mut PgConnection, at: &Address, content: &Content) -> Result<View, Error> {
    let Address {
        school,
        year,
        class,
        period,
        ..
    } = at;
    let fields: Vec<Field> = content
        .lines
        .iter()
        .map(|line| field(content.rules, line, *period))
        .collect();
    let cell = |pupil: Uuid, line: &&Line| {
        let place = (pupil, line.item.clone());
        match (content.sealed.get(&place), content.drafts.get(&place)) {
            (Some(sealed), _) => (true, Some(sealed.value.clone())),
            (None, draft) => (false, draft.map(|kept| kept.value.clone())),
        }
    };
    let pupils = content.roster.iter().map(|(pupil, name)| PupilLine {
        pupil: *pupil,
        name: name.clone(),
        cells: content.lines.iter().map(|line| cell(*pupil, line)).collect(),
    });
    let printed = school_year::get(tx, school, year).await?;
    let classes = class::list(tx, school, year).await?;
    let class_name = classes.into_iter().find(|it| it.class == *class);
    let subject = fields
        .first()
        .filter(|_| fields.len() == 1)
        .map(|it| it.name.clone());
    let about = subject.unwrap_or_else(|| "Phẩm chất và năng lực".to_owned());
    let class_name = class_name.map(|it| it.display_name).unwrap_or_default();
    Ok(View {
        sheet: sheet_name(at),
        titles: vec![
            printed.school_name,
            format!(
                "BẢNG ĐIỂM {} — Lớp {class_name} — {} năm học {year}",
                about.to_uppercase(),
                period.title()
            ),
            "Chỉ điền các ô trắng, không thêm dòng hay cột; rồi nạp tệp này vào phiên nhập điểm.".to_owned(),
        ],
        fields,
        scores: content.rules.scores,
        longest_comment: content.rules.longest_comment,
        lines: pupils.collect(),
    })
}

/// The columns of a line in a period.
pub(crate) fn field(rules: &RuleSet, line: &Line, period: Period) -> Field {
    let levels = rules.levels(line.part).iter().map(|level| Sign {
        id: level.id.clone(),
        sign: level.sign.clone(),
    });
    Field {
        item: line.item.clone(),
        name: line.name.clone(),
        levels: levels.collect(),
        tested: line.is_tested(period),
        comment: matches!(line.part, Part::Subject | Part::Comment),
    }
}

fn sheet_digest(view: &View) -> Vec<u8> {
    digest(&SHA256, format!("{:?}", view.stamp()).as_bytes())
        .as_ref()
        .to_vec()
}

fn sheet_name(at: &Address) -> String {
    format!(
        "schools/{}/years/{}/classes/{}/markSheets/{}",
        at.school,
        at.year,
        at.class,
        sheet::id(&at.sheet, at.period)
    )
}

fn file_name(at: &Address) -> String {
    format!(
        "bang-diem-{}-{}-{}.xlsx",
        at.year,
        at.class,
        sheet::id(&at.sheet, at.period)
    )
}

/// SHA-256, lower hex.
#[must_use]
pub fn hex(file: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(digest(&SHA256, file).as_ref())
}
