//! Sealed bytes in a folder of `object_store`, named by their own SHA-256; nothing is ever overwritten, and
//! nothing lies there unsealed.
//!
//! Bytes are sealed whole: a book has some ten kilobytes, evidence at most ten megabytes, a class's package a few,
//! and each stands in memory whole anyway to be hashed, signed or unpacked.

use std::{path::Path as FilePath, sync::Arc};

use hocba_chassis::Failure;
use hocba_evidence::sha256;
use hocba_vault::{Cipher, DataKeys, Master};
use object_store::{
    Error, ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, local::LocalFileSystem,
    path::Path,
};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::data_key;
use crate::model::place::Place;

/// The store; cheap to clone.
#[derive(Debug, Clone)]
pub struct Objects {
    folder: Arc<LocalFileSystem>,
    keys: Arc<DataKeys>,
}

impl Objects {
    /// The store in a folder, made when it is not there, with the keys that the master wraps.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn open(folder: &FilePath, master: &Master) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self {
            folder: Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true)),
            keys: Arc::new(master.data_keys("objects")?),
        })
    }

    /// Seals bytes for their place and keeps them; answers the object's name. The same bytes sealed again are
    /// another object: nothing shows that they are equal.
    ///
    /// # Errors
    /// The database's, or UNAVAILABLE when the store does not answer.
    pub async fn put(
        &self,
        conn: &mut PgConnection,
        place: &Place,
        bytes: &[u8],
        now: OffsetDateTime,
    ) -> Result<String, Failure> {
        let cipher = self.key(conn, place, Some(now)).await?;
        let sealed = cipher.seal(&place.name, bytes).map_err(Failure::internal)?;
        let object = sha256(&sealed);
        let options = PutOptions::from(PutMode::Create);
        match self
            .folder
            .put_opts(&path(&place.school, &object), PutPayload::from(sealed), options)
            .await
        {
            Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(object),
            Err(error) => Err(away(&error)),
        }
    }

    /// The bytes of an object: checked against its name, opened for their place, checked against their digest.
    ///
    /// # Errors
    /// INTERNAL when the bytes are gone, bent or of another place, UNAVAILABLE when the store does not answer.
    pub async fn get(
        &self,
        conn: &mut PgConnection,
        place: &Place,
        (object, digest): (&str, &str),
    ) -> Result<Vec<u8>, Failure> {
        let sealed = match self.folder.get(&path(&place.school, object)).await {
            Ok(found) => found.bytes().await.map_err(|error| away(&error))?,
            Err(Error::NotFound { .. }) => {
                return Err(Failure::internal(format!("the object {object} is gone")));
            }
            Err(error) => return Err(away(&error)),
        };
        let bent = || Failure::internal(format!("the object {object} is bent"));
        if sha256(&sealed) != object {
            return Err(bent());
        }
        let cipher = self.key(conn, place, None).await?;
        let bytes = cipher.open(&place.name, &sealed).map_err(|_| bent())?;
        if sha256(&bytes) == digest {
            Ok(bytes.to_vec())
        } else {
            Err(bent())
        }
    }

    /// The key of a place's owner; made when there is none and `now` is given.
    async fn key(
        &self,
        conn: &mut PgConnection,
        place: &Place,
        now: Option<OffsetDateTime>,
    ) -> Result<Cipher, Failure> {
        let owner = place.owner.to_string();
        let bound = format!("schools/{}/{owner}", place.school);
        let lost = || Failure::internal(format!("{bound} has no key"));
        let mut wrapped = data_key::get(conn, &place.school, &owner).await?;
        if let (None, Some(now)) = (&wrapped, now) {
            let (cipher, made) = self.keys.make(&bound).map_err(Failure::internal)?;
            if data_key::put(conn, &place.school, &owner, &made, now).await? {
                return Ok(cipher);
            }
            wrapped = data_key::get(conn, &place.school, &owner).await?;
        }
        let wrapped = wrapped.ok_or_else(lost)?;
        self.keys.open(&bound, &wrapped).map_err(Failure::internal)
    }
}

fn path(school: &str, object: &str) -> Path {
    Path::from(format!(
        "{school}/{}/{object}",
        object.get(..2).unwrap_or_default()
    ))
}

fn away(error: &Error) -> Failure {
    tracing::warn!(%error, "the object store does not answer");
    Failure::away("objects")
}
