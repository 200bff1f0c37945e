//! The manifests against the code: variables, files, probes, rights, and that nothing is forgotten. That
//! the NetworkPolicies are the enforced edges is asserted in `watchmen.rs`; that every document fits the
//! schemas of Kubernetes, by `k8s/validate.sh`.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test program: a panic is its failure"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use hocba_cluster::{
    files::{self, repository},
    node::Node,
};
use serde::Deserialize;
use serde_yaml_ng::Value;

fn base() -> PathBuf {
    repository().join("k8s/base")
}

fn documents(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_yaml_ng::Deserializer::from_str(&text)
        .map(|document| {
            Value::deserialize(document).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect()
}

/// The document of a kind in a node's file.
fn document(node: Node, kind: &str) -> Value {
    let mut found: Vec<Value> = documents(&base().join(format!("{node}.yaml")))
        .into_iter()
        .filter(|document| document["kind"] == kind)
        .collect();
    assert_eq!(found.len(), 1, "{node} has {} documents {kind}", found.len());
    found.remove(0)
}

fn pod(node: Node) -> Value {
    document(node, "Deployment")["spec"]["template"]["spec"].clone()
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_sequence().into_iter().flatten().collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Init containers and containers.
fn containers(pod: &Value) -> Vec<&Value> {
    [list(&pod["initContainers"]), list(&pod["containers"])].concat()
}

fn variables(container: &Value) -> BTreeMap<String, String> {
    list(&container["env"])
        .into_iter()
        .map(|entry| (text(&entry["name"]), text(&entry["value"])))
        .collect()
}

/// What a program says it reads: name, and whether it must be set.
fn read_by(node: Node) -> BTreeMap<String, bool> {
    let output = Command::new(files::program(&node.program()).unwrap())
        .arg("variables")
        .output()
        .unwrap();
    assert!(output.status.success(), "{node} variables: {}", output.status);
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| {
            let variable: serde_json::Value = serde_json::from_str(line).unwrap();
            (
                variable["name"].as_str().unwrap().to_owned(),
                variable["required"].as_bool().unwrap(),
            )
        })
        .collect()
}

#[test]
fn the_kustomization_lists_every_file() {
    let kustomization = documents(&base().join("kustomization.yaml")).remove(0);
    let listed: BTreeSet<String> = list(&kustomization["resources"]).into_iter().map(text).collect();
    let there: BTreeSet<String> = fs::read_dir(base())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "kustomization.yaml")
        .collect();
    assert_eq!(listed, there);
    for node in Node::ALL {
        assert!(there.contains(&format!("{node}.yaml")), "{node} has no file");
    }
}

#[test]
fn no_variable_is_set_that_nobody_reads_and_none_required_is_missing() {
    let mut wrong: Vec<String> = vec![];
    for node in Node::ALL {
        let read = read_by(node);
        let pod = pod(node);
        let set: BTreeSet<String> = containers(&pod)
            .into_iter()
            .flat_map(|container| variables(container).into_keys())
            .collect();
        let unread = set.iter().filter(|name| !read.contains_key(*name));
        wrong.extend(unread.map(|name| format!("{node} never reads {name}, k8s/base/{node}.yaml sets it")));
        let missing = read
            .iter()
            .filter(|(name, required)| **required && !set.contains(*name));
        wrong.extend(
            missing.map(|(name, _)| format!("{node} needs {name}, k8s/base/{node}.yaml does not set it")),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_service_knows_the_addresses_it_may_call_and_no_others() {
    for node in Node::ALL {
        let pod = pod(node);
        let set: BTreeMap<String, String> = variables(list(&pod["containers"])[0])
            .into_iter()
            .filter(|(name, _)| name.ends_with("_ADDR"))
            .collect();
        let wanted: BTreeMap<String, String> = node
            .calls()
            .into_iter()
            .map(|to| (to.address_variable(), format!("{to}:7000")))
            .collect();
        assert_eq!(set, wanted, "{node}");
    }
}

#[test]
fn every_file_that_is_named_lies_in_a_mounted_secret_or_volume() {
    for node in Node::ALL {
        let pod = pod(node);
        let volumes: BTreeSet<String> = list(&pod["volumes"])
            .into_iter()
            .map(|volume| text(&volume["name"]))
            .collect();
        let mut mounted = BTreeSet::new();
        for container in containers(&pod) {
            let mounts: Vec<(String, String)> = list(&container["volumeMounts"])
                .into_iter()
                .map(|mount| (text(&mount["name"]), text(&mount["mountPath"])))
                .collect();
            for (name, path) in &mounts {
                assert!(volumes.contains(name), "{node}: no volume {name}");
                mounted.insert(name.clone());
                let secret = list(&pod["volumes"])
                    .into_iter()
                    .any(|volume| volume["name"] == name.as_str() && volume.get("secret").is_some());
                assert_eq!(secret, path.starts_with("/run/secrets/"), "{node}: {path}");
            }
            for (name, value) in variables(container) {
                for path in value.split(',').filter(|path| path.starts_with('/')) {
                    let held = mounts.iter().any(|(_, mount)| Path::new(path).starts_with(mount));
                    assert!(held, "{node}: {name} names {path}, which is not mounted");
                }
            }
        }
        assert_eq!(mounted, volumes, "{node}: volumes nobody mounts");
    }
}

#[test]
fn only_the_init_container_sees_the_migrators_secret() {
    for node in Node::SERVICES {
        let pod = pod(node);
        let sees = |container: &Value| {
            list(&container["volumeMounts"])
                .into_iter()
                .any(|mount| mount["name"] == "migrator")
        };
        let init = list(&pod["initContainers"]);
        assert_eq!(init.len(), 1, "{node}");
        assert_eq!(
            init[0]["command"],
            serde_yaml_ng::from_str::<Value>(&format!("[hocba-{node}, migrate]")).unwrap()
        );
        assert!(sees(init[0]), "{node}");
        assert!(!list(&pod["containers"]).into_iter().any(sees), "{node}");
    }
}

#[test]
fn every_pod_fits_the_restricted_profile() {
    for node in Node::ALL {
        let pod = pod(node);
        let security = &pod["securityContext"];
        assert_eq!(security["runAsNonRoot"], true, "{node}");
        assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault", "{node}");
        assert_eq!(pod["automountServiceAccountToken"], false, "{node}");
        assert_eq!(pod["serviceAccountName"], node.name(), "{node}");
        for container in containers(&pod) {
            let own = &container["securityContext"];
            assert_eq!(own["allowPrivilegeEscalation"], false, "{node}");
            assert_eq!(own["readOnlyRootFilesystem"], true, "{node}");
            assert_eq!(text(&own["capabilities"]["drop"][0]), "ALL", "{node}");
            assert!(own["capabilities"].get("add").is_none(), "{node}");
            assert!(
                container["resources"]["requests"].get("memory").is_some(),
                "{node}"
            );
            assert!(container["resources"]["limits"].get("memory").is_some(), "{node}");
            // The tag comes from the kustomization alone.
            assert_eq!(container["image"], "hocba", "{node}");
        }
    }
    let namespace = documents(&base().join("namespace.yaml")).remove(0);
    assert_eq!(
        namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"],
        "restricted"
    );
}

#[test]
fn every_pod_is_probed_and_given_time_to_drain() {
    for node in Node::ALL {
        let pod = pod(node);
        let container = list(&pod["containers"])[0];
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
            assert!(container.get(probe).is_some(), "{node} has no {probe}");
        }
        if node.is_service() {
            let asks = serde_yaml_ng::from_str::<Value>(&format!("[hocba-{node}, probe]")).unwrap();
            assert_eq!(container["readinessProbe"]["exec"]["command"], asks, "{node}");
            // What depends on the database must not decide about life.
            assert!(container["livenessProbe"].get("exec").is_none(), "{node}");
        }
        let drain: u64 = variables(container)["HOCBA_DRAIN_SECONDS"].parse().unwrap();
        assert!(
            pod["terminationGracePeriodSeconds"].as_u64().unwrap() > drain,
            "{node}"
        );
    }
}

#[test]
fn selectors_find_the_pods_they_mean() {
    for node in Node::ALL {
        let labels = document(node, "Deployment")["spec"]["template"]["metadata"]["labels"].clone();
        assert_eq!(labels["app.kubernetes.io/name"], node.name());
        let selects = |selector: &Value| {
            let selector = selector
                .as_mapping()
                .unwrap_or_else(|| panic!("{node} selects nothing"));
            selector.iter().all(|(key, value)| labels.get(key) == Some(value))
        };
        assert!(
            selects(&document(node, "Deployment")["spec"]["selector"]["matchLabels"]),
            "{node}"
        );
        assert!(selects(&document(node, "Service")["spec"]["selector"]), "{node}");
        assert!(
            selects(&document(node, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"]),
            "{node}"
        );
        assert!(
            selects(&document(node, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]),
            "{node}"
        );
        assert_eq!(document(node, "ServiceAccount")["metadata"]["name"], node.name());
        let service = document(node, "Service");
        assert_eq!(
            service["metadata"]["name"],
            node.name(),
            "peers find it, and its certificate says so"
        );
        let port = &service["spec"]["ports"][0]["targetPort"];
        let pod = pod(node);
        assert_eq!(&list(&pod["containers"])[0]["ports"][0]["name"], port, "{node}");
    }
}

#[test]
fn whatever_is_not_permitted_is_denied() {
    let policies = documents(&base().join("network.yaml"));
    let deny = policies
        .iter()
        .find(|policy| policy["metadata"]["name"] == "default-deny")
        .unwrap();
    assert!(deny["spec"]["podSelector"].as_mapping().unwrap().is_empty());
    let types: BTreeSet<String> = list(&deny["spec"]["policyTypes"]).into_iter().map(text).collect();
    assert_eq!(types, BTreeSet::from(["Egress".to_owned(), "Ingress".to_owned()]));
    assert!(deny["spec"].get("ingress").is_none() && deny["spec"].get("egress").is_none());
    for node in Node::ALL {
        for rule in ["ingress", "egress"] {
            for rule in list(&document(node, "NetworkPolicy")["spec"][rule]) {
                assert!(!list(&rule["ports"]).is_empty(), "{node}: a rule for every port");
            }
        }
    }
}
