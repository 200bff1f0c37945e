//! A guarded database and who works with it.

use hocba_chassis::{Failure, run::Definition};
use hocba_fence::{
    Closing, Error, Fence, Guard, Installed, Kind, Scope, Semester, State, Term, check, install,
};
use hocba_testing::{TestDatabase, eventually};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};
use std::time::Duration;
use time::OffsetDateTime;

pub(crate) const DEFINITION: Definition = Definition {
    name: "fence",
    migrations: &[&hocba_fence::MIGRATIONS],
};
pub(crate) const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub(crate) const DOSSIER: &str = "schools/s/dossiers/1";

/// A guarded table as records has them.
pub(crate) const TABLE: &str = "
    create table cell (
        school_id text not null, year_id text not null, period text not null,
        value text not null, epoch bigint not null
    );
    create trigger cell_fence before insert or update or delete on cell
        for each row execute function fence_guard('marks');
    create trigger cell_no_truncate before truncate on cell
        for each statement execute function fence_no_truncate();
    -- What a writer holds while it works, and a seal wants.
    create table session (id int primary key);
    insert into session values (1);
    grant select, insert, update, delete on cell, session to hocba_fence;
";

pub(crate) struct World {
    _database: TestDatabase,
    pub(crate) pool: PgPool,
    pub(crate) superuser: PgPool,
}

pub(crate) async fn world() -> World {
    let database = TestDatabase::of(&DEFINITION).await.expect("a database");
    let superuser = database.superuser().await.expect("a superuser");
    superuser.execute(TABLE).await.expect("the guarded table");
    let pool = database.service().await.expect("a service");
    World {
        _database: database,
        pool,
        superuser,
    }
}

/// Seals one row when told to, or fails.
pub(crate) struct Sealing {
    pub(crate) fails: bool,
}

impl Guard for Sealing {
    fn guards(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Marks(_))
    }

    async fn seal(&self, conn: &mut PgConnection, closing: Closing<'_>) -> Result<u32, Failure> {
        conn.execute("select from session for update").await?;
        sqlx::query("insert into cell values ('s', '2025-2026', 'mid1', 'sealed', $1)")
            .bind(closing.epoch)
            .execute(conn)
            .await?;
        if self.fails {
            Err(Failure::internal("the guard fails"))
        } else {
            Ok(1)
        }
    }

    async fn open_sessions(&self, _: &mut PgConnection, _: &Term) -> Result<u32, Failure> {
        Ok(0)
    }
}

pub(crate) fn term() -> Term {
    Term::marks("s", "2025-2026", Semester::One)
}

pub(crate) fn fence(epoch: i64, state: State) -> Fence {
    Fence {
        term: term(),
        epoch,
        state,
        scopes: vec![],
        lock_order: "schools/s/lockOrders/1".into(),
    }
}

pub(crate) fn scope(open_epoch: i64, end_at: OffsetDateTime) -> Scope {
    Scope {
        dossier: DOSSIER.into(),
        cells_digest: DIGEST.into(),
        open_epoch,
        end_at,
    }
}

pub(crate) fn later() -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::from_secs(600)
}

pub(crate) async fn put(pool: &PgPool, fence: &Fence) -> Installed {
    install(pool, &Sealing { fails: false }, fence)
        .await
        .expect("installed")
}

pub(crate) async fn write(conn: &mut PgConnection, value: &str) -> Result<i64, Error> {
    let mut tx = conn.begin().await?;
    let epoch = check(&mut tx, &term()).await?;
    sqlx::query("insert into cell values ('s', '2025-2026', 'end1', $1, $2)")
        .bind(value)
        .bind(epoch)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(epoch)
}

pub(crate) async fn rows(pool: &PgPool, epoch: i64) -> i64 {
    sqlx::query_scalar("select count(*) from cell where epoch = $1")
        .bind(epoch)
        .fetch_one(pool)
        .await
        .expect("rows")
}

/// Waits until somebody waits for an advisory lock.
pub(crate) async fn until_waiting(pool: &PgPool) {
    eventually(
        "somebody waits for the advisory lock",
        Duration::from_secs(5),
        || async {
            let waiting: i64 = sqlx::query_scalar(
                "select count(*) from pg_locks where locktype = 'advisory' and not granted
             and database = (select oid from pg_database where datname = current_database())",
            )
            .fetch_one(pool)
            .await
            .expect("locks");
            if waiting > 0 { Ok(()) } else { Err(waiting) }
        },
    )
    .await;
}
