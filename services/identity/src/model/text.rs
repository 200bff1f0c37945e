//! Texts people write: names, titles, reasons.

use unicode_normalization::UnicodeNormalization;

/// A text that must be there: NFC, trimmed, 1 to `most` characters, without control characters.
pub fn required(text: &str, most: usize) -> Result<String, &'static str> {
    match optional(text, most) {
        Ok(text) if text.is_empty() => Err("must not be empty"),
        other => other,
    }
}

/// A text that may be empty: NFC, trimmed, at most `most` characters, without control characters.
pub fn optional(text: &str, most: usize) -> Result<String, &'static str> {
    let text: String = text.trim().nfc().collect();
    if text.chars().any(char::is_control) {
        return Err("must not hold control characters");
    }
    if text.chars().count() > most {
        return Err("is too long");
    }
    Ok(text)
}

/// A text of several lines that may be empty: as `optional`, but line breaks are kept.
pub fn lines(text: &str, most: usize) -> Result<String, &'static str> {
    let text: String = text.replace("\r\n", "\n").trim().nfc().collect();
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err("must not hold control characters");
    }
    if text.chars().count() > most {
        return Err("is too long");
    }
    Ok(text)
}

/// A text that was read must be there.
pub fn some(text: String) -> Result<String, &'static str> {
    if text.is_empty() {
        Err("must not be empty")
    } else {
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::{lines, optional, required, some};

    #[test]
    fn keeps_lines_and_nothing_else_unseen() {
        assert_eq!(lines(" a\r\nb\n", 10), Ok("a\nb".to_owned()));
        assert!(lines("a\tb", 10).is_err());
        assert!(lines("abc", 2).is_err());
        assert_eq!(lines(" \n ", 10).and_then(some), Err("must not be empty"));
    }

    #[test]
    fn composes_and_trims() {
        assert_eq!(required(" Nguye\u{302}\u{303}n ", 10), Ok("Nguyễn".to_owned()));
        assert_eq!(required("  ", 10), Err("must not be empty"));
        assert!(optional("a\nb", 10).is_err());
        assert!(optional("abc", 2).is_err());
    }
}
