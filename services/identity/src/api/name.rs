//! Resource names (AIP-122) read to ids.

use uuid::Uuid;

use crate::model::{home::Home, slug::Slug};

/// Reads `schools/{school}`.
pub fn school(text: &str) -> Result<Slug, &'static str> {
    match parts(text).as_slice() {
        ["schools", id] => Slug::parse(id).map_err(|_| "must be schools/{school}"),
        _ => Err("must be schools/{school}"),
    }
}

/// Reads `schools/{school}`, or `-` for the deployment itself.
pub fn home(text: &str) -> Result<Home, &'static str> {
    match text {
        "-" => Ok(Home::Deployment),
        _ => school(text)
            .map(Home::School)
            .map_err(|_| "must be schools/{school} or -"),
    }
}

/// Reads `authorities/{authority}`.
pub fn authority(text: &str) -> Result<Slug, &'static str> {
    match parts(text).as_slice() {
        ["authorities", id] => Slug::parse(id).map_err(|_| "must be authorities/{authority}"),
        _ => Err("must be authorities/{authority}"),
    }
}

/// Reads `accounts/{account}`.
pub fn account(text: &str) -> Result<Uuid, &'static str> {
    match parts(text).as_slice() {
        ["accounts", id] => uuid(id),
        _ => Err("must be accounts/{account}"),
    }
}

/// Reads `accounts/{account}/{kind}/{id}`, for role bindings, sign-ins, security keys and recoveries.
pub fn of_account(text: &str, kind: &str) -> Result<(Uuid, Uuid), &'static str> {
    match parts(text).as_slice() {
        ["accounts", account, found, id] if *found == kind => Ok((uuid(account)?, uuid(id)?)),
        _ => Err("must be the name of a resource of an account"),
    }
}

/// Reads `accounts/{account}/staffProfile`.
pub fn staff_profile(text: &str) -> Result<Uuid, &'static str> {
    match parts(text).as_slice() {
        ["accounts", id, "staffProfile"] => uuid(id),
        _ => Err("must be accounts/{account}/staffProfile"),
    }
}

/// Reads `schools/{school}/delegations/{delegation}`.
pub fn delegation(text: &str) -> Result<(Slug, Uuid), &'static str> {
    match parts(text).as_slice() {
        ["schools", school, "delegations", id] => Ok((Slug::parse(school)?, uuid(id)?)),
        _ => Err("must be schools/{school}/delegations/{delegation}"),
    }
}

/// Reads `schools/{school}/{kind}/{id}`, for working groups, groups and incidents.
pub fn of_school(text: &str, kind: &str) -> Result<(Slug, Uuid), &'static str> {
    match parts(text).as_slice() {
        ["schools", school, found, id] if *found == kind => Ok((Slug::parse(school)?, uuid(id)?)),
        _ => Err("must be the name of a resource of a school"),
    }
}

/// Reads `schools/{school}/groups/{group}/roleBindings/{binding}`.
pub fn group_role(text: &str) -> Result<(Slug, Uuid, Uuid), &'static str> {
    match parts(text).as_slice() {
        ["schools", school, "groups", group, "roleBindings", id] => {
            Ok((Slug::parse(school)?, uuid(group)?, uuid(id)?))
        }
        _ => Err("must be schools/{school}/groups/{group}/roleBindings/{binding}"),
    }
}

/// Reads an etag that was read before; what it never was can only mismatch.
pub fn etag(text: &str) -> Result<i64, &'static str> {
    text.parse().map_err(|_| "must be the etag that was read")
}

/// Reads `schools/{school}/integrators/{integrator}`.
pub fn integrator(text: &str) -> Result<(Slug, Uuid), &'static str> {
    match parts(text).as_slice() {
        ["schools", school, "integrators", id] => Ok((Slug::parse(school)?, uuid(id)?)),
        _ => Err("must be schools/{school}/integrators/{integrator}"),
    }
}

fn parts(text: &str) -> Vec<&str> {
    text.split('/').collect()
}

fn uuid(text: &str) -> Result<Uuid, &'static str> {
    match Uuid::try_parse(text) {
        // One way to write an id: otherwise one account would have several names.
        Ok(id) if id.to_string() == text => Ok(id),
        _ => Err("must hold an id in UUID form, lower case with hyphens"),
    }
}
