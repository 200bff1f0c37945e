//! A correction from the request to the new version, as its people make it: what several articles end with.

use hocba_cluster::{Cluster, person::Person, school::School, school::request_id};
use hocba_proto::{
    archive::{
        EvidenceOpening, UploadEvidenceRequest, archive_service_client::ArchiveServiceClient,
        upload_evidence_request::Part,
    },
    identity::{
        CreateWorkingGroupRequest, WorkingGroup, identity_service_client::IdentityServiceClient,
        working_group,
    },
    types::{CellKey, CellValue},
    workflow::{
        ApplyDossierRequest, AttachEvidenceRequest, AttestDossierRequest, ConsentDossierRequest,
        CreateDossierRequest, Dossier, DossierChange, SubmitDossierRequest,
        workflow_service_client::WorkflowServiceClient,
    },
};

/// The smallest picture there is: stands for the photographed test paper.
const PAPER: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cch\0\0\0\x82\0\x81w\xcdr\xb6\0\0\0\0IEND\xaeB`\x82";

/// Names a person to the working group; answers them signed in with the role.
pub(crate) async fn working_group(cluster: &Cluster, school: &School, member: &Person) -> Person {
    let account = member.login.account.clone();
    let create = CreateWorkingGroupRequest {
        parent: school.name.clone(),
        working_group: Some(WorkingGroup {
            decision_number: "13/QĐ-TH".to_owned(),
            decision_date: "2025-09-05".to_owned(),
            end_date: "2027-05-31".to_owned(),
            members: vec![working_group::Member {
                account: account.clone(),
                duty: "Quản trị cơ sở dữ liệu".to_owned(),
            }],
            head: account,
            ..WorkingGroup::default()
        }),
        request_id: request_id(),
    };
    IdentityServiceClient::new(cluster.channel())
        .create_working_group(school.principal.ask(create).unwrap())
        .await
        .unwrap();
    cluster.sign_in(&member.login).await.unwrap()
}

/// The teacher asks for another value of one cell, the principal consents, board, group and teacher witness, the
/// teacher applies; answers the dossier as it was made, with the digest of the cell it replaces, and as it ended.
pub(crate) async fn correct(
    cluster: &Cluster,
    school: &School,
    (board, group): (&Person, &Person),
    key: CellKey,
    value: CellValue,
) -> (Dossier, Dossier) {
    let mut workflow = WorkflowServiceClient::new(cluster.channel());
    let teacher = &school.teacher;
    let create = CreateDossierRequest {
        parent: school.name.clone(),
        dossier: Some(Dossier {
            changes: vec![DossierChange {
                key: Some(key),
                new_value: Some(value),
                ..DossierChange::default()
            }],
            reason: "Điểm trong sổ khác bài kiểm tra.".to_owned(),
            ..Dossier::default()
        }),
        request_id: request_id(),
    };
    let made = workflow
        .create_dossier(teacher.ask(create).unwrap())
        .await
        .unwrap()
        .into_inner();
    let name = || made.name.clone();
    let attach = AttachEvidenceRequest {
        name: name(),
        evidence: upload(cluster, school).await,
        request_id: request_id(),
    };
    workflow
        .attach_evidence(teacher.ask(attach).unwrap())
        .await
        .unwrap();
    let submit = SubmitDossierRequest {
        name: name(),
        request_id: request_id(),
    };
    let submitted = workflow
        .submit_dossier(teacher.ask(submit).unwrap())
        .await
        .unwrap()
        .into_inner();
    let principal = &school.principal;
    let consent = ConsentDossierRequest {
        name: name(),
        act_token: principal
            .step_up("dossier.consent", &submitted.digest, "principal")
            .await
            .unwrap(),
        request_id: request_id(),
        ..ConsentDossierRequest::default()
    };
    workflow
        .consent_dossier(principal.ask(consent).unwrap())
        .await
        .unwrap();
    for (person, capacity, role) in [
        (board, "management_board", "vice_principal"),
        (group, "working_group", "working_group"),
        (teacher, "requester", "subject_teacher"),
    ] {
        let attest = AttestDossierRequest {
            name: name(),
            capacity: capacity.to_owned(),
            act_token: person
                .step_up("dossier.attest", &submitted.digest, role)
                .await
                .unwrap(),
            request_id: request_id(),
        };
        workflow
            .attest_dossier(person.ask(attest).unwrap())
            .await
            .unwrap();
    }
    let apply = ApplyDossierRequest {
        name: name(),
        request_id: request_id(),
    };
    let applied = workflow
        .apply_dossier(teacher.ask(apply).unwrap())
        .await
        .unwrap()
        .into_inner();
    (made, applied)
}

async fn upload(cluster: &Cluster, school: &School) -> String {
    let parts = [
        Part::Opening(EvidenceOpening {
            parent: school.name.clone(),
            sha256: String::new(),
        }),
        Part::Chunk(PAPER.to_vec()),
    ];
    let stream = tokio_stream::iter(parts.map(|part| UploadEvidenceRequest { part: Some(part) }));
    ArchiveServiceClient::new(cluster.channel())
        .upload_evidence(school.teacher.ask(stream).unwrap())
        .await
        .unwrap()
        .into_inner()
        .name
}
