//! One seal is one trace: gateway, records, database, outbox, archive; and it tells nothing about people.

use std::time::Duration;

use hocba_cluster::{
    Cluster, Options,
    school::{PUPILS, School},
    traces::{self, Span},
};

const SOON: Duration = Duration::from_secs(30);

fn of<'a>(spans: &'a [Span], service: &str, name: &str) -> anyhow::Result<&'a Span> {
    spans
        .iter()
        .find(|span| span.service == service && span.name.contains(name))
        .ok_or_else(|| anyhow::anyhow!("no span {name} of {service} in\n{}", traces::tree(spans)))
}

#[tokio::test(flavor = "multi_thread")]
async fn c6_a_seal_is_one_trace_through_all_hops_and_tells_nothing_about_people() {
    let cluster = Cluster::boot(Options::default()).await.unwrap();
    let school = School::make(&cluster).await.unwrap();
    let session = school.enter(&school.sheet("TO", "mid1")).await.unwrap();
    school.finish(&session).await.unwrap();

    let spans = cluster
        .eventually("the whole trace of the seal", SOON, || async {
            let all = cluster.traces.spans();
            let trace = of(&all, "hocba-gateway", "RecordsService/FinishEntrySession")?
                .trace
                .clone();
            let spans = cluster.traces.of(&trace);
            of(&spans, "hocba-records", "RecordsService/FinishEntrySession")?;
            of(&spans, "hocba-records", "outbox relay")?;
            of(&spans, "hocba-archive", "log integrate")?;
            let database = |span: &&Span| span.attributes.keys().any(|key| key.starts_with("db."));
            anyhow::ensure!(
                spans
                    .iter()
                    .filter(|span| span.service == "hocba-records")
                    .any(|span| database(&span)),
                "no span of the database in\n{}",
                traces::tree(&spans)
            );
            Ok(spans)
        })
        .await
        .unwrap();

    // Every span hangs on another of the trace: one tree.
    let roots = spans
        .iter()
        .filter(|span| !spans.iter().any(|other| other.id == span.parent));
    assert_eq!(roots.count(), 1, "{}", traces::tree(&spans));

    let told = format!("{:?}", cluster.traces.spans());
    for secret in PUPILS.into_iter().chain(["Em học tốt", "Bearer ", "eyJ"]) {
        assert!(!told.contains(secret), "a span tells «{secret}»");
    }
    assert!(!told.contains(&school.teacher.token));
    assert!(!told.contains(&school.teacher.login.email));
}
