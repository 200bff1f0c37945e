//! hocba-lock
