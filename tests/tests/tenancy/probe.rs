//! One attempt to reach the other school, as a service could whose policy let everything through.

use std::fmt;

use hocba_cluster::dice::Dice;
use serde_json::{Map, Value, json};

use crate::{
    catalog::{Function, Table},
    seed::{self, FACE, OTHER, OWN},
    sql::{Outcome, as_json, counted, quoted},
};

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Read,
    ReadUnderOddSettings,
    ReadByKey,
    Leak,
    Insert,
    Existence,
    ExistenceOnConflict,
    Update,
    Move,
    Delete,
    Rights,
    Call,
}

impl Kind {
    pub(crate) const ALL: [Self; 12] = [
        Self::Read,
        Self::ReadUnderOddSettings,
        Self::ReadByKey,
        Self::Leak,
        Self::Insert,
        Self::Existence,
        Self::ExistenceOnConflict,
        Self::Update,
        Self::Move,
        Self::Delete,
        Self::Rights,
        Self::Call,
    ];
}

/// A statement and how its outcome is judged.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    pub(crate) kind: Kind,
    /// The table or function.
    pub(crate) target: String,
    /// `hocba.school`; unset without.
    pub(crate) school: Option<String>,
    pub(crate) statement: String,
    /// The same about something nobody has: both must look alike.
    pub(crate) twin: Option<String>,
    pub(crate) end: &'static str,
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} {} as {:?}: {}",
            self.kind, self.target, self.school, self.statement
        )
    }
}

impl Probe {
    /// A random probe of a kind.
    pub(crate) fn of_table(kind: Kind, table: &Table, dice: &mut Dice) -> Self {
        let name = &table.name;
        let number = u8::try_from(dice.number(0..u64::from(seed::ROWS))).unwrap_or_default();
        let theirs = seed::row(table, OTHER, number);
        let (mut school, mut twin, mut end) = (Some(OWN.to_owned()), None, "commit");
        let statement = match kind {
            Kind::Read => as_json(&format!("select * from {name} where school_id = '{OTHER}'")),
            Kind::ReadUnderOddSettings => {
                school = odd_setting(dice);
                as_json(&format!("select * from {name}"))
            }
            Kind::ReadByKey => as_json(&format!(
                "select * from {name} where {}",
                some_column(table, &theirs, dice)
            )),
            // A condition that fails only for the other's rows would tell that there are some.
            Kind::Leak => as_json(&format!(
                "select 1 / (case when school_id = '{OTHER}' then 0 else 1 end) as one from {name}"
            )),
            Kind::Insert => counted(&seed::insert(table, &theirs)),
            Kind::Existence | Kind::ExistenceOnConflict => {
                end = "rollback";
                let mut mine = theirs.clone();
                mine.insert("school_id".to_owned(), json!(OWN));
                let ending = if kind == Kind::Existence {
                    ""
                } else {
                    " on conflict do nothing"
                };
                let strange = seed::insert(table, &seed::stranger(table, dice.throw()));
                twin = Some(counted(&format!("{strange}{ending}")));
                counted(&format!("{}{ending}", seed::insert(table, &mine)))
            }
            Kind::Update => {
                let all = dice.number(0..2) == 0;
                let column = column(table, dice);
                let whose = if all {
                    String::new()
                } else {
                    format!(" where school_id = '{OTHER}'")
                };
                counted(&format!("update {name} set {column} = {column}{whose}"))
            }
            Kind::Move => counted(&format!(
                "update {name} set school_id = '{OTHER}' where school_id = '{OWN}'"
            )),
            Kind::Delete => {
                if dice.number(0..2) == 0 {
                    counted(&format!("delete from {name} where school_id = '{OTHER}'"))
                } else {
                    end = "rollback";
                    counted(&format!("delete from {name}"))
                }
            }
            Kind::Rights | Kind::Call => rights(name, dice),
        };
        Self {
            kind,
            target: name.clone(),
            school,
            statement,
            twin,
            end,
        }
    }

    /// A call with what is known of the other school, by the arguments' names.
    pub(crate) fn of_function(function: &Function, tables: &[Table], dice: &mut Dice) -> Self {
        let arguments: Vec<String> = function
            .arguments
            .iter()
            .map(|argument| {
                let value = argument_value(&argument.name, &argument.kind, tables, dice);
                format!("{value}::{}", argument.kind)
            })
            .collect();
        let call = format!("{}({})", function.name, arguments.join(", "));
        Self {
            kind: Kind::Call,
            target: function.name.clone(),
            school: Some(OWN.to_owned()),
            statement: as_json(&format!("select * from {call}")),
            twin: None,
            end: "commit",
        }
    }

    /// What crossed, when something did.
    pub(crate) fn judge(&self, outcome: &Outcome, twin: Option<&Outcome>) -> Option<String> {
        if let Outcome::Done(said) = outcome
            && (said.contains(FACE) || said.contains(&format!("\"{OTHER}\"")))
        {
            return Some(format!("the other's values came back: {said}"));
        }
        if let Some(twin) = twin
            && outcome.seen() != twin.seen()
        {
            return Some(format!(
                "it tells what the other school has: {outcome:?}, but for what nobody has {twin:?}"
            ));
        }
        let crossed = match (self.kind, outcome) {
            (Kind::Insert | Kind::Move, Outcome::Done(_)) => outcome.count() > 0,
            (Kind::Insert | Kind::Move, Outcome::Refused { code, .. }) => code == "23505",
            (Kind::Update | Kind::Delete, _) if self.statement.contains(OTHER) => outcome.count() > 0,
            (Kind::Leak, Outcome::Refused { code, .. }) => code == "22012",
            (Kind::Rights, Outcome::Done(said)) => said != "[]",
            _ => false,
        };
        crossed.then(|| format!("{outcome:?}"))
    }
}

/// What a careless service could take for a school.
fn odd_setting(dice: &mut Dice) -> Option<String> {
    let odd = [
        String::new(),
        " ".to_owned(),
        "*".to_owned(),
        "%".to_owned(),
        "school-%".to_owned(),
        "school_other".to_owned(),
        OTHER.to_uppercase(),
        format!(" {OTHER}"),
        format!("{OTHER} "),
        format!("{OTHER}\n"),
        format!("{OWN},{OTHER}"),
        format!("{{{OWN},{OTHER}}}"),
        format!("schools/{OTHER}"),
        format!("{OTHER}' or '1' = '1"),
        format!("{OTHER}\u{200b}"),
        "null".to_owned(),
        "_".to_owned(),
        "x".repeat(10_000),
    ];
    if dice.number(0..8) == 0 {
        return None;
    }
    dice.pick(&odd).cloned()
}

fn column(table: &Table, dice: &mut Dice) -> String {
    dice.pick(&table.columns)
        .map(|column| format!("\"{}\"", column.name))
        .unwrap_or_default()
}

/// A condition that only the other's row meets.
fn some_column(table: &Table, theirs: &Map<String, Value>, dice: &mut Dice) -> String {
    let known: Vec<_> = table
        .columns
        .iter()
        .filter(|column| ["text", "uuid", "bytea"].contains(&column.kind.as_str()))
        .filter_map(|column| Some((column, theirs.get(&column.name)?.as_str()?)))
        .collect();
    match dice.pick(&known) {
        Some((column, value)) => format!("\"{}\" = {}::{}", column.name, quoted(value), column.kind),
        None => "true".to_owned(),
    }
}

/// Ways around the rules themselves; each is refused, or says nothing.
fn rights(table: &str, dice: &mut Dice) -> String {
    let ways = [
        format!("truncate {table}"),
        format!("alter table {table} disable row level security"),
        format!("alter table {table} no force row level security"),
        format!("create policy mine on {table} using (true)"),
        format!("create view everything as select * from {table}"),
        format!("create temporary table {table} as select 1"),
        format!("copy {table} to '/tmp/hocba-probe'"),
        "create function mine() returns int language sql security definer as 'select 1'".to_owned(),
        "select set_config('role', (select rolname from pg_roles where rolname ~ '^hocba_.*_owner$' limit 1), true)"
            .to_owned(),
        "set session authorization postgres".to_owned(),
        "select pg_read_file('PG_VERSION')".to_owned(),
        as_json(&format!("select * from pg_stats where tablename = '{table}' and schemaname = 'public'")),
        as_json("select rolpassword from pg_authid"),
    ];
    dice.pick(&ways).cloned().unwrap_or_default()
}

/// A value for an argument: what the other school has under that name, or something of the kind.
fn argument_value(name: &str, kind: &str, tables: &[Table], dice: &mut Dice) -> String {
    let plain = name.trim_start_matches("p_").trim_start_matches("in_");
    if plain == "school" || plain == "school_id" {
        return quoted(OTHER);
    }
    let element = kind.trim_end_matches("[]");
    let number = u8::try_from(dice.number(0..u64::from(seed::ROWS))).unwrap_or_default();
    let named = |column: &&crate::catalog::Column| {
        column.name == plain || column.name == format!("{plain}_id") || plain.ends_with(&column.name)
    };
    let columns: Vec<_> = tables
        .iter()
        .flat_map(|table| table.columns.iter().map(move |column| (table, column)))
        .filter(|(_, column)| column.kind == element)
        .collect();
    let fitting: Vec<_> = columns
        .iter()
        .filter(|(_, column)| named(column))
        .copied()
        .collect();
    let choice = if fitting.is_empty() || dice.number(0..8) == 0 {
        columns
    } else {
        fitting
    };
    let known = dice
        .pick(&choice)
        .and_then(|(table, column)| seed::row(table, OTHER, number).get(&column.name).cloned());
    let value = match (element, known) {
        (_, Some(Value::String(text))) => quoted(&text),
        (_, Some(Value::Null)) | (_, None) if element == "text" => quoted("finish"),
        (_, Some(Value::Null)) | (_, None) => "null".to_owned(),
        (_, Some(other)) => quoted(&other.to_string()),
    };
    // Limits and days far enough to take everything in.
    let value = match element {
        "timestamp with time zone" => "'2100-01-01T00:00:00Z'".to_owned(),
        "date" => "'2100-01-01'".to_owned(),
        "bigint" if plain.contains("after") => "0".to_owned(),
        "integer" => "100".to_owned(),
        "interval" => "'1 second'".to_owned(),
        _ => value,
    };
    if kind.ends_with("[]") {
        format!("array[{value}]")
    } else {
        value
    }
}

/// Whether the statement could have changed something.
pub(crate) fn touches(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Insert | Kind::Update | Kind::Move | Kind::Delete | Kind::Rights | Kind::Call
    )
}
