//! The methods of the contract, from the descriptor set.

use anyhow::Context;
use prost_reflect::{DescriptorPool, MethodDescriptor, ServiceDescriptor};

/// Methods that need no token.
pub const WITHOUT_TOKEN: [&str; 8] = [
    "BeginSignIn",
    "SignIn",
    "RefreshSignIn",
    "GetJwks",
    "ActivateAccount",
    "ConfirmTotp",
    "ReportIncidentWithoutSignIn",
    "SignInIntegrator",
];

/// Methods for whoever is signed in: there is no wrong role and no other school.
pub const FOR_EVERYBODY: [&str; 8] = [
    "SignOut",
    "StepUp",
    "BeginStepUp",
    "BeginSecurityKey",
    "ChangePassword",
    "GetMe",
    "GetTrustAnchors",
    "ListPlaces",
];

/// The contract.
pub fn pool() -> anyhow::Result<DescriptorPool> {
    DescriptorPool::decode(hocba_proto::DESCRIPTOR_SET).context("the descriptor set is damaged")
}

/// Our services.
pub fn services() -> anyhow::Result<Vec<ServiceDescriptor>> {
    Ok(pool()?
        .services()
        .filter(|service| service.full_name().starts_with("hocba."))
        .collect())
}

/// Whether outsiders may reach a service.
#[must_use]
pub fn is_public(service: &ServiceDescriptor) -> bool {
    !service.name().ends_with("InternalService") && service.name() != "FenceService"
}

/// The methods of public services.
pub fn public() -> anyhow::Result<Vec<MethodDescriptor>> {
    methods(true)
}

/// The methods of public services of which somebody is refused by role or place.
pub fn guarded() -> anyhow::Result<Vec<MethodDescriptor>> {
    let is_open = |name: &str| WITHOUT_TOKEN.contains(&name) || FOR_EVERYBODY.contains(&name);
    let mut methods = public()?;
    methods.retain(|method| !is_open(method.name()));
    Ok(methods)
}

/// The methods of internal services.
pub fn internal() -> anyhow::Result<Vec<MethodDescriptor>> {
    methods(false)
}

fn methods(public: bool) -> anyhow::Result<Vec<MethodDescriptor>> {
    Ok(services()?
        .iter()
        .filter(|service| is_public(service) == public)
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect())
}

/// The HTTP path of a method.
#[must_use]
pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}
