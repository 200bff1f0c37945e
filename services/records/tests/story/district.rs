//! The district reads a pupil's page with a reason, and the school sees it.

use hocba_proto::records::{
    GetPupilRequest, ListDistrictReadsRequest, ListPupilsRequest, ReadPupilWithReasonRequest,
};
use hocba_testing::eventually;

use crate::house::{CLASS, House, PATIENCE, SCHOOL, reason, violations};

const REASON: &str = "Giải quyết đơn của gia đình số 12/ĐT";

#[tokio::test]
async fn a3_the_district_reads_a_page_with_a_reason_only_and_the_school_sees_it() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let list = ListPupilsRequest { parent: CLASS.into() };
    let pupils = records
        .list_pupils(house.principal.ask(list.clone()))
        .await
        .unwrap()
        .into_inner()
        .pupils;
    let name = pupils[0].name.clone();
    let ask = |reason: &str| ReadPupilWithReasonRequest {
        name: name.clone(),
        reason: reason.into(),
    };
    let officer = house.identity.officer("gia-lam");
    let short = records
        .read_pupil_with_reason(officer.ask(ask("xem thử")))
        .await
        .unwrap_err();
    assert_eq!(violations(&short), ["reason"]);
    let read = records
        .read_pupil_with_reason(officer.ask(ask(REASON)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(read, pupils[0]);
    let nobody = ReadPupilWithReasonRequest {
        name: format!("schools/{SCHOOL}/pupils/{}", uuid::Uuid::nil()),
        reason: REASON.into(),
    };
    let nobody = records
        .read_pupil_with_reason(officer.ask(nobody))
        .await
        .unwrap_err();
    assert_eq!(reason(&nobody), "PUPIL_UNKNOWN");

    // In no other way, from no other authority, and by nobody else.
    let get = GetPupilRequest { name: name.clone() };
    let direct = records.get_pupil(officer.ask(get)).await.unwrap_err();
    assert_eq!(reason(&direct), "OTHER_SCHOOL");
    let direct = records.list_pupils(officer.ask(list)).await.unwrap_err();
    assert_eq!(reason(&direct), "OTHER_SCHOOL");
    let foreign = house.identity.officer("dong-anh");
    let foreign = records
        .read_pupil_with_reason(foreign.ask(ask(REASON)))
        .await
        .unwrap_err();
    assert_eq!(reason(&foreign), "OTHER_SCHOOL");
    let principal = records
        .read_pupil_with_reason(house.principal.ask(ask(REASON)))
        .await
        .unwrap_err();
    assert_eq!(reason(&principal), "PERMISSION_DENIED");

    for _ in 0..2 {
        records
            .read_pupil_with_reason(officer.ask(ask(REASON)))
            .await
            .unwrap();
    }
    let page = |page_token: String| ListDistrictReadsRequest {
        parent: format!("schools/{SCHOOL}"),
        page_size: 2,
        page_token,
    };
    let first = records
        .list_district_reads(house.principal.ask(page(String::new())))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.district_reads.len(), 2);
    let second = page(first.next_page_token);
    let second = records
        .list_district_reads(house.principal.ask(second))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (second.district_reads.len(), second.next_page_token.as_str()),
        (1, "")
    );
    let told = &second.district_reads[0];
    assert_eq!(
        (told.pupil.as_str(), told.reason.as_str()),
        (name.as_str(), REASON)
    );
    assert_eq!(told.officer, officer.name());
    let hidden = records
        .list_district_reads(officer.ask(page(String::new())))
        .await
        .unwrap_err();
    assert_eq!(reason(&hidden), "OTHER_SCHOOL");

    eventually("the reads are in the school's log", PATIENCE, || async {
        let kinds = house.archive.kinds();
        let reads = kinds.iter().filter(|kind| *kind == "pupil.read_by_district");
        if reads.count() == 3 { Ok(()) } else { Err(kinds) }
    })
    .await;
    let kept = house.archive.kept();
    let events = format!("{:?}", kept.lock().unwrap().events);
    assert!(
        !events.contains("gia đình"),
        "the reason is the school's to read, not the log's"
    );
}
