//! Pupils entered, changed, found, and what is missing of them.

use hocba_proto::records::{
    AdministrativeUnit, CreatePupilRequest, GetPupilRequest, Identity, ListIncompletePupilsRequest,
    ListPupilsRequest, ListStudyYearsRequest, LookUpPupilRequest, Pupil, StudyYear, UpdatePupilRequest,
};
use hocba_testing::TestPerson;
use prost_types::FieldMask;

use crate::house::{CLASS, House, SCHOOL, YEAR, article, reason, violations};

pub(crate) const PERSONAL_ID: &str = "001315098765";

/// A pupil with every field.
pub(crate) fn pupil() -> Pupil {
    Pupil {
        identity: Some(Identity {
            pupil_code: "MOI-001".into(),
            personal_id: PERSONAL_ID.into(),
            display_name: "  Vàng Thị  Mỷ ".into(),
            sex: "Nữ".into(),
            birth_date: "2015-04-30".into(),
            ethnic_group: "Hmông".into(),
            nationality: "Việt Nam".into(),
            birthplace: "Xã Lũng Cú bí mật, Tuyên Quang".into(),
            home_place: "Xã Đồng Văn bí mật".into(),
            address: "Số 9 ngõ bí mật, xã Phù Đổng".into(),
            father: "Vàng Bí Mật Cha".into(),
            mother: "Sùng Bí Mật Mẹ".into(),
            guardian: "Lý Bí Mật Giám Hộ".into(),
            register_number: "9999/BIMAT".into(),
            entry_date: "2021-09-05".into(),
        }),
        disability: "khiếm thính bí mật".into(),
        religion: "Tin Lành bí mật".into(),
        learner_code: "HV001315098765".into(),
        address_unit: Some(AdministrativeUnit {
            code: "00541".into(),
            display_name: "Xã Phù Đổng".into(),
            valid_on: "2025-07-01".into(),
            province_code: "01".into(),
        }),
        earlier_years: vec![StudyYear {
            school_year: "2024-2025".into(),
            class: "4B".into(),
            school: "Tiểu học Bí Mật".into(),
            register_number: "0042/LC".into(),
            entry_date: "2021-09-05".into(),
            own: false,
        }],
        ..Pupil::default()
    }
}

/// Enters a pupil into 5A.
pub(crate) async fn create(house: &House, by: &TestPerson, pupil: Pupil) -> Result<Pupil, tonic::Status> {
    let request = CreatePupilRequest {
        parent: CLASS.into(),
        pupil: Some(pupil),
        request_id: "n1".into(),
    };
    let answer = house.records().create_pupil(by.ask(request)).await?;
    Ok(answer.into_inner())
}

async fn update(
    house: &House,
    by: &TestPerson,
    pupil: &Pupil,
    paths: &[&str],
) -> Result<Pupil, tonic::Status> {
    let request = UpdatePupilRequest {
        pupil: Some(pupil.clone()),
        update_mask: Some(FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        request_id: String::new(),
    };
    let answer = house.records().update_pupil(by.ask(request)).await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn a8_1_the_homeroom_teacher_enters_and_changes_the_page_and_every_fault_is_named() {
    let house = House::with_pupils().await;
    let homeroom = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    house.assign(&homeroom, &["criteria"]).await;
    let other = create(&house, &house.teacher, pupil()).await.unwrap_err();
    assert_eq!(
        (reason(&other), article(&other)),
        ("PERMISSION_DENIED".into(), "A8.1".into())
    );
    let mut faulty = pupil();
    let page = faulty.identity.as_mut().unwrap();
    page.personal_id = "13150".into();
    page.birth_date = "30/04/2015".into();
    page.ethnic_group = "Kinh Kinh".into();
    let refused = create(&house, &homeroom, faulty).await.unwrap_err();
    assert_eq!(reason(&refused), "BAD_REQUEST");
    let fields = ["birth_date", "personal_id", "ethnic_group"].map(|field| format!("pupil.identity.{field}"));
    assert_eq!(violations(&refused), fields);

    let made = create(&house, &homeroom, pupil()).await.unwrap();
    assert_eq!(
        create(&house, &homeroom, pupil()).await.unwrap(),
        made,
        "the same request_id"
    );
    let identity = made.identity.clone().unwrap();
    assert_eq!(identity.display_name, "Vàng Thị Mỷ");
    assert_eq!(
        (
            made.class.as_str(),
            made.etag.as_str(),
            made.ethnic_group_code.len()
        ),
        (CLASS, "1", 2)
    );
    assert_eq!(
        (made.religion.as_str(), made.address_unit.clone()),
        ("Tin Lành bí mật", pupil().address_unit)
    );
    let list = ListPupilsRequest { parent: CLASS.into() };
    let roster = house
        .records()
        .list_pupils(homeroom.ask(list))
        .await
        .unwrap()
        .into_inner()
        .pupils;
    assert_eq!(roster.len(), 38);

    for (code, id, taken) in [
        ("MOI-001", "001315098766", "PUPIL_CODE_TAKEN"),
        ("MOI-002", PERSONAL_ID, "PERSONAL_ID_TAKEN"),
    ] {
        let mut twin = pupil();
        let page = twin.identity.as_mut().unwrap();
        (page.pupil_code, page.personal_id) = (code.into(), id.into());
        let request = CreatePupilRequest {
            parent: CLASS.into(),
            pupil: Some(twin),
            request_id: String::new(),
        };
        let refused = house
            .records()
            .create_pupil(homeroom.ask(request))
            .await
            .unwrap_err();
        assert_eq!(reason(&refused), taken);
    }
    let request = CreatePupilRequest {
        parent: format!("{YEAR}/classes/9z"),
        pupil: Some(pupil()),
        request_id: String::new(),
    };
    let nowhere = house
        .records()
        .create_pupil(house.admin.ask(request))
        .await
        .unwrap_err();
    assert_eq!(reason(&nowhere), "CLASS_UNKNOWN");

    let mut new = made.clone();
    let page = new.identity.as_mut().unwrap();
    page.address = "Xã Thiên Đức".into();
    page.mother = "không được ghi".into();
    let now = update(&house, &homeroom, &new, &["identity.address"])
        .await
        .unwrap();
    let page = now.identity.clone().unwrap();
    assert_eq!(
        (page.address.as_str(), page.mother.as_str()),
        ("Xã Thiên Đức", "Sùng Bí Mật Mẹ")
    );
    assert_eq!(now.etag, "2");
    let stale = update(&house, &homeroom, &new, &["identity.address"])
        .await
        .unwrap_err();
    assert_eq!(reason(&stale), "ETAG_MISMATCH");
    let unknown = update(&house, &homeroom, &now, &["identity.pupil_code"])
        .await
        .unwrap_err();
    assert_eq!(violations(&unknown), ["update_mask"]);
    let stranger = update(&house, &house.teacher, &now, &["religion"])
        .await
        .unwrap_err();
    assert_eq!(reason(&stranger), "PERMISSION_DENIED");
    let nobody = Pupil {
        name: format!("schools/{SCHOOL}/pupils/{}", uuid::Uuid::nil()),
        ..now.clone()
    };
    let nobody = update(&house, &house.admin, &nobody, &["religion"])
        .await
        .unwrap_err();
    assert_eq!(reason(&nobody), "PUPIL_UNKNOWN");

    house.close_semester2().await;
    let closed = update(&house, &homeroom, &now, &["religion"]).await.unwrap_err();
    assert_eq!(reason(&closed), "TERM_LOCKED");
    let mut late = pupil();
    late.identity.as_mut().unwrap().pupil_code = "MOI-003".into();
    late.identity.as_mut().unwrap().personal_id.clear();
    let request = CreatePupilRequest {
        parent: CLASS.into(),
        pupil: Some(late),
        request_id: String::new(),
    };
    let closed = house
        .records()
        .create_pupil(homeroom.ask(request))
        .await
        .unwrap_err();
    assert_eq!(reason(&closed), "TERM_LOCKED");
}

#[tokio::test]
async fn a4_1_a_pupil_is_found_by_personal_id_and_has_a_history_before_us_and_with_us() {
    let house = House::with_pupils().await;
    let made = create(&house, &house.admin, pupil()).await.unwrap();
    let look_up = |personal_id: &str| LookUpPupilRequest {
        parent: format!("schools/{SCHOOL}"),
        personal_id: personal_id.into(),
    };
    let mut records = house.records();
    let found = records
        .look_up_pupil(house.principal.ask(look_up(PERSONAL_ID)))
        .await
        .unwrap();
    assert_eq!(found.into_inner(), made);
    let none = records
        .look_up_pupil(house.principal.ask(look_up("001315098764")))
        .await
        .unwrap_err();
    assert_eq!(reason(&none), "PUPIL_UNKNOWN");
    let teacher = records
        .look_up_pupil(house.teacher.ask(look_up(PERSONAL_ID)))
        .await
        .unwrap_err();
    assert_eq!(reason(&teacher), "PERMISSION_DENIED");
    let get = GetPupilRequest {
        name: made.name.clone(),
    };
    let same = records
        .get_pupil(house.principal.ask(get))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(same, made);

    let ask = ListStudyYearsRequest { parent: made.name };
    let years = records
        .list_study_years(house.principal.ask(ask))
        .await
        .unwrap()
        .into_inner()
        .study_years;
    let told: Vec<_> = years
        .iter()
        .map(|it| (it.school_year.as_str(), it.class.as_str(), it.own))
        .collect();
    assert_eq!(told, [("2024-2025", "4B", false), ("2025-2026", "5A", true)]);
    assert_eq!(years[1].school, "Trường Tiểu học Mẫu A");
    let unknown = ListStudyYearsRequest {
        parent: format!("schools/{SCHOOL}/pupils/{}", uuid::Uuid::nil()),
    };
    let unknown = records
        .list_study_years(house.principal.ask(unknown))
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown), "PUPIL_UNKNOWN");
}

#[tokio::test]
async fn a4_1_an_import_keeps_what_the_file_does_not_know() {
    let house = House::with_pupils().await;
    let list = ListPupilsRequest { parent: CLASS.into() };
    let mut first = house
        .records()
        .list_pupils(house.principal.ask(list))
        .await
        .unwrap()
        .into_inner()
        .pupils
        .remove(0);
    first.religion = "Phật giáo".into();
    let mine = update(&house, &house.admin, &first, &["religion"]).await.unwrap();
    house.import().await;
    let get = GetPupilRequest {
        name: mine.name.clone(),
    };
    let now = house
        .records()
        .get_pupil(house.principal.ask(get))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (now.religion.as_str(), now.etag),
        ("Phật giáo", mine.etag),
        "nothing in the file changed"
    );
}

#[tokio::test]
async fn a6_1_the_principal_sees_of_whom_what_is_missing() {
    let house = House::with_pupils().await;
    let homeroom = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    house.assign(&homeroom, &["criteria"]).await;
    let mut gap = pupil();
    let page = gap.identity.as_mut().unwrap();
    page.personal_id.clear();
    page.address.clear();
    let made = create(&house, &homeroom, gap).await.unwrap();
    let ask = |class: &str| ListIncompletePupilsRequest {
        parent: YEAR.into(),
        class: class.into(),
    };
    let mut records = house.records();
    let school = records
        .list_incomplete_pupils(house.principal.ask(ask("")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(school.pupil_count, 997);
    let own = records
        .list_incomplete_pupils(homeroom.ask(ask(CLASS)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(own.pupil_count, 38);
    let found = own.pupils.iter().find(|it| it.name == made.name).unwrap();
    assert_eq!(
        found.missing_fields,
        ["personal_id", "address", "height_cm", "weight_hg"]
    );
    let whole = records
        .list_incomplete_pupils(homeroom.ask(ask("")))
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&whole), article(&whole)),
        ("PERMISSION_DENIED".into(), "A6.1".into())
    );
    let nowhere = ask(&format!("{YEAR}/classes/9z"));
    let nowhere = records
        .list_incomplete_pupils(house.principal.ask(nowhere))
        .await
        .unwrap_err();
    assert_eq!(reason(&nowhere), "CLASS_UNKNOWN");
    let no_year = ListIncompletePupilsRequest {
        parent: format!("schools/{SCHOOL}/years/2030-2031"),
        class: String::new(),
    };
    let no_year = records
        .list_incomplete_pupils(house.principal.ask(no_year))
        .await
        .unwrap_err();
    assert_eq!(reason(&no_year), "YEAR_UNKNOWN");
}
