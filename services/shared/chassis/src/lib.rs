//! hocba-chassis
