//! The program `hocba-signing`: `serve` (or nothing), `migrate`, `variables`, `init-ca`.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("init-ca") => hocba_signing::authority::main(),
        _ => hocba_chassis::run::main(hocba_signing::DEFINITION, hocba_signing::build),
    }
}
