//! Vietnamese text: clean, compare, sort.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// What a program shows as nothing and a person never typed on purpose: control characters, zero-width ones,
/// marks that turn the direction of reading.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What a spreadsheet program would take for a formula gets an apostrophe before it, so that a comment of ours never
/// computes on somebody's machine.
#[must_use]
pub fn escape_formula(text: &str) -> String {
    if computes(text) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Takes the apostrophe of [`escape_formula`] away again.
#[must_use]
pub fn unescape_formula(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if computes(rest) => rest,
        _ => text,
    }
}

/// Behind apostrophes too: one more of them is what tells an escaped text from one that was typed so.
fn computes(text: &str) -> bool {
    text.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// NFC, one blank between words, none around, nothing invisible; Icelandic Ð becomes Vietnamese Đ.
#[must_use]
pub fn clean(text: &str) -> String {
    let fixed: String = text
        .nfc()
        .filter(|c| !is_invisible(*c))
        .map(|c| if c == '\u{d0}' { '\u{110}' } else { c })
        .collect();
    fixed
        .split(|c: char| c.is_whitespace() || c == '\u{a0}')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Letters in Vietnamese dictionary order.
const LETTERS: &str = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz";
/// Tones in Vietnamese dictionary order: none, huyền, hỏi, ngã, sắc, nặng.
const TONES: [char; 5] = ['\u{300}', '\u{309}', '\u{303}', '\u{301}', '\u{323}'];

/// A key that sorts names by given name (the last word), then the others, under Vietnamese collation:
/// letters first, tones break ties word by word. ASCII, to be compared byte by byte.
#[must_use]
pub fn name_key(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let given_first = words.last().into_iter().chain(words.iter().rev().skip(1).rev());
    given_first
        .map(|word| word_key(word))
        .collect::<Vec<_>>()
        .join(" ")
}

fn word_key(word: &str) -> String {
    let (mut letters, mut tones) = (String::new(), String::new());
    for c in word.to_lowercase().nfc() {
        let (mut base, mut tone) = (String::new(), '0');
        for part in c.to_string().nfd() {
            match TONES.iter().position(|mark| *mark == part) {
                Some(at) => tone = char::from(b'1' + u8::try_from(at).unwrap_or_default()),
                None => base.push(part),
            }
        }
        let base: String = base.nfc().collect();
        for letter in base.chars().filter(|letter| !is_combining_mark(*letter)) {
            match LETTERS.chars().position(|known| known == letter) {
                Some(at) => letters.push(char::from(b'A' + u8::try_from(at).unwrap_or_default())),
                None => letters.push('~'),
            }
            tones.push(tone);
        }
    }
    format!("{letters}!{tones}")
}

/// Where a tone mark stands in an open `oa`, `oe`, `uy` differs between schools (`hoà`, `hòa`): the new
/// style, so that the two compare equal.
#[must_use]
pub fn tone_placed(text: &str) -> String {
    let decomposed: Vec<char> = text.nfd().collect();
    let mut out: Vec<char> = Vec::with_capacity(decomposed.len());
    for (at, c) in decomposed.iter().enumerate() {
        let ends_word = decomposed
            .get(at + 1)
            .is_none_or(|next| !next.is_alphabetic() && !is_combining_mark(*next));
        let before: Vec<char> = out.iter().rev().take(3).copied().collect();
        if TONES.contains(c)
            && ends_word
            && let [second, first, ..] = before.as_slice()
        {
            let pair = (first.to_ascii_lowercase(), second.to_ascii_lowercase());
            let after_q = before.get(2).is_some_and(|c| c.eq_ignore_ascii_case(&'q'));
            if matches!(pair, ('o', 'a') | ('o', 'e') | ('u', 'y')) && !after_q {
                out.insert(out.len().saturating_sub(1), *c);
                continue;
            }
        }
        out.push(*c);
    }
    out.into_iter().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a4_1_names_sort_by_given_name_in_vietnamese_order() {
        let mut names = vec![
            "Trần Văn Đạt",
            "Lê An",
            "Nguyễn Ánh",
            "Bùi Dũng",
            "Hà Ân",
            "Vũ Thị An",
            "Đỗ Ân",
        ];
        names.sort_by_key(|name| name_key(name));
        assert_eq!(
            names,
            [
                "Lê An",
                "Vũ Thị An",
                "Nguyễn Ánh",
                "Đỗ Ân",
                "Hà Ân",
                "Bùi Dũng",
                "Trần Văn Đạt"
            ]
        );
    }

    #[test]
    fn a4_1_what_would_compute_is_escaped_and_comes_back_as_it_was() {
        for text in ["=1+1", "+84", "-Chăm", "@a", "\tx", "\rx", "'=1", "''-"] {
            let escaped = escape_formula(text);
            assert!(escaped.starts_with('\''), "{text:?}");
            assert_eq!(unescape_formula(&escaped), text);
        }
        for text in ["", "Chăm", "'tis", "5-3"] {
            assert_eq!(
                (escape_formula(text).as_str(), unescape_formula(text)),
                (text, text)
            );
        }
    }

    #[test]
    fn a4_1_text_is_cleaned_and_both_tone_styles_compare_equal() {
        assert_eq!(clean("\u{a0}Hoàng  Thu\u{301} "), "Hoàng Thú");
        assert_eq!(clean("Ðỗ"), "Đỗ");
        assert_eq!(clean("Lan\u{200b}\u{202e}\u{0}\u{feff}"), "Lan");
        assert_eq!(tone_placed("Thuý"), tone_placed("Thúy"));
        assert_eq!(tone_placed("hoà"), "hòa");
        assert_eq!(tone_placed("Quý"), "Quý", "qu is one sound");
        assert_eq!(tone_placed("Thuỳ Hoàng"), "Thùy Hoàng");
    }
}
