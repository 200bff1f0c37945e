//! SignIn, RefreshSignIn, SignOut, GetMe, GetJwks.

use std::time::Duration;

use hocba_proto::identity::{
    AccountEvent, GetJwksRequest, GetMeRequest, ListAccountEventsRequest, RefreshSignInRequest,
    SignInResponse, SignOutRequest, account_event::Kind,
};
use hocba_testing::eventually;
use tonic::{Response, Status};
use tonic_types::StatusExt as _;

use crate::harness::{INSIDE, Person, SCHOOL, World, ask, code, id, reason};

async fn refresh(world: &World, token: &str, client: &str) -> Result<Response<SignInResponse>, Status> {
    let request = RefreshSignInRequest {
        refresh_token: token.to_owned(),
        client: client.to_owned(),
    };
    world.client().refresh_sign_in(ask("", INSIDE, request)).await
}

async fn me(world: &World, token: &str) -> Result<Response<hocba_proto::identity::Me>, Status> {
    world.client().get_me(ask(token, INSIDE, GetMeRequest {})).await
}

async fn events(world: &World) -> Vec<AccountEvent> {
    let request = ListAccountEventsRequest {
        after: 0,
        page_size: 0,
    };
    world
        .internal("records")
        .list_account_events(request)
        .await
        .unwrap()
        .into_inner()
        .events
}

async fn teacher(world: &World) -> Person {
    world
        .person("gv@a.vn", SCHOOL, &["subject_teacher", "homeroom_teacher"])
        .await
}

#[tokio::test]
async fn sign_in_gives_a_token_that_other_services_accept() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let person = world
        .judge()
        .await
        .person(&teacher.signed_in.access_token)
        .await
        .unwrap();
    assert_eq!(format!("accounts/{}", person.account), teacher.name);
    assert_eq!(person.school.as_deref(), Some(SCHOOL));
    assert_eq!(person.authority.as_deref(), Some("gia-lam"));
    assert_eq!(teacher.signed_in.roles, ["subject_teacher", "homeroom_teacher"]);
    let me = me(&world, &teacher.signed_in.access_token)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(me.sign_in, teacher.signed_in.name);
    let account = me.account.unwrap();
    assert_eq!(account.email, "gv@a.vn");
    assert!(account.second_factor && account.last_sign_in_time.is_some());
    assert_eq!(
        reason(world.client().get_me(GetMeRequest {}).await),
        "UNAUTHENTICATED"
    );
    world.stop().await;
}

#[tokio::test]
async fn get_jwks_answers_every_key_with_the_signing_one_first() {
    let world = World::start().await;
    let jwks = world
        .client()
        .get_jwks(GetJwksRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(jwks.keys.len(), 2);
    assert!(
        jwks.keys
            .iter()
            .all(|key| key.kty == "OKP" && key.crv == "Ed25519" && key.x.len() == 32)
    );
    let kid = hocba_chassis::token::kid(&world.operator.signed_in.access_token).unwrap();
    assert_eq!(jwks.keys[0].kid, kid);
    world.stop().await;
}

#[tokio::test]
async fn i1_sign_in_refuses_without_telling_who_exists() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let wrong = world
        .sign_in_with(&teacher.email, "không phải đâu nhé", &teacher.code(1))
        .await
        .unwrap_err();
    let nobody = world
        .sign_in_with("ai@a.vn", "không phải đâu nhé", "123456")
        .await
        .unwrap_err();
    let code = world
        .sign_in_with(&teacher.email, &teacher.password, "12345")
        .await
        .unwrap_err();
    for other in [&nobody, &code] {
        assert_eq!(
            (wrong.code(), wrong.message(), wrong.details()),
            (other.code(), other.message(), other.details())
        );
    }
    assert_eq!(reason::<()>(Err(wrong)), "SIGN_IN_REFUSED");
    assert_eq!(
        reason(world.sign_in_with("no address", "x", "1").await),
        "BAD_REQUEST"
    );
    world.stop().await;
}

#[tokio::test]
async fn i1_sign_in_is_throttled_for_anybody_alike() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    for email in [teacher.email.as_str(), "ai@a.vn"] {
        for _ in 0..5 {
            assert_eq!(
                reason(world.sign_in_with(email, "không phải đâu nhé", "123456").await),
                "SIGN_IN_REFUSED"
            );
        }
        let refused = world
            .sign_in_with(email, &teacher.password, &teacher.code(1))
            .await
            .unwrap_err();
        let wait = refused
            .get_details_retry_info()
            .and_then(|info| info.retry_delay)
            .unwrap();
        assert!(
            wait > Duration::from_secs(20) && wait <= Duration::from_secs(30),
            "{wait:?}"
        );
        assert_eq!(reason::<()>(Err(refused)), "ATTEMPTS_THROTTLED");
    }
    // When the wait is over the right password enters, and the count starts anew.
    world
        .meddle("update attempt set blocked_until = now() - interval '1 second'")
        .await;
    world.sign_in(&teacher, 1).await.unwrap();
    assert_eq!(
        reason(world.sign_in_with(&teacher.email, "sai", "123456").await),
        "SIGN_IN_REFUSED"
    );
    world.stop().await;
}

#[tokio::test]
async fn i2_sign_in_takes_a_code_once_even_when_attempts_race() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    assert_eq!(reason(world.sign_in(&teacher, 0).await), "TOTP_CODE_USED");
    let code = teacher.code(1);
    let attempts = (0..4).map(|_| world.sign_in_with(&teacher.email, &teacher.password, &code));
    let answers = futures::future::join_all(attempts).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(good.len(), 1);
    for refused in bad {
        assert_eq!(reason(refused), "TOTP_CODE_USED");
    }
    world.stop().await;
}

#[tokio::test]
async fn refresh_sign_in_rotates_with_a_grace_for_the_same_client() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let first = &teacher.signed_in.refresh_token;
    let second = refresh(&world, first, "thiết bị").await.unwrap().into_inner();
    assert_ne!(&second.refresh_token, first);
    assert_eq!(second.name, teacher.signed_in.name);
    let again = refresh(&world, first, "thiết bị").await.unwrap().into_inner();
    assert_eq!(again.refresh_token, second.refresh_token, "the same successor");
    let third = refresh(&world, &second.refresh_token, "thiết bị")
        .await
        .unwrap()
        .into_inner();
    me(&world, &third.access_token).await.unwrap();
    assert_eq!(
        reason(refresh(&world, "unknown", "thiết bị").await),
        "REFRESH_TOKEN_INVALID"
    );
    world.stop().await;
}

#[tokio::test]
async fn refresh_sign_in_races_to_one_successor() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let attempts = (0..6).map(|_| refresh(&world, &teacher.signed_in.refresh_token, "thiết bị"));
    let answers = futures::future::join_all(attempts).await;
    let tokens: std::collections::BTreeSet<_> = answers
        .into_iter()
        .map(|answer| answer.unwrap().into_inner().refresh_token)
        .collect();
    assert_eq!(tokens.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn i2_refresh_sign_in_of_a_reused_token_ends_the_family() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let first = &teacher.signed_in.refresh_token;
    let second = refresh(&world, first, "thiết bị").await.unwrap().into_inner();
    // Within the grace, but from elsewhere: somebody holds a copy.
    assert_eq!(
        reason(refresh(&world, first, "kẻ trộm").await),
        "REFRESH_TOKEN_REUSED"
    );
    assert_eq!(
        reason(refresh(&world, &second.refresh_token, "thiết bị").await),
        "SIGN_IN_OVER"
    );
    assert_eq!(reason(me(&world, &second.access_token).await), "UNAUTHENTICATED");
    let told = events(&world).await;
    assert_eq!(told.last().unwrap().kind(), Kind::SignInEnded);
    assert_eq!(told.last().unwrap().sign_in, id(&teacher.signed_in.name));
    world.stop().await;
}

#[tokio::test]
async fn refresh_sign_in_after_the_grace_is_reuse() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let first = &teacher.signed_in.refresh_token;
    refresh(&world, first, "thiết bị").await.unwrap();
    world
        .meddle("update refresh_token set rotated_at = rotated_at - interval '11 seconds'")
        .await;
    assert_eq!(
        reason(refresh(&world, first, "thiết bị").await),
        "REFRESH_TOKEN_REUSED"
    );
    world.stop().await;
}

#[tokio::test]
async fn sign_out_ends_one_or_all_of_the_own_and_tells() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let second = world.sign_in(&teacher, 1).await.unwrap().into_inner();
    let mut client = world.client();
    let out = |name: &str, everywhere| SignOutRequest {
        name: name.to_owned(),
        everywhere,
    };
    let theirs = out(&world.operator.signed_in.name, false);
    assert_eq!(
        reason(client.sign_out(teacher.ask(theirs)).await),
        "PERMISSION_DENIED"
    );

    let ended = client
        .sign_out(teacher.ask(out(&second.name, false)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(ended.ended_count, 1);
    assert_eq!(reason(me(&world, &second.access_token).await), "UNAUTHENTICATED");
    let again = client
        .sign_out(teacher.ask(out(&second.name, false)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.ended_count, 0);
    let ended = client
        .sign_out(teacher.ask(out("", true)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(ended.ended_count, 1);
    assert_eq!(
        reason(refresh(&world, &teacher.signed_in.refresh_token, "thiết bị").await),
        "SIGN_IN_OVER"
    );
    let told = events(&world).await;
    assert_eq!(
        told.iter()
            .filter(|event| event.kind() == Kind::SignInEnded)
            .count(),
        2
    );
    assert_eq!(reason(client.sign_out(out("", false)).await), "UNAUTHENTICATED");
    world.stop().await;
}

#[tokio::test]
async fn a_sign_in_whose_time_is_over_ends_by_itself() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    world
        .meddle("update sign_in set expires_at = now() - interval '1 second' where school_id = '01018a01'")
        .await;
    assert_eq!(
        reason(refresh(&world, &teacher.signed_in.refresh_token, "thiết bị").await),
        "SIGN_IN_OVER"
    );
    eventually("the end is told", Duration::from_secs(15), || async {
        let told = events(&world).await;
        if told
            .iter()
            .any(|event| event.sign_in == id(&teacher.signed_in.name))
        {
            Ok(())
        } else {
            Err(told)
        }
    })
    .await;
    world.stop().await;
}

#[tokio::test]
async fn a_stolen_database_row_gives_no_code() {
    let world = World::with_schools().await;
    let teacher = teacher(&world).await;
    let pool = world.database.superuser().await.unwrap();
    let sealed: Vec<u8> = sqlx::query_scalar("select totp_sealed from account where email = 'gv@a.vn'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(
        !sealed
            .windows(teacher.secret.len())
            .any(|part| part == teacher.secret)
    );
    assert_ne!(code(&sealed, 0), teacher.code(0));
    let tokens: Vec<Vec<u8>> = sqlx::query_scalar("select digest from refresh_token")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert!(
        tokens
            .iter()
            .all(|digest| digest != teacher.signed_in.refresh_token.as_bytes())
    );
    world.stop().await;
}
