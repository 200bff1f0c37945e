//! A pupil's facts of the identity page.

use serde::{Deserialize, Serialize};

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
