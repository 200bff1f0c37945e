//! Resource names (AIP-122): parsed at the border by their pattern.

use crate::error::Failure;

/// Parses `name` by `pattern`, such as `schools/{school}/pupils/{pupil}`: answers the values of the
/// braces in order. `field` names the request's field in the violation.
pub fn parse<const N: usize>(field: &str, pattern: &str, name: &str) -> Result<[String; N], Failure> {
    let bad = || Failure::bad_request(field, format!("phải có dạng {pattern}"));
    let mut values = Vec::with_capacity(N);
    let mut parts = name.split('/');
    for wanted in pattern.split('/') {
        let part = parts.next().ok_or_else(bad)?;
        if wanted.starts_with('{') {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if part.is_empty() || part.len() > 64 || !part.chars().all(allowed) {
                return Err(bad());
            }
            values.push(part.to_owned());
        } else if part != wanted {
            return Err(bad());
        }
    }
    if parts.next().is_some() {
        return Err(bad());
    }
    values
        .try_into()
        .map_err(|_| Failure::internal(format!("pattern {pattern} has not {N} values")))
}

/// Parses a UUID that stands in `field`.
pub fn id(field: &str, text: &str) -> Result<uuid::Uuid, Failure> {
    uuid::Uuid::parse_str(text).map_err(|_| Failure::bad_request(field, "phải là mã UUID"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_in_order_and_anything_else_is_refused() {
        let [school, pupil] =
            parse("name", "schools/{school}/pupils/{pupil}", "schools/a-1/pupils/x").unwrap();
        assert_eq!((school.as_str(), pupil.as_str()), ("a-1", "x"));
        for bad in [
            "schools/a",
            "schools/a/pupils/",
            "schools/a/pupils/x/y",
            "school/a/pupils/x",
            "schools/a b/pupils/x",
        ] {
            assert!(
                parse::<2>("name", "schools/{school}/pupils/{pupil}", bad).is_err(),
                "{bad}"
            );
        }
    }
}
