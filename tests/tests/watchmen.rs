//! Watchmen: lists that must agree, and the direction of the arrows, read from the sources.

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
};

use hocba_chassis::edges::EDGES;
use hocba_cluster::{files::repository, node::Node, rpcs};
use serde::Deserialize;
use serde_yaml_ng::Value;

/// Files below a folder whose names end so.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Our own Rust sources.
fn sources() -> Vec<PathBuf> {
    ["proto/src", "services", "gateway", "tests"]
        .iter()
        .flat_map(|folder| files(&repository().join(folder), ".rs"))
        .filter(|path| !path.components().any(|part| part.as_os_str() == "target"))
        .collect()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(repository())
        .unwrap_or(path)
        .display()
        .to_string()
}

/// `use` paths and inline paths of a file that begin with `crate::<layer>`.
fn names_layer(source: &str, layer: &str) -> bool {
    let direct = format!("crate::{layer}");
    let grouped = source.match_indices("use crate::{").any(|(at, _)| {
        let group = source[at..].split(';').next().unwrap_or_default();
        group
            .split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':')
            .any(|word| word == layer || word.starts_with(&format!("{layer}::")))
    });
    grouped
        || source.match_indices(&direct).any(|(at, _)| {
            let next = source[at + direct.len()..].chars().next();
            !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
}

#[test]
fn layers_point_one_way() {
    // api -> app -> {model, store}, store -> model: nothing knows what stands above it.
    let forbidden: [(&str, &[&str]); 3] = [
        ("model", &["store", "app", "api"]),
        ("store", &["app", "api"]),
        ("app", &["api"]),
    ];
    let mut wrong = Vec::new();
    for node in Node::SERVICES {
        let source = repository().join("services").join(node.name()).join("src");
        for (layer, others) in forbidden {
            for file in files(&source.join(layer), ".rs") {
                let text = read(&file);
                for other in others {
                    if names_layer(&text, other) {
                        wrong.push(format!("{} names crate::{other}", shown(&file)));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn sql_stands_in_store_only() {
    let mut wrong = Vec::new();
    for node in Node::SERVICES {
        let source = repository().join("services").join(node.name()).join("src");
        for file in files(&source, ".rs") {
            let text = read(&file);
            let in_store = file
                .strip_prefix(&source)
                .is_ok_and(|path| path.starts_with("store"));
            let queries = ["query!(", "query_as!(", "query_scalar!("];
            if !in_store && queries.iter().any(|query| text.contains(query)) {
                wrong.push(shown(&file));
            }
        }
    }
    assert!(wrong.is_empty(), "queries outside store: {wrong:#?}");
}

#[test]
fn services_do_not_depend_on_each_other() {
    let mut wrong = Vec::new();
    for node in Node::SERVICES {
        let manifest = read(&repository().join("services").join(node.name()).join("Cargo.toml"));
        for other in Node::ALL {
            let crate_name = other.program();
            let depends = manifest.lines().any(|line| {
                line.strip_prefix(&crate_name)
                    .is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
            });
            if other != node && depends {
                wrong.push(format!("{node} depends on {crate_name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_file_is_about_one_noun() {
    let long: Vec<String> = sources()
        .iter()
        .map(|path| (read(path).lines().count(), shown(path)))
        .filter(|(lines, _)| *lines > 500)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn the_chassis_stays_small() {
    let chassis = repository().join("services/shared/chassis/src");
    // Code alone: what explains and what tests it may be as long as it must.
    let lines: usize = files(&chassis, ".rs")
        .iter()
        .map(|path| {
            read(path)
                .lines()
                .take_while(|line| *line != "#[cfg(test)]")
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with("//"))
                .count()
        })
        .sum();
    assert!(lines < 2_500, "the chassis has {lines} lines of code");
}

#[test]
fn nothing_is_left_to_do() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
    ];
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|path| {
            let text = read(path);
            marks.iter().any(|mark| text.contains(mark))
        })
        .map(|path| shown(path))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// `MARK_SHEET_SEALED` → `MarkSheetSealed`.
fn camel(reason: &str) -> String {
    reason
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_string() + &letters.as_str().to_lowercase())
                .unwrap_or_default()
        })
        .collect()
}

#[test]
fn every_reason_of_the_contract_can_happen() {
    let everywhere: Vec<String> = sources()
        .iter()
        .filter(|path| path.components().any(|part| part.as_os_str() == "src"))
        .map(|path| read(path))
        .collect();
    let mut missing = Vec::new();
    for reasons in rpcs::pool()
        .unwrap()
        .all_enums()
        .filter(|of| of.name() == "ErrorReason")
    {
        let service = reasons.package_name().split('.').nth(1).unwrap().to_owned();
        // The shared reasons may be anybody's; a service's own must be its own.
        let texts: Vec<String> = match Node::parse(&service) {
            None => everywhere.clone(),
            Some(node) => {
                // The fence answers for the database it guards.
                let fence = repository().join("services/shared/fence/src");
                let own = repository().join("services").join(node.name()).join("src");
                let folders = [own, fence];
                folders
                    .into_iter()
                    .flat_map(|folder| files(&folder, ".rs"))
                    .map(|path| read(&path))
                    .collect()
            }
        };
        for value in reasons.values().filter(|value| value.number() != 0) {
            let reason = value.name().trim_start_matches("ERROR_REASON_");
            let quoted = format!("\"{reason}\"");
            let variant = format!("ErrorReason::{}", camel(reason));
            let short = format!("Reason::{}", camel(reason));
            let known = texts
                .iter()
                .any(|text| text.contains(&quoted) || text.contains(&variant) || text.contains(&short));
            if !known {
                missing.push(format!("{service}: {reason}"));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "stated in the contract and never said: {missing:#?}"
    );
}

/// Functions marked as tests, by name.
fn tests() -> BTreeSet<String> {
    tests_of(&sources())
}

fn tests_of(files: &[PathBuf]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in files {
        let text = read(path);
        let mut marked = false;
        for line in text.lines().map(str::trim_start) {
            if line.starts_with("#[") {
                marked |= line.contains("test") || line.contains("case");
                continue;
            }
            let function = line
                .trim_start_matches("pub ")
                .trim_start_matches("async ")
                .strip_prefix("fn ");
            if let Some(function) = function {
                // Properties stand inside `proptest!` with the same mark.
                if marked {
                    let name = function.split(|c: char| !c.is_alphanumeric() && c != '_').next();
                    names.insert(name.unwrap_or_default().to_owned());
                }
                marked = false;
            }
        }
    }
    names
}

#[test]
fn every_promise_has_a_test_with_its_id() {
    let promises = read(&repository().join("docs/promises.md"));
    let names = tests();
    // A promise is a row whose first cell is its id in backticks.
    let ids: Vec<String> = promises
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_owned))
        .collect();
    assert!(!ids.is_empty(), "docs/promises.md states no promise");
    let broken: Vec<&String> = ids
        .iter()
        .filter(|id| {
            let id: String = id
                .to_lowercase()
                .chars()
                .map(|c| if c.is_alphanumeric() { c } else { '_' })
                .collect();
            !names
                .iter()
                .any(|name| *name == id || name.starts_with(&format!("{id}_")))
        })
        .collect();
    assert!(broken.is_empty(), "promises without a test: {broken:#?}");
}

/// `A4.2b` as a test's name begins: `a4_2b_`.
fn prefix(id: &str) -> String {
    let plain = id.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "_");
    format!("{plain}_")
}

#[test]
fn the_regulation_is_proved_end_to_end_where_the_promises_say_so() {
    let promises = read(&repository().join("docs/promises.md"));
    // | `A4.2b` | what holds | where it is proved |
    let listed: BTreeSet<&str> = promises
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .filter(|(id, rest)| id.starts_with('A') && rest.contains("the regulation"))
        .map(|(id, _)| id)
        .collect();
    let names = tests_of(&files(&repository().join("tests/tests/regulation"), ".rs"));
    let unproved: Vec<_> = listed
        .iter()
        .filter(|id| !names.iter().any(|name| name.starts_with(&prefix(id))))
        .collect();
    assert!(
        unproved.is_empty(),
        "listed, and not in the regulation's tests: {unproved:?}"
    );
    let unlisted: Vec<_> = names
        .iter()
        .filter(|name| !listed.iter().any(|id| name.starts_with(&prefix(id))))
        .collect();
    assert!(
        unlisted.is_empty(),
        "proved, and not listed as such: {unlisted:?}"
    );
}

/// From → to, by name.
type Edges = BTreeMap<String, BTreeSet<String>>;

/// The sentence of docs/architecture.md under "Who calls whom".
fn documented() -> Edges {
    let text = read(&repository().join("docs/architecture.md"));
    let section = text
        .split("## Who calls whom")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let sentence = section
        .split("wait only for:")
        .nth(1)
        .unwrap()
        .split('.')
        .next()
        .unwrap();
    let mut edges = Edges::new();
    for clause in sentence.split(';') {
        let (from, to) = clause.split_once('→').unwrap();
        let to: BTreeSet<String> = if to.contains("all six") {
            Node::SERVICES.iter().map(|node| node.name().to_owned()).collect()
        } else {
            to.split(',').map(|name| name.trim().to_owned()).collect()
        };
        edges.insert(from.trim().to_owned(), to);
    }
    edges
}

/// What nobody waits for: every service asks identity for keys and ended sign-ins, and relays to archive.
fn in_the_background() -> Edges {
    Node::SERVICES
        .iter()
        .map(|from| {
            let to = [Node::Identity, Node::Archive]
                .into_iter()
                .filter(|to| to != from);
            (
                from.name().to_owned(),
                to.map(|to| to.name().to_owned()).collect(),
            )
        })
        .collect()
}

fn both(mut edges: Edges, more: Edges) -> Edges {
    for (from, to) in more {
        edges.entry(from).or_default().extend(to);
    }
    edges
}

fn enforced() -> Edges {
    let mut edges = Edges::new();
    for (from, to) in EDGES {
        edges
            .entry((*from).to_owned())
            .or_default()
            .insert((*to).to_owned());
    }
    edges
}

#[test]
fn the_enforced_edges_are_the_documented_ones() {
    assert_eq!(enforced(), both(documented(), in_the_background()));
}

#[test]
fn people_wait_in_no_circle() {
    let edges = documented();
    for start in edges.keys() {
        let mut reached: BTreeSet<&String> = edges[start].iter().collect();
        loop {
            let further: BTreeSet<&String> = reached
                .iter()
                .filter_map(|from| edges.get(*from))
                .flatten()
                .collect();
            if further.is_subset(&reached) {
                break;
            }
            reached.extend(further);
        }
        assert!(!reached.contains(start), "{start} waits for itself");
    }
}

/// The pods a selector names.
fn selected(selector: &Value) -> Option<String> {
    let labels = selector.get("podSelector")?.get("matchLabels")?;
    let name = labels
        .get("app.kubernetes.io/name")
        .or_else(|| labels.get("app"))?
        .as_str()?;
    Some(name.trim_start_matches("hocba-").to_owned())
}

/// Edges of the NetworkPolicies, by their egress or by their ingress rules.
fn permitted(direction: &str, side: &str) -> Edges {
    let mut edges = Edges::new();
    for file in files(&repository().join("k8s/base"), ".yaml") {
        for document in serde_yaml_ng::Deserializer::from_str(&read(&file)) {
            let policy = Value::deserialize(document).unwrap();
            if policy.get("kind").and_then(Value::as_str) != Some("NetworkPolicy") {
                continue;
            }
            let spec = &policy["spec"];
            let Some(own) = selected(spec) else { continue };
            let rules = spec
                .get(direction)
                .and_then(Value::as_sequence)
                .into_iter()
                .flatten();
            for other in rules
                .filter_map(|rule| rule.get(side)?.as_sequence())
                .flatten()
                .filter_map(selected)
            {
                let (from, to) = if direction == "egress" {
                    (own.clone(), other)
                } else {
                    (other, own.clone())
                };
                // Databases and collectors are not ours.
                if Node::parse(&from).is_some() && Node::parse(&to).is_some() {
                    edges.entry(from).or_default().insert(to);
                }
            }
        }
    }
    edges
}

#[test]
fn network_policies_permit_the_enforced_edges_and_no_others() {
    assert_eq!(permitted("egress", "to"), enforced(), "egress");
    assert_eq!(permitted("ingress", "from"), enforced(), "ingress");
}
