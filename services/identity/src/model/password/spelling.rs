//! How people write Vietnamese when they choose a password: without marks, or with the keys they press.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Lower case without marks and without white space: «Mật Khẩu» is `matkhau`.
pub(super) fn plain(text: &str) -> String {
    text.to_lowercase()
        .nfd()
        .filter(|c| !is_combining_mark(*c) && !c.is_whitespace())
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect()
}

/// The keys of a phrase without an input method, by Telex and by VNI: «mật khẩu» is `maatjkhaaur` and
/// `ma6t5kha6u3`, both with the tone at the end of its syllable.
pub(super) fn typed(phrase: &str) -> [String; 2] {
    let mut telex = String::new();
    let mut vni = String::new();
    for syllable in phrase.to_lowercase().split_whitespace() {
        let mut tones = (String::new(), String::new());
        for c in syllable.nfd() {
            match keys(c) {
                Some(Keys::Shape(by_telex, by_vni)) => {
                    // Telex doubles the letter itself for the circumflex.
                    match (by_telex, telex.chars().last()) {
                        (None, Some(letter)) => telex.push(letter),
                        (Some(key), _) => telex.push(key),
                        (None, None) => {}
                    }
                    vni.push(by_vni);
                }
                Some(Keys::Tone(by_telex, by_vni)) => {
                    tones.0.push(by_telex);
                    tones.1.push(by_vni);
                }
                None if c == 'đ' => {
                    telex.push_str("dd");
                    vni.push_str("d9");
                }
                None => {
                    telex.push(c);
                    vni.push(c);
                }
            }
        }
        telex.push_str(&tones.0);
        vni.push_str(&tones.1);
    }
    [telex, vni]
}

/// What is pressed for a mark.
enum Keys {
    /// The mark of a letter; none doubles the letter.
    Shape(Option<char>, char),
    /// The tone of a syllable.
    Tone(char, char),
}

fn keys(mark: char) -> Option<Keys> {
    match mark {
        '\u{302}' => Some(Keys::Shape(None, '6')),
        '\u{306}' => Some(Keys::Shape(Some('w'), '8')),
        '\u{31b}' => Some(Keys::Shape(Some('w'), '7')),
        '\u{301}' => Some(Keys::Tone('s', '1')),
        '\u{300}' => Some(Keys::Tone('f', '2')),
        '\u{309}' => Some(Keys::Tone('r', '3')),
        '\u{303}' => Some(Keys::Tone('x', '4')),
        '\u{323}' => Some(Keys::Tone('j', '5')),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{plain, typed};

    #[rstest]
    #[case("mật khẩu", "matkhau", "maatjkhaaur", "ma6t5kha6u3")]
    #[case("Đường", "duong", "dduwowngf", "d9u7o7ng2")]
    #[case("trẻ em", "treem", "trerem", "tre3em")]
    fn writes_as_people_type(
        #[case] phrase: &str,
        #[case] bare: &str,
        #[case] telex: &str,
        #[case] vni: &str,
    ) {
        assert_eq!(plain(phrase), bare);
        assert_eq!(typed(phrase), [telex, vni]);
    }
}
