//! hocba-records
