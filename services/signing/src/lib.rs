//! hocba-signing
