//! Test scores as books print them.

/// A whole number of 10^-decimals as people read it: with one decimal 85 is 8,5.
#[must_use]
pub fn printed(score: i32, decimals: i32) -> String {
    let width = usize::try_from(decimals).unwrap_or_default();
    let digits = format!("{score:0least$}", least = width + 1);
    match digits.split_at_checked(digits.len() - width) {
        Some((whole, rest)) if !rest.is_empty() => format!("{whole},{rest}"),
        Some(_) | None => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a10_3_a_score_is_printed_as_its_rules_mean_it() {
        for (score, decimals, text) in [
            (10, 0, "10"),
            (0, 0, "0"),
            (85, 1, "8,5"),
            (100, 1, "10,0"),
            (5, 1, "0,5"),
            (725, 2, "7,25"),
            (3, 2, "0,03"),
        ] {
            assert_eq!(printed(score, decimals), text, "{score} with {decimals}");
        }
    }
}
