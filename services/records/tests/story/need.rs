//! What a sheet asks for: exemptions, pupils who are not assessed, special classes, electives.

use hocba_proto::{
    records::{
        CreateExemptionRequest, Draft, DraftResult, Elective, EndExemptionRequest, Exemption,
        FinishEntrySessionRequest, GetMarkSheetRequest, ListElectivesRequest, ListExemptionsRequest,
        ListMarkSheetsRequest, MarkSheet, OpenEntrySessionRequest, SaveDraftsRequest, UpdateElectiveRequest,
        draft_result::{Lock, Outcome},
        exemption::Kind,
        mark_sheet::State,
    },
    types::{CellMark, CellValue},
};
use hocba_testing::TestPerson;
use tonic::Status;

use crate::house::{CLASS, House, SCHOOL, YEAR, article, edit, reason, value};

async fn exempt(
    house: &House,
    person: &TestPerson,
    pupil: &str,
    (kind, items): (Kind, &[&str]),
) -> Result<Exemption, Status> {
    let request = CreateExemptionRequest {
        parent: YEAR.into(),
        exemption: Some(Exemption {
            pupil: pupil.into(),
            kind: kind.into(),
            items: items.iter().map(|item| (*item).to_owned()).collect(),
            reason: "Giấy của bệnh viện".into(),
            ..Exemption::default()
        }),
        request_id: String::new(),
    };
    let made = house.records().create_exemption(person.ask(request)).await?;
    Ok(made.into_inner())
}

async fn sheet(house: &House, name: &str) -> MarkSheet {
    let request = GetMarkSheetRequest {
        name: format!("{CLASS}/markSheets/{name}"),
    };
    let sheet = house.records().get_mark_sheet(house.principal.ask(request)).await;
    sheet.unwrap().into_inner()
}

async fn standing(house: &House, class: &str, name: &str) -> Option<MarkSheet> {
    let request = ListMarkSheetsRequest {
        parent: class.into(),
        period: 0,
    };
    let all = house
        .records()
        .list_mark_sheets(house.principal.ask(request))
        .await;
    let mut all = all.unwrap().into_inner().mark_sheets.into_iter();
    all.find(|it| it.name.ends_with(name))
}

async fn open(house: &House, person: &TestPerson, name: &str) -> Result<String, Status> {
    let request = OpenEntrySessionRequest {
        mark_sheet: name.into(),
        request_id: String::new(),
    };
    let opened = house.records().open_entry_session(person.ask(request)).await?;
    Ok(opened.into_inner().name)
}

async fn save(house: &House, person: &TestPerson, session: &str, drafts: Vec<Draft>) -> Vec<DraftResult> {
    let request = SaveDraftsRequest {
        name: session.into(),
        drafts,
        request_id: String::new(),
    };
    let saved = house.records().save_drafts(person.ask(request)).await.unwrap();
    saved.into_inner().results
}

fn mark(mark: CellMark) -> CellValue {
    CellValue {
        mark: mark.into(),
        ..CellValue::default()
    }
}

#[tokio::test]
async fn a4_2a_exempt_and_not_assessed_lines_are_lawfully_empty_by_decision_only() {
    let house = House::with_pupils().await;
    let cells = sheet(&house, "to-end1").await.cells;
    let pupils: Vec<&str> = cells.iter().map(|cell| cell.pupil.as_str()).collect();
    let denied = exempt(&house, &house.teacher, pupils[0], (Kind::Exempt, &["TO"]))
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&denied), article(&denied)),
        ("PERMISSION_DENIED".into(), "A4.2a".into())
    );
    let unknown = exempt(&house, &house.principal, pupils[0], (Kind::Exempt, &["XX"]))
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown), "ITEM_UNKNOWN");
    let nobody = format!("schools/{SCHOOL}/pupils/{}", uuid::Uuid::nil());
    let unknown = exempt(&house, &house.principal, &nobody, (Kind::Exempt, &["TO"]))
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown), "PUPIL_UNKNOWN");
    let first = exempt(&house, &house.principal, pupils[0], (Kind::Exempt, &["TO"]))
        .await
        .unwrap();
    exempt(&house, &house.principal, pupils[1], (Kind::NotAssessed, &["TO"]))
        .await
        .unwrap();

    let now = sheet(&house, "to-end1").await;
    let required: Vec<bool> = now.cells.iter().map(|cell| cell.required).take(3).collect();
    assert_eq!(required, [false, false, true]);
    let word = now.cells[0].value.as_ref().unwrap().mark();
    assert_eq!((word, now.required_count), (CellMark::Exempt, 35));

    // An exempt cell takes nothing, one that is not assessed may be; for the others both words need a decision.
    let session = open(&house, &house.teacher, &format!("{CLASS}/markSheets/to-end1"))
        .await
        .unwrap();
    let drafts = vec![
        edit(pupils[0], "TO", value("T", Some(9))),
        edit(pupils[1], "TO", mark(CellMark::NotAssessed)),
        edit(pupils[2], "TO", mark(CellMark::NotAssessed)),
        edit(pupils[3], "TO", mark(CellMark::Exempt)),
    ];
    let saved = save(&house, &house.teacher, &session, drafts).await;
    let outcomes: Vec<Outcome> = saved.iter().map(|it| it.outcome()).collect();
    use Outcome::{Invalid, Locked, Ok};
    assert_eq!(outcomes, [Locked, Ok, Invalid, Invalid]);
    assert_eq!(saved[0].lock(), Lock::Exempt);
    let rest = pupils[2..]
        .iter()
        .map(|pupil| edit(pupil, "TO", value("T", Some(9))));
    save(&house, &house.teacher, &session, rest.collect()).await;
    let finish = FinishEntrySessionRequest {
        name: session,
        request_id: String::new(),
    };
    let receipt = house
        .records()
        .finish_entry_session(house.teacher.ask(finish))
        .await
        .unwrap();
    assert_eq!(receipt.into_inner().cell_count, 36, "one of 37 is exempt");
    let complete = standing(&house, CLASS, "to-end1").await.unwrap();
    assert_eq!(
        (complete.state(), complete.required_count, complete.sealed_count),
        (State::Complete, 35, 35)
    );

    // The decision ends: the cell is asked for.
    let end = |name: &str| EndExemptionRequest {
        name: name.into(),
        request_id: String::new(),
    };
    let ended = house
        .records()
        .end_exemption(house.principal.ask(end(&first.name)))
        .await
        .unwrap();
    assert!(ended.into_inner().end_time.is_some());
    let twice = house
        .records()
        .end_exemption(house.principal.ask(end(&first.name)))
        .await
        .unwrap_err();
    assert_eq!(reason(&twice), "EXEMPTION_OVER");
    let other = format!("{YEAR}/exemptions/{}", uuid::Uuid::nil());
    let unknown = house
        .records()
        .end_exemption(house.principal.ask(end(&other)))
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown), "EXEMPTION_UNKNOWN");
    assert_eq!(
        standing(&house, CLASS, "to-end1").await.unwrap().state(),
        State::Partial
    );
    let list = ListExemptionsRequest { parent: CLASS.into() };
    let all = house
        .records()
        .list_exemptions(house.teacher.ask(list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.exemptions.len(), 2);
}

#[tokio::test]
async fn a4_2a_pupils_of_special_classes_are_required_in_two_subjects_only() {
    let house = House::with_pupils().await;
    let pupil = sheet(&house, "to-end1").await.cells[0].pupil.clone();
    let decided = exempt(&house, &house.principal, &pupil, (Kind::SpecialClass, &[]))
        .await
        .unwrap();
    assert!(!decided.items.iter().any(|item| item == "TV" || item == "TO"));
    let cells = |name| {
        let (house, pupil) = (&house, &pupil);
        async move {
            let mut cells = sheet(house, name).await.cells;
            cells.retain(|cell| cell.pupil == *pupil);
            cells
        }
    };
    assert!(cells("to-end1").await[0].required);
    assert!(cells("tv-end1").await[0].required);
    assert!(!cells("an-end1").await[0].required);
    assert!(cells("criteria-end1").await.iter().all(|cell| !cell.required));
}

#[tokio::test]
async fn a4_2a_an_elective_is_asked_of_who_learns_it() {
    let house = House::with_pupils().await;
    let class = format!("{YEAR}/classes/1a");
    assert!(
        standing(&house, &class, "nn-end1").await.is_none(),
        "nobody learns it yet"
    );
    let name = format!("{class}/electives/nn");
    let set = |name: &str, whole_class, pupils: Vec<String>, etag: &str| UpdateElectiveRequest {
        elective: Some(Elective {
            name: name.into(),
            whole_class,
            pupils,
            etag: etag.into(),
        }),
        request_id: String::new(),
    };
    let mut records = house.records();
    let first = records
        .update_elective(house.admin.ask(set(&name, true, vec![], "")))
        .await
        .unwrap();
    let first = first.into_inner();
    assert!(first.whole_class);
    let whole = standing(&house, &class, "nn-end1").await.unwrap().required_count;
    assert_eq!(
        Some(whole),
        standing(&house, &class, "to-end1")
            .await
            .map(|it| it.required_count)
    );

    let request = GetMarkSheetRequest {
        name: format!("{class}/markSheets/nn-end1"),
    };
    let cells = records
        .get_mark_sheet(house.principal.ask(request.clone()))
        .await
        .unwrap()
        .into_inner()
        .cells;
    let two = vec![cells[0].pupil.clone(), cells[1].pupil.clone()];
    let chosen = records
        .update_elective(house.admin.ask(set(&name, false, two.clone(), &first.etag)))
        .await;
    assert_eq!(chosen.unwrap().into_inner().pupils.len(), 2);
    let sheet = records
        .get_mark_sheet(house.principal.ask(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((sheet.cells.len(), sheet.required_count), (2, 2));
    assert_eq!(
        standing(&house, &class, "nn-end1").await.unwrap().required_count,
        2
    );

    let stale = records
        .update_elective(house.admin.ask(set(&name, true, vec![], &first.etag)))
        .await
        .unwrap_err();
    assert_eq!(reason(&stale), "ETAG_MISMATCH");
    let compulsory = format!("{CLASS}/electives/nn");
    let no = records
        .update_elective(house.admin.ask(set(&compulsory, true, vec![], "")))
        .await
        .unwrap_err();
    assert_eq!(reason(&no), "ITEM_UNKNOWN", "grade 5 has no choice");
    let elsewhere = format!("{YEAR}/classes/1b/electives/nn");
    let no = records
        .update_elective(house.admin.ask(set(&elsewhere, false, two, "")))
        .await
        .unwrap_err();
    assert_eq!(reason(&no), "PUPIL_UNKNOWN", "not of that class");
    let no = records
        .update_elective(house.teacher.ask(set(&name, true, vec![], "")))
        .await
        .unwrap_err();
    assert_eq!(article(&no), "A10.4");
    let list = ListElectivesRequest { parent: class };
    let all = records
        .list_electives(house.teacher.ask(list))
        .await
        .unwrap()
        .into_inner()
        .electives;
    assert_eq!(all.len(), 1);
}
