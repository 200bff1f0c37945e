//! Spot checks: a draw that everybody can repeat, and what a paper says (A4.2c).

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

/// The most scores of one check.
pub const LARGEST: i32 = 200;

/// The places of the drawn cells, given the digests of all of them: in ascending order of SHA-256 over
/// `{seed}|{digest, lower hex}`, the first `size`.
#[must_use]
pub fn draw(seed: &str, digests: &[Vec<u8>], size: usize) -> Vec<usize> {
    let mut order: Vec<(Vec<u8>, usize)> = digests
        .iter()
        .enumerate()
        .map(|(at, cell)| {
            let text = format!("{seed}|{}", HEXLOWER.encode(cell));
            (digest(&SHA256, text.as_bytes()).as_ref().to_vec(), at)
        })
        .collect();
    order.sort();
    order.into_iter().take(size).map(|(_, at)| at).collect()
}

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The same.
    Agrees,
    /// Something else.
    Differs,
    /// There is no paper.
    NoPaper,
}

impl Verdict {
    /// Of a sealed score and its paper.
    #[must_use]
    pub fn of(sealed: i16, paper: Option<i16>) -> Self {
        match paper {
            Some(paper) if paper == sealed => Self::Agrees,
            Some(_) => Self::Differs,
            None => Self::NoPaper,
        }
    }

    /// As in SQL.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Differs => "differs",
            Self::NoPaper => "no_paper",
        }
    }

    /// The verdict of an id.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        let all = [Self::Agrees, Self::Differs, Self::NoPaper];
        all.into_iter().find(|it| it.id() == id)
    }
}

/// Where a check stands, by its items' verdicts and whether each was corrected since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Papers are to be compared.
    Open,
    /// Differences wait.
    Different,
    /// Nothing waits.
    Settled,
}

impl State {
    /// By its items.
    #[must_use]
    pub fn of(items: &[(Option<Verdict>, bool)]) -> Self {
        let waits = |(verdict, corrected): &(Option<Verdict>, bool)| match verdict {
            Some(Verdict::Differs) => !corrected,
            Some(Verdict::Agrees | Verdict::NoPaper) | None => false,
        };
        if items.iter().any(|(verdict, _)| verdict.is_none()) {
            Self::Open
        } else if items.iter().any(waits) {
            Self::Different
        } else {
            Self::Settled
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing_compared(&[(None, false)], State::Open)]
    #[case::one_left(&[(Some(Verdict::Differs), true), (None, false)], State::Open)]
    #[case::a_difference(&[(Some(Verdict::Agrees), false), (Some(Verdict::Differs), false)], State::Different)]
    #[case::corrected(&[(Some(Verdict::Agrees), false), (Some(Verdict::Differs), true)], State::Settled)]
    #[case::no_paper(&[(Some(Verdict::NoPaper), false)], State::Settled)]
    fn a4_2c_a_check_is_settled_when_every_difference_is_corrected(
        #[case] items: &[(Option<Verdict>, bool)],
        #[case] state: State,
    ) {
        assert_eq!(State::of(items), state);
    }

    proptest! {
        #[test]
        fn a4_2c_a_draw_is_repeatable_and_does_not_depend_on_the_order_of_rows(
            seed in "[a-z0-9]{1,8}",
            count in 1_u8..60,
            size in 0_usize..80,
        ) {
            let digests: Vec<Vec<u8>> = (0..count).map(|at| vec![at; 32]).collect();
            let drawn = draw(&seed, &digests, size);
            prop_assert_eq!(drawn.len(), size.min(digests.len()));
            let mut reversed = digests.clone();
            reversed.reverse();
            let again: Vec<&Vec<u8>> = draw(&seed, &reversed, size).into_iter().map(|at| &reversed[at]).collect();
            let drawn: Vec<&Vec<u8>> = drawn.into_iter().map(|at| &digests[at]).collect();
            prop_assert_eq!(drawn, again);
        }
    }
}
