//! Statements made while the test runs; their identifiers come from the catalog.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, postgres::PgRow};

/// Text as an SQL literal.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// One text.
pub(crate) async fn text(connection: &mut PgConnection, query: &str) -> anyhow::Result<String> {
    let row: PgRow = sqlx::query(AssertSqlSafe(query.to_owned()))
        .fetch_one(connection)
        .await?;
    Ok(row.try_get(0)?)
}

/// Statements one after another.
pub(crate) async fn run(connection: &mut PgConnection, statements: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(connection)
        .await?;
    Ok(())
}

/// How a statement ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// What its first row's first column said.
    Done(String),
    /// SQLSTATE, and the constraint it names.
    Refused {
        code: String,
        constraint: String,
        message: String,
    },
}

impl Outcome {
    /// The count a statement said; none by a refused one.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Done(said) => said.parse().unwrap_or_default(),
            Self::Refused { .. } => 0,
        }
    }

    /// In a word.
    pub(crate) fn ending(&self) -> String {
        match self {
            Self::Done(said) if said == "[]" => "nothing".to_owned(),
            Self::Done(_) => "an answer".to_owned(),
            Self::Refused { code, message, .. } => format!("{code} {message}"),
        }
    }

    /// What an attacker can tell apart.
    pub(crate) fn seen(&self) -> (&str, &str) {
        match self {
            Self::Done(said) => (said, ""),
            Self::Refused { code, constraint, .. } => (code, constraint),
        }
    }
}

/// The statement, made to say how many rows it touched.
pub(crate) fn counted(statement: &str) -> String {
    format!("with done as ({statement} returning 1) select count(*)::text from done")
}

/// The query, made to say its rows as JSON.
pub(crate) fn as_json(query: &str) -> String {
    format!("select coalesce(jsonb_agg(to_jsonb(found)), '[]')::text from ({query}) as found")
}

/// Runs one statement in a transaction of a school and ends it as `end` says: `commit` or `rollback`.
pub(crate) async fn as_school(
    connection: &mut PgConnection,
    school: Option<&str>,
    statement: &str,
    end: &str,
) -> anyhow::Result<Outcome> {
    let mut tx = connection.begin().await?;
    if let Some(school) = school {
        let set = format!("select set_config('hocba.school', {}, true)", quoted(school));
        text(&mut tx, &set).await?;
    }
    let outcome = match sqlx::query(AssertSqlSafe(statement.to_owned()))
        .fetch_all(&mut *tx)
        .await
    {
        Ok(rows) => {
            let said = rows
                .first()
                .and_then(|row| row.try_get::<Option<String>, _>(0).ok().flatten());
            Outcome::Done(said.unwrap_or_default())
        }
        Err(sqlx::Error::Database(error)) => Outcome::Refused {
            code: error.code().unwrap_or_default().into_owned(),
            constraint: error.constraint().unwrap_or_default().to_owned(),
            message: error.message().to_owned(),
        },
        Err(error) => return Err(error.into()),
    };
    if end == "commit" && matches!(outcome, Outcome::Done(_)) {
        // A deferred check may still refuse.
        if let Err(error) = tx.commit().await {
            anyhow::ensure!(error.as_database_error().is_some(), "{error}");
        }
    } else {
        tx.rollback().await?;
    }
    Ok(outcome)
}
