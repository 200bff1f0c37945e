//! Passwords after NIST SP 800-63B-4: long rather than mixed, any Unicode, never changed by the calendar,
//! and none that is tried first.

mod guessable;
mod spelling;

use unicode_normalization::UnicodeNormalization;

use self::guessable::Guess;
use super::email::Email;

/// The fewest characters. The standard asks for 8 beside a second factor.
const SHORTEST: usize = 12;
/// The most; the standard asks for 64 at least.
const LONGEST: usize = 256;

/// A password that may be set. Its form is NFC (as RFC 8265 has it), so that every keyboard gives the same
/// bytes.
pub struct Password(String);

/// What is known of a password's owner: nobody's password is made of it.
pub struct Owner {
    email: Email,
    words: Vec<String>,
}

impl Owner {
    /// An owner of whom only the address is known.
    pub fn of(email: &Email) -> Self {
        let words = email
            .as_str()
            .split(|c: char| !c.is_ascii_alphanumeric())
            .map(str::to_owned)
            .collect();
        Self {
            email: email.clone(),
            words,
        }
    }

    /// Adds a name of the person or of where they work, whole and word by word.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        self.words.push(name.to_owned());
        self.words.extend(name.split_whitespace().map(str::to_owned));
        self
    }
}

/// What is wrong with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer than 12 characters.
    Short,
    /// More than 256 characters.
    Long,
    /// Made of what everybody tries first.
    Common,
    /// Made of the own name, address or school, or holds the own address.
    Own,
}

impl Weakness {
    /// For people who write programs.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Short => "must have at least 12 characters",
            Self::Long => "must have at most 256 characters",
            Self::Common => "is made of what everybody tries first",
            Self::Own => "must not be made of the own name, e-mail address or school",
        }
    }
}

impl Password {
    /// Judges a password that is to be set.
    pub fn choose(text: &str, owner: &Owner) -> Result<Self, Weakness> {
        let password = Self::given(text);
        let length = password.0.chars().count();
        if length < SHORTEST {
            return Err(Weakness::Short);
        }
        if length > LONGEST {
            return Err(Weakness::Long);
        }
        let lower = password.0.to_lowercase();
        let user = owner.email.as_str().split('@').next().unwrap_or_default();
        if user.len() > 3 && lower.contains(user) {
            return Err(Weakness::Own);
        }
        match guessable::judge(&password.0, &owner.words) {
            Some(Guess::Common) => Err(Weakness::Common),
            Some(Guess::Own) => Err(Weakness::Own),
            None => Ok(password),
        }
    }

    /// A password as given at a sign-in, of any kind; cut far behind the longest, so that nobody makes us
    /// hash a book.
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

    use super::{Owner, Password, Weakness};
    use crate::model::email::Email;

    #[rstest]
    #[case("bốn con mèo đen", None)]
    #[case("            kẻ gõ phím cách", None)]
    #[case("ngắn quá", Some(Weakness::Short))]
    #[case("Password1234", Some(Weakness::Common))]
    #[case("xin chao lan.nguyen", Some(Weakness::Own))]
    #[case("Nguyễn Thị Hoa Lan 1988", Some(Weakness::Own))]
    #[case("Đình Xuyên 20/11/1988", Some(Weakness::Own))]
    fn judges(#[case] text: &str, #[case] weakness: Option<Weakness>) {
        let email = Email::parse("lan.nguyen@truong.vn").unwrap();
        let owner = Owner::of(&email)
            .called("Nguyễn Thị Hoa Lan")
            .called("Đình Xuyên");
        assert_eq!(Password::choose(text, &owner).err(), weakness);
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        let owner = Owner::of(&Email::parse("a@b.vn").unwrap());
        let words = "ề ạ ữ ỏ ẵ ";
        let long = |length: usize| words.chars().cycle().take(length).collect::<String>() + "x";
        assert!(Password::choose(&long(255), &owner).is_ok());
        assert_eq!(Password::choose(&long(256), &owner).err(), Some(Weakness::Long));
        let eleven = "ềạữỏẵkmtpqz".to_owned();
        assert_eq!(Password::choose(&eleven, &owner).err(), Some(Weakness::Short));
        assert!(Password::choose(&(eleven + "ợ"), &owner).is_ok());
    }

    #[test]
    fn every_keyboard_gives_the_same_bytes() {
        let composed = Password::given("bốn con mèo đen");
        let decomposed = Password::given("bo\u{302}\u{301}n con me\u{300}o đen");
        assert_eq!(composed.as_bytes(), decomposed.as_bytes());
    }
}
