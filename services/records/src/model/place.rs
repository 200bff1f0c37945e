//! Provinces and communes by official code and time. A code is used again under another name (15 was Yên Bái, and is Lào
//! Cai since 2025-07-01): only code and day together name a unit.

use std::collections::BTreeMap;

use time::Date;

use super::{calendar::format_day, text::clean};

/// What kind of unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A province.
    Province,
    /// A city of the first level.
    City,
    /// A rural commune.
    Commune,
    /// A ward.
    Ward,
    /// A township; none since 2025-07-01.
    Township,
    /// A special zone.
    SpecialZone,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Province,
        Self::City,
        Self::Commune,
        Self::Ward,
        Self::Township,
        Self::SpecialZone,
    ];

    /// The word in SQL.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::Commune => "commune",
            Self::Ward => "ward",
            Self::Township => "township",
            Self::SpecialZone => "special_zone",
        }
    }

    /// The word in official lists, lower case.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Province => "tỉnh",
            Self::City => "thành phố",
            Self::Commune => "xã",
            Self::Ward => "phường",
            Self::Township => "thị trấn",
            Self::SpecialZone => "đặc khu",
        }
    }

    /// The kind of an SQL word.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }

    /// How many digits the codes of this kind have.
    #[must_use]
    pub const fn digits(self) -> usize {
        match self {
            Self::Province | Self::City => 2,
            Self::Commune | Self::Ward | Self::Township | Self::SpecialZone => 5,
        }
    }
}

/// A unit as long as it was one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Two digits for a province, five for a commune.
    pub code: String,
    /// Name with its kind, such as Tỉnh Lào Cai.
    pub name: String,
    /// Kind.
    pub kind: Kind,
    /// The province of a commune.
    pub province: Option<String>,
    /// First day in force.
    pub valid_from: Date,
    /// Last day in force; none: still.
    pub valid_to: Option<Date>,
    /// The code of what it became the day after.
    pub successor: Option<String>,
}

impl Place {
    /// Whether it was a unit on a day.
    #[must_use]
    pub fn in_force(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    fn named(&self, name: &str) -> bool {
        bare(&self.name) == bare(name)
    }
}

/// A name without its kind, as people leave it out.
fn bare(name: &str) -> String {
    let name = clean(name).to_lowercase();
    Kind::ALL
        .into_iter()
        .find_map(|kind| name.strip_prefix(kind.word())?.strip_prefix(' '))
        .map_or(name.clone(), str::to_owned)
}

/// Units by code, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Register(BTreeMap<String, Vec<Place>>);

impl Register {
    /// Of places; a later one takes the place of an earlier one with its code and first day.
    #[must_use]
    pub fn new(places: impl IntoIterator<Item = Place>) -> Self {
        let mut by_code = BTreeMap::<String, BTreeMap<Date, Place>>::new();
        for place in places {
            let of_code = by_code.entry(place.code.clone()).or_default();
            of_code.insert(place.valid_from, place);
        }
        let sorted = by_code
            .into_iter()
            .map(|(code, places)| (code, places.into_values().collect()));
        Self(sorted.collect())
    }

    /// All of them, by code and first day.
    pub fn all(&self) -> impl Iterator<Item = &Place> {
        self.0.values().flatten()
    }

    /// Those of a code.
    #[must_use]
    pub fn of(&self, code: &str) -> &[Place] {
        self.0.get(code).map(Vec::as_slice).unwrap_or_default()
    }

    /// The one of a code on a day.
    #[must_use]
    pub fn on(&self, code: &str, day: Date) -> Option<&Place> {
        self.of(code).iter().find(|place| place.in_force(day))
    }

    /// What a place became.
    #[must_use]
    pub fn successor(&self, place: &Place) -> Option<&Place> {
        self.on(place.successor.as_deref()?, place.valid_to?.next_day()?)
    }

    /// Why a code with a name does not stand for a unit on a day; none when it does. A name that no unit of the code ever
    /// had is somebody's spelling; one that the code has at another time names another unit.
    #[must_use]
    pub fn unfit(&self, code: &str, name: &str, day: Date) -> Option<Unfit> {
        let named = || self.of(code).iter().filter(|place| place.named(name));
        let meant = match named().find(|place| place.in_force(day)) {
            Some(_) => return None,
            None => named().next_back(),
        };
        if meant.is_none() && self.on(code, day).is_some() {
            return None;
        }
        let place = meant.or_else(|| self.of(code).last()).cloned();
        Some(Unfit {
            code: code.to_owned(),
            day,
            successor: place.as_ref().and_then(|place| self.successor(place)).cloned(),
            place,
            province: None,
        })
    }

    /// Why a commune is none of a province on a day; none when it is, or is no commune at all.
    #[must_use]
    pub fn elsewhere(&self, code: &str, province: &str, day: Date) -> Option<Unfit> {
        let place = self.on(code, day)?;
        (place.province.as_deref() != Some(province)).then(|| Unfit {
            code: code.to_owned(),
            day,
            successor: None,
            place: Some(place.clone()),
            province: Some(province.to_owned()),
        })
    }
}

/// A code that stands for no unit on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// The code.
    pub code: String,
    /// The day.
    pub day: Date,
    /// What the code stands for at another time.
    pub place: Option<Place>,
    /// What that became.
    pub successor: Option<Place>,
    /// The province it was said to be of, and is not.
    pub province: Option<String>,
}

impl Unfit {
    /// For people: the code, since when and until when it was in force, and what is in its place.
    #[must_use]
    pub fn words(&self) -> String {
        let Self {
            code,
            day,
            place,
            successor,
            province,
        } = self;
        let Some(place) = place else {
            return format!("danh mục đơn vị hành chính không có mã {code}");
        };
        if let Some(province) = province {
            let name = &place.name;
            return format!("mã {code} ({name}) không thuộc tỉnh, thành phố mã {province}");
        }
        let until = place
            .valid_to
            .map_or("nay".to_owned(), |last| format!("hết {}", format_day(last)));
        let next = successor
            .as_ref()
            .map(|it| {
                format!(
                    "; từ {} là mã {} ({})",
                    format_day(it.valid_from),
                    it.code,
                    it.name
                )
            })
            .unwrap_or_default();
        format!(
            "mã {code} ({}) có hiệu lực từ {} đến {until}, không có hiệu lực ngày {}{next}",
            place.name,
            format_day(place.valid_from),
            format_day(*day),
        )
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{
        super::{calendar::parse_day, place_file},
        *,
    };

    fn register() -> Register {
        Register::new(place_file::provinces().unwrap())
    }

    fn day(text: &str) -> Date {
        parse_day(text).unwrap()
    }

    #[test]
    fn a8_1_there_were_63_provinces_and_there_are_34_and_each_that_ended_has_its_successor() {
        let register = register();
        let on = |text: &str| register.all().filter(|place| place.in_force(day(text))).count();
        assert_eq!(
            (
                on("2004-07-08"),
                on("2025-06-30"),
                on("2025-07-01"),
                on("2030-01-01")
            ),
            (63, 63, 34, 34)
        );
        for place in register.all().filter(|place| place.valid_to.is_some()) {
            assert!(register.successor(place).is_some(), "{place:?}");
        }
        let merged: Vec<&str> = register
            .all()
            .filter(|place| place.successor.as_deref() == Some("25"))
            .map(|place| place.name.as_str())
            .collect();
        assert_eq!(merged, ["Tỉnh Hoà Bình", "Tỉnh Phú Thọ", "Tỉnh Vĩnh Phúc"]);
    }

    #[rstest]
    #[case::in_force("10", "Tỉnh Lào Cai", "2015-04-30", None)]
    #[case::without_its_kind("10", "Lào Cai", "2015-04-30", None)]
    #[case::another_spelling("17", "Hòa Bình", "2015-04-30", None)]
    #[case::used_again("15", "Tỉnh Lào Cai", "2025-07-01", None)]
    #[case::goes_on("01", "TP Hà Nội", "2026-01-10", None)]
    #[case::ended(
        "10",
        "Lào Cai",
        "2025-07-01",
        Some(
            "mã 10 (Tỉnh Lào Cai) có hiệu lực từ 2004-07-08 đến hết 2025-06-30, \
        không có hiệu lực ngày 2025-07-01; từ 2025-07-01 là mã 15 (Tỉnh Lào Cai)"
        )
    )]
    #[case::the_name_is_of_another_time(
        "15",
        "Tỉnh Yên Bái",
        "2026-01-10",
        Some(
            "mã 15 (Tỉnh Yên Bái) có hiệu lực từ \
        2004-07-08 đến hết 2025-06-30, không có hiệu lực ngày 2026-01-10; từ 2025-07-01 là mã 15 (Tỉnh Lào Cai)"
        )
    )]
    #[case::not_yet(
        "15",
        "Lào Cai",
        "2025-06-30",
        Some(
            "mã 15 (Tỉnh Lào Cai) có hiệu lực từ 2025-07-01 đến nay, không có \
        hiệu lực ngày 2025-06-30"
        )
    )]
    #[case::a_city_of_its_own_time(
        "46",
        "Thành phố Huế",
        "2020-01-01",
        Some(
            "mã 46 (Thành phố Huế) có hiệu lực từ \
        2025-01-01 đến nay, không có hiệu lực ngày 2020-01-01"
        )
    )]
    #[case::unknown(
        "03",
        "Tỉnh Ba",
        "2026-01-10",
        Some("danh mục đơn vị hành chính không có mã 03")
    )]
    fn a8_1_a_code_stands_for_a_unit_on_a_day(
        #[case] code: &str,
        #[case] name: &str,
        #[case] on: &str,
        #[case] words: Option<&str>,
    ) {
        let unfit = register().unfit(code, name, day(on));
        assert_eq!(unfit.map(|it| it.words()).as_deref(), words);
    }
}
