//! Bytes under their SHA-256, in a folder of `object_store`; nothing is ever overwritten.

use std::{path::Path as FilePath, sync::Arc};

use hocba_chassis::Failure;
use hocba_evidence::sha256;
use object_store::{
    Error, ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, local::LocalFileSystem,
    path::Path,
};

/// The store; cheap to clone.
#[derive(Debug, Clone)]
pub struct Objects(Arc<LocalFileSystem>);

impl Objects {
    /// The store in a folder, made when it is not there.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn open(folder: &FilePath) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self(Arc::new(
            LocalFileSystem::new_with_prefix(folder)?.with_fsync(true),
        )))
    }

    /// Keeps bytes; answers their digest. Bytes that are there already stay as they are.
    ///
    /// # Errors
    /// UNAVAILABLE when the store does not answer.
    pub async fn put(&self, school: &str, bytes: Vec<u8>) -> Result<String, Failure> {
        let digest = sha256(&bytes);
        let options = PutOptions::from(PutMode::Create);
        match self
            .0
            .put_opts(&path(school, &digest), PutPayload::from(bytes), options)
            .await
        {
            Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(digest),
            Err(error) => Err(away(&error)),
        }
    }

    /// The bytes of a digest, checked against it.
    ///
    /// # Errors
    /// INTERNAL when the bytes are gone or bent, UNAVAILABLE when the store does not answer.
    pub async fn get(&self, school: &str, digest: &str) -> Result<Vec<u8>, Failure> {
        let bytes = match self.0.get(&path(school, digest)).await {
            Ok(found) => found.bytes().await.map_err(|error| away(&error))?,
            Err(Error::NotFound { .. }) => {
                return Err(Failure::internal(format!("the object {digest} is gone")));
            }
            Err(error) => return Err(away(&error)),
        };
        if sha256(&bytes) == digest {
            Ok(bytes.to_vec())
        } else {
            Err(Failure::internal(format!("the object {digest} is bent")))
        }
    }
}

fn path(school: &str, digest: &str) -> Path {
    Path::from(format!(
        "{school}/{}/{digest}",
        digest.get(..2).unwrap_or_default()
    ))
}

fn away(error: &Error) -> Failure {
    tracing::warn!(%error, "the object store does not answer");
    Failure::away("objects")
}
