//! What stands encrypted or keyed in the database: the page of every pupil under a key of its own, the plans of imports,
//! the words of class checks. One master key; every use has a key derived from it.

use std::path::Path;

use hocba_chassis::Failure;
use hocba_vault::{Cipher, DataKeys, Index, Master};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::error::Error;

/// The master key's uses.
#[derive(Debug)]
pub struct Vault {
    pupils: DataKeys,
    imports: Cipher,
    findings: Cipher,
    personal_id: Index,
}

/// The key of one pupil, open. Its wrapped form stands beside the pupil: without it nothing of the pupil opens again.
#[derive(Debug)]
pub struct PupilKey {
    cipher: Cipher,
    owner: String,
    wrapped: Vec<u8>,
}

impl Vault {
    /// Reads the master key: 32 raw bytes, or 64 hex digits.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let master = Master::read(file, "records")?;
        Ok(Self {
            pupils: master.data_keys("pupil")?,
            imports: master.cipher("pupil_import")?,
            findings: master.cipher("class_finding")?,
            personal_id: master.index("personal_id")?,
        })
    }

    /// A key for a new pupil.
    pub fn new_pupil(&self, school: &str, pupil: Uuid) -> Result<PupilKey, Error> {
        let owner = owner(school, pupil);
        let (cipher, wrapped) = self.pupils.make(&owner)?;
        Ok(PupilKey {
            cipher,
            owner,
            wrapped,
        })
    }

    /// The key of a pupil from its wrapped form.
    pub fn pupil(&self, school: &str, pupil: Uuid, wrapped: Vec<u8>) -> Result<PupilKey, Error> {
        let owner = owner(school, pupil);
        let cipher = self.pupils.open(&owner, &wrapped)?;
        Ok(PupilKey {
            cipher,
            owner,
            wrapped,
        })
    }

    /// What a personal id is found by: equal in one school only, so that schools cannot be compared.
    #[must_use]
    pub fn personal_id(&self, school: &str, digits: &str) -> Vec<u8> {
        self.personal_id.of(format!("{school}\n{digits}").as_bytes())
    }

    /// Seals the plan of an import.
    pub fn seal_plan<T: Serialize>(&self, school: &str, import: Uuid, plan: &T) -> Result<Vec<u8>, Error> {
        seal(&self.imports, &plan_place(school, import), plan)
    }

    /// Opens the plan of an import.
    pub fn open_plan<T: DeserializeOwned>(
        &self,
        school: &str,
        import: Uuid,
        sealed: &[u8],
    ) -> Result<T, Error> {
        open(&self.imports, &plan_place(school, import), sealed)
    }
}

impl Vault {
    /// Seals words of a finding in a class's books.
    pub fn seal_finding(&self, school: &str, finding: Uuid, words: &str) -> Result<Vec<u8>, Error> {
        seal(&self.findings, &finding_place(school, finding), &words)
    }

    /// Opens words of a finding.
    pub fn open_finding(&self, school: &str, finding: Uuid, sealed: &[u8]) -> Result<String, Error> {
        open(&self.findings, &finding_place(school, finding), sealed)
    }
}

impl PupilKey {
    /// The form to be stored.
    #[must_use]
    pub fn wrapped(&self) -> &[u8] {
        &self.wrapped
    }

    /// Seals a value of the pupil for one place, such as `page`.
    pub fn seal<T: Serialize>(&self, place: &str, value: &T) -> Result<Vec<u8>, Error> {
        seal(&self.cipher, &format!("{}/{place}", self.owner), value)
    }

    /// Opens what was sealed for this pupil and place.
    pub fn open<T: DeserializeOwned>(&self, place: &str, sealed: &[u8]) -> Result<T, Error> {
        open(&self.cipher, &format!("{}/{place}", self.owner), sealed)
    }
}

fn owner(school: &str, pupil: Uuid) -> String {
    format!("schools/{school}/pupils/{pupil}")
}

fn plan_place(school: &str, import: Uuid) -> String {
    format!("schools/{school}/pupilImports/{import}")
}

fn finding_place(school: &str, finding: Uuid) -> String {
    format!("schools/{school}/findings/{finding}")
}

fn seal<T: Serialize>(cipher: &Cipher, place: &str, value: &T) -> Result<Vec<u8>, Error> {
    let plain = serde_json::to_vec(value).map_err(Failure::internal)?;
    Ok(cipher.seal(place, &plain)?)
}

fn open<T: DeserializeOwned>(cipher: &Cipher, place: &str, sealed: &[u8]) -> Result<T, Error> {
    let plain = cipher.open(place, sealed)?;
    serde_json::from_slice(&plain).map_err(|_| Error::Damaged("a sealed value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        let file = std::env::temp_dir().join(format!("hocba-records-{}", Uuid::now_v7()));
        std::fs::write(&file, "ab".repeat(32)).unwrap();
        let vault = Vault::read(&file).unwrap();
        std::fs::remove_file(file).unwrap();
        vault
    }

    #[test]
    fn a_page_opens_for_its_own_pupil_school_and_place_only() {
        let (vault, an, binh) = (vault(), Uuid::now_v7(), Uuid::now_v7());
        let key = vault.new_pupil("a", an).unwrap();
        let sealed = key.seal("page", &"Kinh").unwrap();
        let again = vault.pupil("a", an, key.wrapped().to_vec()).unwrap();
        assert_eq!(again.open::<String>("page", &sealed).unwrap(), "Kinh");
        assert!(again.open::<String>("reason", &sealed).is_err());
        assert!(vault.pupil("a", binh, key.wrapped().to_vec()).is_err());
        assert!(vault.pupil("b", an, key.wrapped().to_vec()).is_err());
    }

    #[test]
    fn a_personal_id_is_found_in_its_school_only() {
        let vault = vault();
        let id = "001302012345";
        assert_eq!(vault.personal_id("a", id), vault.personal_id("a", id));
        assert_ne!(vault.personal_id("a", id), vault.personal_id("b", id));
    }
}
