//! The year's end: the homeroom teacher confirms, the principal decides promotions, the board approves.

use std::collections::BTreeMap;

use hocba_evidence::sha256;
use hocba_proto::{
    records::{
        ConfirmYearResultsRequest, DecidePromotionsRequest, PupilYearResult,
        records_service_client::RecordsServiceClient,
    },
    workflow::{
        CreateReviewRequest, DecideReviewRequest, Review, decide_review_request::Decision,
        workflow_service_client::WorkflowServiceClient,
    },
};
use tonic::transport::Channel;
use uuid::Uuid;

use super::{
    marks::{class, homeroom},
    people::SCHOOL,
};
use crate::{
    cluster_file::ClusterFile,
    progress::Step,
    session::{Session, said},
};

/// Confirms the class's results and decides promotions by them.
pub async fn decide(channel: &Channel, file: &ClusterFile) -> anyhow::Result<()> {
    let step = Step::start("kết quả năm học và lên lớp", 0);
    let mut records = RecordsServiceClient::new(channel.clone());
    let mut teacher = Session::sign_in(channel, &homeroom(channel, file).await?).await?;
    let request = ConfirmYearResultsRequest {
        parent: class(),
        request_id: Uuid::now_v7().to_string(),
    };
    let confirmed = records
        .confirm_year_results(teacher.ask(request).await?)
        .await
        .map_err(|status| said("xác nhận kết quả năm học", &status))?
        .into_inner();
    let summary = summary(&confirmed.results);
    if confirmed.results.iter().all(|it| it.promotion_decided) {
        step.done(summary);
        return Ok(());
    }
    let mut text = format!("hocba-promotion-v1\n{}\n{}\n", class(), confirmed.results.len());
    for result in &confirmed.results {
        let pupil = result.name.rsplit('/').next().unwrap_or_default();
        text.push_str(&format!(
            "{pupil}|{}|{}\n",
            result.confirmed_result, result.completed
        ));
    }
    let mut principal = Session::sign_in(channel, file.login("principal")?).await?;
    let request = DecidePromotionsRequest {
        parent: class(),
        exceptions: Vec::new(),
        act_token: principal
            .step_up("promotion.decide", &sha256(text.as_bytes()), "principal")
            .await?,
        request_id: Uuid::now_v7().to_string(),
    };
    let decided = records
        .decide_promotions(principal.ask(request).await?)
        .await
        .map_err(|status| said("xét lên lớp", &status))?
        .into_inner();
    step.done(format!(
        "{summary}; {} hoàn thành chương trình",
        decided.promoted_count
    ));
    Ok(())
}

fn summary(results: &[PupilYearResult]) -> String {
    let mut counts = BTreeMap::<&str, usize>::new();
    for result in results {
        *counts.entry(result.result_name.as_str()).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    counts.join(", ")
}

/// The homeroom teacher asks, a vice principal approves for the board.
pub async fn approve(channel: &Channel, file: &ClusterFile) -> anyhow::Result<()> {
    let step = Step::start("phê duyệt của Ban giám hiệu", 0);
    let mut workflow = WorkflowServiceClient::new(channel.clone());
    let mut teacher = Session::sign_in(channel, &homeroom(channel, file).await?).await?;
    let request = CreateReviewRequest {
        parent: SCHOOL.to_owned(),
        review: Some(Review {
            class: class(),
            ..Review::default()
        }),
        request_id: Uuid::now_v7().to_string(),
    };
    let review = workflow
        .create_review(teacher.ask(request).await?)
        .await
        .map_err(|status| said("đề nghị phê duyệt", &status))?
        .into_inner();
    let mut vice = Session::sign_in(channel, file.login("vice-3").or_else(|_| file.login("vice-2"))?).await?;
    let request = DecideReviewRequest {
        name: review.name,
        decision: Decision::Approve.into(),
        note: String::new(),
        act_token: vice
            .step_up("review.decide", &review.digest, "vice_principal")
            .await?,
        request_id: Uuid::now_v7().to_string(),
    };
    workflow
        .decide_review(vice.ask(request).await?)
        .await
        .map_err(|status| said("phê duyệt", &status))?;
    step.done("đã duyệt");
    Ok(())
}
