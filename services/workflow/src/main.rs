//! The program `hocba-workflow`: `serve` (or nothing), `migrate`, `variables`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hocba_chassis::run::main(hocba_workflow::DEFINITION, hocba_workflow::build)
}
