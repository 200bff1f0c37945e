//! hocba-gateway: the one way in from outside. It promises that nobody reaches a method that is not public,
//! that nobody arrives inside with headers of our trust, that a bad token goes no further than here, and
//! that one client cannot take the room of the others. It decodes no message: bytes in, bytes out.
//!
//! Map: [`config`] what can be set · [`edge`] TLS connections · [`routes`] which method goes where ·
//! [`gate`] what every call passes · [`authenticate`] tokens · [`headers`] what may come in and what goes
//! on · [`rate`] the token bucket · [`body`] the size limit · [`refusal`] answers of our own ·
//! [`health`] the page that shows how the services are · [`app`] all together.

pub mod app;
pub mod authenticate;
pub mod body;
pub mod config;
pub mod edge;
pub mod gate;
pub mod headers;
pub mod health;
pub mod rate;
pub mod refusal;
pub mod routes;
