//! Our public keys on the wire. No app function: there is nothing to load and nothing to decide.

use hocba_chassis::caller::Caller;
use hocba_policy::Resource;
use hocba_proto::identity::{GetJwksRequest, Jwk, Jwks};
use tonic::{Request, Response};

use super::Answer;
use crate::state::State;

/// GetJwks.
pub fn get_jwks(state: &State, request: &Request<GetJwksRequest>) -> Answer<Jwks> {
    const RPC: &str = "hocba.identity.v1.IdentityService/GetJwks";
    let caller = Caller::of(request)?;
    state.policy.authorize(&caller, RPC, &Resource::deployment())?;
    let keys = state.keys.public().map(|(kid, x)| Jwk {
        kid: kid.to_owned(),
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        x: x.to_vec(),
    });
    Ok(Response::new(Jwks { keys: keys.collect() }))
}
