//! hocba-evidence
