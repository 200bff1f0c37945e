//! hocba-workflow
