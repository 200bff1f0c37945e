//! Which method goes where: every method of a public service, from the descriptor set. What is not listed
//! does not exist for outsiders.

use std::collections::BTreeMap;

use anyhow::Context;
use prost_reflect::{DescriptorPool, ServiceDescriptor};

/// Methods that carry no access token: who calls them is only about to get one.
const WITHOUT_TOKEN: [&str; 8] = [
    "hocba.identity.v1.IdentityService/BeginSignIn",
    "hocba.identity.v1.IdentityService/SignIn",
    "hocba.identity.v1.IdentityService/RefreshSignIn",
    "hocba.identity.v1.IdentityService/GetJwks",
    "hocba.identity.v1.IdentityService/ActivateAccount",
    "hocba.identity.v1.IdentityService/ConfirmTotp",
    "hocba.identity.v1.IdentityService/ReportIncidentWithoutSignIn",
    "hocba.identity.v1.IdentityService/SignInIntegrator",
];

/// A public method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `hocba.records.v1.RecordsService/ListPupils`.
    pub method: String,
    /// The service behind it: `records`.
    pub peer: String,
    /// Whether a token is asked for.
    pub needs_token: bool,
    /// Whether the answer is a stream, which may last.
    pub streams: bool,
}

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A public method.
    Public(&'a Route),
    /// A method of our services among themselves.
    Internal,
    /// Nothing.
    Unknown,
}

/// The allow list.
#[derive(Debug)]
pub struct Routes {
    public: BTreeMap<String, Route>,
    internal: Vec<String>,
}

impl Routes {
    /// Reads the contract.
    pub fn of_contract() -> anyhow::Result<Self> {
        let pool =
            DescriptorPool::decode(hocba_proto::DESCRIPTOR_SET).context("the descriptor set is damaged")?;
        let mut public = BTreeMap::new();
        let mut internal = Vec::new();
        for service in pool.services() {
            // Only our packages: health and reflection stay inside.
            let Some(peer) = peer(&service) else { continue };
            if !is_public(service.name()) {
                internal.push(format!("/{}/", service.full_name()));
                continue;
            }
            for method in service.methods() {
                let name = format!("{}/{}", service.full_name(), method.name());
                let route = Route {
                    peer: peer.clone(),
                    needs_token: !WITHOUT_TOKEN.contains(&name.as_str()),
                    streams: method.is_server_streaming(),
                    method: name.clone(),
                };
                public.insert(format!("/{name}"), route);
            }
        }
        Ok(Self { public, internal })
    }

    /// Looks a request's path up.
    #[must_use]
    pub fn find(&self, path: &str) -> Found<'_> {
        match self.public.get(path) {
            Some(route) => Found::Public(route),
            None if self.internal.iter().any(|prefix| path.starts_with(prefix)) => Found::Internal,
            None => Found::Unknown,
        }
    }

    /// Every public method.
    pub fn all(&self) -> impl Iterator<Item = &Route> {
        self.public.values()
    }
}

/// Whether outsiders may know a service.
fn is_public(name: &str) -> bool {
    !name.ends_with("InternalService") && name != "FenceService"
}

/// `hocba.records.v1` → `records`.
fn peer(service: &ServiceDescriptor) -> Option<String> {
    let package = service.package_name().strip_prefix("hocba.")?;
    package.split('.').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_methods_lead_to_their_service() {
        let routes = Routes::of_contract().unwrap();
        let Found::Public(route) = routes.find("/hocba.identity.v1.IdentityService/GetMe") else {
            panic!("not public")
        };
        assert_eq!(
            (route.peer.as_str(), route.needs_token, route.streams),
            ("identity", true, false)
        );
    }

    #[test]
    fn methods_without_token_exist() {
        let routes = Routes::of_contract().unwrap();
        let without: Vec<_> = routes.all().filter(|route| !route.needs_token).collect();
        assert_eq!(without.len(), WITHOUT_TOKEN.len());
    }

    #[test]
    fn internal_services_health_and_reflection_are_not_public() {
        let routes = Routes::of_contract().unwrap();
        let internal = "/hocba.identity.v1.IdentityInternalService/ListAccountEvents";
        assert_eq!(routes.find(internal), Found::Internal);
        for path in [
            "/grpc.health.v1.Health/Check",
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "/hocba.identity.v1.IdentityService/Nothing",
            "/hocba.identity.v1.IdentityService/GetMe/",
            "/",
        ] {
            assert_eq!(routes.find(path), Found::Unknown, "{path}");
        }
        assert!(
            !routes
                .all()
                .any(|route| route.method.contains("Internal") || route.method.contains("Fence"))
        );
    }
}
