//! Compiles the contract: every `.proto` under `hocba/` into Rust and one descriptor set.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=hocba");
    println!("cargo::rerun-if-changed=google");
    println!("cargo::rerun-if-changed=build.rs");

    let mut files = Vec::new();
    collect(PathBuf::from("hocba"), &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new(["."])?;
    compiler
        .include_imports(true)
        .include_source_info(true)
        .open_files(&files)?;

    // The encoded set keeps our options (field_behavior); the typed one drops unknown extensions.
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(
        out.join("descriptor.binpb"),
        compiler.encode_file_descriptor_set(),
    )?;

    let set = compiler.file_descriptor_set();
    debug_assert!(set.encoded_len() > 0);
    tonic_prost_build::configure()
        .extern_path(".google.rpc", "::tonic_types::pb")
        .emit_rerun_if_changed(false)
        .compile_fds(set)?;
    Ok(())
}

fn collect(folder: PathBuf, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(path, files)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
