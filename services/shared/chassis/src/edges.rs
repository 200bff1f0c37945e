//! Who may call whom: the allow list of peers. The NetworkPolicies repeat it and a test compares.

/// Calls from a service or the edge (first) to a service (second).
pub const EDGES: &[(&str, &str)] = &[
    // what people wait for
    ("gateway", "identity"),
    ("gateway", "records"),
    ("gateway", "workflow"),
    ("gateway", "lock"),
    ("gateway", "signing"),
    ("gateway", "archive"),
    ("workflow", "identity"),
    ("workflow", "records"),
    ("workflow", "lock"),
    ("workflow", "archive"),
    ("lock", "records"),
    ("lock", "archive"),
    ("signing", "archive"),
    ("signing", "identity"),
    ("archive", "records"),
    // what nobody waits for: token keys and the feed of ended sign-ins, the relay of the outbox
    ("records", "identity"),
    ("lock", "identity"),
    ("archive", "identity"),
    ("identity", "archive"),
    ("records", "archive"),
];

/// Full names of services that are not public although their name does not end in `InternalService`.
const FENCE_SERVICE: &str = "hocba.lock.v1.FenceService";

/// Whether `from` may call anything at `to`. Health checks of a service on itself pass.
#[must_use]
pub fn may_call(from: &str, to: &str) -> bool {
    from == to || EDGES.contains(&(from, to))
}

/// Whether a full service name is for our own services only.
#[must_use]
pub fn is_internal(service: &str) -> bool {
    service.ends_with("InternalService") || service == FENCE_SERVICE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_reaches_every_service_and_nothing_internal() {
        for service in ["identity", "records", "workflow", "lock", "signing", "archive"] {
            assert!(may_call("gateway", service));
            assert!(!may_call(service, "gateway"));
        }
        assert!(is_internal("hocba.records.v1.RecordsInternalService"));
        assert!(is_internal("hocba.lock.v1.FenceService"));
        assert!(!is_internal("hocba.records.v1.RecordsService"));
    }
}
