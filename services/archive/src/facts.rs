//! From the facts of records to the sections of the book.

use hocba_proto::{
    records::{ClassHeader, LineFacts, PupilFacts},
    types::{CellMark, YearResult},
};

use crate::model::{
    book::{self, Composed, Section},
    slot::Kind,
};

/// The document of a pupil: one section a subject, signed by its teacher; one of the homeroom teacher with
/// qualities, competencies and result; and the frame with school and identity, covered by the higher signatures.
#[must_use]
pub fn document(name: &str, header: &ClassHeader, pupil: &PupilFacts) -> Composed {
    let mut sections = vec![frame(header, pupil)];
    let mut homeroom = Vec::new();
    for line in &header.lines {
        let Some(facts) = pupil.lines.iter().find(|facts| facts.item == line.item) else {
            continue;
        };
        let mut fields = vec![field("name", &line.display_name)];
        fields.extend(cell(facts, line.tested));
        match header.teachers.iter().find(|teacher| teacher.item == line.item) {
            Some(teacher) if line.part == "subject" => {
                fields.insert(0, field("teacher", &teacher.teacher_name));
                sections.push(Section {
                    id: line.item.to_lowercase(),
                    kind: Some(Kind::Subject(line.item.to_lowercase())),
                    signer: teacher.teacher.clone(),
                    fields,
                });
            }
            Some(_) | None => homeroom.extend(
                fields
                    .into_iter()
                    .map(|(key, value)| (format!("{}.{key}", line.item), value)),
            ),
        }
    }
    homeroom.extend(result(pupil));
    sections.push(Section {
        id: "homeroom".to_owned(),
        kind: None,
        signer: String::new(),
        fields: homeroom,
    });
    sections.sort_by(|left, right| left.kind.cmp(&right.kind));
    let above = [
        (Kind::Homeroom, header.homeroom_teacher.clone()),
        (Kind::Principal, String::new()),
        (Kind::Seal, String::new()),
    ];
    book::compose(name, &sections, &above)
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn frame(header: &ClassHeader, pupil: &PupilFacts) -> Section {
    let identity = pupil.identity.clone().unwrap_or_default();
    let fields = vec![
        field("school", &header.school_name),
        field("school_code", &header.school_code),
        field("commune", &header.commune),
        field("province", &header.province),
        field("class", &header.display_name),
        field("grade", &header.grade.to_string()),
        field("rule_set", &header.rule_set),
        field("homeroom_teacher", &header.homeroom_teacher_name),
        field("pupil_code", &identity.pupil_code),
        field("personal_id", &identity.personal_id),
        field("full_name", &identity.display_name),
        field("sex", &identity.sex),
        field("birth_date", &identity.birth_date),
        field("ethnic_group", &identity.ethnic_group),
        field("nationality", &identity.nationality),
        field("birthplace", &identity.birthplace),
        field("home_place", &identity.home_place),
        field("address", &identity.address),
        field("father", &identity.father),
        field("mother", &identity.mother),
        field("guardian", &identity.guardian),
        field("register_number", &identity.register_number),
        field("entry_date", &identity.entry_date),
    ];
    Section {
        id: "frame".to_owned(),
        kind: None,
        signer: String::new(),
        fields,
    }
}

fn cell(facts: &LineFacts, tested: bool) -> Vec<(String, String)> {
    let value = facts.value.clone().unwrap_or_default();
    let mark = match value.mark() {
        CellMark::Unspecified => "",
        CellMark::Assessed => "assessed",
        CellMark::Absent => "absent",
        CellMark::Exempt => "exempt",
        CellMark::NotAssessed => "not_assessed",
    };
    let mut fields = vec![field("mark", mark), field("level", &value.level)];
    if let (true, Some(score)) = (tested, value.score) {
        fields.push(field("score", &score.to_string()));
    }
    fields.push(field("comment", &value.comment));
    fields.push(field("cell_digest", &facts.digest));
    fields
}

fn result(pupil: &PupilFacts) -> Vec<(String, String)> {
    let result = match pupil.year_result() {
        YearResult::Unspecified => "",
        YearResult::Excellent => "excellent",
        YearResult::Good => "good",
        YearResult::Completed => "completed",
        YearResult::NotCompleted => "not_completed",
    };
    let mut fields = vec![
        field("height_cm", &pupil.height_cm.to_string()),
        field("weight_hg", &pupil.weight_hg.to_string()),
        field("absences_with_leave", &pupil.absences_with_leave.to_string()),
        field(
            "absences_without_leave",
            &pupil.absences_without_leave.to_string(),
        ),
        field("year_result", result),
        field("completed", if pupil.completed { "true" } else { "false" }),
        field("promoted", if pupil.promoted { "true" } else { "false" }),
    ];
    fields.extend(pupil.awards.iter().map(|award| field("award", award)));
    fields
}
