//! What teachers enter: plausible, different from pupil to pupil, the same for the same seed.

use hocba_cluster::dice::Dice;
use hocba_proto::{
    records::Cell,
    types::{CellMark, CellValue},
};

const PRAISE: [&str; 4] = [
    "Nắm chắc kiến thức, tích cực phát biểu.",
    "Chăm chỉ, trình bày sạch đẹp.",
    "Tiến bộ rõ rệt so với đầu năm.",
    "Biết giúp đỡ bạn trong học tập.",
];
const ADVICE: [&str; 3] = [
    "Cần cẩn thận hơn khi làm bài.",
    "Cần đọc bài nhiều hơn ở nhà.",
    "Cần tập trung hơn trong giờ học.",
];

/// The value of a cell in a period.
pub(crate) fn of(cell: &Cell, period: &str, dice: &Dice) -> CellValue {
    // How a pupil does is the pupil's; each cell strays a little.
    let talent = dice.of(&cell.pupil).number(0..10);
    let mut dice = dice.of(&format!("{}/{}/{period}", cell.pupil, cell.item));
    let is_subject = cell.item.chars().all(char::is_uppercase);
    let (best, middle) = if is_subject { ("T", "H") } else { ("T", "D") };
    let (level, scores) = match talent {
        0..=2 => (best, 9..11),
        3..=5 => (best, 7..11),
        6..=8 if dice.number(0..4) == 0 => (middle, 5..8),
        6..=8 => (best, 5..11),
        _ => match dice.number(0..20) {
            0 => ("C", 0..6),
            1..=9 => (middle, 4..9),
            _ => (best, 5..11),
        },
    };
    let good = level == best;
    let comment = if good {
        dice.pick(&PRAISE)
    } else {
        dice.pick(&ADVICE)
    };
    let comment_only = cell.item.starts_with("nx_");
    CellValue {
        mark: CellMark::Assessed.into(),
        level: if comment_only {
            String::new()
        } else {
            level.to_owned()
        },
        score: cell
            .tested
            .then(|| i32::try_from(dice.number(scores)).unwrap_or_default()),
        comment: comment.copied().unwrap_or_default().to_owned(),
    }
}
