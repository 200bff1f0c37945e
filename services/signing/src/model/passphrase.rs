//! Six words that open a key: 66 bits that only the holder has.

use bip39::Language;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

/// How many words.
const WORDS: usize = 6;

/// Six words of the 2048 of BIP-39 (plain ASCII, unlike each other in their first four letters), as `a-b-c-d-e-f`.
#[must_use]
pub fn generate() -> Option<Zeroizing<String>> {
    let list = Language::English.word_list();
    let mut random = [0_u8; WORDS * 2];
    SystemRandom::new().fill(&mut random).ok()?;
    let mut words = Zeroizing::new(String::new());
    for pair in random.chunks_exact(2) {
        // 65536 is a multiple of 2048: every word is as likely as any other.
        let number = pair
            .iter()
            .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        if !words.is_empty() {
            words.push('-');
        }
        words.push_str(list.get(number % list.len())?);
    }
    Some(words)
}

/// As people type it: any case, with blanks or hyphens between the words.
#[must_use]
pub fn normalize(typed: &str) -> Zeroizing<String> {
    let words: Vec<String> = typed
        .split(|c: char| c.is_whitespace() || c == '-')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    Zeroizing::new(words.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_words_that_can_be_typed_as_people_type() {
        let words = generate().unwrap();
        assert_eq!(words.split('-').count(), WORDS);
        assert_ne!(*words, *generate().unwrap());
        assert_eq!(
            *normalize(&format!("  {} ", words.to_uppercase().replace('-', "  "))),
            *words
        );
    }
}
