//! What our own services ask, on the wire.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use futures::{StreamExt as _, stream::BoxStream};
use hocba_chassis::{
    Caller, Failure,
    clock::{from_timestamp, to_timestamp},
    name as names,
};
use hocba_proto::{
    records::{
        self as wire, ApplyCorrectionRequest, ApplyCorrectionResponse, BookLine, ClassFacts, ClassHeader,
        CorrectionCell, ExportClassFactsRequest, GetCorrectionContextRequest, GetCorrectionContextResponse,
        ItemTeacher, LineFacts, PupilFacts, class_facts::Facts as WireFacts,
        records_internal_service_server::RecordsInternalService,
    },
    types::CellKey,
};
use tonic::{Request, Response, Status};

use super::{Answer, mark_sheet, name, pupil::wire_identity};
use crate::{
    app::{
        self, Ask,
        correction::{Application, Key, PermitToken},
        export::{Export, Facts},
    },
    model::{
        calendar::format_day,
        correction::{Capacity, Change},
        period::Period,
        rule_set::{CRITERIA, RuleSet},
    },
    state::State,
};

/// Answers `hocba.records.v1.RecordsInternalService`.
#[derive(Debug, Clone)]
pub struct Internal(pub Arc<State>);

#[tonic::async_trait]
impl RecordsInternalService for Internal {
    type ExportClassFactsStream = BoxStream<'static, Result<ClassFacts, Status>>;

    async fn export_class_facts(
        &self,
        request: Request<ExportClassFactsRequest>,
    ) -> Answer<Self::ExportClassFactsStream> {
        let caller = Caller::of(&request)?;
        let class = request.into_inner().class;
        let (school, year, id) = name::class("class", &class)?;
        let export = app::export::export_class_facts(&self.0, &caller, &school, &year, &id).await?;
        let mut messages = vec![WireFacts::Header(header(class, &export))];
        let rules = export.rules;
        let pupils = export.pupils.into_iter();
        messages.extend(pupils.map(|it| WireFacts::Pupil(pupil(rules, it))));
        let stream = messages
            .into_iter()
            .map(|facts| Ok(ClassFacts { facts: Some(facts) }));
        Ok(Response::new(
            futures::stream::iter(stream.collect::<Vec<_>>()).boxed(),
        ))
    }

    async fn get_correction_context(
        &self,
        request: Request<GetCorrectionContextRequest>,
    ) -> Answer<GetCorrectionContextResponse> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let school = name::school("school", &request.school)?;
        let keys = request.cells.iter().map(key).collect::<Result<Vec<_>, _>>()?;
        let context = app::correction::get_correction_context(&self.0, &caller, &school, keys).await?;
        let class = |key: &Key| format!("schools/{school}/years/{}/classes/{}", key.year, context.class);
        let cells = context
            .cells
            .into_iter()
            .map(|(key, latest, tested)| CorrectionCell {
                class: class(&key),
                tested,
                semester: key.period.semester_id().to_owned(),
                key: Some(wire_key(key)),
                sealed: latest.is_some(),
                version: latest.as_ref().map_or(0, |it| it.version),
                digest: latest
                    .as_ref()
                    .map(|it| HEXLOWER.encode(&it.digest))
                    .unwrap_or_default(),
                value: latest.map(|it| mark_sheet::value(it.value)),
            });
        Ok(Response::new(GetCorrectionContextResponse {
            cells: cells.collect(),
            last_day: context.last_day.map(format_day).unwrap_or_default(),
            caller_teaches: context.caller_teaches,
        }))
    }

    async fn apply_correction(
        &self,
        request: Request<ApplyCorrectionRequest>,
    ) -> Answer<ApplyCorrectionResponse> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let pattern = "schools/{school}/dossiers/{dossier}";
        let (school, application) = application(pattern, &request)?;
        let ask = Ask {
            caller: &caller,
            request_id: &request.request_id,
            body: &request,
        };
        let receipt = app::correction::apply_correction(&self.0, ask, &school, application).await?;
        Ok(Response::new(ApplyCorrectionResponse {
            receipt: format!("schools/{school}/receipts/{}", receipt.id),
            digest: HEXLOWER.encode(&receipt.digest),
            seal_time: Some(to_timestamp(receipt.sealed_at)),
        }))
    }
}

fn key(given: &CellKey) -> Result<Key, Failure> {
    let period = Period::parse(&given.period);
    name::year_id("cells.year", &given.year)?;
    Ok(Key {
        year: given.year.clone(),
        pupil: names::id("cells.pupil", &given.pupil)?,
        item: given.item.clone(),
        period: period
            .ok_or_else(|| Failure::bad_request("cells.period", "phải là mid1, end1, mid2 hoặc end2"))?,
    })
}

fn wire_key(key: Key) -> CellKey {
    CellKey {
        year: key.year,
        pupil: key.pupil.to_string(),
        item: key.item,
        period: key.period.id().to_owned(),
    }
}

fn application(pattern: &str, request: &ApplyCorrectionRequest) -> Result<(String, Application), Failure> {
    let (school, id) = name::child("dossier", pattern, &request.dossier)?;
    let permit = request.permit.clone().unwrap_or_default();
    let missing = |field: &str| Failure::bad_request(field, "không được trống");
    let mut changes = Vec::with_capacity(request.changes.len());
    for change in &request.changes {
        let key = key(change.key.as_ref().ok_or_else(|| missing("changes.key"))?)?;
        let old = HEXLOWER.decode(change.old_digest.as_bytes()).ok();
        let value = change.new_value.as_ref().and_then(mark_sheet::parse_value);
        let change = Change {
            pupil: key.pupil,
            item: key.item.clone(),
            old: old.ok_or_else(|| Failure::bad_request("changes.old_digest", "phải là hex"))?,
            value: value.ok_or_else(|| missing("changes.new_value"))?,
        };
        changes.push((key, change));
    }
    let token = |given: wire::PermitToken| {
        let received_at = given.receive_time.as_ref().and_then(from_timestamp);
        Ok(PermitToken {
            received_at: received_at.ok_or_else(|| missing("permit.receive_time"))?,
            capacity: Capacity::parse(&given.capacity),
            token: given.token,
        })
    };
    let expires_at = permit.expire_time.as_ref().and_then(from_timestamp);
    let application = Application {
        dossier: (request.dossier.clone(), id),
        changes,
        requester: permit.requester,
        evidence: permit.evidence,
        consent: token(permit.consent.ok_or_else(|| missing("permit.consent"))?)?,
        attestations: permit
            .attestations
            .into_iter()
            .map(token)
            .collect::<Result<_, Failure>>()?,
        expires_at: expires_at.ok_or_else(|| missing("permit.expire_time"))?,
        open_epoch: request.scope.as_ref().map(|scope| scope.open_epoch),
    };
    Ok((school, application))
}

fn header(class: String, export: &Export) -> ClassHeader {
    let homeroom = export.assignments.iter().find(|it| it.item == CRITERIA);
    ClassHeader {
        class,
        display_name: export.class_name.clone(),
        grade: export.grade.into(),
        rule_set: export.year.rule_set.clone(),
        school_code: export.year.school_code.clone(),
        school_name: export.year.school_name.clone(),
        commune: export.year.commune.clone(),
        province: export.year.province.clone(),
        homeroom_teacher: homeroom
            .map(|it| format!("accounts/{}", it.teacher))
            .unwrap_or_default(),
        homeroom_teacher_name: homeroom.map(|it| it.teacher_name.clone()).unwrap_or_default(),
        teachers: export
            .assignments
            .iter()
            .filter(|it| it.item != CRITERIA)
            .map(|it| ItemTeacher {
                item: it.item.clone(),
                teacher: format!("accounts/{}", it.teacher),
                teacher_name: it.teacher_name.clone(),
            })
            .collect(),
        lines: export
            .lines
            .iter()
            .map(|line| BookLine {
                item: line.item.clone(),
                display_name: line.name.clone(),
                part: line.part.id().to_owned(),
                tested: line.is_tested(export.rules.closing()),
                elective: line.elective,
            })
            .collect(),
        pupil_count: i32::try_from(export.pupils.len()).unwrap_or(i32::MAX),
        score_decimals: export.rules.scores.decimals.into(),
    }
}

fn pupil(rules: &RuleSet, facts: Facts) -> PupilFacts {
    let (enrolment, result) = (facts.enrolment, facts.result);
    let lines = facts.cells.into_values().map(|cell| LineFacts {
        item: cell.item,
        value: Some(mark_sheet::value(cell.value)),
        entered_by: format!("accounts/{}", cell.entered_by),
        version: cell.version,
        digest: HEXLOWER.encode(&cell.digest),
    });
    PupilFacts {
        pupil: facts.pupil.id.to_string(),
        identity: Some(wire_identity(facts.pupil.page.identity)),
        height_cm: enrolment.height_cm.into(),
        weight_hg: enrolment.weight_hg.into(),
        absences_with_leave: enrolment.absences_with_leave.into(),
        absences_without_leave: enrolment.absences_without_leave.into(),
        lines: lines.collect(),
        year_result_name: rules
            .result(&result.result)
            .map(|outcome| outcome.name.clone())
            .unwrap_or_default(),
        year_result: result.result,
        awards: result.awards,
        completed: result.completed,
        promoted: result.promoted.unwrap_or_default(),
    }
}
