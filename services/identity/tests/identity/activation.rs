//! ActivateAccount, ConfirmTotp.

use hocba_proto::identity::{ActivateAccountRequest, ConfirmTotpRequest};

use crate::harness::{INSIDE, SCHOOL, World, ask, reason};

fn activation(email: &str, code: &str, password: &str) -> tonic::Request<ActivateAccountRequest> {
    let request = ActivateAccountRequest {
        email: email.to_owned(),
        activation_code: code.to_owned(),
        password: password.to_owned(),
    };
    ask("", INSIDE, request)
}

const GOOD: &str = "một câu dài dễ nhớ";

#[tokio::test]
async fn activate_account_takes_a_code_once_and_says_no_more() {
    let world = World::with_schools().await;
    let code = world.account("gv@a.vn", SCHOOL).await;
    let mut client = world.client();
    // A weak password does not use the code up.
    assert_eq!(
        reason(
            client
                .activate_account(activation("gv@a.vn", &code, "ngắn"))
                .await
        ),
        "PASSWORD_WEAK"
    );
    assert_eq!(
        reason(client.activate_account(activation("gv@a.vn", "AAAA", GOOD)).await),
        "ACTIVATION_REFUSED"
    );
    let typed = code.to_lowercase().replace('-', " ");
    let answer = client
        .activate_account(activation("GV@a.vn", &typed, GOOD))
        .await
        .unwrap()
        .into_inner();
    assert!(
        answer
            .totp_uri
            .starts_with("otpauth://totp/hocba:gv@a.vn?secret=")
    );
    let twice = client
        .activate_account(activation("gv@a.vn", &code, GOOD))
        .await
        .unwrap_err();
    let nobody = client
        .activate_account(activation("ai@a.vn", &code, GOOD))
        .await
        .unwrap_err();
    assert_eq!(twice.details(), nobody.details(), "no oracle");
    assert_eq!(reason::<()>(Err(twice)), "ACTIVATION_REFUSED");
    world.stop().await;
}

#[tokio::test]
async fn activate_account_refuses_an_old_code_and_too_many_guesses() {
    let world = World::with_schools().await;
    let code = world.account("gv@a.vn", SCHOOL).await;
    world
        .meddle("update activation_code set expires_at = now() - interval '1 second'")
        .await;
    let mut client = world.client();
    for _ in 0..5 {
        let answer = client.activate_account(activation("gv@a.vn", &code, GOOD)).await;
        assert_eq!(reason(answer), "ACTIVATION_REFUSED");
    }
    let answer = client.activate_account(activation("gv@a.vn", &code, GOOD)).await;
    assert_eq!(reason(answer), "ATTEMPTS_THROTTLED");
    world.stop().await;
}

#[tokio::test]
async fn confirm_totp_makes_the_account_active() {
    let world = World::with_schools().await;
    let code = world.account("gv@a.vn", SCHOOL).await;
    let person = world.activate("gv@a.vn", &code).await;
    assert_eq!(
        reason(world.sign_in(&person, 0).await),
        "SIGN_IN_REFUSED",
        "pending"
    );
    let confirm = |totp_code: String| {
        let request = ConfirmTotpRequest {
            email: person.email.clone(),
            password: person.password.clone(),
            totp_code,
        };
        ask("", INSIDE, request)
    };
    let mut client = world.client();
    assert_eq!(
        reason(client.confirm_totp(confirm("000".to_owned())).await),
        "SIGN_IN_REFUSED"
    );
    client.confirm_totp(confirm(person.code(0))).await.unwrap();
    assert_eq!(
        reason(client.confirm_totp(confirm(person.code(0))).await),
        "TOTP_CODE_USED"
    );
    // A lost answer is asked for again with the next code; and the code that confirmed still signs in.
    client.confirm_totp(confirm(person.code(1))).await.unwrap();
    world.sign_in(&person, 0).await.unwrap();
    world.stop().await;
}
