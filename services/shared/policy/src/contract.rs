//! The actions: every RPC of the contract, by full name `package.Service/Method`.

use anyhow::Context as _;
use prost_reflect::DescriptorPool;

/// Every RPC of our packages.
pub fn rpcs() -> anyhow::Result<Vec<String>> {
    let pool = DescriptorPool::decode(hocba_proto::DESCRIPTOR_SET).context("the descriptor set")?;
    Ok(pool
        .services()
        .filter(|service| service.full_name().starts_with("hocba."))
        .flat_map(|service| {
            let name = service.full_name().to_owned();
            service
                .methods()
                .map(move |method| format!("{name}/{}", method.name()))
                .collect::<Vec<_>>()
        })
        .collect())
}

/// Every RPC of the services with these full names.
pub fn rpcs_of(services: &[&str]) -> anyhow::Result<Vec<String>> {
    Ok(rpcs()?
        .into_iter()
        .filter(|rpc| {
            rpc.split_once('/')
                .is_some_and(|(service, _)| services.contains(&service))
        })
        .collect())
}

/// The Cedar schema: persons and peers act on things of a school, one action an RPC.
pub fn schema(rpcs: &[String]) -> String {
    let actions: Vec<_> = rpcs.iter().map(|rpc| format!("\"{rpc}\"")).collect();
    format!(
        "namespace Hocba {{
            entity Person = {{ school?: String, authority?: String, roles: Set<String>, grant: Set<String> }};
            entity Peer = {{ name: String }};
            entity Thing = {{ school?: String, authority?: String }};
            action {} appliesTo {{
                principal: [Person, Peer],
                resource: [Thing],
                context: {{ peer: String, relations: Set<String> }}
            }};
        }}",
        actions.join(", ")
    )
}
