//! The board's approval of a class.

use hocba_chassis::Role;
use hocba_proto::workflow::{
    CreateReviewRequest, DecideReviewRequest, GetReviewRequest, ListReviewsRequest, Review,
    decide_review_request::Decision, review::State,
};
use hocba_testing::{TestArchive, TestPerson, eventually};
use tonic::Status;

use crate::world::{CLASS, PARENT, PATIENCE, SCHOOL, World, reason};

impl World {
    async fn review(&self) -> Result<Review, Status> {
        let homeroom = self.identity.person(SCHOOL, &["homeroom_teacher"]);
        let ask = CreateReviewRequest {
            parent: PARENT.into(),
            review: Some(Review {
                class: CLASS.into(),
                ..Review::default()
            }),
            request_id: String::new(),
        };
        Ok(self.client().create_review(homeroom.ask(ask)).await?.into_inner())
    }

    async fn judge(
        &self,
        (by, role): (&TestPerson, Role),
        review: &Review,
        (decision, note): (Decision, &str),
    ) -> Result<Review, Status> {
        let ask = DecideReviewRequest {
            name: review.name.clone(),
            decision: decision.into(),
            note: note.into(),
            act_token: self.act(by, role, "review.decide", &review.digest),
            request_id: String::new(),
        };
        Ok(self.client().decide_review(by.ask(ask)).await?.into_inner())
    }
}

#[tokio::test]
async fn a6_5_the_board_approves_or_returns_a_class_once_and_the_archive_is_told() {
    let world = World::start().await;
    let review = world.review().await.unwrap();
    assert_eq!(review.state(), State::Open);
    assert_eq!(reason(world.review().await), "REVIEW_OPEN");

    let vice = (&world.vice, Role::VicePrincipal);
    assert_eq!(
        reason(
            world
                .judge(
                    (&world.group, Role::WorkingGroup),
                    &review,
                    (Decision::Approve, "")
                )
                .await
        ),
        "PERMISSION_DENIED"
    );
    assert_eq!(
        reason(
            world
                .judge(
                    (&world.vice, Role::WorkingGroup),
                    &review,
                    (Decision::Approve, "")
                )
                .await
        ),
        "ACT_TOKEN_INVALID"
    );
    assert_eq!(
        reason(world.judge(vice, &review, (Decision::Return, "")).await),
        "BAD_REQUEST"
    );
    let returned = world
        .judge(vice, &review, (Decision::Return, "Thiếu nhận xét môn Đạo đức."))
        .await
        .unwrap();
    assert_eq!((returned.state(), returned.recorded), (State::Returned, true));
    assert_eq!(
        reason(world.judge(vice, &review, (Decision::Approve, "")).await),
        "ALREADY_DECIDED"
    );

    let second = world.review().await.unwrap();
    let approved = world
        .judge(
            (&world.principal, Role::Principal),
            &second,
            (Decision::Approve, ""),
        )
        .await
        .unwrap();
    assert_eq!((approved.state(), approved.recorded), (State::Approved, true));
    let told = world.archive.kept().lock().unwrap().approvals.clone();
    let told: Vec<(String, bool)> = told.into_iter().map(|it| (it.class, it.approved)).collect();
    assert_eq!(told, [(CLASS.to_owned(), false), (CLASS.to_owned(), true)]);

    let ask = GetReviewRequest { name: second.name };
    let read = world.client().get_review(world.teacher.ask(ask)).await.unwrap();
    assert_eq!(read.into_inner(), approved);
    let list = ListReviewsRequest {
        parent: PARENT.into(),
        ..ListReviewsRequest::default()
    };
    let page = world
        .client()
        .list_reviews(world.teacher.ask(list))
        .await
        .unwrap();
    assert_eq!(page.into_inner().reviews.len(), 2);
    let nowhere = GetReviewRequest {
        name: format!("{PARENT}/reviews/{}", world.vice.account),
    };
    let unknown = world.client().get_review(world.teacher.ask(nowhere)).await;
    assert_eq!(reason(unknown), "REVIEW_UNKNOWN");
}

#[tokio::test]
async fn w5_an_archive_that_was_away_hears_of_a_decision_later() {
    let mut world = World::start().await;
    let review = world.review().await.unwrap();
    let (kept, tokens) = (world.archive.kept(), world.identity.tokens());
    let address = world.archive.peer.address.clone();
    let away = TestArchive::start(&world.pki, tokens.clone()).await.unwrap();
    std::mem::replace(&mut world.archive, away).peer.stop().await;
    let approved = world
        .judge(
            (&world.principal, Role::Principal),
            &review,
            (Decision::Approve, ""),
        )
        .await
        .unwrap();
    assert_eq!((approved.state(), approved.recorded), (State::Approved, false));

    world.archive = TestArchive::start_at(&world.pki, tokens, &address, kept)
        .await
        .unwrap();
    eventually("the archive heard", PATIENCE, || async {
        let ask = GetReviewRequest {
            name: review.name.clone(),
        };
        let review = world.client().get_review(world.teacher.ask(ask)).await.unwrap();
        if review.into_inner().recorded {
            Ok(())
        } else {
            Err("not yet")
        }
    })
    .await;
    assert!(world.archive.kept().lock().unwrap().approvals[0].approved);
}
