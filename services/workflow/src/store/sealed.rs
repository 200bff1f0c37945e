//! How what people wrote, and the proofs of their acts, stand in the database: sealed.
//!
//! A dossier has a data key of its own, wrapped in its row: it may concern several pupils, and all of it is kept or
//! lost together. A review's note is sealed by the service's key directly.

use hocba_chassis::Failure;
use hocba_vault::{Cipher, DataKeys, Master};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::Error;

/// The keys of the service.
#[derive(Debug)]
pub struct Seals {
    dossiers: DataKeys,
    notes: Cipher,
}

impl Seals {
    /// Derived from the master key.
    ///
    /// # Errors
    /// Never with a whole master key.
    pub fn new(master: &Master) -> anyhow::Result<Self> {
        Ok(Self {
            dossiers: master.data_keys("dossier")?,
            notes: master.cipher("note")?,
        })
    }

    /// A key for a new dossier, wrapped.
    ///
    /// # Errors
    /// Without randomness.
    pub fn make(&self, name: &str) -> Result<Vec<u8>, Error> {
        Ok(self.dossiers.make(name).map_err(Failure::internal)?.1)
    }

    /// What seals and opens the values of a dossier.
    ///
    /// # Errors
    /// INTERNAL when the key is another dossier's or another master's.
    pub fn dossier(&self, name: String, wrapped: &[u8]) -> Result<Seal, Error> {
        let cipher = self.dossiers.open(&name, wrapped).map_err(Failure::internal)?;
        Ok(Seal { name, cipher })
    }

    /// A review's note, sealed; none when there is none.
    ///
    /// # Errors
    /// Without randomness.
    pub fn note(&self, name: &str, note: &str) -> Result<Option<Vec<u8>>, Error> {
        if note.is_empty() {
            return Ok(None);
        }
        let sealed = self.notes.seal(&format!("{name}/note"), note.as_bytes());
        Ok(Some(sealed.map_err(Failure::internal)?))
    }

    /// A review's note as it was written; empty when there is none.
    ///
    /// # Errors
    /// INTERNAL when it is bent or of another review.
    pub fn open_note(&self, name: &str, sealed: Option<&[u8]>) -> Result<String, Error> {
        let Some(sealed) = sealed else {
            return Ok(String::new());
        };
        let note = self.notes.open(&format!("{name}/note"), sealed);
        text(&note.map_err(Failure::internal)?)
    }
}

/// Seals the values of one dossier, each bound to its column.
#[derive(Debug)]
pub struct Seal {
    name: String,
    cipher: Cipher,
}

impl Seal {
    /// A text.
    ///
    /// # Errors
    /// Without randomness.
    pub fn text(&self, column: &str, value: &str) -> Result<Vec<u8>, Error> {
        let sealed = self.cipher.seal(&self.place(column), value.as_bytes());
        Ok(sealed.map_err(Failure::internal)?)
    }

    /// A text; none when it is empty.
    ///
    /// # Errors
    /// Without randomness.
    pub fn text_if_any(&self, column: &str, value: &str) -> Result<Option<Vec<u8>>, Error> {
        if value.is_empty() {
            return Ok(None);
        }
        self.text(column, value).map(Some)
    }

    /// A text as it was written.
    ///
    /// # Errors
    /// INTERNAL when it is bent or of another place.
    pub fn open(&self, column: &str, sealed: &[u8]) -> Result<String, Error> {
        let opened = self.cipher.open(&self.place(column), sealed);
        text(&opened.map_err(Failure::internal)?)
    }

    /// A value of the model, as JSON.
    ///
    /// # Errors
    /// Without randomness.
    pub fn json(&self, column: &str, value: &impl Serialize) -> Result<Vec<u8>, Error> {
        let json = serde_json::to_string(value).map_err(Failure::internal)?;
        self.text(column, &json)
    }

    /// A value of the model.
    ///
    /// # Errors
    /// INTERNAL when it is bent, of another place, or does not read.
    pub fn open_json<T: DeserializeOwned>(&self, column: &str, sealed: &[u8]) -> Result<T, Error> {
        // What serde says of a value would quote it.
        serde_json::from_str(&self.open(column, sealed)?).map_err(|_| Error::Damaged("a sealed value"))
    }

    fn place(&self, column: &str) -> String {
        format!("{}/{column}", self.name)
    }
}

fn text(bytes: &[u8]) -> Result<String, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::Damaged("a sealed text"))?;
    Ok(text.to_owned())
}
