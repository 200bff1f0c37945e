//! The feed of changes: numbered by commits, followed live, resumed.

use futures::future::join_all;
use hocba_proto::{
    identity::account_event::Kind as Event,
    records::{
        Change, ClassFinding, CompleteMonthlyChecklistRequest, CreateClassFindingRequest,
        CreateExemptionRequest, CreateSchoolYearRequest, CreateSpotCheckRequest, Elective,
        EndExemptionRequest, Exemption, ListChangesRequest, RecordAbsencesRequest,
        RecordSpotCheckFindingsRequest, SchoolYear, SettleClassFindingRequest, SpotCheck, SpotCheckFinding,
        UpdateElectiveRequest, WatchChangesRequest, WatchChangesResponse, change::Kind, exemption,
    },
    types::Period,
};
use hocba_testing::TestPerson;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tonic::{Code, Status, Streaming};

use crate::house::{CLASS, House, PATIENCE, SCHOOL, YEAR, reason, value, violations};

const SUBJECTS: [&str; 8] = ["TV", "TO", "NN", "DD", "TH", "CN", "AN", "MT"];

/// Everything after a number, page by page.
async fn all_after(house: &House, person: &TestPerson, mut after: i64) -> Vec<Change> {
    let mut records = house.records();
    let mut all = Vec::new();
    loop {
        let ask = ListChangesRequest {
            parent: format!("schools/{SCHOOL}"),
            after,
            page_size: 500,
        };
        let page = records.list_changes(person.ask(ask)).await.unwrap().into_inner();
        after = page.sequence;
        all.extend(page.changes);
        if after == page.newest_sequence {
            return all;
        }
    }
}

async fn watch(
    house: &House,
    person: &TestPerson,
    after: i64,
) -> Result<Streaming<WatchChangesResponse>, Status> {
    let ask = WatchChangesRequest {
        parent: format!("schools/{SCHOOL}"),
        after,
    };
    let answer = house.records().watch_changes(person.ask(ask)).await?;
    Ok(answer.into_inner())
}

async fn next(stream: &mut Streaming<WatchChangesResponse>) -> Result<Option<WatchChangesResponse>, Status> {
    timeout(PATIENCE, stream.message()).await.unwrap()
}

/// That numbers go on from `after`, each the next.
fn goes_on(changes: &[Change], after: i64) {
    for (expected, change) in (after + 1..).zip(changes) {
        assert_eq!(change.sequence, expected, "{changes:?}");
    }
}

/// Follows the feed from a number, breaking the stream off after every message and resuming, until `count` seals came.
fn follow(house: &House, person: &TestPerson, after: i64, count: usize) -> JoinHandle<Vec<Change>> {
    let (mut records, person) = (house.records(), person.clone());
    tokio::spawn(async move {
        let (mut seen, mut all) = (after, Vec::<Change>::new());
        while all.iter().filter(|it| it.kind() == Kind::MarkSheetSealed).count() < count {
            let ask = WatchChangesRequest {
                parent: format!("schools/{SCHOOL}"),
                after: seen,
            };
            let mut stream = records.watch_changes(person.ask(ask)).await.unwrap().into_inner();
            let message = next(&mut stream).await.unwrap().unwrap();
            seen = message.sequence;
            all.extend(message.changes);
        }
        all
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_the_feed_has_no_gap_and_no_reorder_under_concurrent_seals_and_a_watch_resumes() {
    let house = &House::with_pupils().await;
    let before = all_after(house, &house.principal, 0).await;
    goes_on(&before, 0);
    let count = |kind: Kind| before.iter().filter(|it| it.kind() == kind).count();
    assert_eq!((count(Kind::SchoolYear), count(Kind::Class)), (1, 28));
    assert_eq!(count(Kind::Pupil), count(Kind::Enrolment));
    assert!(count(Kind::Pupil) > 900, "{}", count(Kind::Pupil));
    let start = i64::try_from(before.len()).unwrap();

    let follower = follow(house, &house.principal, start, SUBJECTS.len());
    let mut live = watch(house, &house.admin, start).await.unwrap();
    let (done, mut running) = mpsc::channel::<()>(1);
    // A reader that asks all the time must never meet a number below one it has seen.
    let reader = async {
        let (mut seen, mut all) = (start, Vec::new());
        while running.try_recv() == Err(mpsc::error::TryRecvError::Empty) {
            let changes = all_after(house, &house.principal, seen).await;
            goes_on(&changes, seen);
            seen += i64::try_from(changes.len()).unwrap();
            all.extend(changes);
        }
        all.extend(all_after(house, &house.principal, seen).await);
        all
    };
    let teachers: Vec<_> = SUBJECTS
        .iter()
        .map(|subject| (*subject, house.identity.person(SCHOOL, &["subject_teacher"])))
        .collect();
    for (subject, teacher) in &teachers {
        house.assign(teacher, &[subject]).await;
    }
    let writers = async {
        let tested = ["TV", "TO", "NN", "TH", "CN"];
        join_all(teachers.iter().map(|(subject, teacher)| {
            let score = tested.contains(subject).then_some(9);
            let sheet = format!("{}-end1", subject.to_lowercase());
            async move { house_fill(house, teacher, &sheet, score).await }
        }))
        .await;
        drop(done);
    };
    let (read, ()) = tokio::join!(reader, writers);

    goes_on(&read, start);
    let sealed: Vec<_> = read
        .iter()
        .filter(|it| it.kind() == Kind::MarkSheetSealed)
        .collect();
    assert_eq!(sealed.len(), SUBJECTS.len());
    for subject in SUBJECTS {
        let sheet = format!("{CLASS}/markSheets/{}-end1", subject.to_lowercase());
        assert!(sealed.iter().any(|it| it.resource == sheet), "{sheet}");
    }
    let followed = timeout(PATIENCE, follower).await.unwrap().unwrap();
    assert_eq!(followed, read[..followed.len()], "resumed after every message");
    let mut watched = Vec::new();
    while watched.len() < read.len() {
        watched.extend(next(&mut live).await.unwrap().unwrap().changes);
    }
    assert_eq!(watched, read);
}

async fn house_fill(house: &House, teacher: &TestPerson, sheet: &str, score: Option<i32>) {
    house.fill(teacher, sheet, |_, _| value("T", score)).await;
}

#[tokio::test]
async fn r1_what_was_rolled_back_leaves_no_gap_and_schools_do_not_wait_for_each_other() {
    let house = House::with_classes().await;
    let superuser = house.database.superuser().await.unwrap();
    let insert = "insert into class (school_id, year_id, class_id, display_name, grade) values ($1, '2025-2026', $2, $2, 5)";
    let before = all_after(&house, &house.principal, 0).await.len();
    let mut undone = superuser.begin().await.unwrap();
    sqlx::query(insert)
        .bind(SCHOOL)
        .bind("5x")
        .execute(&mut *undone)
        .await
        .unwrap();
    sqlx::query("set constraints all immediate")
        .execute(&mut *undone)
        .await
        .unwrap();
    // The number is taken and the school's next commit waits for it; another school's does not.
    let other = house.identity.person("other", &["system_admin"]);
    let year = CreateSchoolYearRequest {
        parent: "schools/other".into(),
        year_id: "2025-2026".into(),
        school_year: Some(SchoolYear {
            school_code: "B".into(),
            school_name: "Trường B".into(),
            ..SchoolYear::default()
        }),
        request_id: String::new(),
    };
    let mut records = house.records();
    let created = timeout(PATIENCE, records.create_school_year(other.ask(year)));
    created.await.expect("another school waits for nothing").unwrap();
    undone.rollback().await.unwrap();

    let mut done = superuser.begin().await.unwrap();
    sqlx::query(insert)
        .bind(SCHOOL)
        .bind("5y")
        .execute(&mut *done)
        .await
        .unwrap();
    done.commit().await.unwrap();
    let after = all_after(&house, &house.principal, 0).await;
    goes_on(&after, 0);
    assert_eq!(after.len(), before + 1);
    let last = after.last().unwrap();
    assert_eq!(
        (last.kind(), last.resource.clone()),
        (Kind::Class, format!("{YEAR}/classes/5y"))
    );

    // The service itself can neither write a change nor move the numbers.
    let service = house.database.service().await.unwrap();
    for statement in [
        "insert into change (school_id, kind, resource) values ('01018a01', 'class', 'x')",
        "update change_head set last = 0",
        "delete from change",
    ] {
        let refused = sqlx::query(statement).execute(&service).await.unwrap_err();
        assert!(
            refused.to_string().contains("permission denied"),
            "{statement}: {refused}"
        );
    }
}

#[tokio::test]
async fn c2_a_watch_ends_with_the_sign_in_and_with_the_token() {
    let house = House::with_classes().await;
    let person = house.identity.person(SCHOOL, &["vice_principal"]);
    let mut stream = watch(&house, &person, 0).await.unwrap();
    assert!(!next(&mut stream).await.unwrap().unwrap().changes.is_empty());
    house.identity.tell(Event::SignInEnded, &person);
    let ended = next(&mut stream).await.unwrap_err();
    assert_eq!(
        (ended.code(), reason(&ended).as_str()),
        (Code::Unauthenticated, "UNAUTHENTICATED")
    );

    // Good for a few seconds more.
    let brief = house
        .identity
        .sign_in(person.account, Some(SCHOOL), &["vice_principal"], -2);
    let mut stream = watch(&house, &brief, 0).await.unwrap();
    assert!(!next(&mut stream).await.unwrap().unwrap().changes.is_empty());
    let ended = next(&mut stream).await.unwrap_err();
    assert_eq!(
        (ended.code(), reason(&ended).as_str()),
        (Code::Unauthenticated, "TOKEN_EXPIRED")
    );
}

#[tokio::test]
async fn a1_the_feed_is_the_schools_own_and_a_number_from_nowhere_is_refused() {
    let house = House::with_classes().await;
    let stranger = house.identity.person("other", &["principal"]);
    let refused = watch(&house, &stranger, 0).await.unwrap_err();
    assert_eq!(reason(&refused), "OTHER_SCHOOL");
    let refused = watch(&house, &house.principal, 1_000_000).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::OutOfRange, "SEQUENCE_UNKNOWN")
    );
    let refused = watch(&house, &house.principal, -1).await.unwrap_err();
    assert_eq!(violations(&refused), ["after"]);
    let nobody = house.identity.outsider(&["operator"]);
    let refused = watch(&house, &nobody, 0).await.unwrap_err();
    assert_eq!(reason(&refused), "PERMISSION_DENIED");
}

#[tokio::test]
async fn r1_the_feed_tells_checklists_findings_spot_checks_exemptions_and_electives() {
    let house = House::with_pupils().await;
    let homeroom = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    house.assign(&homeroom, &["criteria"]).await;
    let cells = house
        .fill(&house.teacher, "to-end1", |_, _| value("T", Some(9)))
        .await;
    let mut records = house.records();
    let month = RecordAbsencesRequest {
        parent: CLASS.into(),
        month: "2025-09".into(),
        ..RecordAbsencesRequest::default()
    };
    records.record_absences(homeroom.ask(month)).await.unwrap();
    let start = i64::try_from(all_after(&house, &house.principal, 0).await.len()).unwrap();

    let checklist = format!("{CLASS}/checklists/2025-09");
    let complete = CompleteMonthlyChecklistRequest {
        name: checklist.clone(),
        movements_checked: true,
        pages_checked: true,
        books_checked: true,
        request_id: String::new(),
    };
    records
        .complete_monthly_checklist(homeroom.ask(complete))
        .await
        .unwrap();
    let raise = CreateClassFindingRequest {
        parent: CLASS.into(),
        class_finding: Some(ClassFinding {
            words: "Thiếu chiều cao.".into(),
            ..ClassFinding::default()
        }),
        request_id: String::new(),
    };
    let finding = records.create_class_finding(homeroom.ask(raise)).await.unwrap();
    let finding = finding.into_inner().name;
    let settle = SettleClassFindingRequest {
        name: finding.clone(),
        settlement: "Đã đo.".into(),
        request_id: String::new(),
    };
    records.settle_class_finding(homeroom.ask(settle)).await.unwrap();
    let draw = CreateSpotCheckRequest {
        parent: YEAR.into(),
        spot_check: Some(SpotCheck {
            period: Period::End1.into(),
            size: 5,
            ..SpotCheck::default()
        }),
        request_id: String::new(),
    };
    let check = records
        .create_spot_check(house.principal.ask(draw))
        .await
        .unwrap();
    let check = check.into_inner().name;
    let compare = RecordSpotCheckFindingsRequest {
        name: check.clone(),
        findings: (1..=5)
            .map(|number| SpotCheckFinding {
                number,
                paper_score: Some(9),
                note: String::new(),
            })
            .collect(),
        request_id: String::new(),
    };
    records
        .record_spot_check_findings(house.principal.ask(compare))
        .await
        .unwrap();
    let exempt = CreateExemptionRequest {
        parent: YEAR.into(),
        exemption: Some(Exemption {
            pupil: cells[0].pupil.clone(),
            kind: exemption::Kind::Exempt.into(),
            items: vec!["AN".into()],
            reason: "Theo giấy ra viện.".into(),
            ..Exemption::default()
        }),
        request_id: String::new(),
    };
    let exemption = records
        .create_exemption(house.principal.ask(exempt))
        .await
        .unwrap();
    let exemption = exemption.into_inner().name;
    let end = EndExemptionRequest {
        name: exemption.clone(),
        request_id: String::new(),
    };
    records.end_exemption(house.principal.ask(end)).await.unwrap();
    let elective = format!("{CLASS}/electives/dt");
    let learn = UpdateElectiveRequest {
        elective: Some(Elective {
            name: elective.clone(),
            whole_class: true,
            ..Elective::default()
        }),
        request_id: String::new(),
    };
    records.update_elective(house.admin.ask(learn)).await.unwrap();

    let told = all_after(&house, &house.principal, start).await;
    goes_on(&told, start);
    let told: Vec<_> = told.into_iter().map(|it| (it.kind(), it.resource)).collect();
    let expected = [
        (Kind::MonthlyChecklist, &checklist),
        (Kind::ClassFinding, &finding),
        (Kind::ClassFinding, &finding),
        (Kind::SpotCheck, &check),
        // Five papers at once are one change.
        (Kind::SpotCheck, &check),
        (Kind::Exemption, &exemption),
        (Kind::Exemption, &exemption),
        (Kind::Elective, &elective),
    ];
    assert_eq!(told, expected.map(|(kind, name)| (kind, name.clone())));
    // Of all that another system hears what changes the sheets it reads.
    let marks = house.identity.integrator(SCHOOL, &["marks"]);
    let heard = all_after(&house, &marks, start).await;
    let heard: Vec<_> = heard.iter().map(Change::kind).collect();
    assert_eq!(heard, [Kind::Exemption, Kind::Exemption, Kind::Elective]);
}
