//! Ids that people choose: of schools and authorities.

use std::fmt;

/// A lower-case slug of letters, digits and hyphens, 1 to 30, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    /// Reads a slug; says what is wrong with any other text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty() || text.len() > 30 || text.starts_with('-') || !text.chars().all(good) {
            return Err(
                "must be 1 to 30 lower-case letters, digits and hyphens, not beginning with a hyphen",
            );
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Slug;

    #[rstest]
    #[case("01018a01", true)]
    #[case("gia-lam", true)]
    #[case("", false)]
    #[case("_", false)]
    #[case("-a", false)]
    #[case("A", false)]
    #[case("a/b", false)]
    #[case("0123456789012345678901234567890", false)]
    fn takes_slugs_only(#[case] text: &str, #[case] good: bool) {
        assert_eq!(Slug::parse(text).is_ok(), good);
    }
}
