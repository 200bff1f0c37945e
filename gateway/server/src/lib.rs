//! hocba-gateway
