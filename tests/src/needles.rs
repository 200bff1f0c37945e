//! Values looked for in raw bytes, in the forms in which programs write text down.

use std::collections::{BTreeSet, HashMap};

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXUPPER};
use unicode_normalization::UnicodeNormalization as _;

/// A form shorter than this would be found by chance.
const SHORTEST: usize = 7;

/// Many values and all their forms. One pass over the bytes looks for all: a table of the first three bytes passes
/// over almost every place.
#[derive(Debug)]
pub struct Needles {
    begins: Vec<bool>,
    by_begin: HashMap<usize, Vec<(Vec<u8>, usize)>>,
}

impl Default for Needles {
    fn default() -> Self {
        Self {
            begins: vec![false; 1 << 24],
            by_begin: HashMap::new(),
        }
    }
}

impl Needles {
    /// Adds a text in every form; `id` is what [`Needles::search`] answers.
    pub fn add_text(&mut self, id: usize, text: &str) {
        let composed: String = text.nfc().collect();
        let decomposed: String = text.nfd().collect();
        for form in [&composed, &decomposed] {
            self.add_bytes(id, form.as_bytes());
            self.add(id, json_escaped(form).into_bytes());
            self.add(id, percent_escaped(form).into_bytes());
        }
    }

    /// Adds bytes: as they are, in hex, and in base64 wherever they stand in what was encoded.
    pub fn add_bytes(&mut self, id: usize, bytes: &[u8]) {
        self.add(id, bytes.to_vec());
        self.add(id, HEXLOWER.encode(bytes).into_bytes());
        self.add(id, HEXUPPER.encode(bytes).into_bytes());
        for encoding in [BASE64_NOPAD, BASE64URL_NOPAD] {
            for offset in 0..3 {
                self.add(id, inner_base64(&encoding, bytes, offset));
            }
        }
    }

    fn add(&mut self, id: usize, form: Vec<u8>) {
        let Some(begin) = begin(&form).filter(|_| form.len() >= SHORTEST) else {
            return;
        };
        if let Some(known) = self.begins.get_mut(begin) {
            *known = true;
        }
        let forms = self.by_begin.entry(begin).or_default();
        if !forms.contains(&(form.clone(), id)) {
            forms.push((form, id));
        }
    }

    /// The ids of what stands in these bytes.
    #[must_use]
    pub fn search(&self, bytes: &[u8]) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for (at, window) in bytes.windows(3).enumerate() {
            let Some(begin) = begin(window).filter(|it| self.begins.get(*it) == Some(&true)) else {
                continue;
            };
            let rest = bytes.get(at..).unwrap_or_default();
            for (form, id) in self.by_begin.get(&begin).into_iter().flatten() {
                if rest.starts_with(form) {
                    found.insert(*id);
                }
            }
        }
        found
    }
}

/// The first three bytes as a number.
fn begin(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [first, second, third, ..] => {
            Some(usize::from(*first) << 16 | usize::from(*second) << 8 | usize::from(*third))
        }
        _ => None,
    }
}

/// The characters that only these bytes decide when they are encoded after `offset` others.
fn inner_base64(encoding: &Encoding, bytes: &[u8], offset: usize) -> Vec<u8> {
    let padded = [vec![0; offset], bytes.to_vec()].concat();
    let text = encoding.encode(&padded).into_bytes();
    let from = [0, 2, 3].get(offset).copied().unwrap_or_default();
    let to = padded.len() * 8 / 6;
    text.get(from..to).unwrap_or_default().to_vec()
}

/// As JSON that keeps to ASCII.
fn json_escaped(text: &str) -> String {
    let mut escaped = String::new();
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => escaped.push(char::from(byte)),
            Ok(_) | Err(_) => escaped.push_str(&format!("\\u{unit:04x}")),
        }
    }
    escaped
}

/// As in URLs and in `grpc-message`.
fn percent_escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_graphic() {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "Nguyễn Văn An";

    fn finds(hay: impl AsRef<[u8]>) -> bool {
        let mut needles = Needles::default();
        needles.add_text(7, NAME);
        needles.add_text(8, "somebody else");
        let found = needles.search(&[b"before ", hay.as_ref(), b" after"].concat());
        assert!(found.iter().all(|id| *id == 7), "{found:?}");
        !found.is_empty()
    }

    #[test]
    fn a_text_is_found_in_every_form() {
        assert!(finds(NAME));
        assert!(finds(NAME.nfd().collect::<String>()));
        assert!(finds(HEXLOWER.encode(NAME.as_bytes())));
        assert!(finds(HEXUPPER.encode(NAME.as_bytes())));
        for before in ["", "a", "ab", "abc"] {
            for after in ["", "a", "ab", "abc"] {
                let text = format!("{before}{NAME}{after}");
                assert!(finds(data_encoding::BASE64.encode(text.as_bytes())), "{text}");
                assert!(finds(data_encoding::BASE64URL.encode(text.as_bytes())), "{text}");
            }
        }
        assert!(finds("Nguy\\u1ec5n V\\u0103n An"));
        assert!(finds("Nguy%E1%BB%85n%20V%C4%83n%20An"));
        assert!(!finds("Nguyễn Văn Bình"));
        assert!(!finds(""));
    }
}
