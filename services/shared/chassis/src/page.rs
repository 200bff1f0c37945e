//! Page tokens: a keyset position bound to the request it belongs to.

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};

use crate::error::{Failure, SHARED};

/// The most items a page holds.
pub const MOST: i32 = 500;

/// The page size to use: 100 when none is asked for, 500 at most.
#[must_use]
pub fn size(asked: i32) -> i64 {
    i64::from(if asked <= 0 { 100 } else { asked.min(MOST) })
}

/// A token that continues after `position` the list that `binding` (parent, filter, order) describes.
#[must_use]
pub fn token(binding: &str, position: &str) -> String {
    let mut bytes = check(binding, position).to_vec();
    bytes.extend_from_slice(position.as_bytes());
    BASE64URL_NOPAD.encode(&bytes)
}

/// The position of a token; `None` for the first page. A token of another request is refused.
pub fn position(binding: &str, token: &str) -> Result<Option<String>, Failure> {
    if token.is_empty() {
        return Ok(None);
    }
    let refused = || {
        Failure::invalid(SHARED, "PAGE_TOKEN_INVALID")
            .vi("Mã trang không thuộc danh sách này, xin tải lại từ đầu.")
    };
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| refused())?;
    let (sum, position) = bytes.split_at_checked(8).ok_or_else(refused)?;
    let position = std::str::from_utf8(position).map_err(|_| refused())?;
    if sum == check(binding, position) {
        Ok(Some(position.to_owned()))
    } else {
        Err(refused())
    }
}

fn check(binding: &str, position: &str) -> [u8; 8] {
    let sum = digest(&SHA256, format!("{binding}\n{position}").as_bytes());
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(sum.as_ref()) {
        *to = *from;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_belongs_to_its_request() {
        let page = token("schools/a classes", "5a");
        assert_eq!(
            position("schools/a classes", &page).unwrap().as_deref(),
            Some("5a")
        );
        assert!(position("schools/b classes", &page).is_err());
        assert!(position("schools/a classes", "nonsense").is_err());
        assert_eq!(position("x", "").unwrap(), None);
    }
}
