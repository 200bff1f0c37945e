//! The second line: what the running service's login can see and do.

use sqlx::PgPool;

use crate::harness::{OTHER, SCHOOL, World, digest};

async fn count(pool: &PgPool, school: &str) -> i64 {
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("select set_config('hocba.school', $1, true)")
        .bind(school)
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query_scalar("select count(*) from account")
        .fetch_one(&mut *tx)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_transaction_sees_the_rows_of_its_school_alone() {
    let world = World::with_schools().await;
    world.account("a1@a.vn", SCHOOL).await;
    world.account("a2@a.vn", SCHOOL).await;
    world.account("b1@b.vn", OTHER).await;
    let pool = world.database.service().await.unwrap();
    assert_eq!(
        (
            count(&pool, SCHOOL).await,
            count(&pool, OTHER).await,
            count(&pool, "_").await
        ),
        (2, 1, 1)
    );
    let without: i64 = sqlx::query_scalar("select count(*) from account")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(without, 0);
    let bare: Vec<String> = sqlx::query_scalar(
        "select c.table_name::text from information_schema.columns c
           join pg_class t on t.relname = c.table_name and t.relkind = 'r'
          where c.column_name = 'school_id' and c.table_schema = 'public'
            and not (t.relrowsecurity and t.relforcerowsecurity)",
    )
    .fetch_all(&world.database.superuser().await.unwrap())
    .await
    .unwrap();
    assert_eq!(bare, Vec::<String>::new(), "tables without forced row security");
    world.stop().await;
}

#[tokio::test]
async fn history_is_insert_only_for_the_service() {
    let world = World::with_schools().await;
    let pool = world.database.service().await.unwrap();
    for statement in [
        "update act_token_issue set purpose = 'x'",
        "delete from act_token_issue",
        "delete from account",
        "update account set email = 'x@y.vn'",
        "update role_binding set role = 'principal'",
        "delete from role_binding",
        "delete from totp_use",
        "update sign_in set expires_at = now()",
        "select * from account_event_counter",
        "insert into account_event (seq, school_id, kind, account_id, occurred_at) values (1, '_', 'x', gen_random_uuid(), now())",
    ] {
        let refused = sqlx::query(statement).execute(&pool).await.unwrap_err();
        let code = refused
            .as_database_error()
            .and_then(|error| error.code())
            .unwrap()
            .into_owned();
        assert_eq!(code, "42501", "{statement}");
    }
    world.stop().await;
}

#[tokio::test]
async fn the_outbox_tells_what_happened_and_nothing_personal() {
    let world = World::with_schools().await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let wrong = world
        .sign_in_with("gv@a.vn", "không phải đâu nhé", "123456")
        .await;
    assert!(wrong.is_err());
    world
        .step_up(&teacher, "dossier.attest", &digest("a"), "subject_teacher")
        .await
        .unwrap();
    let pool = world.database.superuser().await.unwrap();
    let rows: Vec<(String, String, String)> =
        sqlx::query_as("select kind, school, row_to_json(outbox)::text from outbox order by seq")
            .fetch_all(&pool)
            .await
            .unwrap();
    let kinds: Vec<_> = rows.iter().map(|row| row.0.as_str()).collect();
    for kind in [
        "authority.created",
        "school.created",
        "account.created",
        "account.activated",
        "sign_in.started",
        "sign_in.refused",
        "act_token.issued",
    ] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    for (_, _, text) in &rows {
        for secret in ["@", "Người", teacher.signed_in.access_token.as_str(), "thiết bị"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    world.stop().await;
}
