//! Provinces and communes: the register, and what pupils' pages say by it.

use hocba_proto::records::{
    AdministrativeUnit, ImportPlacesRequest, ImportPlacesResponse, ListPlacesRequest, Place, Pupil,
    UpdatePupilRequest,
};
use hocba_testing::TestPerson;
use prost_types::FieldMask;
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::{
    house::{House, article, reason, violations},
    pupil::{create, pupil},
};

async fn import(
    house: &House,
    by: &TestPerson,
    file: &[u8],
    id: &str,
) -> Result<ImportPlacesResponse, Status> {
    let request = ImportPlacesRequest {
        file: file.to_vec(),
        start_date: "2025-07-01".into(),
        request_id: id.into(),
    };
    let answer = house.records().import_places(by.ask(request)).await?;
    Ok(answer.into_inner())
}

/// All pages.
async fn list(house: &House, province: &str, day: &str) -> Vec<Place> {
    let (mut places, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListPlacesRequest {
            province_code: province.into(),
            valid_on: day.into(),
            page_size: 40,
            page_token: token,
        };
        let page = house.records().list_places(house.teacher.ask(request)).await;
        let page = page.unwrap().into_inner();
        places.extend(page.places);
        token = page.next_page_token;
        if token.is_empty() {
            return places;
        }
    }
}

#[tokio::test]
async fn a4_1_places_are_imported_by_the_operator_all_rows_or_none_with_findings_by_row() {
    let house = House::empty().await;
    assert_eq!(list(&house, "", "2025-06-30").await.len(), 63);
    assert_eq!(list(&house, "", "2025-07-01").await.len(), 34);
    let codes: Vec<_> = list(&house, "", "").await;
    assert!(codes.is_sorted_by_key(|it| (it.code.clone(), it.start_date.clone())));
    assert_eq!(codes.len(), 87);
    let own: Vec<_> = codes.iter().filter(|it| it.code == "15").collect();
    assert_eq!(
        (
            own[0].display_name.as_str(),
            own[0].end_date.as_str(),
            own[0].successor_code.as_str()
        ),
        ("Tỉnh Yên Bái", "2025-06-30", "15")
    );
    assert_eq!(own[1].display_name, "Tỉnh Lào Cai");

    let operator = house.identity.outsider(&["operator"]);
    let good = "Mã,Tên,Cấp,Mã TP,Từ ngày,Đến ngày,Mã mới\n\
        00541,Xã Dương Hà,Xã,01,2004-07-08,2024-12-31,00541\n\
        00541,Xã Thiên Đức,Xã,01,2025-01-01,2025-06-30,00541\n\
        00541,Xã Phù Đổng,Xã,01,,,\n";
    let refused = import(&house, &house.principal, good.as_bytes(), "")
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&refused), article(&refused)),
        ("PERMISSION_DENIED".into(), "A4.1".into())
    );
    let bad = format!("{good}00542,Xã A,Xã,10,,,\n0054,Xã B,Xã,01,,,\n");
    let refused = import(&house, &operator, bad.as_bytes(), "").await.unwrap_err();
    assert_eq!(
        (reason(&refused), violations(&refused)),
        ("PLACE_ROWS_INVALID".into(), vec!["rows[6]".into()])
    );
    let bad = format!("{good}00542,Xã A,Xã,10,,,\n00541,Xã B,Xã,01,,,\n");
    let refused = import(&house, &operator, bad.as_bytes(), "").await.unwrap_err();
    assert_eq!(violations(&refused), ["rows[5]", "rows[6]"]);
    let refused = import(&house, &operator, b"M\xe3,T\xean", "").await.unwrap_err();
    assert_eq!(reason(&refused), "FILE_UNREADABLE");
    assert_eq!(list(&house, "01", "").await, [], "nothing of it was written");

    let counts = |created_count, changed_count, unchanged_count| ImportPlacesResponse {
        created_count,
        changed_count,
        unchanged_count,
    };
    let first = import(&house, &operator, good.as_bytes(), "p1").await.unwrap();
    assert_eq!(first, counts(3, 0, 0));
    let repeated = import(&house, &operator, good.as_bytes(), "p1").await.unwrap();
    assert_eq!(repeated, first);
    let corrected = good.replace("Thiên Đức", "Thiên Đức mới");
    let second = import(&house, &operator, corrected.as_bytes(), "").await.unwrap();
    assert_eq!(second, counts(0, 1, 2));
    let now = list(&house, "01", "2025-07-01").await;
    assert_eq!((now.len(), now[0].display_name.as_str()), (1, "Xã Phù Đổng"));
    assert_eq!(list(&house, "01", "").await.len(), 3);
    // What was imported stands over what is shipped.
    let ends = "code,name,kind,valid_from,valid_to,successor\n\
        11,Tỉnh Điện Biên,tỉnh,2004-07-08,2030-12-31,14\n";
    assert_eq!(
        import(&house, &operator, ends.as_bytes(), "").await.unwrap(),
        counts(0, 1, 0)
    );
    assert_eq!(list(&house, "", "2031-01-01").await.len(), 33);
}

fn unit(code: &str, name: &str, province: &str) -> Option<AdministrativeUnit> {
    Some(AdministrativeUnit {
        code: code.into(),
        display_name: name.into(),
        valid_on: "2025-07-01".into(),
        province_code: province.into(),
    })
}

async fn update(house: &House, changed: Pupil, path: &str) -> Result<Pupil, Status> {
    let request = UpdatePupilRequest {
        pupil: Some(Pupil {
            etag: String::new(),
            ..changed
        }),
        update_mask: Some(FieldMask {
            paths: vec![path.into()],
        }),
        request_id: String::new(),
    };
    let answer = house.records().update_pupil(house.admin.ask(request)).await?;
    Ok(answer.into_inner())
}

/// The words for the first field that does not hold.
fn words(status: &Status) -> String {
    let details = status.get_details_bad_request().unwrap();
    details.field_violations[0].description.clone()
}

#[tokio::test]
async fn a8_1_a_unit_stands_for_the_day_the_page_speaks_of() {
    let house = House::with_classes().await;
    let ended = Pupil {
        birthplace_unit: unit("10", "Tỉnh Lào Cai", ""),
        address_unit: unit("10", "Tỉnh Lào Cai", ""),
        ..pupil()
    };
    let refused = create(&house, &house.admin, ended.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "PLACE_INVALID");
    // Born there in 2015, when it was; nobody lives there any more.
    assert_eq!(violations(&refused), ["pupil.address_unit"]);
    assert!(words(&refused).contains("hết 2025-06-30"), "{}", words(&refused));
    assert!(
        words(&refused).contains("mã 15 (Tỉnh Lào Cai)"),
        "{}",
        words(&refused)
    );
    let facts = refused.get_details_error_info().unwrap().metadata;
    let fact = |name: &str| facts.get(name).map(String::as_str);
    assert_eq!(
        ["field", "code", "valid_from", "valid_to", "successor"].map(fact),
        ["pupil.address_unit", "10", "2004-07-08", "2025-06-30", "15"].map(Some)
    );
    let made = Pupil {
        // Another commune that no register knows yet: its form holds.
        address_unit: unit("00999", "Xã Chưa Rõ", "01"),
        ..ended
    };
    let made = create(&house, &house.admin, made).await.unwrap();
    assert_eq!(made.address_unit, unit("00999", "Xã Chưa Rõ", "01"));

    let with = |field: fn(&mut Pupil, Option<AdministrativeUnit>), unit| {
        let mut changed = made.clone();
        field(&mut changed, unit);
        changed
    };
    let born: fn(&mut Pupil, _) = |pupil, unit| pupil.birthplace_unit = unit;
    let lives: fn(&mut Pupil, _) = |pupil, unit| pupil.address_unit = unit;
    let comes: fn(&mut Pupil, _) = |pupil, unit| pupil.home_place_unit = unit;
    for (changed, path) in [
        // Code 24 was Bắc Giang when the pupil was born.
        (with(born, unit("24", "Tỉnh Bắc Ninh", "")), "birthplace_unit"),
        (with(born, unit("03", "Tỉnh Ba", "")), "birthplace_unit"),
        (with(lives, unit("00999", "Xã Chưa Rõ", "10")), "address_unit"),
        // The family's place is said for a day of 2025.
        (with(comes, unit("10", "Tỉnh Lào Cai", "")), "home_place_unit"),
    ] {
        let refused = update(&house, changed, path).await.unwrap_err();
        assert_eq!(
            (reason(&refused), violations(&refused)),
            ("PLACE_INVALID".into(), vec![format!("pupil.{path}")])
        );
    }
    let malformed = with(lives, unit("15", "Tỉnh Lào Cai", "01"));
    let refused = update(&house, malformed, "address_unit").await.unwrap_err();
    assert_eq!(reason(&refused), "BAD_REQUEST", "a province has no province");

    // The province's communes come: codes are looked up from now on.
    let operator = house.identity.outsider(&["operator"]);
    let communes = "code,name,kind,province\n00541,Xã Phù Đổng,xã,01\n02674,Phường Cam Đường,phường,15\n";
    import(&house, &operator, communes.as_bytes(), "").await.unwrap();
    let other = with(lives, unit("00998", "Xã Khác", "01"));
    let refused = update(&house, other, "address_unit").await.unwrap_err();
    assert!(
        words(&refused).contains("không có mã 00998"),
        "{}",
        words(&refused)
    );
    let elsewhere = with(lives, unit("02674", "Phường Cam Đường", "01"));
    let refused = update(&house, elsewhere, "address_unit").await.unwrap_err();
    assert!(words(&refused).contains("không thuộc"), "{}", words(&refused));
    for lawful in [unit("00541", "Xã Phù Đổng", "01"), unit("02674", "Cam Đường", "")] {
        let changed = with(lives, lawful.clone());
        let changed = update(&house, changed, "address_unit").await.unwrap();
        assert_eq!(changed.address_unit, lawful);
    }
    // Of communes in 2015 nothing is known: their form holds.
    let born_in = with(born, unit("00541", "Xã Dương Hà", "01"));
    update(&house, born_in, "birthplace_unit").await.unwrap();
}

#[tokio::test]
async fn a8_1_a_unit_that_stood_there_before_stops_no_other_change() {
    let house = House::with_classes().await;
    let before = Pupil {
        address_unit: unit("00999", "Xã Chưa Rõ", "01"),
        ..pupil()
    };
    let made = create(&house, &house.admin, before).await.unwrap();
    let operator = house.identity.outsider(&["operator"]);
    let communes = "code,name,kind,province\n00541,Xã Phù Đổng,xã,01\n";
    import(&house, &operator, communes.as_bytes(), "").await.unwrap();
    let changed = Pupil {
        religion: "Không".into(),
        ..made.clone()
    };
    update(&house, changed, "religion").await.unwrap();
    // A birth date that is corrected asks again about the birthplace.
    let mut born = Pupil {
        birthplace_unit: unit("10", "Lào Cai", ""),
        ..made
    };
    update(&house, born.clone(), "birthplace_unit").await.unwrap();
    if let Some(identity) = &mut born.identity {
        identity.birth_date = "2003-04-30".into();
    }
    let refused = update(&house, born, "identity.birth_date").await.unwrap_err();
    assert_eq!(violations(&refused), ["pupil.birthplace_unit"]);
}
