//! GetStaffProfile, UpdateStaffProfile, ListIncompleteStaff.

use hocba_proto::identity::{
    GetStaffProfileRequest, ListIncompleteStaffRequest, StaffProfile, UpdateStaffProfileRequest,
    staff_profile::Sex,
};

use crate::harness::{OTHER, Person, SCHOOL, World, reason};

const PERSONAL_ID: &str = "001185012345";

fn named(person: &Person) -> String {
    format!("{}/staffProfile", person.name)
}

fn get(person: &Person) -> GetStaffProfileRequest {
    GetStaffProfileRequest { name: named(person) }
}

fn filled(person: &Person, etag: &str) -> StaffProfile {
    StaffProfile {
        name: named(person),
        birth_date: "1985-03-02".to_owned(),
        sex: Sex::Female.into(),
        personal_id: PERSONAL_ID.to_owned(),
        phone: "0912345678".to_owned(),
        qualification: "Đại học sư phạm".to_owned(),
        position: "Giáo viên tiểu học hạng III".to_owned(),
        join_date: "2010-09-01".to_owned(),
        etag: etag.to_owned(),
        update_time: None,
    }
}

fn update(profile: StaffProfile, request_id: &str) -> UpdateStaffProfileRequest {
    UpdateStaffProfileRequest {
        staff_profile: Some(profile),
        request_id: request_id.to_owned(),
    }
}

#[tokio::test]
async fn a6_1_a_profile_is_kept_by_its_owner_and_the_office_and_by_nobody_else() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let deputy = world.person("pht@a.vn", SCHOOL, &["vice_principal"]).await;
    let clerk = world.person("vt@a.vn", SCHOOL, &["office_clerk"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let other = world.person("gv2@a.vn", SCHOOL, &["subject_teacher"]).await;
    let away = world.person("ht@b.vn", OTHER, &["principal"]).await;
    let mut client = world.client();
    let empty = client
        .get_staff_profile(teacher.ask(get(&teacher)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (empty.etag.as_str(), empty.personal_id.as_str(), empty.update_time),
        ("0", "", None)
    );

    let first = update(filled(&teacher, "0"), "r");
    let kept = client
        .update_staff_profile(teacher.ask(first.clone()))
        .await
        .unwrap()
        .into_inner();
    let expected = StaffProfile {
        update_time: kept.update_time,
        ..filled(&teacher, "1")
    };
    assert_eq!(kept, expected);
    let again = client
        .update_staff_profile(teacher.ask(first))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, kept, "the same request changes nothing");
    let other_body = update(
        StaffProfile {
            phone: "0900000000".to_owned(),
            ..filled(&teacher, "0")
        },
        "r",
    );
    assert_eq!(
        reason(client.update_staff_profile(teacher.ask(other_body)).await),
        "REQUEST_ID_REUSED"
    );
    for person in [&principal, &clerk] {
        assert_eq!(
            client
                .get_staff_profile(person.ask(get(&teacher)))
                .await
                .unwrap()
                .into_inner(),
            kept
        );
    }
    for (person, why) in [
        (&other, "PERMISSION_DENIED"),
        (&deputy, "PERMISSION_DENIED"),
        (&world.operator, "PERMISSION_DENIED"),
        (&away, "OTHER_SCHOOL"),
    ] {
        assert_eq!(
            reason(client.get_staff_profile(person.ask(get(&teacher))).await),
            why
        );
        let request = update(filled(&teacher, "1"), "");
        assert_eq!(
            reason(client.update_staff_profile(person.ask(request)).await),
            why
        );
    }
    // The office empties a field; who read before that changes nothing.
    let less = StaffProfile {
        phone: String::new(),
        ..filled(&teacher, "1")
    };
    let less = client
        .update_staff_profile(clerk.ask(update(less, "")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((less.etag.as_str(), less.phone.as_str()), ("2", ""));
    let stale = client
        .update_staff_profile(teacher.ask(update(filled(&teacher, "1"), "")))
        .await;
    assert_eq!(reason(stale), "ETAG_MISMATCH");
    let first_again = client
        .update_staff_profile(teacher.ask(update(filled(&teacher, "0"), "")))
        .await;
    assert_eq!(reason(first_again), "ETAG_MISMATCH");
    for wrong in [
        StaffProfile {
            personal_id: "1185".to_owned(),
            ..filled(&teacher, "2")
        },
        StaffProfile {
            phone: "abc".to_owned(),
            ..filled(&teacher, "2")
        },
        StaffProfile {
            birth_date: "2999-01-01".to_owned(),
            ..filled(&teacher, "2")
        },
        StaffProfile {
            join_date: "1/9/2010".to_owned(),
            ..filled(&teacher, "2")
        },
        StaffProfile {
            etag: String::new(),
            ..filled(&teacher, "2")
        },
        StaffProfile {
            name: teacher.name.clone(),
            ..filled(&teacher, "2")
        },
    ] {
        assert_eq!(
            reason(client.update_staff_profile(teacher.ask(update(wrong, ""))).await),
            "BAD_REQUEST"
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn a6_1_the_board_sees_which_fields_of_whom_are_missing_and_no_value() {
    let world = World::with_schools().await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let away = world.person("ht@b.vn", OTHER, &["principal"]).await;
    let mut client = world.client();
    client
        .update_staff_profile(principal.ask(update(filled(&principal, "0"), "")))
        .await
        .unwrap();
    let partly = StaffProfile {
        sex: Sex::Unspecified.into(),
        qualification: String::new(),
        ..filled(&teacher, "0")
    };
    client
        .update_staff_profile(principal.ask(update(partly, "")))
        .await
        .unwrap();
    world.account("moi@a.vn", SCHOOL).await;
    let list = ListIncompleteStaffRequest {
        parent: format!("schools/{SCHOOL}"),
        page_size: 1,
        page_token: String::new(),
    };
    let first = client
        .list_incomplete_staff(principal.ask(list.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.staff[0].account, teacher.name);
    assert_eq!(first.staff[0].missing_fields, ["sex", "qualification"]);
    let next = ListIncompleteStaffRequest {
        page_token: first.next_page_token,
        ..list.clone()
    };
    let second = client
        .list_incomplete_staff(principal.ask(next))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (
            second.staff[0].missing_fields.len(),
            second.next_page_token.as_str()
        ),
        (7, "")
    );
    assert_eq!(
        reason(client.list_incomplete_staff(teacher.ask(list.clone())).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(
        reason(client.list_incomplete_staff(away.ask(list)).await),
        "OTHER_SCHOOL"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_profile_stands_sealed_under_the_accounts_own_key() {
    let world = World::with_schools().await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let other = world.person("gv2@a.vn", SCHOOL, &["subject_teacher"]).await;
    let mut client = world.client();
    for person in [&teacher, &other] {
        client
            .update_staff_profile(person.ask(update(filled(person, "0"), "r")))
            .await
            .unwrap();
    }
    let pool = world.database.superuser().await.unwrap();
    // Neither the rows, nor the outbox, nor the remembered answers hold a value.
    let texts: Vec<String> = sqlx::query_scalar(
        "select row_to_json(staff_profile)::text from staff_profile
          union all select row_to_json(outbox)::text from outbox
          union all select encode(coalesce(answer, ''), 'escape') from once",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    for text in &texts {
        for value in [PERSONAL_ID, "1985-03-02", "0912345678", "sư phạm", "hạng III"] {
            assert!(!text.contains(value), "{value} in {text}");
        }
    }
    // One person's sealed facts do not open as another's, with or without the key.
    for statement in [
        "update staff_profile p set sealed = o.sealed from staff_profile o where o.account_id <> p.account_id",
        "update staff_profile p set sealed = o.sealed, wrapped_key = o.wrapped_key from staff_profile o
          where o.account_id <> p.account_id",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
        assert_eq!(
            reason(client.get_staff_profile(teacher.ask(get(&teacher))).await),
            "INTERNAL"
        );
    }
    pool.close().await;
    world.stop().await;
}
