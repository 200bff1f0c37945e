//! Of how few pieces a password is made that everybody tries first. It counts pieces rather than kinds of
//! characters: four words nobody said before are good, `Hocba@2024` is not.

use std::sync::LazyLock;

use super::spelling::{plain, typed};

/// What is made of so many pieces or fewer is guessable.
const FEW: usize = 3;

/// Rows, columns and zigzags of keyboards, and the orders everybody knows.
const WALKS: [&str; 12] = [
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "azertyuiop",
    "!@#$%^&*()_+",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "14725836987412369",
];

/// Words that lists of leaked passwords begin with, and Vietnamese phrases in all their spellings.
static COMMON: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
    let words = include_str!("common.txt").lines().map(str::to_owned);
    let phrases = include_str!("vietnamese.txt").lines().flat_map(|phrase| {
        let [telex, vni] = typed(phrase);
        // Between ư and ơ most people press w once.
        let short = telex.replace("uwow", "uow");
        [plain(phrase), telex, short, vni]
    });
    let mut all: Vec<Vec<char>> = words
        .chain(phrases)
        .filter(|word| word.len() >= 4)
        .map(|word| word.chars().collect())
        .collect();
    all.sort();
    all.dedup();
    all
});

/// How a password can be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Guess {
    /// From what everybody tries.
    Common,
    /// From what is known of its owner.
    Own,
}

/// Whether a password is made of few guessable pieces; `own` are words about its owner, of any spelling.
pub(super) fn judge(password: &str, own: &[String]) -> Option<Guess> {
    let own: Vec<Vec<char>> = own
        .iter()
        .map(|word| plain(word).chars().collect::<Vec<char>>())
        .filter(|word| word.len() >= 2)
        .collect();
    let whole: Vec<char> = plain(password).chars().collect();
    let joined = without_joints(&whole);
    [whole, joined].iter().find_map(|text| {
        if cost(text, &[]) <= FEW {
            return Some(Guess::Common);
        }
        (cost(text, &own) <= FEW).then_some(Guess::Own)
    })
}

/// Without single marks between letters and digits: `20/11/2024` is `20112024`.
fn without_joints(text: &[char]) -> Vec<char> {
    let word = |at: Option<usize>| at.and_then(|at| text.get(at)).is_none_or(|c| c.is_alphanumeric());
    text.iter()
        .enumerate()
        .filter(|(at, c)| c.is_alphanumeric() || !word(at.checked_sub(1)) || !word(at.checked_add(1)))
        .map(|(_, c)| *c)
        .collect()
}

/// The least number of pieces the text is made of; a character of no piece is one itself.
fn cost(text: &[char], own: &[Vec<char>]) -> usize {
    // best[i]: the pieces of the first i characters.
    let mut best = vec![usize::MAX; text.len() + 1];
    if let Some(none) = best.first_mut() {
        *none = 0;
    }
    for at in 0..text.len() {
        let Some(rest) = text.get(at..) else { break };
        let before = best.get(at).copied().unwrap_or(usize::MAX);
        let mut reach = |length: usize, pieces: usize| {
            if let Some(there) = best.get_mut(at + length) {
                *there = (*there).min(before.saturating_add(pieces));
            }
        };
        reach(1, 1);
        for length in walks(rest) {
            reach(length, 1);
        }
        for (length, pieces) in repeats(rest) {
            reach(length, pieces);
        }
        for length in numbers(rest) {
            reach(length, 1);
        }
        for word in COMMON.iter().chain(own) {
            if begins(rest, word) {
                reach(word.len(), 1);
            }
        }
    }
    best.last().copied().unwrap_or(0)
}

/// Whether a text begins with a word, signs that look like letters read as such.
fn begins(text: &[char], word: &[char]) -> bool {
    text.len() >= word.len()
        && text
            .iter()
            .zip(word)
            .all(|(c, letter)| c == letter || looks_like(*c, *letter))
}

fn looks_like(sign: char, letter: char) -> bool {
    matches!(
        (sign, letter),
        ('0', 'o')
            | ('1' | '!', 'i')
            | ('1', 'l')
            | ('3', 'e')
            | ('4' | '@', 'a')
            | ('5' | '$', 's')
            | ('7', 't')
            | ('9', 'g')
    )
}

/// Lengths of walks from the beginning, forwards or backwards, three steps and more.
fn walks(text: &[char]) -> Vec<usize> {
    let mut lengths = Vec::new();
    for walk in WALKS {
        let forwards: Vec<char> = walk.chars().collect();
        let backwards: Vec<char> = walk.chars().rev().collect();
        for way in [forwards, backwards] {
            for start in 0..way.len() {
                let steps = way
                    .iter()
                    .skip(start)
                    .zip(text)
                    .take_while(|(step, c)| step == c)
                    .count();
                lengths.extend(3..=steps);
            }
        }
    }
    lengths
}

/// Lengths of three and more repeats of one to four characters from the beginning, with their pieces.
fn repeats(text: &[char]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for unit in 1..=4 {
        let same = text
            .iter()
            .zip(text.iter().skip(unit))
            .take_while(|(a, b)| a == b)
            .count();
        let length = same + unit;
        if length >= unit * 3 && length <= text.len() {
            found.extend((unit * 3..=length).map(|length| (length, unit.min(2))));
        }
    }
    found
}

/// Lengths of numbers about people: years, dates, telephones, the citizen's number.
fn numbers(text: &[char]) -> Vec<usize> {
    let digits: Vec<u32> = text.iter().map_while(|c| c.to_digit(10)).collect();
    let read = |from: usize, to: usize| {
        digits
            .get(from..to)
            .map(|some| some.iter().fold(0, |number, digit| number * 10 + digit))
    };
    let year = |from| read(from, from + 4).is_some_and(|year| (1930..2050).contains(&year));
    let day = |from| read(from, from + 2).is_some_and(|day| (1..=31).contains(&day));
    let month = |from| read(from, from + 2).is_some_and(|month| (1..=12).contains(&month));
    let mut lengths = Vec::new();
    if year(0) || (day(0) && month(2)) {
        lengths.push(4);
    }
    if day(0) && month(2) && digits.len() >= 6 {
        lengths.push(6);
    }
    if (day(0) && month(2) && year(4)) || (month(0) && day(2) && year(4)) || (year(0) && month(4) && day(6)) {
        lengths.push(8);
    }
    let first = digits.first().copied();
    if first == Some(0) && digits.len() >= 10 {
        lengths.push(10);
    }
    if read(0, 2) == Some(84) && digits.len() >= 11 {
        lengths.push(11);
    }
    if first == Some(0) && digits.len() >= 12 {
        lengths.push(12);
    }
    lengths
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Guess, judge};

    #[rstest]
    #[case::leaked("passwordpassword")]
    #[case::with_a_year("Password2024!")]
    #[case::dressed_up("P@ssw0rd12345")]
    #[case::service("Hocba@2025-2026")]
    #[case::walk("qwertyuiop123")]
    #[case::zigzag("1q2w3e4r5t6y")]
    #[case::columns("1qaz2wsx3edc")]
    #[case::shifted("!@#$%^&*()_+")]
    #[case::digits("123456789012")]
    #[case::backwards("987654321098")]
    #[case::one_character("zzzzzzzzzzzzz")]
    #[case::repeats("abc1abc1abc1")]
    #[case::runs("aaaabbbbcccc")]
    #[case::dates("20/11/1990 2024")]
    #[case::birthdays("0101199002022000")]
    #[case::telephone("0912345678 az")]
    #[case::citizen("001190012345")]
    #[case::bare("mat khau 12345")]
    #[case::marked("Mật khẩu 2024")]
    #[case::decomposed("ma\u{323}\u{302}t kha\u{302}\u{309}u 123")]
    #[case::telex("maatjkhaaur123")]
    #[case::vni("ma6t5kha6u3 12")]
    #[case::sweet("anhyeuem1234")]
    #[case::sweet_telex("anhyeeuem2020")]
    #[case::office("giaovien@1234")]
    #[case::school("Trường Tiểu học 2024")]
    #[case::surname("Nguyễn Văn 1990")]
    #[case::luck("an khang thịnh vượng")]
    fn what_everybody_tries_is_guessable(#[case] password: &str) {
        assert_eq!(judge(password, &[]), Some(Guess::Common));
    }

    #[rstest]
    #[case("bốn con mèo đen")]
    #[case("một câu dài dễ nhớ")]
    #[case("correct horse battery staple")]
    #[case("xe đạp cũ dựng bên hiên")]
    #[case("kT9#vQ2!mZ7x")]
    #[case("~#;'<>?{}|+=")]
    #[case("hn7wq2mx84kd")]
    fn what_nobody_said_before_is_not(#[case] password: &str) {
        assert_eq!(judge(password, &[]), None);
    }

    #[rstest]
    #[case("Trần Thị Lan Anh 89", true)]
    #[case("lananh.dinhxuyen", true)]
    #[case("TH Đình Xuyên 2024", true)]
    #[case("đình xuyên có cây đa lớn", false)]
    fn words_about_its_owner_are_guessable(#[case] password: &str, #[case] weak: bool) {
        let own = ["Trần Thị Lan Anh", "Lan", "Anh", "lananh", "Đình Xuyên", "TH"].map(str::to_owned);
        assert_eq!(judge(password, &own).is_some(), weak);
    }

    #[test]
    fn the_lists_are_clean() {
        let words: Vec<&str> = include_str!("common.txt").lines().collect();
        assert!(words.is_sorted() && words.windows(2).all(|pair| pair.first() != pair.last()));
        assert!(
            words
                .iter()
                .all(|word| super::plain(word) == *word && word.len() >= 4)
        );
        assert!(
            include_str!("vietnamese.txt")
                .lines()
                .all(|phrase| !phrase.trim().is_empty())
        );
    }
}
