//! Time-based one-time codes (RFC 6238: HMAC-SHA-1, 30 s, 6 digits).

use ring::hmac;

/// Seconds of one step.
const STEP: i64 = 30;

/// Bytes of a secret: as long as the hash (RFC 4226).
pub const SECRET_LENGTH: usize = 20;

/// The step an instant lies in.
pub fn step_of(unix_seconds: i64) -> i64 {
    unix_seconds.div_euclid(STEP)
}

/// The code of a step.
pub fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = bytes.last().map_or(0, |last| usize::from(last & 0x0f));
    let word = bytes
        .iter()
        .skip(offset)
        .take(4)
        .fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// The step whose code this is, within one step of now: the newest that fits. Compares every candidate
/// to the end, so that time tells nothing.
pub fn matching_step(secret: &[u8], given: &str, unix_seconds: i64) -> Option<i64> {
    let now = step_of(unix_seconds);
    let mut found = None;
    for step in now - 1..=now + 1 {
        let code = code(secret, step);
        let differ = code.len() != given.len()
            || code
                .bytes()
                .zip(given.bytes())
                .fold(0, |all, (a, b)| all | (a ^ b))
                != 0;
        if !differ {
            found = Some(step);
        }
    }
    found
}

/// The address an authenticator reads from a QR code.
pub fn uri(base32_secret: &str, email: &str) -> String {
    let mut label = String::new();
    for byte in email.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            label.push(char::from(byte));
        } else {
            label.push_str(&format!("%{byte:02X}"));
        }
    }
    format!(
        "otpauth://totp/hocba:{label}?secret={base32_secret}&issuer=hocba&algorithm=SHA1&digits=6&period=30"
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    const SECRET: &[u8] = b"12345678901234567890";

    #[rstest]
    #[case(59, "287082")]
    #[case(1_111_111_109, "081804")]
    #[case(1_234_567_890, "005924")]
    #[case(20_000_000_000, "353130")]
    fn agrees_with_rfc_6238(#[case] at: i64, #[case] code: &str) {
        assert_eq!(super::code(SECRET, super::step_of(at)), code);
    }

    #[test]
    fn one_step_beside_is_accepted_and_two_are_not() {
        let code = super::code(SECRET, 100);
        assert_eq!(super::matching_step(SECRET, &code, 100 * 30 + 59), Some(100));
        assert_eq!(super::matching_step(SECRET, &code, 100 * 30 - 30), Some(100));
        assert_eq!(super::matching_step(SECRET, &code, 100 * 30 + 60), None);
        assert_eq!(super::matching_step(SECRET, "28708", 59), None);
    }
}
