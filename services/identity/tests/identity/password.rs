//! ChangePassword.

use hocba_proto::identity::{ChangePasswordRequest, ChangePasswordResponse, GetMeRequest};
use tonic::{Response, Status};
use tonic_types::StatusExt as _;

use crate::harness::{Person, SCHOOL, World, digest, reason, sha256_hex};

const NEW: &str = "xe đạp cũ dựng bên hiên";

async fn change(
    world: &World,
    person: &Person,
    old: &str,
    new: &str,
    act_token: &str,
) -> Result<Response<ChangePasswordResponse>, Status> {
    let request = ChangePasswordRequest {
        old_password: old.to_owned(),
        new_password: new.to_owned(),
        act_token: act_token.to_owned(),
    };
    world.client().change_password(person.ask(request)).await
}

async fn act(world: &World, person: &Person, digest: &str) -> String {
    world
        .step_up(person, "password.change", digest, "subject_teacher")
        .await
        .unwrap()
        .into_inner()
        .act_token
}

#[tokio::test]
async fn i6_change_password_needs_old_password_and_fresh_factor_and_ends_the_others() {
    let world = World::with_schools().await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let second = Person {
        signed_in: world.sign_in(&teacher, 1).await.unwrap().into_inner(),
        ..teacher.clone()
    };
    let token = act(&world, &teacher, &sha256_hex(&teacher.name)).await;
    let foreign = act(&world, &teacher, &digest("a")).await;
    let old = teacher.password.as_str();
    assert_eq!(
        reason(change(&world, &teacher, old, NEW, "").await),
        "ACT_TOKEN_INVALID"
    );
    assert_eq!(
        reason(change(&world, &teacher, old, NEW, &foreign).await),
        "ACT_TOKEN_DIGEST"
    );
    assert_eq!(
        reason(change(&world, &teacher, "sai", NEW, &token).await),
        "PASSWORD_WRONG"
    );

    let done = change(&world, &teacher, old, NEW, &token)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(done.ended_count, 1);
    let me = |person: &Person| person.ask(GetMeRequest {});
    assert!(
        world.client().get_me(me(&teacher)).await.is_ok(),
        "this sign-in goes on"
    );
    assert_eq!(
        reason(world.client().get_me(me(&second)).await),
        "UNAUTHENTICATED"
    );
    assert_eq!(
        reason(change(&world, &teacher, NEW, "mưa rơi trên mái ngói", &token).await),
        "ACT_TOKEN_USED"
    );
    assert_eq!(reason(world.sign_in(&teacher, -1).await), "SIGN_IN_REFUSED");
    world
        .sign_in_with(&teacher.email, NEW, &teacher.code(-1))
        .await
        .unwrap();
    world.stop().await;
}

#[tokio::test]
async fn i6_change_password_refuses_what_is_guessable() {
    let world = World::with_schools().await;
    let teacher = world.person("lan.anh@a.vn", SCHOOL, &["subject_teacher"]).await;
    let token = act(&world, &teacher, &sha256_hex(&teacher.name)).await;
    for (new, what) in [
        ("ngắn quá", "must have at least 12 characters"),
        ("mật khẩu 2024!", "is made of what everybody tries first"),
        ("maatjkhaaur123", "is made of what everybody tries first"),
        ("Hocba@2025-2026", "is made of what everybody tries first"),
        (
            "Lan Anh 20/11/1988",
            "must not be made of the own name, e-mail address or school",
        ),
        (
            "TrườngTiểuhọcA XãA",
            "must not be made of the own name, e-mail address or school",
        ),
    ] {
        let refused = change(&world, &teacher, &teacher.password, new, &token)
            .await
            .unwrap_err();
        let violations = refused.get_details_bad_request().unwrap().field_violations;
        assert_eq!(
            (violations[0].field.as_str(), violations[0].description.as_str()),
            ("new_password", what),
            "{new}"
        );
        assert_eq!(reason::<()>(Err(refused)), "PASSWORD_WEAK");
    }
    // Nothing was spent and nothing counted against the person.
    change(&world, &teacher, &teacher.password, NEW, &token)
        .await
        .unwrap();
    world.stop().await;
}

#[tokio::test]
async fn i6_change_password_is_throttled() {
    let world = World::with_schools().await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let token = act(&world, &teacher, &sha256_hex(&teacher.name)).await;
    for _ in 0..5 {
        assert_eq!(
            reason(change(&world, &teacher, "sai", NEW, &token).await),
            "PASSWORD_WRONG"
        );
    }
    let right = change(&world, &teacher, &teacher.password, NEW, &token).await;
    assert_eq!(reason(right), "ATTEMPTS_THROTTLED");
    world.stop().await;
}
