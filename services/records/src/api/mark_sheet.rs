//! Mark sheets, receipts and their verification on the wire.

use hocba_chassis::{Caller, clock::to_timestamp};
use hocba_proto::{
    records::{
        self as wire, GetMarkSheetRequest, ListMarkSheetsRequest, ListMarkSheetsResponse, SealDifference,
        VerifySealsRequest, VerifySealsResponse, mark_sheet::State as WireState,
    },
    types::{CellKey, CellMark, CellValue, Period as WirePeriod},
};
use tonic::{Request, Response};

use super::{Answer, name};
use crate::{
    app::{
        self,
        mark_sheet::{Address, Cell, Standing},
    },
    model::{
        cell::{Mark, Value},
        period::Period,
        sheet::State as SheetState,
    },
    state::State,
    store::mark::Receipt,
};

pub(super) async fn get_mark_sheet(
    state: &State,
    request: Request<GetMarkSheetRequest>,
) -> Answer<wire::MarkSheet> {
    let caller = Caller::of(&request)?;
    let at = name::sheet("name", &request.get_ref().name)?;
    let school = at.school.clone();
    let (standing, cells) = app::mark_sheet::get_mark_sheet(state, &caller, at).await?;
    let cells = cells.into_iter().map(|each| cell(&school, each)).collect();
    Ok(Response::new(wire::MarkSheet {
        cells,
        ..sheet(&standing)
    }))
}

pub(super) async fn list_mark_sheets(
    state: &State,
    request: Request<ListMarkSheetsRequest>,
) -> Answer<ListMarkSheetsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year, class) = match name::class("parent", &request.parent) {
        Ok((school, year, class)) => (school, year, Some(class)),
        Err(_) => {
            let (school, year) = name::year("parent", &request.parent)?;
            (school, year, None)
        }
    };
    let period = parse_period(request.period());
    let sheets =
        app::mark_sheet::list_mark_sheets(state, &caller, &school, &year, class.as_deref(), period).await?;
    Ok(Response::new(ListMarkSheetsResponse {
        mark_sheets: sheets.iter().map(sheet).collect(),
    }))
}

pub(super) async fn verify_seals(
    state: &State,
    request: Request<VerifySealsRequest>,
) -> Answer<VerifySealsResponse> {
    let caller = Caller::of(&request)?;
    let (school, year, class) = name::class("parent", &request.get_ref().parent)?;
    let verified = app::verify::verify_seals(state, &caller, &school, &year, &class).await?;
    Ok(Response::new(VerifySealsResponse {
        receipt_count: i32::try_from(verified.receipts).unwrap_or(i32::MAX),
        cell_count: i32::try_from(verified.cells).unwrap_or(i32::MAX),
        differences: verified
            .differences
            .into_iter()
            .map(|difference| SealDifference {
                receipt: format!("schools/{school}/receipts/{}", difference.receipt),
                cell: difference.cell.map(|cell| CellKey {
                    year: cell.year,
                    pupil: cell.pupil.to_string(),
                    item: cell.item,
                    period: cell.period,
                }),
                what: difference.what.to_owned(),
            })
            .collect(),
    }))
}

fn sheet(standing: &Standing) -> wire::MarkSheet {
    let state = match standing.state() {
        SheetState::Empty => WireState::Empty,
        SheetState::Partial => WireState::Partial,
        SheetState::Complete => WireState::Complete,
    };
    wire::MarkSheet {
        name: name::sheet_name(&standing.address),
        state: state.into(),
        period: wire_period(standing.address.period).into(),
        required_count: i32::try_from(standing.required).unwrap_or(i32::MAX),
        sealed_count: i32::try_from(standing.sealed).unwrap_or(i32::MAX),
        teacher: standing
            .teacher
            .map(|teacher| format!("accounts/{teacher}"))
            .unwrap_or_default(),
        cells: Vec::new(),
    }
}

fn cell(school: &str, cell: Cell) -> wire::Cell {
    wire::Cell {
        pupil: format!("schools/{school}/pupils/{}", cell.pupil),
        pupil_name: cell.pupil_name,
        item: cell.item,
        required: cell.required,
        tested: cell.tested,
        sealed: cell.version > 0,
        value: cell.value.map(value),
        version: cell.version,
        draft_version: cell.draft_version,
        reopened: cell.reopened,
    }
}

/// A period from the wire; none when it is not given.
pub(super) fn parse_period(given: WirePeriod) -> Option<Period> {
    match given {
        WirePeriod::Unspecified => None,
        WirePeriod::Mid1 => Some(Period::Mid1),
        WirePeriod::End1 => Some(Period::End1),
        WirePeriod::Mid2 => Some(Period::Mid2),
        WirePeriod::End2 => Some(Period::End2),
    }
}

pub(super) fn wire_period(period: Period) -> WirePeriod {
    match period {
        Period::Mid1 => WirePeriod::Mid1,
        Period::End1 => WirePeriod::End1,
        Period::Mid2 => WirePeriod::Mid2,
        Period::End2 => WirePeriod::End2,
    }
}

pub(super) fn value(value: Value) -> CellValue {
    let mark = match value.mark {
        Mark::Assessed => CellMark::Assessed,
        Mark::Absent => CellMark::Absent,
        Mark::Exempt => CellMark::Exempt,
        Mark::NotAssessed => CellMark::NotAssessed,
    };
    CellValue {
        mark: mark.into(),
        level: value.level,
        score: value.score.map(i32::from),
        comment: value.comment,
    }
}

/// A value from the wire; `None` empties a draft. A score outside 16 bits is no score of ours either way.
pub(super) fn parse_value(given: &CellValue) -> Option<Value> {
    let mark = match given.mark() {
        CellMark::Unspecified => return None,
        CellMark::Assessed => Mark::Assessed,
        CellMark::Absent => Mark::Absent,
        CellMark::Exempt => Mark::Exempt,
        CellMark::NotAssessed => Mark::NotAssessed,
    };
    Some(Value {
        mark,
        level: given.level.clone(),
        score: given.score.map(|score| i16::try_from(score).unwrap_or(i16::MAX)),
        comment: given.comment.clone(),
    })
}

pub(super) fn receipt(school: &str, receipt: Receipt) -> wire::Receipt {
    let period = Period::parse(&receipt.period).unwrap_or(Period::End2);
    let at = Address {
        school: school.to_owned(),
        year: receipt.year,
        class: receipt.class,
        sheet: receipt.sheet,
        period,
    };
    wire::Receipt {
        name: format!("schools/{school}/receipts/{}", receipt.id),
        mark_sheet: name::sheet_name(&at),
        cause: receipt.cause,
        cell_count: receipt.cell_count,
        digest: data_encoding::HEXLOWER.encode(&receipt.digest),
        seal_time: Some(to_timestamp(receipt.sealed_at)),
        teacher: format!("accounts/{}", receipt.teacher),
        epoch: receipt.epoch,
    }
}
