//! Progress of long work: a bar on a terminal, plain lines elsewhere.

use std::{io::IsTerminal as _, time::Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// One step of work that a person watches.
#[derive(Debug)]
pub struct Step {
    bar: ProgressBar,
    title: String,
    start: Instant,
    plain: bool,
}

impl Step {
    /// Starts a step of `total` pieces; 0 when the number is unknown.
    pub fn start(title: impl Into<String>, total: u64) -> Self {
        let title = title.into();
        let plain = !std::io::stderr().is_terminal();
        let bar = if plain {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(total)
        };
        if let Ok(style) = ProgressStyle::with_template("{msg:50} {wide_bar} {pos}/{len} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(title.clone());
        Self {
            bar,
            title,
            start: Instant::now(),
            plain,
        }
    }

    /// One piece is done.
    pub fn tick(&self) {
        self.bar.inc(1);
    }

    /// The step is done; `result` says in a few words what came of it.
    pub fn done(self, result: impl std::fmt::Display) {
        self.bar.finish_and_clear();
        let seconds = self.start.elapsed().as_secs_f32();
        let mark = if self.plain { "-" } else { "✓" };
        eprintln!("{mark} {}: {result} ({seconds:.1} s)", self.title);
    }
}
