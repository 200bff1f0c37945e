//! hocba-archive
