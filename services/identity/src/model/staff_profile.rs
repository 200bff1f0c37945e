//! Personal facts of a member of staff (A6.1), and which of them are missing.

use std::collections::BTreeMap;

use time::Date;

use super::day;

/// The fields' names in the contract, in its order.
pub const FIELDS: [&str; 7] = [
    "birth_date",
    "sex",
    "personal_id",
    "phone",
    "qualification",
    "position",
    "join_date",
];

/// Sex as on the civil documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// Nữ.
    Female,
    /// Nam.
    Male,
}

/// The facts; what is not known is empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StaffProfile {
    /// Date of birth.
    pub birth_date: Option<Date>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Personal identification number: 12 digits.
    pub personal_id: String,
    /// Phone number.
    pub phone: String,
    /// Qualification.
    pub qualification: String,
    /// Position.
    pub position: String,
    /// Day of joining the school.
    pub join_date: Option<Date>,
}

impl StaffProfile {
    /// What is filled, by field, as it is sealed.
    pub fn texts(&self) -> BTreeMap<&'static str, String> {
        let sex = self.sex.map(|sex| match sex {
            Sex::Female => "female",
            Sex::Male => "male",
        });
        let all = [
            ("birth_date", self.birth_date.map(day::text).unwrap_or_default()),
            ("sex", sex.unwrap_or_default().to_owned()),
            ("personal_id", self.personal_id.clone()),
            ("phone", self.phone.clone()),
            ("qualification", self.qualification.clone()),
            ("position", self.position.clone()),
            ("join_date", self.join_date.map(day::text).unwrap_or_default()),
        ];
        all.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }

    /// The facts of what was sealed.
    pub fn of_texts(texts: &BTreeMap<String, String>) -> Result<Self, &'static str> {
        let text = |field: &str| texts.get(field).map_or("", String::as_str);
        let sex = match text("sex") {
            "" => None,
            "female" => Some(Sex::Female),
            "male" => Some(Sex::Male),
            _ => return Err("sex"),
        };
        Ok(Self {
            birth_date: day::parse(text("birth_date"))?,
            sex,
            personal_id: text("personal_id").to_owned(),
            phone: text("phone").to_owned(),
            qualification: text("qualification").to_owned(),
            position: text("position").to_owned(),
            join_date: day::parse(text("join_date"))?,
        })
    }

    /// Which fields differ from another's.
    pub fn changed(&self, before: &Self) -> Vec<&'static str> {
        let (now, then) = (self.texts(), before.texts());
        let differs = |field: &&str| now.get(*field) != then.get(*field);
        FIELDS.into_iter().filter(differs).collect()
    }
}

/// Which fields are missing when these are filled.
pub fn missing(filled: &[String]) -> Vec<&'static str> {
    let empty = |field: &&str| !filled.iter().any(|there| there == field);
    FIELDS.into_iter().filter(empty).collect()
}

/// Reads a personal identification number; empty is none.
pub fn personal_id(text: &str) -> Result<String, &'static str> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.is_empty() || (digits.len() == 12 && digits.chars().all(|c| c.is_ascii_digit())) {
        Ok(digits)
    } else {
        Err("must be 12 digits")
    }
}

/// Reads a phone number, written with spaces, dots and hyphens or without; empty is none.
pub fn phone(text: &str) -> Result<String, &'static str> {
    let number: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '.' && *c != '-')
        .collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let well = (8..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
    if number.is_empty() || well {
        Ok(number)
    } else {
        Err("must be 8 to 15 digits")
    }
}

/// Reads a day that cannot lie ahead; empty is none.
pub fn past_day(text: &str, today: Date) -> Result<Option<Date>, &'static str> {
    match day::parse(text)? {
        Some(day) if day > today => Err("must not lie ahead"),
        Some(day) if day.year() < 1900 => Err("must not be before 1900"),
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rstest::rstest;
    use time::macros::date;

    use super::{FIELDS, Sex, StaffProfile, missing, past_day, personal_id, phone};

    fn filled() -> StaffProfile {
        StaffProfile {
            birth_date: Some(date!(1985 - 03 - 02)),
            sex: Some(Sex::Female),
            personal_id: "001185012345".to_owned(),
            phone: "0912345678".to_owned(),
            qualification: "Đại học sư phạm".to_owned(),
            position: "Giáo viên tiểu học hạng III".to_owned(),
            join_date: Some(date!(2010 - 09 - 01)),
        }
    }

    #[test]
    fn what_is_sealed_opens_to_the_same_facts() {
        for profile in [filled(), StaffProfile::default()] {
            let texts: BTreeMap<_, _> = profile
                .texts()
                .into_iter()
                .map(|(field, text)| (field.to_owned(), text))
                .collect();
            assert!(StaffProfile::of_texts(&texts) == Ok(profile));
        }
    }

    #[test]
    fn names_what_is_missing_and_what_changed() {
        let names = |profile: &StaffProfile| {
            profile
                .texts()
                .keys()
                .map(|k| (*k).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(missing(&names(&filled())), Vec::<&str>::new());
        assert_eq!(missing(&[]), FIELDS);
        let partly = StaffProfile {
            phone: String::new(),
            sex: None,
            ..filled()
        };
        assert_eq!(missing(&names(&partly)), ["sex", "phone"]);
        assert_eq!(partly.changed(&filled()), ["sex", "phone"]);
    }

    #[rstest]
    #[case("001185012345", Ok("001185012345"))]
    #[case("001 185 012 345", Ok("001185012345"))]
    #[case("", Ok(""))]
    #[case("00118501234", Err("must be 12 digits"))]
    #[case("00118501234x", Err("must be 12 digits"))]
    #[case("٠٠١١٨٥٠١٢٣٤٥", Err("must be 12 digits"))]
    fn reads_personal_ids(#[case] text: &str, #[case] read: Result<&str, &str>) {
        assert_eq!(personal_id(text).as_deref(), read.as_deref());
    }

    #[rstest]
    #[case("0912 345 678", Ok("0912345678"))]
    #[case("+84 912-345-678", Ok("+84912345678"))]
    #[case("", Ok(""))]
    #[case("123", Err("must be 8 to 15 digits"))]
    #[case("09123x5678", Err("must be 8 to 15 digits"))]
    #[case("+", Err("must be 8 to 15 digits"))]
    fn reads_phone_numbers(#[case] text: &str, #[case] read: Result<&str, &str>) {
        assert_eq!(phone(text).as_deref(), read.as_deref());
    }

    #[test]
    fn nobody_is_born_tomorrow() {
        let today = date!(2026 - 01 - 15);
        assert_eq!(past_day("2026-01-15", today), Ok(Some(today)));
        assert!(past_day("2026-01-16", today).is_err());
        assert!(past_day("1899-12-31", today).is_err());
        assert_eq!(past_day("", today), Ok(None));
    }
}
