//! hocba-fence
