//! Spot checks: drawn repeatably, compared with the papers, differences become tasks until they are corrected.

use hocba_proto::{
    records::{
        CreateSpotCheckRequest, GetSpotCheckRequest, ListSpotCheckTasksRequest, ListSpotChecksRequest,
        RecordSpotCheckFindingsRequest, SpotCheck, SpotCheckFinding, SpotCheckItem, spot_check::State,
        spot_check_item::Verdict,
    },
    types::Period,
};
use hocba_testing::TestPerson;
use tonic::Status;

use crate::house::{CLASS, House, SCHOOL, YEAR, article, reason, value};

async fn draw(house: &House, person: &TestPerson, seed: &str) -> Result<SpotCheck, Status> {
    let request = CreateSpotCheckRequest {
        parent: YEAR.into(),
        spot_check: Some(SpotCheck {
            period: Period::End1.into(),
            classes: vec![CLASS.into()],
            size: 5,
            seed: seed.into(),
            ..SpotCheck::default()
        }),
        request_id: String::new(),
    };
    let drawn = house.records().create_spot_check(person.ask(request)).await?;
    Ok(drawn.into_inner())
}

async fn record(house: &House, name: &str, papers: &[(i32, Option<i32>)]) -> Result<SpotCheck, Status> {
    let findings = papers.iter().map(|(number, paper_score)| SpotCheckFinding {
        number: *number,
        paper_score: *paper_score,
        note: String::new(),
    });
    let request = RecordSpotCheckFindingsRequest {
        name: name.into(),
        findings: findings.collect(),
        request_id: String::new(),
    };
    let recorded = house
        .records()
        .record_spot_check_findings(house.principal.ask(request))
        .await?;
    Ok(recorded.into_inner())
}

async fn tasks(house: &House, person: &TestPerson) -> Vec<SpotCheckItem> {
    let request = ListSpotCheckTasksRequest {
        parent: format!("schools/{SCHOOL}"),
    };
    let tasks = house.records().list_spot_check_tasks(person.ask(request)).await;
    tasks.unwrap().into_inner().items
}

#[tokio::test]
async fn a4_2c_a_sample_is_drawn_repeatably_compared_and_differences_wait_for_the_teacher() {
    let house = House::with_pupils().await;
    let nothing = draw(&house, &house.principal, "a").await.unwrap_err();
    assert_eq!(reason(&nothing), "NOTHING_TO_CHECK");
    house
        .fill(&house.teacher, "to-end1", |_, _| value("T", Some(9)))
        .await;
    let denied = draw(&house, &house.teacher, "a").await.unwrap_err();
    assert_eq!(
        (reason(&denied), article(&denied)),
        ("PERMISSION_DENIED".into(), "A4.2c".into())
    );

    let check = draw(&house, &house.principal, "hk1").await.unwrap();
    assert_eq!((check.items.len(), check.population_count), (5, 37));
    let drawn =
        |check: &SpotCheck| -> Vec<String> { check.items.iter().map(|it| it.pupil.clone()).collect() };
    let again = draw(&house, &house.principal, "hk1").await.unwrap();
    assert_eq!(drawn(&check), drawn(&again), "the seed says who");
    // Whoever has the digests can repeat the draw.
    let digests = check.items.iter().map(|it| it.cell_digest.clone()).map(|digest| {
        let text = format!("hk1|{digest}");
        ring::digest::digest(&ring::digest::SHA256, text.as_bytes())
            .as_ref()
            .to_vec()
    });
    assert!(digests.is_sorted());
    let other = draw(&house, &house.principal, "").await.unwrap();
    assert!(!other.seed.is_empty(), "the seed is recorded");

    // Four papers: two agree, one differs, one is not there; the fifth is still to come.
    let papers = [(1, Some(9)), (2, Some(9)), (3, Some(6)), (4, None)];
    let open = record(&house, &check.name, &papers).await.unwrap();
    assert_eq!(open.state(), State::Open);
    let verdicts: Vec<Verdict> = open.items.iter().map(|it| it.verdict()).collect();
    use Verdict::{Agrees, Differs, NoPaper, Unspecified};
    assert_eq!(verdicts, [Agrees, Agrees, Differs, NoPaper, Unspecified]);
    let different = record(&house, &check.name, &[(5, Some(9))]).await.unwrap();
    assert_eq!(different.state(), State::Different);
    let unlawful = record(&house, &check.name, &[(1, Some(11))]).await.unwrap_err();
    assert_eq!(reason(&unlawful), "BAD_REQUEST");
    let nobody = record(&house, &check.name, &[(6, Some(9))]).await.unwrap_err();
    assert_eq!(reason(&nobody), "BAD_REQUEST");

    // The teacher of the sheet has a task that names the cell a dossier replaces; a colleague has none.
    let own = tasks(&house, &house.teacher).await;
    assert_eq!(own.len(), 1);
    assert_eq!((own[0].score, own[0].paper_score, own[0].number), (9, Some(6), 3));
    assert_eq!(
        (own[0].cell_digest.len(), own[0].teacher.as_str()),
        (64, house.teacher.name().as_str())
    );
    assert!(own[0].mark_sheet.ends_with("to-end1"));
    let colleague = house.identity.person(SCHOOL, &["subject_teacher"]);
    assert!(tasks(&house, &colleague).await.is_empty());

    // The paper was read wrongly: the later finding counts.
    let settled = record(&house, &check.name, &[(3, Some(9))]).await.unwrap();
    assert_eq!(settled.state(), State::Settled);
    assert!(tasks(&house, &house.teacher).await.is_empty());

    let list = ListSpotChecksRequest { parent: YEAR.into() };
    let all = house
        .records()
        .list_spot_checks(house.principal.ask(list))
        .await
        .unwrap()
        .into_inner();
    let states: Vec<State> = all.spot_checks.iter().map(|it| it.state()).collect();
    assert_eq!(
        states,
        [State::Open, State::Open, State::Settled],
        "the newest first"
    );
    let get = GetSpotCheckRequest { name: check.name };
    let read = house
        .records()
        .get_spot_check(house.principal.ask(get))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(read.items.len(), 5);
    let get = GetSpotCheckRequest {
        name: format!("{YEAR}/spotChecks/{}", uuid::Uuid::nil()),
    };
    let unknown = house
        .records()
        .get_spot_check(house.principal.ask(get))
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown), "SPOT_CHECK_UNKNOWN");
}
