//! A comment that names another pupil of the class: most often a comment in the wrong row. False alarms teach
//! people to ignore alarms, so a given name alone counts only where a person is spoken of.

use std::collections::{BTreeMap, BTreeSet};

use super::text::tone_placed;

/// Words before a given name that make it a person: «bạn Minh», and not «tiếng Anh», «Việt Nam», «An toàn».
const BEFORE_A_PERSON: [&str; 6] = ["em", "bạn", "cháu", "con", "trò", "sinh"];

/// Last two words of names that are more often something else.
const NO_PERSON: [&str; 1] = ["Việt Nam"];

/// The names of a class, taken apart once: a sheet has as many comments as pupils.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    names: Vec<(String, Vec<String>)>,
    /// How many names end in these words: the given name, two words, all of them.
    bearers: BTreeMap<Vec<String>, usize>,
}

impl Roster {
    /// Of full names.
    pub fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut roster = Self::default();
        for name in names {
            let parts = words(name);
            let tails: BTreeSet<&[String]> = [1, 2, parts.len()]
                .into_iter()
                .filter_map(|count| tail(&parts, count))
                .collect();
            for tail in tails {
                *roster.bearers.entry(tail.to_vec()).or_default() += 1;
            }
            roster.names.push((name.to_owned(), parts));
        }
        roster
    }

    /// The other pupils that a comment names, by their full names.
    #[must_use]
    pub fn named(&self, comment: &str, own: &str) -> Vec<&str> {
        let (text, own_words) = (words(comment), words(own));
        // Who bears the words alone in the class, and is not the pupil.
        let tells = |tail: &&[String]| {
            self.bearers.get(*tail) == Some(&1)
                && !has(&own_words, tail)
                && !NO_PERSON.contains(&tail.join(" ").as_str())
        };
        let others = self.names.iter().filter(|(name, _)| name != own);
        others
            .filter(|(_, parts)| {
                let long = [parts.len(), 2].into_iter().filter(|count| *count > 1);
                let mut long = long.filter_map(|count| tail(parts, count)).filter(tells);
                let given = tail(parts, 1).filter(tells).and_then(<[String]>::first);
                long.any(|tail| stands(&text, tail)) || given.is_some_and(|given| is_spoken_of(&text, given))
            })
            .map(|(name, _)| name.as_str())
            .collect()
    }
}

fn tail(parts: &[String], count: usize) -> Option<&[String]> {
    parts.get(parts.len().checked_sub(count)?..)
}

/// Words with their tones where we write them, without marks of punctuation.
fn words(text: &str) -> Vec<String> {
    tone_placed(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn has(words: &[String], part: &[String]) -> bool {
    words.windows(part.len()).any(|window| window == part)
}

/// Whether the words stand in the text and are no part of a longer name: «Hà Nội» in «Hà Nội Anh».
fn stands(text: &[String], part: &[String]) -> bool {
    text.windows(part.len())
        .enumerate()
        .any(|(at, window)| window == part && !text.get(at + part.len()).is_some_and(|next| is_name(next)))
}

/// Whether a given name alone stands for a person: after a word for one, and before no other name.
fn is_spoken_of(text: &[String], given: &str) -> bool {
    text.windows(2).enumerate().any(|(at, pair)| match pair {
        [before, name] => {
            name == given
                && BEFORE_A_PERSON.contains(&before.to_lowercase().as_str())
                && !text.get(at + 2).is_some_and(|next| is_name(next))
        }
        _ => false,
    })
}

fn is_name(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn roster() -> Roster {
        let names = [
            "Nguyễn Ngọc Anh",
            "Trần Văn An",
            "Lê Hoàng Minh",
            "Phạm Nhật Minh",
            "Vũ Tiến",
            "Đỗ Thúy Hoà",
            "Hà Việt Nam",
            "Bùi Minh An",
        ];
        Roster::new(names.into_iter())
    }

    #[rstest]
    #[case::full_name("Nguyễn Ngọc Anh đọc tốt.", &["Nguyễn Ngọc Anh"])]
    #[case::middle_and_given("Ngọc Anh đọc tốt.", &["Nguyễn Ngọc Anh"])]
    #[case::given_of_a_person("Bạn Tiến cần chăm hơn.", &["Vũ Tiến"])]
    #[case::in_the_sentence("Con giúp đỡ bạn Hòa học bài.", &["Đỗ Thúy Hoà"])]
    #[case::two_pupils_of_the_name("Bạn Minh cần chăm hơn.", &[])]
    #[case::which_minh("Nhật Minh cần chăm hơn.", &["Phạm Nhật Minh"])]
    #[case::the_language("Em học tiếng Anh tốt.", &[])]
    #[case::a_subject("Môn Tiếng Anh: em nghe tốt.", &[])]
    #[case::progress("Tiến bộ rõ rệt.", &[])]
    #[case::safety("Em biết giữ An toàn giao thông.", &[])]
    #[case::the_country("Em yêu đất nước Việt Nam.", &[])]
    #[case::no_name("Chăm chỉ, đọc to, rõ ràng.", &[])]
    #[case::longer_name("Em thuộc bài thơ về bạn Tiến Quân.", &[])]
    fn a4_2a_a_comment_that_names_another_pupil_is_pointed_out(
        #[case] comment: &str,
        #[case] expected: &[&str],
    ) {
        assert_eq!(roster().named(comment, "Lê Hoàng Minh"), expected);
    }

    #[test]
    fn a4_2a_the_pupils_own_name_is_no_alarm() {
        let roster = roster();
        let own = "Trần Văn An";
        assert!(roster.named("Bạn An viết đẹp. Văn An đọc tốt.", own).is_empty());
        assert_eq!(roster.named("Bạn Minh An viết đẹp.", own), ["Bùi Minh An"]);
    }
}
