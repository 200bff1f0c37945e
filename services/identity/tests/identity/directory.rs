//! CreateAuthority, GetAuthority, CreateSchool, GetSchool, ListSchools.

use hocba_proto::identity::{
    Authority, CreateAuthorityRequest, GetAuthorityRequest, GetSchoolRequest, ListSchoolsRequest,
};

use crate::harness::{OTHER, SCHOOL, World, ask, new_school, reason};

fn new_authority(id: &str, request_id: &str) -> CreateAuthorityRequest {
    CreateAuthorityRequest {
        authority_id: id.to_owned(),
        authority: Some(Authority {
            display_name: "Phòng Giáo dục".to_owned(),
            ..Authority::default()
        }),
        request_id: request_id.to_owned(),
    }
}

#[tokio::test]
async fn create_authority_once_per_id_and_request() {
    let world = World::start().await;
    let op = &world.operator;
    let first = world
        .client()
        .create_authority(op.ask(new_authority("dong-anh", "r1")))
        .await
        .unwrap();
    let again = world
        .client()
        .create_authority(op.ask(new_authority("dong-anh", "r1")))
        .await
        .unwrap();
    assert_eq!(first.get_ref(), again.get_ref());
    assert_eq!(first.get_ref().name, "authorities/dong-anh");

    let mut client = world.client();
    assert_eq!(
        reason(
            client
                .create_authority(op.ask(new_authority("soc-son", "r1")))
                .await
        ),
        "REQUEST_ID_REUSED"
    );
    assert_eq!(
        reason(
            client
                .create_authority(op.ask(new_authority("dong-anh", "r2")))
                .await
        ),
        "AUTHORITY_EXISTS"
    );
    assert_eq!(
        reason(
            client
                .create_authority(op.ask(new_authority("Đông Anh", "")))
                .await
        ),
        "BAD_REQUEST"
    );
    assert_eq!(
        reason(client.create_authority(new_authority("x", "")).await),
        "UNAUTHENTICATED"
    );
    let get = |name: &str| {
        op.ask(GetAuthorityRequest {
            name: name.to_owned(),
        })
    };
    assert_eq!(
        client
            .get_authority(get("authorities/dong-anh"))
            .await
            .unwrap()
            .get_ref(),
        first.get_ref()
    );
    assert_eq!(
        reason(client.get_authority(get("authorities/nowhere")).await),
        "AUTHORITY_UNKNOWN"
    );
    world.stop().await;
}

#[tokio::test]
async fn create_school_by_the_operator_alone_under_a_known_authority() {
    let world = World::with_schools().await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let mut client = world.client();
    assert_eq!(
        reason(client.create_school(admin.ask(new_school("01018a03"))).await),
        "OTHER_SCHOOL"
    );
    assert_eq!(
        reason(client.create_school(admin.ask(new_school(SCHOOL))).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(
        reason(client.create_school(world.operator.ask(new_school(SCHOOL))).await),
        "SCHOOL_EXISTS"
    );
    let mut lost = new_school("01018a03");
    lost.school.as_mut().unwrap().authority = "authorities/nowhere".to_owned();
    assert_eq!(
        reason(client.create_school(world.operator.ask(lost)).await),
        "AUTHORITY_UNKNOWN"
    );
    world.stop().await;
}

#[tokio::test]
async fn get_school_for_its_people_and_its_authority() {
    let world = World::with_schools().await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let get = |id: &str| GetSchoolRequest {
        name: format!("schools/{id}"),
    };
    let mut client = world.client();
    let school = client
        .get_school(teacher.ask(get(SCHOOL)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (school.code.as_str(), school.authority.as_str()),
        ("01018A01", "authorities/gia-lam")
    );
    assert_eq!(
        reason(client.get_school(teacher.ask(get(OTHER))).await),
        "OTHER_SCHOOL"
    );
    assert_eq!(
        reason(client.get_school(world.operator.ask(get("nowhere"))).await),
        "SCHOOL_UNKNOWN"
    );
    let authority = GetAuthorityRequest {
        name: "authorities/gia-lam".to_owned(),
    };
    assert!(client.get_authority(teacher.ask(authority)).await.is_ok());
    world.stop().await;
}

#[tokio::test]
async fn list_schools_by_pages_whose_tokens_belong_to_the_list() {
    let world = World::with_schools().await;
    let list = |authority: &str, token: &str| ListSchoolsRequest {
        authority: authority.to_owned(),
        page_size: 1,
        page_token: token.to_owned(),
    };
    let mut client = world.client();
    let op = &world.operator;
    let first = client
        .list_schools(op.ask(list("", "")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.schools[0].name, format!("schools/{SCHOOL}"));
    let second = client
        .list_schools(op.ask(list("", &first.next_page_token)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(second.schools[0].name, format!("schools/{OTHER}"));
    assert_eq!(second.next_page_token, "");
    let stray = list("authorities/gia-lam", &first.next_page_token);
    assert_eq!(
        reason(client.list_schools(op.ask(stray)).await),
        "PAGE_TOKEN_INVALID"
    );
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    assert_eq!(
        reason(client.list_schools(teacher.ask(list("", ""))).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(
        reason(client.list_schools(ask("bent", "10.0.0.1", list("", ""))).await),
        "UNAUTHENTICATED"
    );
    world.stop().await;
}
