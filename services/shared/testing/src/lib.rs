//! hocba-testing
