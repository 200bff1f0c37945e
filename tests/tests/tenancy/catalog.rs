//! What a database holds, from PostgreSQL's own catalog: tables, columns, functions. A new table or function
//! is probed the day it is written.

use serde::Deserialize;
use sqlx::PgConnection;

use crate::sql;

/// A table or view of our schema.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// Has no rows of its own.
    pub(crate) view: bool,
    /// Row-level security holds, for the owner too; a view asks with the rights of who asks it.
    pub(crate) guarded: bool,
    /// Whether the owner has a policy of its own, for functions that run as the owner.
    pub(crate) open_to_owner: bool,
    pub(crate) columns: Vec<Column>,
}

impl Table {
    /// Whether its rows belong to schools.
    pub(crate) fn has_school(&self) -> bool {
        self.columns.iter().any(|column| column.name == "school_id")
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// As `format_type` says it.
    pub(crate) kind: String,
    /// Values a check names, of which the first is taken.
    pub(crate) check: Option<String>,
}

impl Column {
    /// The first of the values that a check allows: `state = ANY (ARRAY['open'::text, …])`.
    pub(crate) fn first_allowed(&self) -> Option<String> {
        let check = self.check.as_ref()?;
        let (_, after) = check.split_once(&format!("{} = ANY (ARRAY['", self.name))?;
        Some(after.split_once('\'')?.0.to_owned())
    }
}

/// A function that a login may execute.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) arguments: Vec<Argument>,
    /// What it answers, column by column; the function's name when it has no names for it.
    pub(crate) gives: Vec<String>,
    /// Runs as the owner.
    pub(crate) definer: bool,
    /// Its answer follows from its arguments alone.
    pub(crate) immutable: bool,
    /// `search_path` is fixed.
    pub(crate) fixed_path: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) kind: String,
}

const TABLES: &str = "
select coalesce(jsonb_agg(jsonb_build_object(
    'name', c.relname,
    'view', c.relkind = 'v',
    'guarded', case when c.relkind = 'v' then coalesce('security_invoker=true' = any (c.reloptions), false)
        else c.relrowsecurity and c.relforcerowsecurity end,
    'open_to_owner', exists (select from pg_policy p where p.polrelid = c.oid and c.relowner = any (p.polroles)),
    'columns', (
        select jsonb_agg(jsonb_build_object(
            'name', a.attname, 'kind', format_type(a.atttypid, a.atttypmod),
            'check', (select string_agg(pg_get_constraintdef(k.oid), ' ') from pg_constraint k
                      where k.conrelid = c.oid and k.contype = 'c' and a.attnum = any (k.conkey))
            ) order by a.attnum)
        from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
    ) order by c.relname), '[]')::text
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and c.relname !~ '^_sqlx'";

const FUNCTIONS: &str = "
select coalesce(jsonb_agg(jsonb_build_object(
    'name', p.proname,
    'definer', p.prosecdef,
    'immutable', p.provolatile = 'i',
    'fixed_path', exists (select from unnest(p.proconfig) as setting where setting like 'search_path=%'),
    'gives', coalesce((
        select jsonb_agg(p.proargnames[at] order by at)
        from generate_subscripts(p.proargmodes, 1) as at where p.proargmodes[at] in ('o', 't', 'b')),
        jsonb_build_array(p.proname)),
    'arguments', coalesce((
        select jsonb_agg(jsonb_build_object(
            'name', coalesce(p.proargnames[at + 1], ''), 'kind', format_type(p.proargtypes[at], null)) order by at)
        from generate_subscripts(p.proargtypes, 1) as at), '[]')
    ) order by p.proname), '[]')::text
from pg_proc p
where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
  and has_function_privilege(";

/// The tables and views, as the superuser sees them.
pub(crate) async fn tables(superuser: &mut PgConnection) -> anyhow::Result<Vec<Table>> {
    Ok(serde_json::from_str(&sql::text(superuser, TABLES).await?)?)
}

/// The functions a login may execute.
pub(crate) async fn functions(superuser: &mut PgConnection, login: &str) -> anyhow::Result<Vec<Function>> {
    let query = format!("{FUNCTIONS}'{login}', p.oid, 'execute')");
    Ok(serde_json::from_str(&sql::text(superuser, &query).await?)?)
}
