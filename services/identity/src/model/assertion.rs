//! What a system's assertion says (RFC 7523), judged once its signature is known to be right.

use serde::Deserialize;
use time::{Duration, OffsetDateTime};

/// How long an assertion may last.
pub const LONGEST: Duration = Duration::minutes(5);
/// How far clocks may differ.
pub const LEEWAY: Duration = Duration::seconds(5);

/// For whom an assertion is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// The claims.
#[derive(Debug, Clone, Deserialize)]
pub struct Claims {
    /// Who says it.
    pub iss: String,
    /// Of whom: the same.
    pub sub: String,
    /// To whom.
    pub aud: Audience,
    /// Until when, seconds.
    pub exp: i64,
    /// From when on, seconds.
    #[serde(default)]
    pub nbf: Option<i64>,
    /// Its id.
    pub jti: String,
}

impl Claims {
    /// The client, if issuer and subject are one.
    pub fn client(&self) -> Option<&str> {
        (self.iss == self.sub).then_some(self.sub.as_str())
    }

    /// When the assertion is over.
    pub fn ends_at(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.exp).ok()
    }

    /// Judges audience, times and id; answers what is wrong.
    pub fn judge(&self, audience: &str, now: OffsetDateTime) -> Result<(), &'static str> {
        let meant = match &self.aud {
            Audience::One(one) => one == audience,
            Audience::Many(many) => many.iter().any(|one| one == audience),
        };
        if !meant {
            return Err("audience");
        }
        let end = self.ends_at().ok_or("lifetime")?;
        if now > end + LEEWAY {
            return Err("expired");
        }
        let begins_later = self.nbf.is_some_and(|at| at > (now + LEEWAY).unix_timestamp());
        if begins_later || end > now + LONGEST + LEEWAY {
            return Err("lifetime");
        }
        if self.jti.is_empty() || self.jti.len() > 64 || !self.jti.chars().all(|c| c.is_ascii_graphic()) {
            return Err("jti");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::datetime;

    use super::*;

    #[rstest]
    #[case::right("us", 300, None, "j", Ok(()))]
    #[case::within_the_leeway("us", -5, None, "j", Ok(()))]
    #[case::expired("us", -6, None, "j", Err("expired"))]
    #[case::too_long("us", 306, None, "j", Err("lifetime"))]
    #[case::not_yet("us", 60, Some(6), "j", Err("lifetime"))]
    #[case::for_another("them", 60, None, "j", Err("audience"))]
    #[case::without_id("us", 60, None, "", Err("jti"))]
    #[case::with_an_id_of_blanks("us", 60, None, "a\0", Err("jti"))]
    fn an_assertion_is_short_and_meant_for_us(
        #[case] audience: &str,
        #[case] seconds: i64,
        #[case] begins: Option<i64>,
        #[case] jti: &str,
        #[case] judged: Result<(), &'static str>,
    ) {
        let now = datetime!(2026-01-01 0:00 UTC);
        let at = |seconds: i64| (now + Duration::seconds(seconds)).unix_timestamp();
        let claims = Claims {
            iss: "a".into(),
            sub: "a".into(),
            aud: Audience::Many(vec!["others".into(), audience.into()]),
            exp: at(seconds),
            nbf: begins.map(at),
            jti: jti.into(),
        };
        assert_eq!(claims.judge("us", now), judged);
        assert_eq!(claims.client(), Some("a"));
        let another = Claims {
            iss: "b".into(),
            ..claims
        };
        assert_eq!(another.client(), None);
    }
}
