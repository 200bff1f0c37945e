//! hocba-identity
