//! What may be kept as evidence.

/// The most bytes of a file.
pub const LIMIT: usize = 10_000_000;

/// The media type by content; `None` for anything but PDF, PNG and JPEG.
#[must_use]
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"%PDF-") {
        Some("application/pdf")
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else {
        None
    }
}

/// A kept file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// SHA-256, lower hex.
    pub sha256: String,
    /// Where the file lies, sealed.
    pub object: String,
    /// Media type by content.
    pub media_type: String,
    /// Bytes.
    pub size_bytes: i64,
    /// Who uploaded it first.
    pub uploader: String,
    /// When.
    pub created_at: time::OffsetDateTime,
}
