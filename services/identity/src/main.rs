//! The program `hocba-identity`: `serve` (or nothing), `migrate`, `variables`, `bootstrap`.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("bootstrap") => hocba_identity::app::bootstrap::main(),
        _ => hocba_chassis::run::main(hocba_identity::DEFINITION, hocba_identity::build),
    }
}
