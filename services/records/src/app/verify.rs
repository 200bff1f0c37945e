//! VerifySeals: every receipt of a class recomputed from the rows.

use std::collections::BTreeMap;

use hocba_chassis::Caller;
use hocba_policy::Resource;
use ring::digest::{SHA256, digest};
use serde_json::json;
use uuid::Uuid;

use super::tell;
use crate::{
    error::Error,
    model::cell::{Sealed, receipt_digest},
    state::State,
    store::{class, mark},
};

/// What does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The receipt.
    pub receipt: Uuid,
    /// The cell; none when the receipt's own numbers or its set of cells differ.
    pub cell: Option<Sealed>,
    /// `value`, `missing`, `receipt`.
    pub what: &'static str,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Receipts recomputed.
    pub receipts: usize,
    /// Cells looked at.
    pub cells: usize,
    /// What does not agree.
    pub differences: Vec<Difference>,
}

/// VerifySeals.
pub async fn verify_seals(
    state: &State,
    caller: &Caller,
    school: &str,
    year: &str,
    class: &str,
) -> Result<Verified, Error> {
    state.authorize(caller, "VerifySeals", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    class::grade(&mut tx, school, year, class).await?;
    let receipts = mark::receipts_of(&mut tx, school, year, class).await?;
    let ids: Vec<Uuid> = receipts.iter().map(|receipt| receipt.id).collect();
    let mut cells = BTreeMap::<Uuid, Vec<(Sealed, Vec<u8>)>>::new();
    for (receipt, cell, written) in mark::cells_of(&mut tx, school, &ids).await? {
        cells.entry(receipt).or_default().push((cell, written));
    }
    let mut verified = Verified {
        receipts: receipts.len(),
        ..Verified::default()
    };
    for receipt in &receipts {
        let found = cells.remove(&receipt.id).unwrap_or_default();
        verified.cells += found.len();
        let before = verified.differences.len();
        for (cell, written) in &found {
            if digest(&SHA256, cell.line().as_bytes()).as_ref() != written.as_slice() {
                let cell = Some(cell.clone());
                verified.differences.push(Difference {
                    receipt: receipt.id,
                    cell,
                    what: "value",
                });
            }
        }
        let sealed: Vec<Sealed> = found.into_iter().map(|(cell, _)| cell).collect();
        let count = i32::try_from(sealed.len()).unwrap_or(i32::MAX);
        if count < receipt.cell_count {
            verified.differences.push(Difference {
                receipt: receipt.id,
                cell: None,
                what: "missing",
            });
        } else if verified.differences.len() == before
            && (count != receipt.cell_count || receipt_digest(&sealed) != receipt.digest)
        {
            // Every cell agrees with the digest beside it and still the whole does not: somebody was thorough.
            verified.differences.push(Difference {
                receipt: receipt.id,
                cell: None,
                what: "receipt",
            });
        }
    }
    let facts = json!({"receipts": verified.receipts, "cells": verified.cells,
        "differences": verified.differences.len()});
    let subject = format!("schools/{school}/years/{year}/classes/{class}");
    tell(state, &mut tx, caller, school, subject, "seals.verified", facts).await?;
    tx.commit().await?;
    Ok(verified)
}
