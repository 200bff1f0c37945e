//! Tokens are judged here first, so that a bad one costs a service nothing. The service judges again: it
//! does not believe the edge.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use hocba_chassis::{Failure, token_keys::Tokens};

use crate::routes::Route;

/// Refuses a call whose token is absent, bent or over, unless the method needs none.
pub async fn check(tokens: &Tokens, route: &Route, headers: &mut HeaderMap) -> Result<(), Failure> {
    if !route.needs_token {
        // Whoever is about to sign in may still hold an old token; it has no say here.
        headers.remove(AUTHORIZATION);
        return Ok(());
    }
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.strip_prefix("Bearer "))
        .ok_or_else(Failure::sign_in_first)?;
    tokens.person(token).await.map(drop)
}
