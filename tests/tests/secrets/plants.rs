//! What is looked for: the real values of the demo school's year, as its people know them.

use std::{collections::BTreeSet, path::Path};

use anyhow::Context as _;
use hocba_cluster::{
    Cluster, Node,
    cluster_file::ClusterFile,
    person::{Login, totp_code},
    school::{PAGE, PUPILS, School, request_id},
};
use hocba_proto::{
    identity::{SignInRequest, identity_service_client::IdentityServiceClient},
    records::{
        CreateExemptionRequest, Exemption, ListClassesRequest, ListPupilsRequest, ProposeReassessmentRequest,
        Reassessment, exemption, reassessment, records_service_client::RecordsServiceClient,
    },
};
use uuid::Uuid;

use crate::places::{Place, files};

/// A value that was put in.
#[derive(Debug)]
pub(crate) struct Plant {
    /// What it is; tells a find without showing it.
    pub(crate) what: &'static str,
    /// The value.
    pub(crate) value: Value,
}

/// How a value is looked for.
#[derive(Debug)]
pub(crate) enum Value {
    /// In every form of a text.
    Text(String),
    /// As bytes.
    Bytes(Vec<u8>),
}

fn text(what: &'static str, value: impl Into<String>) -> Plant {
    Plant {
        what,
        value: Value::Text(value.into()),
    }
}

/// What stands clear on purpose, and where: docs/security.md says why. Everything here must be found there, so that
/// the search is known to see and the list to be true.
pub(crate) const CONTROLS: &[(&str, &[&str])] = &[
    ("comment", &["files of records", "rows of records"]),
    ("name", &["files of records", "rows of records"]),
    ("e-mail", &["files of identity", "rows of identity"]),
    ("address of a node", &["log of gateway"]),
    ("key of the mirror", &["redis"]),
    ("method", &["spans"]),
];

/// Whether a value stands clear there on purpose.
pub(crate) fn may_stand(what: &str, place: &Place) -> bool {
    // What was written clear went through the write-ahead log, which is one for all databases.
    let logged = place.to_string() == "write-ahead log";
    let controls = || CONTROLS.iter().filter(|(name, _)| *name == what);
    let listed = controls().any(|(_, places)| places.iter().any(|it| Place::parse(it) == *place));
    // Nothing hides how a deployment is called and reached.
    let open = ["e-mail", "address of a node", "key of the mirror", "method"].contains(&what);
    open || listed || (logged && controls().next().is_some())
}

/// Tokens that were used, and the header that every token of ours begins with.
pub(crate) async fn tokens(cluster: &Cluster, file: &ClusterFile) -> anyhow::Result<Vec<Plant>> {
    let login = file.login("vice-3")?;
    let person = cluster.sign_in(login).await?;
    let act = person
        .step_up("review.decide", &"0".repeat(64), "vice_principal")
        .await?;
    let signed_in = sign_in_anew(cluster, login).await?;
    let mut plants = vec![
        text("access token", &person.token),
        text("access token", &signed_in.0),
        text("refresh token", signed_in.1),
    ];
    for token in [&person.token, &act] {
        let header = token.split('.').next().context("a token without header")?;
        plants.push(text("header of tokens", header));
    }
    plants.push(text("act token", act));
    Ok(plants)
}

/// Signs in by hand, for the refresh token.
async fn sign_in_anew(cluster: &Cluster, login: &Login) -> anyhow::Result<(String, String)> {
    let limit = std::time::Duration::from_secs(70);
    cluster
        .eventually("a sign-in with a new code", limit, || async {
            let request = SignInRequest {
                email: login.email.clone(),
                password: login.password.clone(),
                totp_code: totp_code(&login.totp_secret)?,
                client: Uuid::now_v7().to_string(),
                ..SignInRequest::default()
            };
            let answer = IdentityServiceClient::new(cluster.channel())
                .sign_in(request)
                .await?
                .into_inner();
            Ok((answer.access_token, answer.refresh_token))
        })
        .await
}

/// What people know and have.
pub(crate) fn secrets(file: &ClusterFile) -> Vec<Plant> {
    let mut plants = Vec::new();
    for login in std::iter::once(&file.operator).chain(&file.accounts) {
        plants.push(text("password", &login.password));
        plants.push(text("second factor", &login.totp_secret));
        if let Ok(raw) = data_encoding::BASE32_NOPAD.decode(login.totp_secret.as_bytes()) {
            plants.push(Plant {
                what: "second factor",
                value: Value::Bytes(raw),
            });
        }
        for words in ["signing_secret", "seal_secret"] {
            let words = login
                .rest
                .get(words)
                .and_then(|it| it.as_str())
                .unwrap_or_default();
            if !words.is_empty() {
                plants.push(text("six words", words));
                plants.push(text("six words", words.replace('-', " ")));
            }
        }
    }
    plants
}

/// The personal ids of the whole school: the office's list went through an import with all its quirks.
pub(crate) async fn school(cluster: &Cluster, file: &ClusterFile) -> anyhow::Result<Vec<Plant>> {
    let principal = cluster.sign_in(file.login("principal")?).await?;
    let mut records = RecordsServiceClient::new(cluster.channel());
    let parent = "schools/01018a01/years/2025-2026".to_owned();
    let classes = records
        .list_classes(principal.ask(ListClassesRequest { parent })?)
        .await?
        .into_inner()
        .classes;
    let mut plants = Vec::new();
    for class in classes {
        let ask = principal.ask(ListPupilsRequest { parent: class.name })?;
        let pupils = records.list_pupils(ask).await?.into_inner().pupils;
        let ids = pupils
            .into_iter()
            .filter_map(|pupil| Some(pupil.identity?.personal_id));
        plants.extend(ids.filter(|id| !id.is_empty()).map(|id| text("personal id", id)));
    }
    Ok(plants)
}

/// What the books of the class say of its pupils, and what was written about them.
pub(crate) fn personal(file: &ClusterFile, package: &Path) -> anyhow::Result<Vec<Plant>> {
    // A pupil may be called like a teacher, whose name stands clear.
    let staff: Vec<&str> = file.accounts.iter().filter_map(display_name).collect();
    let mut found = BTreeSet::new();
    files(&package.join("data/documents"), &mut |_, bytes| {
        let book = str::from_utf8(bytes)?;
        for (what, field) in [
            ("name", "full-name"),
            ("personal id", "personal-id"),
            ("address", "address"),
            ("comment", "comment"),
        ] {
            for value in values(book, field) {
                if !staff.iter().any(|name| name.contains(value)) {
                    found.insert((what, value.to_owned()));
                }
            }
        }
        Ok(())
    })?;
    Ok(found.into_iter().map(|(what, value)| text(what, value)).collect())
}

/// The small school's pupils: their pages went through an import.
pub(crate) fn page() -> Vec<Plant> {
    let names = PUPILS.map(|name| text("name", name));
    let values = PAGE.map(|(_, value)| text("page", value));
    names.into_iter().chain(values).collect()
}

/// Why a pupil of the small school is exempt, and with what plan another attempt is proposed: both tell of health.
pub(crate) async fn decisions(school: &School) -> anyhow::Result<Vec<Plant>> {
    const ILLNESS: &str = "Gãy tay thử nghiệm, giấy ra viện số 4711";
    const PLAN: &str = "Phụ đạo thử nghiệm tại nhà vì điều trị dài ngày";
    let parent = format!("{}/years/2025-2026", school.name);
    let sheet = school.sheet("TO", "end2");
    let session = school.enter(&sheet).await?;
    school.finish(&session).await?;
    let cell = school.look(&sheet).await?.cells.into_iter().next();
    let pupil = cell.context("a cell")?.pupil;
    let request = CreateExemptionRequest {
        parent: parent.clone(),
        exemption: Some(Exemption {
            pupil: pupil.clone(),
            kind: exemption::Kind::Exempt.into(),
            items: vec!["MT".to_owned()],
            reason: ILLNESS.to_owned(),
            ..Exemption::default()
        }),
        request_id: request_id(),
    };
    let mut records = school.records();
    records.create_exemption(school.principal.ask(request)?).await?;
    let request = ProposeReassessmentRequest {
        parent,
        reassessment: Some(Reassessment {
            mark_sheet: sheet,
            pupil,
            kind: reassessment::Kind::Retest.into(),
            plan: PLAN.to_owned(),
            due_day: "2026-06-30".to_owned(),
            ..Reassessment::default()
        }),
        request_id: request_id(),
    };
    records.propose_reassessment(school.teacher.ask(request)?).await?;
    Ok(vec![text("exemption", ILLNESS), text("plan", PLAN)])
}

/// What the demo wrote into its dossiers, and what evidence and books begin with.
pub(crate) fn dossiers() -> Vec<Plant> {
    let bytes = |what, value: &[u8]| Plant {
        what,
        value: Value::Bytes(value.to_vec()),
    };
    vec![
        text("words of a dossier", "Nhập nhầm một điểm so với bài kiểm tra."),
        text("words of a dossier", "Sai sót rõ ràng theo bài kiểm tra."),
        bytes("evidence", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        bytes("book", b"Id=\"section-frame\""),
    ]
}

/// The texts of all elements of a name.
fn values<'a>(xml: &'a str, field: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{field}>"), format!("</{field}>"));
    xml.split(&open)
        .skip(1)
        .filter_map(move |rest| rest.split(&close).next())
        .collect::<Vec<_>>()
        .into_iter()
}

fn display_name(login: &Login) -> Option<&str> {
    login.rest.get("display_name").and_then(|name| name.as_str())
}

/// What is meant to be found.
pub(crate) fn controls(cluster: &Cluster, file: &ClusterFile) -> anyhow::Result<Vec<Plant>> {
    let gateway = cluster.deployment.state.address(Node::Gateway)?;
    Ok(vec![
        text("e-mail", &file.login("principal")?.email),
        text("address of a node", gateway.to_string()),
        text("key of the mirror", "hocba:term"),
        text("method", "FinishEntrySession"),
    ])
}
