//! Row-level security alone, with the policy out of the way: what a service's own login, or the owner of its
//! tables, could reach of another school. Everything is read from the databases' catalogs, so that a new
//! table or function is probed the day it is written. 10,000 probes a run; `HOCBA_SEED` repeats one.

mod catalog;
mod exceptions;
mod probe;
mod seed;
mod sql;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use catalog::{Function, Table};
use hocba_cluster::{Cluster, Node, Options, dice::Dice, postgres};
use probe::{Kind, Probe};
use sqlx::{Connection as _, PgConnection};

/// Probes of one database; there are six.
const PROBES: usize = 1_700;
/// Probes that prove the probing itself.
const CONTROLS: usize = 600;
/// Of them calls of each function, at least.
const CALLS: usize = 20;
/// After so many probes the other school's rows are compared with what they were.
const BATCH: usize = 50;

/// One service's database and three ways into it.
struct Database {
    node: Node,
    superuser: PgConnection,
    login: PgConnection,
    owner: PgConnection,
    tables: Vec<Table>,
    functions: Vec<Function>,
    /// The first of each sort, and how many there were.
    findings: BTreeMap<(Kind, String), (String, usize)>,
    /// How the calls of each function ended, so that one can see whether they got anywhere.
    endings: BTreeMap<(String, String), usize>,
}

impl Database {
    async fn open(cluster: &Cluster, node: Node) -> anyhow::Result<Self> {
        let mut superuser = cluster.superuser(node).await?;
        let tables = catalog::tables(&mut superuser).await?;
        let functions = catalog::functions(&mut superuser, &node.role()).await?;
        seed::fill(&mut superuser, &tables).await?;
        let deployment = &cluster.deployment;
        let password = deployment.state.password(&node.role())?;
        let url = postgres::url(
            &node.role(),
            password,
            deployment.postgres.address(),
            &node.database(),
        );
        let mut owner = cluster.superuser(node).await?;
        sql::run(&mut owner, &format!("set role {}_owner", node.role())).await?;
        Ok(Self {
            node,
            superuser,
            login: PgConnection::connect(&url).await?,
            owner,
            tables,
            functions,
            findings: BTreeMap::new(),
            endings: BTreeMap::new(),
        })
    }

    fn find(&mut self, kind: Kind, target: &str, what: String) {
        let sort = self
            .findings
            .entry((kind, target.to_owned()))
            .or_insert((what, 0));
        sort.1 += 1;
    }

    /// The lists of exceptions say what is there.
    fn compare_lists(&mut self) {
        let name = self.node.name();
        for table in self.tables.clone() {
            let listed = exceptions::is_without_school(name, &table.name);
            if table.has_school() == listed {
                self.find(
                    Kind::Read,
                    &table.name,
                    "belongs to schools, or is listed with its reason".to_owned(),
                );
            }
            if table.has_school() && !table.guarded {
                self.find(
                    Kind::Read,
                    &table.name,
                    "row-level security is not forced".to_owned(),
                );
            }
        }
        for function in self.functions.clone() {
            if function.definer && !function.fixed_path {
                self.find(
                    Kind::Call,
                    &function.name,
                    "runs as the owner in anybody's search path".to_owned(),
                );
            }
            if let Some(crossing) = exceptions::crossing(name, &function.name)
                && function.gives != crossing.gives
            {
                self.find(Kind::Call, &function.name, format!("gives {:?}", function.gives));
            }
        }
        for crossing in exceptions::CROSSINGS
            .iter()
            .filter(|crossing| crossing.database == name)
        {
            if !self
                .functions
                .iter()
                .any(|function| function.name == crossing.function)
            {
                self.find(
                    Kind::Call,
                    crossing.function,
                    format!("is not there any more: {}", crossing.reason),
                );
            }
        }
    }

    async fn probe(&mut self, probes: usize, mut dice: Dice) -> anyhow::Result<()> {
        let of_schools: Vec<Table> = self
            .tables
            .iter()
            .filter(|table| table.has_school())
            .cloned()
            .collect();
        let mut before = seed::state(&mut self.superuser, &of_schools).await?;
        let mut tried = Vec::new();
        // Each function often enough, then everything at random.
        let mut calls = self
            .functions
            .clone()
            .into_iter()
            .cycle()
            .take(CALLS * self.functions.len());
        for number in 1..=probes {
            let call = calls.next();
            let kind = match call {
                Some(_) => Kind::Call,
                None => *dice.pick(&Kind::ALL).context("no kind")?,
            };
            let as_owner = dice.number(0..4) == 0 && !matches!(kind, Kind::Rights | Kind::Call);
            let function = call.as_ref().or_else(|| dice.pick(&self.functions));
            let (probe, excused) = if let (Kind::Call, Some(function)) = (kind, function) {
                let crossing = exceptions::crossing(self.node.name(), &function.name);
                let pure = function.immutable.then_some(false);
                let excused = crossing.map(|it| it.changes).or(pure);
                (Probe::of_function(function, &of_schools, &mut dice), excused)
            } else {
                let table = dice.pick(&of_schools).context("no table")?;
                if as_owner && table.open_to_owner {
                    continue;
                }
                let existence = matches!(kind, Kind::Existence | Kind::ExistenceOnConflict);
                let known = existence && exceptions::has_global_key(self.node.name(), &table.name);
                (Probe::of_table(kind, table, &mut dice), known.then_some(false))
            };
            let connection = if as_owner {
                &mut self.owner
            } else {
                &mut self.login
            };
            let outcome =
                sql::as_school(connection, probe.school.as_deref(), &probe.statement, probe.end).await?;
            let twin = match &probe.twin {
                Some(twin) => {
                    Some(sql::as_school(connection, probe.school.as_deref(), twin, probe.end).await?)
                }
                None => None,
            };
            if excused.is_none()
                && let Some(what) = probe.judge(&outcome, twin.as_ref())
            {
                self.find(probe.kind, &probe.target, format!("{probe}\n      {what}"));
            }
            let is_call = probe.kind == Kind::Call;
            if is_call {
                let ending = (probe.target.clone(), outcome.ending());
                *self.endings.entry(ending).or_default() += 1;
            }
            if probe::touches(probe.kind) && excused != Some(true) {
                tried.push(probe);
            }
            if is_call || number % BATCH == 0 || number == probes {
                let after = seed::state(&mut self.superuser, &of_schools).await?;
                if after != before && excused != Some(true) {
                    let last: Vec<String> = tried
                        .iter()
                        .rev()
                        .take(if is_call { 1 } else { BATCH })
                        .map(ToString::to_string)
                        .collect();
                    let target = tried.last().map(|probe| probe.target.clone()).unwrap_or_default();
                    let changed: Vec<&str> = after.lines().filter(|line| !before.contains(*line)).collect();
                    self.find(
                        kind,
                        &target,
                        format!("changed {changed:?} by one of\n      {}", last.join("\n      ")),
                    );
                }
                before = after;
                tried.clear();
            }
        }
        Ok(())
    }
}

/// With the rules of one table switched off, every way in is found; a probe that cannot fail proves nothing.
async fn the_probes_find_what_is_open(cluster: &Cluster, dice: &Dice) -> anyhow::Result<()> {
    const TABLE: &str = "scope";
    let mut database = Database::open(cluster, Node::Lock).await?;
    let rules = |verb: &str| format!("alter table {TABLE} {verb} row level security");
    sql::run(&mut database.superuser, &rules("disable")).await?;
    database.probe(CONTROLS, dice.of("control")).await?;
    sql::run(&mut database.superuser, &rules("enable")).await?;
    let found: BTreeSet<Kind> = database
        .findings
        .keys()
        .filter(|(_, target)| target == TABLE)
        .map(|(kind, _)| *kind)
        .collect();
    let open = [
        Kind::Read,
        Kind::ReadUnderOddSettings,
        Kind::ReadByKey,
        Kind::Leak,
        Kind::Insert,
        Kind::Update,
    ];
    anyhow::ensure!(
        open.iter().all(|kind| found.contains(kind)),
        "found only {found:?}"
    );
    let elsewhere: Vec<_> = database
        .findings
        .keys()
        .filter(|(_, target)| target != TABLE)
        .collect();
    anyhow::ensure!(elsewhere.is_empty(), "{elsewhere:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a1_row_level_security_alone_lets_nothing_cross_schools() {
    let cluster = Cluster::boot(Options::default()).await.unwrap();
    // The databases are what is tested; nobody else is to move in them.
    for node in Node::ALL {
        cluster.kill(node).await.unwrap();
    }
    let dice = Dice::from_environment().unwrap();
    the_probes_find_what_is_open(&cluster, &dice).await.unwrap();
    let mut probing = tokio::task::JoinSet::new();
    for node in Node::SERVICES {
        let mut database = Database::open(&cluster, node).await.unwrap();
        let dice = dice.of(node.name());
        probing.spawn(async move {
            database.compare_lists();
            let probed = database.probe(PROBES, dice).await;
            (database, probed)
        });
    }
    let mut wrong = Vec::new();
    while let Some(done) = probing.join_next().await {
        let (database, probed) = done.unwrap();
        probed.unwrap();
        let node = database.node;
        for ((function, ending), times) in &database.endings {
            eprintln!("{node}: {function} {times} times: {ending}");
        }
        wrong.extend(
            database
                .findings
                .into_iter()
                .map(|((kind, target), (first, times))| {
                    format!("{node}: {kind:?} {target}, {times} times, first:\n    {first}")
                }),
        );
    }
    assert!(
        wrong.is_empty(),
        "{} sorts of crossing:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
