//! What lies in the database is no use without the master key.

use hocba_proto::records::{
    CreateExemptionRequest, Exemption, ListExemptionsRequest, ListPupilsRequest, ListReassessmentsRequest,
    PreviewPupilImportRequest, ProposeReassessmentRequest, ReadPupilWithReasonRequest, Reassessment,
    exemption::Kind as Blank, reassessment::Kind,
};
use sqlx::{AssertSqlSafe, Row as _};

use crate::{
    house::{CLASS, House, YEAR, pupils_file, value},
    pupil::{PERSONAL_ID, create, pupil},
};

#[tokio::test]
async fn a10_2_no_row_of_any_table_holds_a_personal_value() {
    let house = House::with_pupils().await;
    let mut records = house.records();
    let made = create(&house, &house.admin, pupil()).await.unwrap();
    let preview = PreviewPupilImportRequest {
        parent: YEAR.into(),
        file: pupils_file(),
        request_id: "again".into(),
    };
    records
        .preview_pupil_import(house.admin.ask(preview))
        .await
        .unwrap();
    let read = ReadPupilWithReasonRequest {
        name: made.name,
        reason: "Lí do bí mật của gia đình".into(),
    };
    let officer = house.identity.officer("gia-lam");
    records.read_pupil_with_reason(officer.ask(read)).await.unwrap();
    decide(&house).await;

    // What was planted, and what the office's own list says of some.
    let mut secrets: Vec<String> = ["bí mật", "Bí Mật", "BIMAT", PERSONAL_ID, "2015-04-30", "Hmông"]
        .map(str::to_owned)
        .into();
    let list = ListPupilsRequest { parent: CLASS.into() };
    let pupils = records
        .list_pupils(house.principal.ask(list))
        .await
        .unwrap()
        .into_inner()
        .pupils;
    // A parent's name can be another pupil's: names are planted, above.
    for identity in pupils.into_iter().filter_map(|pupil| pupil.identity).take(6) {
        let page = [
            identity.personal_id,
            identity.birth_date,
            identity.address,
            identity.register_number,
        ];
        secrets.extend(page.into_iter().filter(|value| value.chars().count() >= 8));
    }
    assert!(secrets.len() > 20);

    let database = house.database.superuser().await.unwrap();
    let tables = sqlx::query("select tablename::text from pg_tables where schemaname = 'public'")
        .fetch_all(&database)
        .await
        .unwrap();
    assert!(tables.len() > 15);
    // As text, and as the bytes of a column that is not text.
    let looked: Vec<String> = secrets
        .iter()
        .flat_map(|secret| [secret.clone(), data_encoding::HEXLOWER.encode(secret.as_bytes())])
        .collect();
    for table in tables {
        let table: String = table.get(0);
        let sql = format!(
            "select s from unnest($1::text[]) as s where exists (select 1 from \"{table}\" t where position(s in t::text) > 0)"
        );
        let found = sqlx::query(AssertSqlSafe(sql))
            .bind(&looked)
            .fetch_all(&database)
            .await
            .unwrap();
        let found: Vec<String> = found.iter().map(|row| row.get(0)).collect();
        assert!(found.is_empty(), "{table} holds {found:?}");
    }
}

/// An exemption for an illness, and a further attempt with its plan: both are read back and lie sealed.
async fn decide(house: &House) {
    const ILLNESS: &str = "Bệnh bí mật theo giấy ra viện";
    const PLAN: &str = "Phụ đạo bí mật vì gia đình";
    let mut records = house.records();
    let cells = house
        .fill(&house.teacher, "to-end1", |_, _| value("T", Some(9)))
        .await;
    let request = CreateExemptionRequest {
        parent: YEAR.into(),
        exemption: Some(Exemption {
            pupil: cells[0].pupil.clone(),
            kind: Blank::Exempt.into(),
            items: vec!["AN".into()],
            reason: ILLNESS.into(),
            ..Exemption::default()
        }),
        request_id: String::new(),
    };
    records
        .create_exemption(house.principal.ask(request))
        .await
        .unwrap();
    let request = ProposeReassessmentRequest {
        parent: YEAR.into(),
        reassessment: Some(Reassessment {
            mark_sheet: format!("{CLASS}/markSheets/to-end1"),
            pupil: cells[0].pupil.clone(),
            kind: Kind::Retest.into(),
            plan: PLAN.into(),
            due_day: "2026-06-30".into(),
            ..Reassessment::default()
        }),
        request_id: String::new(),
    };
    records
        .propose_reassessment(house.teacher.ask(request))
        .await
        .unwrap();
    let ask = ListExemptionsRequest { parent: CLASS.into() };
    let read = records.list_exemptions(house.principal.ask(ask)).await.unwrap();
    assert_eq!(read.into_inner().exemptions[0].reason, ILLNESS);
    let ask = ListReassessmentsRequest { parent: CLASS.into() };
    let read = records
        .list_reassessments(house.principal.ask(ask))
        .await
        .unwrap();
    assert_eq!(read.into_inner().reassessments[0].plan, PLAN);
}
