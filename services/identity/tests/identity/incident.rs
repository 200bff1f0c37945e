//! ReportIncident, ReportIncidentWithoutSignIn, AcknowledgeIncident, RecordIncidentAction, CloseIncident, GetIncident,
//! ListIncidents.

use hocba_proto::identity::{
    AcknowledgeIncidentRequest, CloseIncidentRequest, GetIncidentRequest, Incident, ListIncidentsRequest,
    RecordIncidentActionRequest, ReportIncidentRequest, ReportIncidentWithoutSignInRequest,
    ReportIncidentWithoutSignInResponse,
    incident::{Kind, Outcome, State},
};
use tonic::{Response, Status};
use tonic_types::StatusExt as _;

use crate::harness::{OTHER, Person, SCHOOL, World, ask, reason};

const WORDS: &str = "Điểm môn Toán của em An bị đổi,\ntôi không nhập.";

fn told(kind: Kind, description: &str) -> Option<Incident> {
    Some(Incident {
        kind: kind.into(),
        description: description.to_owned(),
        ..Incident::default()
    })
}

fn report(request_id: &str) -> ReportIncidentRequest {
    ReportIncidentRequest {
        parent: format!("schools/{SCHOOL}"),
        incident: told(Kind::DataWrong, WORDS),
        request_id: request_id.to_owned(),
    }
}

fn outside(contact: &str, request_id: &str) -> ReportIncidentWithoutSignInRequest {
    ReportIncidentWithoutSignInRequest {
        parent: format!("schools/{SCHOOL}"),
        contact: contact.to_owned(),
        incident: told(Kind::NoAccess, "Tôi mất điện thoại, không đăng nhập được."),
        request_id: request_id.to_owned(),
    }
}

fn acknowledge(incident: &Incident) -> AcknowledgeIncidentRequest {
    AcknowledgeIncidentRequest {
        name: incident.name.clone(),
        note: "Đã nhận, đang xem.".to_owned(),
        request_id: String::new(),
    }
}

fn act(incident: &Incident) -> RecordIncidentActionRequest {
    RecordIncidentActionRequest {
        name: incident.name.clone(),
        note: "Đã tạm khóa tài khoản.".to_owned(),
        request_id: String::new(),
    }
}

fn close(incident: &Incident) -> CloseIncidentRequest {
    CloseIncidentRequest {
        name: incident.name.clone(),
        outcome: Outcome::Resolved.into(),
        note: "Đã khôi phục, đã đổi mật khẩu.".to_owned(),
        request_id: String::new(),
    }
}

fn list(state: State, own: bool) -> ListIncidentsRequest {
    ListIncidentsRequest {
        parent: format!("schools/{SCHOOL}"),
        state: state.into(),
        own,
        ..ListIncidentsRequest::default()
    }
}

async fn listed(world: &World, person: &Person, state: State, own: bool) -> Vec<Incident> {
    let answer = world
        .client()
        .list_incidents(person.ask(list(state, own)))
        .await
        .unwrap();
    answer.into_inner().incidents
}

async fn report_from(
    world: &World,
    address: &str,
    request: ReportIncidentWithoutSignInRequest,
) -> Result<Response<ReportIncidentWithoutSignInResponse>, Status> {
    world
        .client()
        .report_incident_without_sign_in(ask("", address, request))
        .await
}

#[tokio::test]
async fn a9_an_incident_is_reported_acknowledged_acted_on_and_closed_each_with_its_time_and_person() {
    let world = World::with_schools().await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let group = world.person("tct@a.vn", SCHOOL, &["working_group"]).await;
    let principal = world.person("ht@a.vn", SCHOOL, &["principal"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let mut client = world.client();
    let made = client
        .report_incident(teacher.ask(report("r")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (made.state(), &made.reporter, made.description.as_str()),
        (State::Reported, &teacher.name, WORDS)
    );
    let again = client
        .report_incident(teacher.ask(report("r")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, made, "the same request is written down once");
    for too_early in [
        reason(client.record_incident_action(group.ask(act(&made))).await),
        reason(client.close_incident(group.ask(close(&made))).await),
    ] {
        assert_eq!(too_early, "INCIDENT_STATE", "nobody has taken notice");
    }
    client
        .acknowledge_incident(group.ask(acknowledge(&made)))
        .await
        .unwrap();
    let twice = client
        .acknowledge_incident(admin.ask(acknowledge(&made)))
        .await
        .unwrap_err();
    assert_eq!(
        twice.get_details_error_info().unwrap().metadata["state"],
        "acknowledged"
    );
    assert_eq!(reason::<()>(Err(twice)), "INCIDENT_STATE");
    client
        .record_incident_action(admin.ask(act(&made)))
        .await
        .unwrap();
    client
        .record_incident_action(admin.ask(act(&made)))
        .await
        .unwrap();
    assert_eq!(listed(&world, &principal, State::Acted, false).await.len(), 1);
    let closed = client
        .close_incident(principal.ask(close(&made)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (closed.state(), closed.outcome()),
        (State::Closed, Outcome::Resolved)
    );
    let steps: Vec<_> = closed
        .steps
        .iter()
        .map(|step| (step.state(), step.actor.as_str()))
        .collect();
    assert_eq!(
        steps,
        [
            (State::Acknowledged, group.name.as_str()),
            (State::Acted, admin.name.as_str()),
            (State::Acted, admin.name.as_str()),
            (State::Closed, principal.name.as_str()),
        ]
    );
    let reported = closed.report_time.unwrap().seconds;
    assert!(
        closed
            .steps
            .iter()
            .all(|step| step.act_time.is_some_and(|at| at.seconds >= reported) && !step.note.is_empty())
    );
    assert_eq!(
        reason(client.record_incident_action(admin.ask(act(&made))).await),
        "INCIDENT_STATE",
        "what is over stays over"
    );
    // The reporter follows the own one to its end.
    let get = GetIncidentRequest {
        name: made.name.clone(),
    };
    assert_eq!(
        client.get_incident(teacher.ask(get)).await.unwrap().into_inner(),
        closed
    );
    assert_eq!(listed(&world, &teacher, State::Closed, true).await, [closed]);
    assert!(
        listed(&world, &principal, State::Reported, false)
            .await
            .is_empty()
    );
    world.stop().await;
}

#[tokio::test]
async fn a9_who_cannot_sign_in_reports_too_and_learns_of_nobody() {
    let world = World::with_schools().await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    // Who exists and who does not get the same answer.
    let known = report_from(&world, "198.51.100.7", outside("gv@a.vn", "r"))
        .await
        .unwrap()
        .into_inner();
    let unknown = report_from(&world, "198.51.100.7", outside("khong@co.vn", "s"))
        .await
        .unwrap()
        .into_inner();
    assert!(known.report_time.is_some() && unknown.report_time.is_some());
    let repeat = report_from(&world, "198.51.100.7", outside("gv@a.vn", "r"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(repeat, known, "a repeat is not written down twice");
    let all = listed(&world, &admin, State::Reported, false).await;
    let contacts: Vec<_> = all.iter().map(|incident| incident.contact.as_str()).collect();
    assert_eq!(contacts, ["gv@a.vn", "khong@co.vn"]);
    assert!(all.iter().all(|incident| incident.reporter.is_empty()));

    for (request, why) in [
        (outside("", ""), "BAD_REQUEST"),
        (
            ReportIncidentWithoutSignInRequest {
                incident: told(Kind::NoAccess, " \n "),
                ..outside("gv@a.vn", "")
            },
            "BAD_REQUEST",
        ),
        (
            ReportIncidentWithoutSignInRequest {
                parent: "schools/nowhere".to_owned(),
                ..outside("gv@a.vn", "")
            },
            "SCHOOL_UNKNOWN",
        ),
    ] {
        assert_eq!(reason(report_from(&world, "198.51.100.8", request).await), why);
    }
    world.stop().await;
}

#[tokio::test]
async fn a9_reports_without_signing_in_are_throttled_by_address() {
    let world = World::with_schools().await;
    for number in 0..5 {
        let request = outside("Cô Lan", &format!("r{number}"));
        report_from(&world, "198.51.100.7", request).await.unwrap();
    }
    let refused = report_from(&world, "198.51.100.7", outside("Cô Lan", ""))
        .await
        .unwrap_err();
    assert!(refused.get_details_retry_info().is_some());
    assert_eq!(reason::<()>(Err(refused)), "REPORTS_THROTTLED");
    let mapped = report_from(&world, "::ffff:198.51.100.7", outside("Cô Lan", "")).await;
    assert_eq!(
        reason(mapped),
        "REPORTS_THROTTLED",
        "the same address in other words"
    );
    report_from(&world, "198.51.100.9", outside("Cô Lan", ""))
        .await
        .unwrap();
    world.stop().await;
}

#[tokio::test]
async fn incidents_are_followed_by_those_whose_duty_it_is_and_stand_sealed() {
    let world = World::with_schools().await;
    let admin = world.person("admin@a.vn", SCHOOL, &["system_admin"]).await;
    let inspector = world.person("ttr@a.vn", SCHOOL, &["inspector"]).await;
    let teacher = world.person("gv@a.vn", SCHOOL, &["subject_teacher"]).await;
    let other = world.person("gv2@a.vn", SCHOOL, &["subject_teacher"]).await;
    let away = world.person("admin@b.vn", OTHER, &["system_admin"]).await;
    let mut client = world.client();
    let made = client
        .report_incident(teacher.ask(report("r")))
        .await
        .unwrap()
        .into_inner();
    report_from(&world, "198.51.100.7", outside("gv2@a.vn", "r"))
        .await
        .unwrap();
    client
        .acknowledge_incident(admin.ask(acknowledge(&made)))
        .await
        .unwrap();
    let get = GetIncidentRequest {
        name: made.name.clone(),
    };
    client.get_incident(inspector.ask(get.clone())).await.unwrap();
    for (person, why) in [
        (&teacher, "PERMISSION_DENIED"),
        (&inspector, "PERMISSION_DENIED"),
        (&away, "OTHER_SCHOOL"),
    ] {
        assert_eq!(
            reason(client.acknowledge_incident(person.ask(acknowledge(&made))).await),
            why
        );
        assert_eq!(
            reason(client.record_incident_action(person.ask(act(&made))).await),
            why
        );
        assert_eq!(reason(client.close_incident(person.ask(close(&made))).await), why);
    }
    assert_eq!(
        reason(client.get_incident(other.ask(get.clone())).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(reason(client.get_incident(away.ask(get)).await), "OTHER_SCHOOL");
    let all = list(State::Unspecified, false);
    assert_eq!(
        reason(client.list_incidents(other.ask(all.clone())).await),
        "PERMISSION_DENIED"
    );
    assert_eq!(reason(client.list_incidents(away.ask(all)).await), "OTHER_SCHOOL");
    assert!(listed(&world, &other, State::Unspecified, true).await.is_empty());
    assert_eq!(
        reason(client.report_incident(away.ask(report(""))).await),
        "OTHER_SCHOOL"
    );
    assert_eq!(
        reason(client.report_incident(world.operator.ask(report(""))).await),
        "PERMISSION_DENIED"
    );
    let missing = Incident {
        name: format!("schools/{SCHOOL}/incidents/{}", uuid::Uuid::nil()),
        ..made.clone()
    };
    assert_eq!(
        reason(client.close_incident(admin.ask(close(&missing))).await),
        "INCIDENT_UNKNOWN"
    );
    let kindless = ReportIncidentRequest {
        incident: told(Kind::Unspecified, WORDS),
        ..report("")
    };
    assert_eq!(
        reason(client.report_incident(teacher.ask(kindless)).await),
        "BAD_REQUEST"
    );
    let endless = CloseIncidentRequest {
        outcome: Outcome::Unspecified.into(),
        ..close(&made)
    };
    assert_eq!(
        reason(client.close_incident(admin.ask(endless)).await),
        "BAD_REQUEST"
    );

    // Nothing that was written stands readable: not in its rows, not in events, not in remembered answers.
    let pool = world.database.superuser().await.unwrap();
    let texts: Vec<String> = sqlx::query_scalar(
        "select encode(description || coalesce(contact, ''), 'escape') from incident
          union all select encode(note, 'escape') from incident_step
          union all select row_to_json(outbox)::text from outbox
          union all select encode(coalesce(answer, ''), 'escape') from once",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    for text in &texts {
        for words in ["em An", "gv2@a.vn", "xem.", "198.51"] {
            assert!(!text.contains(words), "{words} in {text}");
        }
    }
    let service = world.database.service().await.unwrap();
    for statement in [
        "update incident_step set note = ''",
        "delete from incident_step",
        "update incident set description = ''",
        "delete from incident",
    ] {
        let refused = sqlx::query(statement).execute(&service).await.unwrap_err();
        let code = refused
            .as_database_error()
            .and_then(|error| error.code())
            .unwrap()
            .into_owned();
        assert_eq!(code, "42501", "{statement}");
    }
    pool.close().await;
    service.close().await;
    world.stop().await;
}
