//! Activation codes: how a new account's owner gets in the first time.

use time::{Duration, OffsetDateTime};

/// How long a code may be used.
pub const LIFETIME: Duration = Duration::days(14);

/// Letters that are not mistaken for each other when read from paper: no I, L, O, U, 0, 1.
const LETTERS: &[u8; 30] = b"ABCDEFGHJKMNPQRSTVWXYZ23456789";

/// Letters of a half: 39 bits.
pub const HALF: usize = 8;

/// Writes 16 random bytes as a code of four groups of four: 78 bits.
pub fn write(random: &[u8; 16]) -> String {
    letters(random)
}

/// Writes a half of a code, two groups of four: each of two people hands over one, and neither could guess
/// the other's.
pub fn half(random: &[u8]) -> String {
    letters(random.get(..HALF).unwrap_or(random))
}

/// The whole of two halves, the first one first.
pub fn whole(first: &str, second: &str) -> String {
    format!("{first}-{second}")
}

fn letters(random: &[u8]) -> String {
    let mut code = String::with_capacity(19);
    for (place, byte) in random.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        // 256 is no multiple of 30: the bias costs less than a tenth of a bit a letter.
        let letter = LETTERS
            .get(usize::from(*byte) % LETTERS.len())
            .copied()
            .unwrap_or(b'A');
        code.push(char::from(letter));
    }
    code
}

/// The code as it is hashed: upper case, letters and digits only.
pub fn canonical(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// A stored code.
pub struct Activation {
    /// SHA-256 of the canonical code.
    pub digest: Vec<u8>,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// When it was used.
    pub used_at: Option<OffsetDateTime>,
}

impl Activation {
    /// Whether it may still be used.
    pub fn usable(&self, now: OffsetDateTime) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads_what_people_type() {
        let code = super::write(&[7; 16]);
        assert_eq!(code.len(), 19);
        assert_eq!(
            super::canonical(&code.to_lowercase().replace('-', " ")),
            super::canonical(&code)
        );
    }

    #[test]
    fn two_halves_are_a_code() {
        let whole = super::whole(&super::half(&[1; 32]), &super::half(&[2; 32]));
        let mut random = [1; 16];
        random[8..].fill(2);
        assert_eq!(whole, super::write(&random));
    }
}
