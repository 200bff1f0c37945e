//! Security keys: WebAuthn credentials of an account, ES256 alone.

use time::OffsetDateTime;
use uuid::Uuid;

/// How many an account may have in use: a lost one, a spare one, a few devices.
pub const MOST: usize = 10;

/// A key.
#[derive(Debug, Clone)]
pub struct SecurityKey {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub account: Uuid,
    /// The authenticator's name of it.
    pub credential_id: Vec<u8>,
    /// The public key: an uncompressed point of P-256, 65 bytes.
    pub public_key: Vec<u8>,
    /// The signature counter of the last accepted answer; stays 0 with keys that do not count.
    pub sign_count: u32,
    /// Whether it can be copied to the owner's other devices.
    pub synced: bool,
    /// What its owner calls it.
    pub display_name: String,
    /// When it was registered.
    pub created_at: OffsetDateTime,
    /// When it was last used.
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was taken out of use.
    pub removed_at: Option<OffsetDateTime>,
}

/// Whether a counter follows the one before. One that stays or goes back is of a copy; keys that do not
/// count say 0 for ever.
pub fn counts_on(before: u32, now: u32) -> bool {
    now > before || (now == 0 && before == 0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    #[rstest]
    #[case(0, 0, true)]
    #[case(0, 1, true)]
    #[case(1, 2, true)]
    #[case(1, 1, false)]
    #[case(2, 1, false)]
    #[case(1, 0, false)]
    fn a_counter_only_rises(#[case] before: u32, #[case] now: u32, #[case] good: bool) {
        assert_eq!(super::counts_on(before, now), good);
    }
}
