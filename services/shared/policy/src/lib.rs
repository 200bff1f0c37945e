//! hocba-policy
