//! The archive service's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    hocba_chassis::run::main(hocba_archive::DEFINITION, hocba_archive::build)
}
