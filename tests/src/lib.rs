//! hocba-cluster
