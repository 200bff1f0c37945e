//! clientDataJSON: what the browser says it asked for, and for whom.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use super::{Flaw, RelyingParty};

/// The ceremony a browser was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceremony {
    /// A new credential.
    Create,
    /// A proof with one.
    Get,
}

/// The longest clientDataJSON that is read.
const LONGEST: usize = 4096;

/// Checks ceremony and origin; answers the challenge.
pub fn read(bytes: &[u8], ceremony: Ceremony, relying_party: &RelyingParty) -> Result<Vec<u8>, Flaw> {
    if bytes.len() > LONGEST {
        return Err(Flaw::ClientData);
    }
    let data: Value = serde_json::from_slice(bytes).map_err(|_| Flaw::ClientData)?;
    let text = |name: &str| data.get(name).and_then(Value::as_str).ok_or(Flaw::ClientData);
    let wanted = match ceremony {
        Ceremony::Create => "webauthn.create",
        Ceremony::Get => "webauthn.get",
    };
    if text("type")? != wanted {
        return Err(Flaw::Type);
    }
    let origin = text("origin")?;
    if !relying_party.origins.iter().any(|own| own == origin) {
        return Err(Flaw::Origin);
    }
    // Our pages are in nobody's frame.
    match data.get("crossOrigin") {
        None | Some(Value::Bool(false)) => {}
        Some(Value::Bool(true)) => return Err(Flaw::CrossOrigin),
        Some(_) => return Err(Flaw::ClientData),
    }
    if data.get("topOrigin").is_some() {
        return Err(Flaw::CrossOrigin);
    }
    BASE64URL_NOPAD
        .decode(text("challenge")?.as_bytes())
        .map_err(|_| Flaw::Challenge)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Ceremony, read};
    use crate::model::webauthn::{Flaw, RelyingParty};

    const GOOD: &str = r#"{"type":"webauthn.get","challenge":"AQID","origin":"https://hocba.vn","crossOrigin":false,"other":[1]}"#;

    #[rstest]
    #[case::good("", "", Ok(vec![1, 2, 3]))]
    #[case::no_json("{", "", Err(Flaw::ClientData))]
    #[case::ceremony("webauthn.get", "webauthn.create", Err(Flaw::Type))]
    #[case::no_type("\"type\"", "\"kind\"", Err(Flaw::ClientData))]
    #[case::origin("https://hocba.vn", "https://hocba.vn.evil.example", Err(Flaw::Origin))]
    #[case::scheme("https://hocba.vn", "http://hocba.vn", Err(Flaw::Origin))]
    #[case::framed("false", "true", Err(Flaw::CrossOrigin))]
    #[case::odd("false", "\"no\"", Err(Flaw::ClientData))]
    #[case::top("\"other\":[1]", "\"topOrigin\":\"https://hocba.vn\"", Err(Flaw::CrossOrigin))]
    #[case::padded("AQID", "AQI=", Err(Flaw::Challenge))]
    fn reads(#[case] part: &str, #[case] other: &str, #[case] read_as: Result<Vec<u8>, Flaw>) {
        let relying_party = RelyingParty::new("hocba.vn", &["https://hocba.vn".to_owned()]).unwrap();
        let text = if part.is_empty() {
            GOOD.to_owned()
        } else {
            GOOD.replacen(part, other, 1)
        };
        assert_eq!(read(text.as_bytes(), Ceremony::Get, &relying_party), read_as);
    }

    #[test]
    fn a_book_is_not_read() {
        let relying_party = RelyingParty::new("hocba.vn", &["https://hocba.vn".to_owned()]).unwrap();
        let text = format!("{GOOD}{}", " ".repeat(5000));
        assert_eq!(
            read(text.as_bytes(), Ceremony::Get, &relying_party),
            Err(Flaw::ClientData)
        );
    }
}
