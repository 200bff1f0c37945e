//! Ceremonies: what was shown is signed, and nothing else.

use hocba_chassis::Role;
use hocba_evidence::{Document, Kind, Verdict, document as documents, verify};
use hocba_proto::signing::{
    Ceremony, CreateCeremonyRequest, GetCeremonyRequest, ListCeremoniesRequest, SignCeremonyRequest,
    ceremony, ceremony_item,
};
use hocba_testing::TestPerson;

use crate::world::{CLASS, SCHOOL, World, document, reason};

async fn create(world: &World, person: &TestPerson, slot: &str) -> Ceremony {
    let ask = CreateCeremonyRequest {
        parent: format!("schools/{SCHOOL}"),
        target: CLASS.into(),
        slots: vec![slot.into()],
        request_id: "create".into(),
    };
    world
        .client()
        .create_ceremony(person.ask(ask))
        .await
        .unwrap()
        .into_inner()
}

fn sign(world: &World, person: &TestPerson, role: Role, it: &Ceremony, words: &str) -> SignCeremonyRequest {
    SignCeremonyRequest {
        name: it.name.clone(),
        act_token: world.identity.act(person, role, "ceremony.sign", &it.digest),
        passphrase: words.to_owned(),
        request_id: String::new(),
    }
}

fn states(it: &Ceremony) -> Vec<(ceremony_item::State, &str)> {
    it.items
        .iter()
        .map(|item| (item.state(), item.reason.as_str()))
        .collect()
}

#[tokio::test]
async fn s3_what_was_shown_is_signed_and_verifies() {
    let world = World::start().await;
    let teacher = world.identity.person(SCHOOL, &["subject_teacher"]);
    let (_, words) = world.personal(&teacher, Role::SubjectTeacher).await;
    let waiting = world.wait_for("subject-to", &teacher, 3);
    let made = create(&world, &teacher, "subject-to").await;
    assert_eq!(create(&world, &teacher, "subject-to").await.name, made.name);
    assert_eq!(made.items.len(), 3);
    // One changes after it was shown, one is new: neither is signed.
    let changed = document("subject-to", &teacher, 2, "C");
    let new = document("subject-to", &teacher, 4, "T");
    let now = vec![waiting[0].clone(), changed, waiting[2].clone(), new];
    world
        .archive
        .kept()
        .lock()
        .unwrap()
        .to_sign
        .insert("subject-to".into(), now);
    let typed = words.to_uppercase().replace('-', " ");
    let ask = sign(&world, &teacher, Role::SubjectTeacher, &made, &typed);
    let done = world
        .client()
        .sign_ceremony(teacher.ask(ask))
        .await
        .unwrap()
        .into_inner();
    use ceremony_item::State::{Refused, Signed};
    assert_eq!(
        states(&done),
        [(Signed, ""), (Refused, "STALE_DIGEST"), (Signed, "")]
    );
    assert_eq!(done.state(), ceremony::State::Finished);
    let signatures = world.archive.kept().lock().unwrap().signatures.clone();
    assert_eq!(signatures.len(), 2);
    let slot = Kind::parse("subject-to").unwrap();
    for (signature, of) in signatures.iter().zip([&waiting[0], &waiting[2]]) {
        let xml = documents::assemble(&of.xml, [(&slot, signature.signature_xml.as_slice())]).unwrap();
        let checked = verify::check(&Document::parse(&xml).unwrap(), &slot, &world.anchors);
        assert_eq!(checked.verdict, Verdict::Valid, "{}", checked.detail);
        assert_eq!(checked.signer.unwrap().account, Some(teacher.name()));
    }
    let ask = sign(&world, &teacher, Role::SubjectTeacher, &made, &words);
    assert_eq!(
        reason(world.client().sign_ceremony(teacher.ask(ask)).await),
        "CEREMONY_FINISHED"
    );
    let list = ListCeremoniesRequest {
        parent: format!("schools/{SCHOOL}"),
        ..Default::default()
    };
    let list = world
        .client()
        .list_ceremonies(teacher.ask(list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(list.ceremonies.len(), 1);
}

#[tokio::test]
async fn s3_a_token_is_of_this_list_and_this_person() {
    let world = World::start().await;
    let teacher = world.identity.person(SCHOOL, &["subject_teacher"]);
    let other = world.identity.person(SCHOOL, &["subject_teacher"]);
    world.wait_for("subject-to", &teacher, 1);
    let made = create(&world, &teacher, "subject-to").await;
    let good = sign(&world, &teacher, Role::SubjectTeacher, &made, "a-b-c-d-e-f");
    assert_eq!(
        reason(world.client().sign_ceremony(teacher.ask(good.clone())).await),
        "CERTIFICATE_MISSING"
    );
    assert_eq!(
        reason(world.client().sign_ceremony(other.ask(good.clone())).await),
        "PERMISSION_DENIED"
    );
    let get = || GetCeremonyRequest {
        name: made.name.clone(),
    };
    assert_eq!(
        reason(world.client().get_ceremony(other.ask(get())).await),
        "PERMISSION_DENIED"
    );
    world
        .client()
        .get_ceremony(world.principal.ask(get()))
        .await
        .unwrap();
    let mut bent = good.clone();
    let digest = "0".repeat(64);
    bent.act_token = world
        .identity
        .act(&teacher, Role::SubjectTeacher, "ceremony.sign", &digest);
    assert_eq!(
        reason(world.client().sign_ceremony(teacher.ask(bent)).await),
        "ACT_TOKEN_DIGEST"
    );
    let mut role = good;
    role.act_token = world
        .identity
        .act(&teacher, Role::Principal, "ceremony.sign", &made.digest);
    assert_eq!(
        reason(world.client().sign_ceremony(teacher.ask(role)).await),
        "ACT_TOKEN_INVALID"
    );
    let none = CreateCeremonyRequest {
        parent: format!("schools/{SCHOOL}"),
        target: CLASS.into(),
        slots: vec!["homeroom".into()],
        request_id: String::new(),
    };
    assert_eq!(
        reason(world.client().create_ceremony(teacher.ask(none)).await),
        "NOTHING_TO_SIGN"
    );
}

#[tokio::test]
async fn s1_wrong_words_are_counted() {
    let world = World::start().await;
    let teacher = world.identity.person(SCHOOL, &["subject_teacher"]);
    let (_, words) = world.personal(&teacher, Role::SubjectTeacher).await;
    world.wait_for("subject-to", &teacher, 1);
    let made = create(&world, &teacher, "subject-to").await;
    // One token serves: it is spent by a signature, not by a slip of the fingers.
    let mut ask = sign(
        &world,
        &teacher,
        Role::SubjectTeacher,
        &made,
        "sai sai sai sai sai sai",
    );
    for _ in 0..10 {
        assert_eq!(
            reason(world.client().sign_ceremony(teacher.ask(ask.clone())).await),
            "PASSPHRASE_WRONG"
        );
    }
    ask.passphrase = words;
    assert_eq!(
        reason(world.client().sign_ceremony(teacher.ask(ask.clone())).await),
        "TOO_MANY_TRIES"
    );
    let pool = world.database.superuser().await.unwrap();
    let aged = "update wrapped_key set wrong_since = wrong_since - interval '61 minutes'";
    sqlx::query(aged).execute(&pool).await.unwrap();
    let done = world
        .client()
        .sign_ceremony(teacher.ask(ask))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(done.state(), ceremony::State::Finished);
}

#[tokio::test]
async fn s4_the_seal_is_applied_at_the_school() {
    let world = World::start().await;
    let clerk = world.identity.person(SCHOOL, &["office_clerk"]);
    let (_, words) = world.seal(&clerk).await;
    world.wait_for("seal", &clerk, 2);
    let made = create(&world, &clerk, "seal").await;
    let mut away = sign(&world, &clerk, Role::OfficeClerk, &made, &words);
    let token = (Role::OfficeClerk, "ceremony.sign");
    away.act_token = world
        .identity
        .act_with(&clerk, token.0, token.1, &made.digest, false, 300);
    assert_eq!(
        reason(world.client().sign_ceremony(clerk.ask(away)).await),
        "NOT_ON_PREMISES"
    );
    let here = sign(&world, &clerk, Role::OfficeClerk, &made, &words);
    let done = world
        .client()
        .sign_ceremony(clerk.ask(here))
        .await
        .unwrap()
        .into_inner();
    assert!(
        done.items
            .iter()
            .all(|item| item.state() == ceremony_item::State::Signed)
    );
}

#[tokio::test]
async fn s5_a_ceremony_cut_short_is_finished_by_signing_again() {
    let world = World::start().await;
    let teacher = world.identity.person(SCHOOL, &["subject_teacher"]);
    let (_, words) = world.personal(&teacher, Role::SubjectTeacher).await;
    world.wait_for("subject-to", &teacher, 2);
    let made = create(&world, &teacher, "subject-to").await;
    // As a crash after the token was spent leaves it.
    let pool = world.database.superuser().await.unwrap();
    sqlx::query("update ceremony set state = 'signing'")
        .execute(&pool)
        .await
        .unwrap();
    let mut ask = sign(&world, &teacher, Role::SubjectTeacher, &made, &words);
    ask.request_id = "sign".into();
    let done = world
        .client()
        .sign_ceremony(teacher.ask(ask.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(done.state(), ceremony::State::Finished);
    let again = world
        .client()
        .sign_ceremony(teacher.ask(ask))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, done, "a repeat answers the same");
    assert_eq!(world.archive.kept().lock().unwrap().signatures.len(), 2);
}

#[tokio::test]
async fn s3_a_teacher_of_two_subjects_signs_once() {
    let world = World::start().await;
    let teacher = world.identity.person(SCHOOL, &["subject_teacher"]);
    let (_, words) = world.personal(&teacher, Role::SubjectTeacher).await;
    world.wait_for("subject-to", &teacher, 2);
    world.wait_for("subject-tv", &teacher, 2);
    let ask = |slots: &[&str]| CreateCeremonyRequest {
        parent: format!("schools/{SCHOOL}"),
        target: CLASS.into(),
        slots: slots.iter().map(|slot| (*slot).to_owned()).collect(),
        request_id: String::new(),
    };
    let mixed = world
        .client()
        .create_ceremony(teacher.ask(ask(&["subject-to", "homeroom"])))
        .await;
    assert_eq!(reason(mixed), "BAD_REQUEST");
    let made = world
        .client()
        .create_ceremony(teacher.ask(ask(&["subject-tv", "subject-to"])))
        .await;
    let made = made.unwrap().into_inner();
    let ask = sign(&world, &teacher, Role::SubjectTeacher, &made, &words);
    let done = world
        .client()
        .sign_ceremony(teacher.ask(ask))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(done.items.len(), 4);
    assert!(
        done.items
            .iter()
            .all(|item| item.state() == ceremony_item::State::Signed)
    );
    assert_eq!(world.archive.kept().lock().unwrap().signatures.len(), 4);
}
