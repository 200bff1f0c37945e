//! A finished year goes over into the next.

use hocba_proto::records::{
    ConfirmRollOverRequest, DiscardRollOverRequest, GetRollOverRequest, ListClassesRequest,
    ListTeachingAssignmentsRequest, PreviewRollOverRequest, RollOver, RollOverClass, RollOverMove,
    TeacherCopy, UpdateRollOverRequest, roll_over::State, roll_over_move::Outcome,
};
use hocba_testing::TestPerson;
use tonic::Status;

use crate::{
    finished::{School, list},
    house::{SCHOOL, article, reason, violations},
};

const NEXT: &str = "schools/01018a01/years/2026-2027";
const ROLL_OVER: &str = "schools/01018a01/years/2026-2027/rollOver";

impl School {
    async fn preview(&self, id: &str) -> Result<RollOver, Status> {
        let ask = PreviewRollOverRequest {
            parent: NEXT.into(),
            request_id: id.into(),
        };
        let answer = self
            .house
            .records()
            .preview_roll_over(self.house.admin.ask(ask))
            .await?;
        Ok(answer.into_inner())
    }

    async fn get(&self) -> Result<RollOver, Status> {
        let ask = GetRollOverRequest {
            name: ROLL_OVER.into(),
        };
        Ok(self
            .house
            .records()
            .get_roll_over(self.house.principal.ask(ask))
            .await?
            .into_inner())
    }

    async fn update(&self, change: UpdateRollOverRequest) -> Result<RollOver, Status> {
        let answer = self
            .house
            .records()
            .update_roll_over(self.house.admin.ask(change))
            .await?;
        Ok(answer.into_inner())
    }

    async fn confirm(&self, by: &TestPerson, etag: &str, id: &str) -> Result<RollOver, Status> {
        let ask = ConfirmRollOverRequest {
            name: ROLL_OVER.into(),
            etag: etag.into(),
            request_id: id.into(),
        };
        Ok(self
            .house
            .records()
            .confirm_roll_over(by.ask(ask))
            .await?
            .into_inner())
    }

    async fn discard(&self) -> Result<(), Status> {
        let ask = DiscardRollOverRequest {
            name: ROLL_OVER.into(),
            request_id: String::new(),
        };
        self.house
            .records()
            .discard_roll_over(self.house.admin.ask(ask))
            .await
            .map(drop)
    }

    /// The next year's classes and how many pupils each has.
    async fn next(&self) -> Vec<(String, i32)> {
        let ask = ListClassesRequest { parent: NEXT.into() };
        let answer = self
            .house
            .records()
            .list_classes(self.house.principal.ask(ask))
            .await
            .unwrap();
        let classes = answer.into_inner().classes.into_iter();
        classes
            .map(|class| (class.display_name, class.pupil_count))
            .collect()
    }
}

fn shown(moves: &[RollOverMove]) -> Vec<(Outcome, &str, &str)> {
    moves
        .iter()
        .map(|it| (it.outcome(), it.from_class.as_str(), it.to_class.as_str()))
        .collect()
}

fn change(etag: &str) -> UpdateRollOverRequest {
    UpdateRollOverRequest {
        name: ROLL_OVER.into(),
        etag: etag.into(),
        ..UpdateRollOverRequest::default()
    }
}

#[tokio::test]
async fn a10_4_a_year_goes_over_by_the_decisions_and_stays_reversible_until_confirmed() {
    let school = School::with(&["1A", "4A", "5A"]).await;
    assert_eq!(reason(&school.get().await.unwrap_err()), "ROLL_OVER_UNKNOWN");
    school.decide("1A", false).await;
    school.decide("5A", false).await;
    let undecided = school.preview("").await.unwrap_err();
    assert_eq!(
        (reason(&undecided).as_str(), violations(&undecided).len()),
        ("PROMOTION_UNDECIDED", 2)
    );
    school.decide("4A", true).await;

    let draft = school.preview("p").await.unwrap();
    assert_eq!(
        draft,
        school.preview("p").await.unwrap(),
        "a repeat answers what stands"
    );
    let classes: Vec<(&str, &str)> = draft
        .classes
        .iter()
        .map(|it| (it.display_name.as_str(), it.from_class.as_str()))
        .collect();
    assert_eq!(classes, [("1A", ""), ("2A", "1a"), ("5A", "4a")]);
    assert_eq!(
        shown(&draft.moves),
        [
            (Outcome::MovesUp, "1a", "2a"),
            (Outcome::MovesUp, "1a", "2a"),
            (Outcome::MovesUp, "4a", "5a"),
            (Outcome::Repeats, "4a", ""),
            (Outcome::Leaves, "5a", ""),
            (Outcome::Leaves, "5a", ""),
        ]
    );
    let held = draft.moves[3].clone();
    assert_eq!(
        draft.problems.iter().map(|it| &it.subject).collect::<Vec<_>>(),
        [&held.pupil]
    );
    assert_eq!(
        reason(&school.preview("q").await.unwrap_err()),
        "ROLL_OVER_EXISTS"
    );
    let admin = school
        .confirm(&school.house.admin, &draft.etag, "")
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&admin), article(&admin)),
        ("PERMISSION_DENIED".into(), "A10.4".into())
    );
    let open = school
        .confirm(&school.house.principal, &draft.etag, "")
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&open), violations(&open)),
        ("ROLL_OVER_INCOMPLETE".into(), vec![held.pupil.clone()])
    );

    // Edited, discarded, proposed anew: nothing of it is in the new year.
    let mut fourth = change(&draft.etag);
    fourth.classes = draft.classes.clone();
    fourth.classes.push(RollOverClass {
        display_name: "4A".into(),
        grade: 4,
        from_class: String::new(),
    });
    fourth.moves = vec![RollOverMove {
        to_class: "4a".into(),
        ..held.clone()
    }];
    fourth.teachers = TeacherCopy::Follow.into();
    let changed = school.update(fourth.clone()).await.unwrap();
    assert_eq!(
        (changed.problems.len(), changed.moves[3].to_class.as_str()),
        (0, "4a")
    );
    // 2A has the nine sheets of 1A, 5A the thirteen of 4A.
    assert_eq!(changed.assignment_count, 22);
    assert_eq!(
        reason(&school.update(fourth.clone()).await.unwrap_err()),
        "ETAG_MISMATCH"
    );
    let mut stranger = change(&changed.etag);
    stranger.moves = vec![RollOverMove {
        pupil: format!("schools/{SCHOOL}/pupils/{}", uuid::Uuid::nil()),
        ..held.clone()
    }];
    assert_eq!(
        reason(&school.update(stranger).await.unwrap_err()),
        "PUPIL_UNKNOWN"
    );
    let mut against = change(&changed.etag);
    against.moves = vec![RollOverMove {
        outcome: Outcome::MovesUp.into(),
        to_class: "5a".into(),
        ..held.clone()
    }];
    let against = school.update(against).await.unwrap();
    assert_eq!(against.problems.len(), 1, "who is not promoted does not move up");
    school.discard().await.unwrap();
    assert_eq!(school.next().await, []);
    let draft = school.preview("r").await.unwrap();

    fourth.etag = draft.etag;
    let ready = school.update(fourth).await.unwrap();
    let stale = school
        .confirm(&school.house.principal, "1", "")
        .await
        .unwrap_err();
    assert_eq!(reason(&stale), "ETAG_MISMATCH");
    let done = school
        .confirm(&school.house.principal, &ready.etag, "c")
        .await
        .unwrap();
    assert_eq!(done.state(), State::Confirmed);
    assert_eq!(
        school
            .confirm(&school.house.principal, &ready.etag, "c")
            .await
            .unwrap(),
        done
    );
    let wanted = [("1A", 0), ("2A", 2), ("4A", 1), ("5A", 1)];
    assert_eq!(
        school.next().await,
        wanted.map(|(name, count)| (name.to_owned(), count))
    );
    let ask = ListTeachingAssignmentsRequest { parent: NEXT.into() };
    let answer = school
        .house
        .records()
        .list_teaching_assignments(school.house.principal.ask(ask))
        .await;
    assert_eq!(answer.unwrap().into_inner().assignments.len(), 22);
    let superuser = school.house.database.superuser().await.unwrap();
    let left: Vec<(String, String)> =
        sqlx::query_as("select class_id, reason from leaver where year_id = '2025-2026'")
            .fetch_all(&superuser)
            .await
            .unwrap();
    assert_eq!(left, vec![("5a".to_owned(), "completed_primary".to_owned()); 2]);

    let kinds: Vec<(String, i64)> = sqlx::query_as(
        "select kind, count(*) from movement where year_id = '2026-2027' group by kind order by kind",
    )
    .fetch_all(&superuser)
    .await
    .unwrap();
    assert_eq!(kinds, [("entry".to_owned(), 3), ("repeat".to_owned(), 1)]);

    // It stands: for callers, and for a superuser.
    let again = school
        .confirm(&school.house.principal, &done.etag, "d")
        .await
        .unwrap_err();
    assert_eq!(reason(&again), "ROLL_OVER_CONFIRMED");
    assert_eq!(
        reason(&school.discard().await.unwrap_err()),
        "ROLL_OVER_CONFIRMED"
    );
    assert_eq!(
        reason(&school.update(change(&done.etag)).await.unwrap_err()),
        "ROLL_OVER_CONFIRMED"
    );
    for statement in [
        "delete from roll_over",
        "update roll_over set confirmed_at = null, confirmed_by = null",
    ] {
        let refused = sqlx::query(statement).execute(&superuser).await.unwrap_err();
        assert_eq!(
            refused.as_database_error().and_then(|it| it.code()).as_deref(),
            Some("HB020")
        );
    }
}

#[tokio::test]
async fn a10_4_a_draft_whose_roster_changed_is_not_confirmed() {
    let school = School::with(&["5A"]).await;
    school.decide("5A", false).await;
    let draft = school.preview("").await.unwrap();
    school.import(list(&["5A", "5A"])).await;
    assert_eq!(reason(&school.get().await.unwrap_err()), "ROLL_OVER_STALE");
    let refused = school
        .confirm(&school.house.principal, &draft.etag, "")
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&refused), violations(&refused).len()),
        ("PROMOTION_UNDECIDED".into(), 2)
    );
    // They and one more leave: the decisions are whole again, and not those of the draft.
    let superuser = school.house.database.superuser().await.unwrap();
    sqlx::query("update enrolment e set left_on = '2026-05-29' from pupil p where p.pupil_id = e.pupil_id and p.pupil_code in ('HS0002', 'HS0003', 'HS0004')")
        .execute(&superuser)
        .await
        .unwrap();
    let stale = school
        .confirm(&school.house.principal, &draft.etag, "")
        .await
        .unwrap_err();
    assert_eq!(reason(&stale), "ROLL_OVER_STALE");
    school.discard().await.unwrap();
    assert_eq!(school.preview("").await.unwrap().moves.len(), 1);
}
