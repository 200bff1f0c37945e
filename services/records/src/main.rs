//! The program `hocba-records`: `serve` (or nothing), `migrate`, `variables`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hocba_chassis::run::main(hocba_records::DEFINITION, hocba_records::build)
}
