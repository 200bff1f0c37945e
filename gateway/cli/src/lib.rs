//! hocbactl
