//! Service accounts of other systems: their key, what they may read and until when (A10.1).

use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// The longest grant: who still reads after a year is asked again why.
pub const LONGEST_DAYS: i64 = 366;

/// What may be read of a school.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldGroup {
    /// Years, classes, teachers, pupils' codes, names, sex and birth dates.
    Roster,
    /// The whole identity page.
    IdentityPage,
    /// Mark sheets.
    Marks,
    /// Results of the year.
    Results,
    /// How far the mark sheets are: counts, no mark.
    Completeness,
}

impl FieldGroup {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Roster,
        Self::IdentityPage,
        Self::Marks,
        Self::Results,
        Self::Completeness,
    ];

    /// The word in SQL, in tokens and in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Roster => "roster",
            Self::IdentityPage => "identity_page",
            Self::Marks => "marks",
            Self::Results => "results",
            Self::Completeness => "completeness",
        }
    }

    /// The group of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.as_str() == word)
    }
}

/// A key that signs a system's assertions; the algorithm belongs to the key, no header chooses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// Ed25519: 32 bytes.
    Ed25519(Vec<u8>),
    /// A point of P-256, uncompressed: 65 bytes.
    P256(Vec<u8>),
}

impl PublicKey {
    /// Reads a JWK's members (RFC 7518, RFC 8037).
    pub fn of_jwk(kty: &str, crv: &str, x: &str, y: &str) -> Result<Self, &'static str> {
        let coordinate = |text: &str| {
            BASE64URL_NOPAD
                .decode(text.as_bytes())
                .ok()
                .filter(|bytes| bytes.len() == 32)
                .ok_or("must hold coordinates of 32 bytes in base64url without padding")
        };
        match (kty, crv) {
            ("OKP", "Ed25519") if y.is_empty() => Ok(Self::Ed25519(coordinate(x)?)),
            ("EC", "P-256") => {
                let mut point = vec![4];
                point.extend(coordinate(x)?);
                point.extend(coordinate(y)?);
                Ok(Self::P256(point))
            }
            _ => Err("must be OKP with Ed25519, without y, or EC with P-256"),
        }
    }

    /// The key's JWK: kty, crv, x, y.
    pub fn jwk(&self) -> [String; 4] {
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        match self {
            Self::Ed25519(x) => ["OKP".into(), "Ed25519".into(), text(x), String::new()],
            Self::P256(point) => {
                let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
                ["EC".into(), "P-256".into(), text(x), text(y)]
            }
        }
    }

    /// The only `alg` that its assertions may name, which is also the word in SQL.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "EdDSA",
            Self::P256(_) => "ES256",
        }
    }

    /// The bytes in SQL.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Ed25519(bytes) | Self::P256(bytes) => bytes,
        }
    }

    /// Reads the row, whose check constraint knows no third algorithm.
    pub fn of_sql(algorithm: &str, bytes: Vec<u8>) -> Self {
        if algorithm == "ES256" {
            Self::P256(bytes)
        } else {
            Self::Ed25519(bytes)
        }
    }
}

/// A service account.
#[derive(Debug, Clone)]
pub struct Integrator {
    /// Its id.
    pub id: Uuid,
    /// Which system.
    pub display_name: String,
    /// Its key.
    pub key: PublicKey,
    /// What it may read.
    pub groups: BTreeSet<FieldGroup>,
    /// First day.
    pub start: Date,
    /// Last day.
    pub end: Date,
    /// Who registered it.
    pub created_by: Uuid,
    /// When.
    pub created_at: OffsetDateTime,
    /// When the grant was taken back.
    pub revoked_at: Option<OffsetDateTime>,
    /// The last sign-in.
    pub last_sign_in_at: Option<OffsetDateTime>,
}

impl Integrator {
    /// Whether the grant counts on a day.
    pub fn in_force(&self, day: Date) -> bool {
        self.revoked_at.is_none() && (self.start..=self.end).contains(&day)
    }
}

/// Whether a grant has an order and an end that is near enough.
pub fn fits(start: Date, end: Date) -> bool {
    (0..=LONGEST_DAYS).contains(&(end - start).whole_days())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::{date, datetime};

    use super::*;

    /// RFC 8037, appendix A.2; RFC 7515, appendix A.3.
    const ED: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    #[rstest]
    #[case("OKP", "Ed25519", ED, "")]
    #[case("EC", "P-256", X, Y)]
    fn keys_are_read_and_written_alike(
        #[case] kty: &str,
        #[case] crv: &str,
        #[case] x: &str,
        #[case] y: &str,
    ) {
        let key = PublicKey::of_jwk(kty, crv, x, y).unwrap();
        assert_eq!(key.jwk(), [kty, crv, x, y]);
        assert_eq!(PublicKey::of_sql(key.algorithm(), key.bytes().to_vec()), key);
    }

    #[rstest]
    #[case("OKP", "X25519", ED, "")]
    #[case("OKP", "Ed25519", ED, Y)]
    #[case("OKP", "Ed25519", "AAAA", "")]
    #[case("EC", "P-384", X, Y)]
    #[case("EC", "P-256", X, "")]
    #[case("RSA", "", "", "")]
    fn other_keys_are_refused(#[case] kty: &str, #[case] crv: &str, #[case] x: &str, #[case] y: &str) {
        assert!(PublicKey::of_jwk(kty, crv, x, y).is_err());
    }

    #[test]
    fn a_grant_counts_its_first_and_last_day_until_it_is_taken_back() {
        let mut integrator = Integrator {
            id: Uuid::nil(),
            display_name: String::new(),
            key: PublicKey::Ed25519(vec![0; 32]),
            groups: BTreeSet::from([FieldGroup::Roster]),
            start: date!(2026 - 09 - 01),
            end: date!(2026 - 09 - 30),
            created_by: Uuid::nil(),
            created_at: datetime!(2026-08-31 0:00 UTC),
            revoked_at: None,
            last_sign_in_at: None,
        };
        assert!(!integrator.in_force(date!(2026 - 08 - 31)));
        assert!(integrator.in_force(date!(2026 - 09 - 01)));
        assert!(integrator.in_force(date!(2026 - 09 - 30)));
        assert!(!integrator.in_force(date!(2026 - 10 - 01)));
        integrator.revoked_at = Some(datetime!(2026-09-02 0:00 UTC));
        assert!(!integrator.in_force(date!(2026 - 09 - 03)));
        assert!(fits(date!(2026 - 09 - 01), date!(2027 - 09 - 02)));
        assert!(!fits(date!(2026 - 09 - 01), date!(2027 - 09 - 03)));
        assert!(!fits(date!(2026 - 09 - 02), date!(2026 - 09 - 01)));
    }
}
