//! From the facts of records to the sections of the book.

use data_encoding::HEXLOWER;
use hocba_evidence::{
    Element, Kind, Section,
    document::{self, Frame},
};
use hocba_proto::{
    records::{BookLine, ClassHeader, Identity, ItemTeacher, LineFacts, PupilFacts},
    types::CellMark,
};
use hocba_vault::Index;

use crate::model::{name::DocumentName, score::printed, slot::Slot};

/// A document with its empty slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// UTF-8 XML.
    pub xml: Vec<u8>,
    /// The slots in the order of signing.
    pub slots: Vec<Slot>,
}

/// The document of a pupil: one section a subject, signed by its teacher; one of the homeroom teacher with
/// qualities, competencies and result; and the frame with school and identity, covered by the higher signatures.
///
/// Every section carries a salt that only its document shows: digests of sections stand in rows, in ceremonies and in
/// the log, and without it who has them could try out the few marks there are.
#[must_use]
pub fn document(name: &DocumentName, header: &ClassHeader, pupil: &PupilFacts, salts: &Index) -> Composed {
    let mut sections = Vec::new();
    let mut homeroom = Element::new("homeroom")
        .attribute("class", header.class.as_str())
        .attribute("pupil", pupil.pupil.as_str())
        .field("teacher", header.homeroom_teacher_name.as_str());
    for line in &header.lines {
        let Some(facts) = pupil.lines.iter().find(|facts| facts.item == line.item) else {
            continue;
        };
        match header.teachers.iter().find(|teacher| teacher.item == line.item) {
            Some(teacher) if line.part == "subject" => {
                let mut section = subject(header, pupil, line, facts, teacher);
                section.body = salted(section.body, salts);
                sections.push(section);
            }
            Some(_) | None => homeroom = homeroom.child(values(Element::new("line"), header, line, facts)),
        }
    }
    sections.push(Section {
        slot: Kind::Homeroom,
        signer: header.homeroom_teacher.clone(),
        body: salted(result(homeroom, pupil), salts),
    });
    let frame = Frame {
        kind: "year-document",
        document: name.to_string(),
        school: name.school.clone(),
        body: salted(frame(header, pupil), salts),
    };
    let above = [Kind::Principal, Kind::Seal];
    let made = document::compose(&frame, &sections, &above);
    let slot = |kind: &Kind, signer: &str, section: &str| Slot {
        kind: kind.clone(),
        signer: signer.to_owned(),
        section: section.to_owned(),
        signature: None,
    };
    let mut slots: Vec<Slot> = sections
        .iter()
        .zip(&made.sections)
        .map(|(section, (kind, digest))| {
            // Only what covers its section alone outlives a new version.
            let digest = if kind.covers_own_section_only() {
                digest
            } else {
                ""
            };
            slot(kind, &section.signer, digest)
        })
        .chain(above.iter().map(|kind| slot(kind, "", "")))
        .collect();
    slots.sort_by(|left, right| left.kind.cmp(&right.kind));
    Composed { xml: made.xml, slots }
}

/// With a salt that follows from the content, so that what did not change stays signed.
fn salted(element: Element, salts: &Index) -> Element {
    let mut salt = salts.of(element.canonical().as_bytes());
    salt.truncate(16);
    element.attribute("salt", HEXLOWER.encode(&salt))
}

/// What a subject's teacher signs; it names pupil and class, so that it fits into no other book.
fn subject(
    header: &ClassHeader,
    pupil: &PupilFacts,
    line: &BookLine,
    facts: &LineFacts,
    teacher: &ItemTeacher,
) -> Section {
    let body = Element::new("subject")
        .attribute("class", header.class.as_str())
        .attribute("pupil", pupil.pupil.as_str())
        .field("teacher", teacher.teacher_name.as_str());
    Section {
        slot: Kind::Subject(line.item.to_lowercase()),
        signer: teacher.teacher.clone(),
        body: values(body, header, line, facts),
    }
}

/// One line's sealed value.
fn values(element: Element, header: &ClassHeader, line: &BookLine, facts: &LineFacts) -> Element {
    let value = facts.value.clone().unwrap_or_default();
    let mark = match value.mark() {
        CellMark::Unspecified => "",
        CellMark::Assessed => "assessed",
        CellMark::Absent => "absent",
        CellMark::Exempt => "exempt",
        CellMark::NotAssessed => "not_assessed",
    };
    let score = value.score.filter(|_| line.tested);
    let score = score.map(|score| printed(score, header.score_decimals));
    element
        .attribute("item", line.item.as_str())
        .attribute("part", line.part.as_str())
        .field("name", line.display_name.as_str())
        .field("mark", mark)
        .field("level", value.level)
        .field("score", score.unwrap_or_default())
        .field("comment", value.comment)
        .field("entered-by", facts.entered_by.as_str())
        .child(
            Element::new("cell")
                .attribute("digest", facts.digest.as_str())
                .attribute("version", facts.version.to_string()),
        )
}

fn result(element: Element, pupil: &PupilFacts) -> Element {
    let number = |number: i32| {
        if number == 0 {
            String::new()
        } else {
            number.to_string()
        }
    };
    let element = element
        .field("height-cm", number(pupil.height_cm))
        .field("weight-hg", number(pupil.weight_hg))
        .field("absences-with-leave", pupil.absences_with_leave.to_string())
        .field("absences-without-leave", pupil.absences_without_leave.to_string())
        .field("year-result", pupil.year_result.as_str());
    let element = pupil
        .awards
        .iter()
        .fold(element, |element, award| element.field("award", award.as_str()));
    element
        .field("completed", pupil.completed.to_string())
        .field("promoted", pupil.promoted.to_string())
}

/// The school and the pupil, as the book prints them.
fn frame(header: &ClassHeader, pupil: &PupilFacts) -> Element {
    let identity = pupil.identity.clone().unwrap_or_default();
    Element::new("year-book")
        .field("school", header.school_name.as_str())
        .field("school-code", header.school_code.as_str())
        .field("commune", header.commune.as_str())
        .field("province", header.province.as_str())
        .field("class", header.display_name.as_str())
        .field("grade", header.grade.to_string())
        .field("rule-set", header.rule_set.as_str())
        .child(person(&pupil.pupil, identity))
}

fn person(id: &str, identity: Identity) -> Element {
    Element::new("pupil")
        .attribute("id", id)
        .field("code", identity.pupil_code)
        .field("personal-id", identity.personal_id)
        .field("full-name", identity.display_name)
        .field("sex", identity.sex)
        .field("birth-date", identity.birth_date)
        .field("ethnic-group", identity.ethnic_group)
        .field("nationality", identity.nationality)
        .field("birthplace", identity.birthplace)
        .field("home-place", identity.home_place)
        .field("address", identity.address)
        .field("father", identity.father)
        .field("mother", identity.mother)
        .field("guardian", identity.guardian)
        .field("register-number", identity.register_number)
        .field("entry-date", identity.entry_date)
}
