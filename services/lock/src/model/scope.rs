//! The permission to write a dossier's cells once in a closed term.

use time::OffsetDateTime;

/// An epoch: only rises, never used twice (T4).
pub type Epoch = i64;

/// A scope as lock keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// `schools/{school}/dossiers/{dossier}`.
    pub dossier: String,
    /// SHA-256, lower hex, of the dossier.
    pub cells_digest: String,
    /// The epoch the cells are written under; the next one is given out with it.
    pub open_epoch: Epoch,
    /// When it becomes void, by the guarded database's clock.
    pub end_at: OffsetDateTime,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fate {
    /// It may be used until its end.
    Open,
    /// Its correction is written.
    Used,
    /// A later closing, or a later scope of the same dossier, took its place.
    Void,
}

impl Scope {
    /// The epoch to which the fence moves in the transaction that uses the scope.
    #[must_use]
    pub fn close_epoch(&self) -> Epoch {
        self.open_epoch + 1
    }

    /// Whether it may still be used, as far as lock can tell.
    #[must_use]
    pub fn is_open(&self, now: OffsetDateTime) -> bool {
        self.fate == Fate::Open && now < self.end_at
    }
}
