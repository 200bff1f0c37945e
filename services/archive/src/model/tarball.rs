//! A package's files as one tar: the same files give the same bytes.

use std::io::{self, Read as _};

use hocba_evidence::package::Files;

/// Files in the order of their paths, without owners and times.
///
/// # Errors
/// A path that tar cannot hold.
pub fn write(files: &Files) -> io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, bytes.as_slice())?;
    }
    builder.into_inner()
}

/// The files of a tar that [`write`] made.
///
/// # Errors
/// Bytes that are no tar.
pub fn read(bytes: &[u8]) -> io::Result<Files> {
    let mut files = Files::new();
    for entry in tar::Archive::new(bytes).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.insert(path, content);
    }
    Ok(files)
}
