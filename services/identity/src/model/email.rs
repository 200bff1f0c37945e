//! E-mail addresses: what people sign in with.

/// An address in lower case; one account of the deployment has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Reads an address: one `@`, something on both sides, a dot in the domain, printable ASCII, at most 254.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "must be an e-mail address";
        let text = text.trim().to_ascii_lowercase();
        let (user, domain) = text.split_once('@').ok_or(WRONG)?;
        let printable = text.chars().all(|c| c.is_ascii_graphic());
        let dotted = domain.split('.').count() > 1 && domain.split('.').all(|part| !part.is_empty());
        if user.is_empty() || domain.contains('@') || !dotted || !printable || text.len() > 254 {
            return Err(WRONG);
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Email;

    #[rstest]
    #[case("Hieu.Truong@Truong.vn", Some("hieu.truong@truong.vn"))]
    #[case("a@b", None)]
    #[case("@b.vn", None)]
    #[case("a@b@c.vn", None)]
    #[case("a b@c.vn", None)]
    #[case("a@c..vn", None)]
    fn reads_addresses(#[case] text: &str, #[case] read: Option<&str>) {
        assert_eq!(Email::parse(text).ok().as_ref().map(Email::as_str), read);
    }
}
