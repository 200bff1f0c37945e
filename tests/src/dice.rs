//! Randomness that can be thrown again: every program that throws prints its seed first.

use std::{env, ops::Range};

use anyhow::Context;

/// The variable that names the seed of a run to be repeated.
pub const VARIABLE: &str = "HOCBA_SEED";

/// `SplitMix64`: the same seed throws the same numbers on every machine. Nothing secret is made of it.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of the seed in the environment, or of a fresh one; prints it.
    pub fn from_environment() -> anyhow::Result<Self> {
        let seed = match env::var(VARIABLE) {
            Ok(text) => text.parse().with_context(|| format!("{VARIABLE} is no number"))?,
            Err(_) => u64::from_le_bytes(crate::files::random::<8>()?),
        };
        eprintln!("seed: {VARIABLE}={seed}");
        Ok(Self(seed))
    }

    /// Dice of their own for one part of the work, so that parts may run in any order.
    #[must_use]
    pub fn of(&self, part: &str) -> Self {
        // FNV-1a: the standard library's hash may change between versions.
        let named = part.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(self.0 ^ named)
    }

    /// The next number.
    pub fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of a range that is not empty.
    pub fn number(&mut self, range: Range<u64>) -> u64 {
        range.start + self.throw() % (range.end - range.start).max(1)
    }

    /// One of several; nothing of nothing.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.number(0..u64::try_from(of.len()).ok()?);
        of.get(usize::try_from(at).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_throws_the_same_again_and_each_part_its_own() {
        let numbers = |mut dice: Dice| [dice.throw(), dice.throw(), dice.number(0..10)];
        assert_eq!(numbers(Dice::new(7)), numbers(Dice::new(7)));
        assert_ne!(numbers(Dice::new(7)), numbers(Dice::new(8)));
        assert_ne!(numbers(Dice::new(7).of("a")), numbers(Dice::new(7).of("b")));
        assert_eq!(Dice::new(1).pick::<u8>(&[]), None);
    }
}
