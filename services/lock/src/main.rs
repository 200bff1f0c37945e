//! The lock service's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    hocba_chassis::run::main(hocba_lock::DEFINITION, hocba_lock::build)
}
