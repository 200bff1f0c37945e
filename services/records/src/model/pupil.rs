//! A pupil's facts: the identity page, and what the school notes beside it (A4.1, A8.1).

use serde::{Deserialize, Serialize};
use time::Date;

use super::{
    calendar::{is_year, parse_day},
    ethnic_group,
    text::clean,
};

/// The identity page. Dates are `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Identity {
    /// The school's pupil code.
    pub pupil_code: String,
    /// Personal id, 12 digits.
    pub personal_id: Option<String>,
    /// Full name.
    pub display_name: String,
    /// Nam or Nữ.
    pub sex: String,
    /// Birth date.
    pub birth_date: String,
    /// Ethnic group as on the birth certificate; empty for foreigners.
    pub ethnic_group: String,
    /// Nationality.
    pub nationality: String,
    /// Birthplace.
    pub birthplace: String,
    /// Home place.
    pub home_place: String,
    /// Present address.
    pub address: String,
    /// Father.
    pub father: String,
    /// Mother.
    pub mother: String,
    /// Guardian.
    pub guardian: String,
    /// Register number.
    pub register_number: String,
    /// Date of entry.
    pub entry_date: String,
    /// What the school notes of a disability.
    pub disability: String,
}

/// A commune or province by code, with the name it had on a day: codes are used again under other names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unit {
    /// Two digits for a province, five for a commune.
    pub code: String,
    /// Name on that day.
    pub name: String,
    /// A day on which the two belonged together.
    pub valid_on: String,
    /// The province of a commune, two digits; empty when it is not said. Older pages do not have it.
    #[serde(default)]
    pub province: String,
}

/// A year at another school.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StudyYear {
    /// The school year.
    pub year: String,
    /// The class's name.
    pub class: String,
    /// The school's name.
    pub school: String,
    /// Register number there.
    pub register_number: String,
    /// Date of entry or transfer, or empty.
    pub entry_date: String,
}

/// What the school notes beside the identity page.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cv {
    /// Religion, if the family states one.
    pub religion: String,
    /// The lifelong learner code of 2027.
    pub learner_code: String,
    /// The unit of the birthplace.
    pub birthplace_unit: Option<Unit>,
    /// The unit of the home place.
    pub home_place_unit: Option<Unit>,
    /// The unit of the present address.
    pub address_unit: Option<Unit>,
    /// Years before us, oldest first.
    pub earlier_years: Vec<StudyYear>,
}

/// Everything of a pupil that lies sealed under the pupil's key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Page {
    /// The identity page.
    pub identity: Identity,
    /// What stands beside it.
    pub cv: Cv,
}

const VIETNAM: &str = "Việt Nam";

/// A field that does not hold, and the words for it.
pub type Violation = (String, &'static str);

impl Page {
    /// With every text in NFC and without needless blanks.
    #[must_use]
    pub fn cleaned(mut self) -> Self {
        for text in self.texts_mut() {
            *text = clean(text);
        }
        if let Some(id) = self.identity.personal_id.take().map(|id| clean(&id)) {
            self.identity.personal_id = Some(id).filter(|id| !id.is_empty());
        }
        self
    }

    /// Takes one field of another page; false when there is no such field, or it never changes.
    pub fn take(&mut self, path: &str, from: &Self) -> bool {
        let (now, new) = (&mut self.identity, &from.identity);
        match path {
            "identity" => {
                let kept = (now.pupil_code.clone(), now.disability.clone());
                now.clone_from(new);
                (now.pupil_code, now.disability) = kept;
            }
            "identity.personal_id" => now.personal_id.clone_from(&new.personal_id),
            "identity.display_name" => now.display_name.clone_from(&new.display_name),
            "identity.sex" => now.sex.clone_from(&new.sex),
            "identity.birth_date" => now.birth_date.clone_from(&new.birth_date),
            "identity.ethnic_group" => now.ethnic_group.clone_from(&new.ethnic_group),
            "identity.nationality" => now.nationality.clone_from(&new.nationality),
            "identity.birthplace" => now.birthplace.clone_from(&new.birthplace),
            "identity.home_place" => now.home_place.clone_from(&new.home_place),
            "identity.address" => now.address.clone_from(&new.address),
            "identity.father" => now.father.clone_from(&new.father),
            "identity.mother" => now.mother.clone_from(&new.mother),
            "identity.guardian" => now.guardian.clone_from(&new.guardian),
            "identity.register_number" => now.register_number.clone_from(&new.register_number),
            "identity.entry_date" => now.entry_date.clone_from(&new.entry_date),
            "disability" => now.disability.clone_from(&new.disability),
            "religion" => self.cv.religion.clone_from(&from.cv.religion),
            "learner_code" => self.cv.learner_code.clone_from(&from.cv.learner_code),
            "birthplace_unit" => self.cv.birthplace_unit.clone_from(&from.cv.birthplace_unit),
            "home_place_unit" => self.cv.home_place_unit.clone_from(&from.cv.home_place_unit),
            "address_unit" => self.cv.address_unit.clone_from(&from.cv.address_unit),
            "earlier_years" => self.cv.earlier_years.clone_from(&from.cv.earlier_years),
            _ => return false,
        }
        true
    }

    /// Every field that does not hold.
    #[must_use]
    pub fn violations(&self, today: Date) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut refuse = |holds: bool, field: &str, words: &'static str| {
            if !holds {
                found.push((field.to_owned(), words));
            }
        };
        let it = &self.identity;
        let length = |text: &str, least: usize, most: usize| (least..=most).contains(&text.chars().count());
        refuse(
            length(&it.pupil_code, 1, 30),
            "pupil.identity.pupil_code",
            "cần mã học sinh, dài nhất 30 kí tự",
        );
        refuse(
            length(&it.display_name, 1, 100),
            "pupil.identity.display_name",
            "cần họ và tên, dài nhất 100 kí tự",
        );
        refuse(
            matches!(it.sex.as_str(), "Nam" | "Nữ"),
            "pupil.identity.sex",
            "phải là Nam hoặc Nữ",
        );
        let born = parse_day(&it.birth_date).filter(|day| *day < today);
        refuse(
            born.is_some(),
            "pupil.identity.birth_date",
            "cần ngày sinh YYYY-MM-DD, trước hôm nay",
        );
        let entered = parse_day(&it.entry_date).filter(|day| born.is_none_or(|born| born < *day));
        refuse(
            entered.is_some(),
            "pupil.identity.entry_date",
            "cần ngày vào trường YYYY-MM-DD, sau ngày sinh",
        );
        let id = it.personal_id.as_ref();
        refuse(
            id.is_none_or(|id| is_digits(id, 12)),
            "pupil.identity.personal_id",
            "phải có đúng 12 chữ số",
        );
        refuse(
            !it.nationality.is_empty(),
            "pupil.identity.nationality",
            "cần quốc tịch",
        );
        let group = &it.ethnic_group;
        refuse(
            ethnic_group::code(group).is_some() || (group.is_empty() && it.nationality != VIETNAM),
            "pupil.identity.ethnic_group",
            "phải là một trong 54 dân tộc, ghi theo giấy khai sinh; người nước ngoài để trống",
        );
        refuse(
            length(&self.cv.learner_code, 0, 30),
            "pupil.learner_code",
            "dài nhất 30 kí tự",
        );
        for (field, unit) in self.units() {
            refuse(
                unit.is_none_or(Unit::holds),
                field,
                "cần mã 2 hoặc 5 chữ số, tên và ngày còn hiệu lực YYYY-MM-DD; mã tỉnh 2 chữ số chỉ ghi cho xã, phường",
            );
        }
        refuse(
            self.cv.earlier_years.len() <= 10,
            "pupil.earlier_years",
            "nhiều nhất 10 năm",
        );
        refuse(
            self.cv.earlier_years.iter().all(StudyYear::holds),
            "pupil.earlier_years",
            "mỗi năm cần năm học dạng 2024-2025 và tên trường; ngày vào trường dạng YYYY-MM-DD hoặc để trống",
        );
        let mut copy = self.clone();
        let longest = copy
            .texts_mut()
            .into_iter()
            .map(|text| text.chars().count())
            .max();
        refuse(
            longest.unwrap_or_default() <= 200,
            "pupil",
            "mỗi mục dài nhất 200 kí tự",
        );
        found
    }

    /// What is missing for a complete page, by field name (A6.1). A personal id blocks no book, only the ministry's export.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let it = &self.identity;
        let vietnamese = it.nationality == VIETNAM;
        let family = it.father.is_empty() && it.mother.is_empty() && it.guardian.is_empty();
        [
            ("personal_id", vietnamese && it.personal_id.is_none()),
            ("ethnic_group", vietnamese && it.ethnic_group.is_empty()),
            ("birthplace", it.birthplace.is_empty()),
            ("home_place", vietnamese && it.home_place.is_empty()),
            ("address", it.address.is_empty()),
            ("parent_or_guardian", family),
            ("register_number", it.register_number.is_empty()),
        ]
        .into_iter()
        .filter_map(|(field, missing)| missing.then_some(field))
        .collect()
    }

    /// The units with the day each speaks of: where somebody was born, on that day; where the family comes from, on the
    /// day that is said; where somebody lives, today.
    #[must_use]
    pub fn dated_units(&self, today: Date) -> Vec<(&'static str, &Unit, Date)> {
        let birth = parse_day(&self.identity.birth_date);
        let said = self
            .cv
            .home_place_unit
            .as_ref()
            .and_then(|unit| parse_day(&unit.valid_on));
        self.units()
            .into_iter()
            .zip([birth, said, Some(today)])
            .filter_map(|((field, unit), day)| Some((field, unit?, day?)))
            .collect()
    }

    fn units(&self) -> [(&'static str, Option<&Unit>); 3] {
        [
            ("pupil.birthplace_unit", self.cv.birthplace_unit.as_ref()),
            ("pupil.home_place_unit", self.cv.home_place_unit.as_ref()),
            ("pupil.address_unit", self.cv.address_unit.as_ref()),
        ]
    }

    fn texts_mut(&mut self) -> Vec<&mut String> {
        let it = &mut self.identity;
        let mut all = vec![
            &mut it.pupil_code,
            &mut it.display_name,
            &mut it.sex,
            &mut it.birth_date,
            &mut it.ethnic_group,
            &mut it.nationality,
            &mut it.birthplace,
            &mut it.home_place,
            &mut it.address,
            &mut it.father,
            &mut it.mother,
            &mut it.guardian,
            &mut it.register_number,
            &mut it.entry_date,
            &mut it.disability,
            &mut self.cv.religion,
            &mut self.cv.learner_code,
        ];
        let units = [
            &mut self.cv.birthplace_unit,
            &mut self.cv.home_place_unit,
            &mut self.cv.address_unit,
        ];
        all.extend(units.into_iter().flatten().map(|unit| &mut unit.name));
        for year in &mut self.cv.earlier_years {
            all.extend([&mut year.class, &mut year.school, &mut year.register_number]);
        }
        all
    }
}

impl Unit {
    fn holds(&self) -> bool {
        (is_digits(&self.code, 2) || is_digits(&self.code, 5))
            && (self.province.is_empty() || (is_digits(&self.province, 2) && self.code.len() == 5))
            && !self.name.is_empty()
            && parse_day(&self.valid_on).is_some()
    }
}

impl StudyYear {
    fn holds(&self) -> bool {
        is_year(&self.year)
            && !self.school.is_empty()
            && (self.entry_date.is_empty() || parse_day(&self.entry_date).is_some())
    }
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn page() -> Page {
        Page {
            identity: Identity {
                pupil_code: "P1".into(),
                personal_id: Some("001302012345".into()),
                display_name: "Nguyễn An".into(),
                sex: "Nữ".into(),
                birth_date: "2015-03-01".into(),
                ethnic_group: "Tày".into(),
                nationality: VIETNAM.into(),
                birthplace: "Hà Nội".into(),
                home_place: "Hà Nội".into(),
                address: "Xã Phù Đổng".into(),
                mother: "Lê Bình".into(),
                register_number: "0001/TH".into(),
                entry_date: "2021-09-05".into(),
                ..Identity::default()
            },
            cv: Cv::default(),
        }
    }

    fn today() -> Date {
        parse_day("2026-01-10").unwrap()
    }

    #[rstest]
    #[case::code(|it: &mut Page| it.identity.pupil_code.clear(), "pupil.identity.pupil_code")]
    #[case::name(|it: &mut Page| it.identity.display_name.clear(), "pupil.identity.display_name")]
    #[case::sex(|it: &mut Page| it.identity.sex = "nam".into(), "pupil.identity.sex")]
    #[case::unborn(|it: &mut Page| it.identity.birth_date = "2026-01-10".into(), "pupil.identity.birth_date")]
    #[case::entered_before_birth(|it: &mut Page| it.identity.entry_date = "2010-09-05".into(), "pupil.identity.entry_date")]
    #[case::short_id(|it: &mut Page| it.identity.personal_id = Some("1302012345".into()), "pupil.identity.personal_id")]
    #[case::no_nationality(|it: &mut Page| it.identity.nationality.clear(), "pupil.identity.nationality")]
    #[case::no_group(|it: &mut Page| it.identity.ethnic_group.clear(), "pupil.identity.ethnic_group")]
    #[case::unknown_group(|it: &mut Page| it.identity.ethnic_group = "Anh".into(), "pupil.identity.ethnic_group")]
    #[case::learner_code(|it: &mut Page| it.cv.learner_code = "9".repeat(31), "pupil.learner_code")]
    #[case::unit(|it: &mut Page| it.cv.address_unit = Some(Unit { code: "541".into(), ..Unit::default() }), "pupil.address_unit")]
    #[case::year(|it: &mut Page| it.cv.earlier_years = vec![StudyYear::default()], "pupil.earlier_years")]
    #[case::long(|it: &mut Page| it.identity.address = "x".repeat(201), "pupil")]
    fn a8_1_each_field_that_does_not_hold_is_named(#[case] spoil: fn(&mut Page), #[case] field: &str) {
        let mut page = page();
        assert_eq!(page.violations(today()), []);
        spoil(&mut page);
        let fields: Vec<_> = page
            .violations(today())
            .into_iter()
            .map(|(field, _)| field)
            .collect();
        assert_eq!(fields, [field]);
    }

    #[test]
    fn a8_1_all_violations_are_told_not_the_first() {
        assert_eq!(Page::default().violations(today()).len(), 6);
    }

    #[test]
    fn a8_1_foreigners_and_pupils_without_an_id_are_welcome() {
        let mut page = page();
        page.identity.personal_id = None;
        assert_eq!(page.violations(today()), []);
        assert_eq!(page.missing(), ["personal_id"]);
        page.identity.nationality = "Hàn Quốc".into();
        page.identity.ethnic_group.clear();
        assert_eq!((page.violations(today()), page.missing()), (vec![], vec![]));
    }

    #[test]
    fn a6_1_what_is_missing_is_named() {
        assert_eq!(page().missing(), [""; 0]);
        let mut page = page();
        page.identity.mother.clear();
        page.identity.birthplace.clear();
        assert_eq!(page.missing(), ["birthplace", "parent_or_guardian"]);
    }

    #[test]
    fn a8_1_a_mask_changes_its_fields_and_never_the_code() {
        let (mut now, mut new) = (page(), page());
        new.identity.pupil_code = "P2".into();
        new.identity.address = "Xã Thiên Đức".into();
        new.identity.disability = "khiếm thị".into();
        assert!(now.take("identity", &new));
        assert_eq!(
            (now.identity.pupil_code.as_str(), now.identity.address.as_str()),
            ("P1", "Xã Thiên Đức")
        );
        assert_eq!(now.identity.disability, "", "a mask of its own");
        for unknown in ["identity.pupil_code", "name", "x"] {
            assert!(!now.take(unknown, &new), "{unknown}");
        }
    }

    #[test]
    fn a8_1_texts_are_cleaned() {
        let mut page = page();
        page.identity.display_name = "  Nguye\u{302}\u{303}n\u{a0} An".into();
        page.identity.personal_id = Some(" ".into());
        let clean = page.cleaned();
        assert_eq!(
            (clean.identity.display_name.as_str(), clean.identity.personal_id),
            ("Nguyễn An", None)
        );
    }
}
