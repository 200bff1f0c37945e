//! One thing found in a file.

use serde::{Deserialize, Serialize};

use super::column::Column;

/// What a finding means for the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Repaired.
    Repaired,
    /// Needs a choice.
    Choice,
    /// Must be mended in the file.
    Error,
    /// Worth a look.
    Note,
}

/// A finding by row and column, with what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `{row}-{code}`, or with the column where a row has two of a code.
    pub id: String,
    /// Row, as the office sees it.
    pub row: u32,
    /// Column.
    pub column: Option<Column>,
    /// What it means.
    pub kind: Kind,
    /// Stable code.
    pub code: String,
    /// What was found and what to do, Vietnamese.
    pub words: String,
    /// The value that will be written.
    pub value: String,
    /// The choices.
    pub choices: Vec<String>,
    /// The row this one collides with.
    pub other_row: Option<u32>,
}

impl Finding {
    fn new(row: u32, column: Option<Column>, kind: Kind, code: &str, words: impl Into<String>) -> Self {
        let at = column.map(|column| format!("-{column:?}")).unwrap_or_default();
        Self {
            id: format!("{row}{at}-{code}"),
            row,
            column,
            kind,
            code: code.to_owned(),
            words: words.into(),
            value: String::new(),
            choices: Vec::new(),
            other_row: None,
        }
    }

    pub(super) fn note(row: u32, column: Option<Column>, code: &str, words: impl Into<String>) -> Self {
        Self::new(row, column, Kind::Note, code, words)
    }

    pub(super) fn error(row: u32, column: Column, code: &str, words: String) -> Self {
        Self::new(row, Some(column), Kind::Error, code, words)
    }

    pub(super) fn repaired(row: u32, column: Column, code: &str, words: &str, value: &str) -> Self {
        Self {
            value: value.to_owned(),
            ..Self::new(row, Some(column), Kind::Repaired, code, words)
        }
    }

    pub(super) fn choice(row: u32, column: Column, code: &str, words: String, other_row: u32) -> Self {
        Self {
            choices: vec!["keep_first".to_owned(), "keep_last".to_owned()],
            other_row: Some(other_row),
            ..Self::new(row, Some(column), Kind::Choice, code, words)
        }
    }
}
