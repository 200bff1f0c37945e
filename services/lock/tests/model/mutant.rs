//! What may be wrong with a fence, and the writers it fails.

use hocba_lock::model::scope::Epoch;

/// What is wrong with the lock under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    None,
    /// Writers read the fence and hold nothing.
    PlainRead,
    /// Writers hold a row lock that does not keep the installer from its update (`FOR KEY SHARE`).
    KeyShare,
    /// Writers take the lock and read the fence in one statement: what they waited for is not in its snapshot.
    OneStatement,
    /// Writers read the fence by their transaction's first snapshot (REPEATABLE READ).
    RepeatableRead,
    /// Writers hold a lease for an hour; the installer waits for its end and for nobody.
    Lease,
    /// Writers ask Redis, which knows nothing after a wipe.
    RedisDecides,
    /// The first guard's answer is taken for all.
    AcknowledgeEarly,
    /// Epochs are counted in Redis.
    EpochFromRedis,
}

impl Mutant {
    /// Whether a writer in flight keeps an installer waiting.
    pub(crate) fn drains(self, writer: &Writer, hour: i64) -> bool {
        match (self, writer) {
            (_, Writer::Begun(_)) | (Self::PlainRead | Self::KeyShare, _) => false,
            (Self::Lease, Writer::Passed { since, .. }) => hour == *since,
            (
                Self::None
                | Self::OneStatement
                | Self::RepeatableRead
                | Self::RedisDecides
                | Self::AcknowledgeEarly
                | Self::EpochFromRedis,
                Writer::Passed { .. },
            ) => true,
        }
    }

    /// Whether the fence is read by a snapshot that is older than the lock.
    pub(crate) fn reads_back(self) -> bool {
        matches!(self, Self::OneStatement | Self::RepeatableRead)
    }
}

/// A writer in flight.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Writer {
    /// Begun, with the epoch its snapshot would let it pass with.
    Begun(Option<Epoch>),
    /// Past the check, with what it may hold until its end.
    Passed { epoch: Epoch, since: i64 },
}
