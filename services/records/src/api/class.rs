//! Classes and teaching assignments on the wire.

use hocba_chassis::{Caller, Failure, name::parse};
use hocba_proto::records::{
    self as wire, BatchCreateClassesRequest, BatchCreateClassesResponse,
    BatchCreateTeachingAssignmentsRequest, BatchCreateTeachingAssignmentsResponse, ListClassesRequest,
    ListClassesResponse, ListTeachingAssignmentsRequest, ListTeachingAssignmentsResponse,
};
use tonic::{Request, Response};

use super::{Answer, name};
use crate::{
    app::{self, Ask},
    model::{rule_set::CRITERIA, text::clean},
    state::State,
    store::{assignment::Assignment, class::Class},
};

pub(super) async fn batch_create_classes(
    state: &State,
    request: Request<BatchCreateClassesRequest>,
) -> Answer<BatchCreateClassesResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = name::year("parent", &request.parent)?;
    let mut classes = Vec::new();
    for (at, class) in request.classes.iter().enumerate() {
        let display_name = clean(&class.display_name);
        let id = display_name.to_lowercase();
        let sound =
            !id.is_empty() && id.len() <= 30 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let grade = i16::try_from(class.grade)
            .ok()
            .filter(|grade| (1..=5).contains(grade));
        let (true, Some(grade)) = (sound, grade) else {
            let words = "tên lớp gồm chữ không dấu và số như 5A, khối từ 1 đến 5";
            return Err(Failure::bad_request(format!("classes[{at}]"), words).into());
        };
        classes.push(Class {
            class: id,
            display_name,
            grade,
            pupils: 0,
        });
    }
    if classes.is_empty() || classes.len() > 100 {
        return Err(Failure::bad_request("classes", "từ 1 đến 100 lớp").into());
    }
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let classes = app::class::batch_create_classes(state, ask, &school, &year, &classes).await?;
    let classes = classes
        .into_iter()
        .map(|class| answer(&request.parent, class))
        .collect();
    Ok(Response::new(BatchCreateClassesResponse { classes }))
}

pub(super) async fn list_classes(
    state: &State,
    request: Request<ListClassesRequest>,
) -> Answer<ListClassesResponse> {
    let caller = Caller::of(&request)?;
    let parent = &request.get_ref().parent;
    let (school, year) = name::year("parent", parent)?;
    let classes = app::class::list_classes(state, &caller, &school, &year).await?;
    let classes = classes.into_iter().map(|class| answer(parent, class)).collect();
    Ok(Response::new(ListClassesResponse { classes }))
}

pub(super) async fn batch_create_teaching_assignments(
    state: &State,
    request: Request<BatchCreateTeachingAssignmentsRequest>,
) -> Answer<BatchCreateTeachingAssignmentsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = name::year("parent", &request.parent)?;
    let mut assignments = Vec::new();
    for (at, given) in request.assignments.iter().enumerate() {
        let field = |part: &str| format!("assignments[{at}].{part}");
        let (of_school, of_year, class) = name::class(&field("class"), &given.class)?;
        if (&of_school, &of_year) != (&school, &year) {
            return Err(Failure::bad_request(field("class"), "lớp phải thuộc năm học ở parent").into());
        }
        let [teacher] = parse(&field("teacher"), "accounts/{account}", &given.teacher)?;
        let item = if given.item == CRITERIA {
            given.item.clone()
        } else {
            given.item.to_uppercase()
        };
        assignments.push(Assignment {
            class,
            item,
            teacher: hocba_chassis::name::id(&field("teacher"), &teacher)?,
            teacher_name: clean(&given.teacher_name),
        });
    }
    if assignments.is_empty() || assignments.len() > 1000 {
        return Err(Failure::bad_request("assignments", "từ 1 đến 1000 phân công").into());
    }
    // One statement writes a place once: of two for it the later counts.
    let mut seen = std::collections::HashSet::new();
    assignments.reverse();
    assignments.retain(|a| seen.insert((a.class.clone(), a.item.clone())));
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let (created, changed) =
        app::class::batch_create_teaching_assignments(state, ask, &school, &year, &assignments).await?;
    Ok(Response::new(BatchCreateTeachingAssignmentsResponse {
        created_count: i32::try_from(created).unwrap_or(i32::MAX),
        changed_count: i32::try_from(changed).unwrap_or(i32::MAX),
    }))
}

pub(super) async fn list_teaching_assignments(
    state: &State,
    request: Request<ListTeachingAssignmentsRequest>,
) -> Answer<ListTeachingAssignmentsResponse> {
    let caller = Caller::of(&request)?;
    let parent = &request.get_ref().parent;
    let (school, year) = name::year("parent", parent)?;
    let found = app::class::list_teaching_assignments(state, &caller, &school, &year).await?;
    let assignments = found
        .into_iter()
        .map(|a| wire::TeachingAssignment {
            class: format!("{parent}/classes/{}", a.class),
            item: a.item,
            teacher: format!("accounts/{}", a.teacher),
            teacher_name: a.teacher_name,
        })
        .collect();
    Ok(Response::new(ListTeachingAssignmentsResponse { assignments }))
}

fn answer(parent: &str, class: Class) -> wire::Class {
    wire::Class {
        name: format!("{parent}/classes/{}", class.class),
        display_name: class.display_name,
        grade: i32::from(class.grade),
        pupil_count: i32::try_from(class.pupils).unwrap_or(i32::MAX),
    }
}
