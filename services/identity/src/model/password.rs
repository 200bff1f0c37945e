//! Passwords after NIST 800-63B: length, no composition rules, none that everybody tries first.

use unicode_normalization::UnicodeNormalization;

use super::email::Email;

/// Passwords of 12 characters and more that lists of leaked ones begin with, in lower case.
const COMMON: [&str; 24] = [
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456789123",
    "1234567891011",
    "111111111111",
    "000000000000",
    "aaaaaaaaaaaa",
    "abcdefghijkl",
    "qwertyuiop123",
    "qwertyuiop[]",
    "qwertyqwerty",
    "1q2w3e4r5t6y",
    "password1234",
    "password12345",
    "passwordpassword",
    "adminadminadmin",
    "administrator",
    "iloveyou1234",
    "matkhau12345",
    "matkhau123456",
    "anhyeuem1234",
    "giaovien1234",
    "truonghoc1234",
];

/// A password that may be set. Its form is NFC, so that every keyboard gives the same bytes.
pub struct Password(String);

/// What is wrong with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer than 12 characters.
    Short,
    /// More than 256 characters.
    Long,
    /// Among the common ones, or one character repeated.
    Common,
    /// Holds the user part of the own address.
    Own,
}

impl Weakness {
    /// For people who write programs.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Short => "must have at least 12 characters",
            Self::Long => "must have at most 256 characters",
            Self::Common => "is among the passwords everybody tries first",
            Self::Own => "must not hold the own e-mail address",
        }
    }
}

impl Password {
    /// Judges a password that is to be set.
    pub fn choose(text: &str, email: &Email) -> Result<Self, Weakness> {
        let password = Self::given(text);
        let length = password.0.chars().count();
        if length < 12 {
            return Err(Weakness::Short);
        }
        if length > 256 {
            return Err(Weakness::Long);
        }
        let lower = password.0.to_lowercase();
        let first = lower.chars().next();
        if COMMON.contains(&lower.as_str()) || lower.chars().all(|c| Some(c) == first) {
            return Err(Weakness::Common);
        }
        let user = email.as_str().split('@').next().unwrap_or_default();
        if lower.contains(email.as_str()) || (user.len() > 3 && lower.contains(user)) {
            return Err(Weakness::Own);
        }
        Ok(password)
    }

    /// A password as given at a sign-in, of any kind; cut so that nobody makes us hash a book.
    pub fn given(text: &str) -> Self {
        Self(text.chars().take(1024).nfc().collect())
    }

    /// The bytes to hash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Password, Weakness};
    use crate::model::email::Email;

    #[rstest]
    #[case("bốn con mèo đen", None)]
    #[case("aaaabbbbcccc", None)]
    #[case("ngắn quá", Some(Weakness::Short))]
    #[case("zzzzzzzzzzzzz", Some(Weakness::Common))]
    #[case("Password1234", Some(Weakness::Common))]
    #[case("xin chao lan.nguyen", Some(Weakness::Own))]
    fn judges(#[case] text: &str, #[case] weakness: Option<Weakness>) {
        let email = Email::parse("lan.nguyen@truong.vn").unwrap();
        assert_eq!(Password::choose(text, &email).err(), weakness);
    }
}
