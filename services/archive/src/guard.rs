//! Archive's part in the fence of `books(school, year)`: nobody enters anything here, so there is nothing
//! to seal when the books close.

use hocba_chassis::Failure;
use hocba_fence::{Closing, Guard, Kind, Term};
use sqlx::PgConnection;

/// The guard of the books.
#[derive(Debug, Clone, Copy)]
pub struct Books;

impl Guard for Books {
    fn guards(&self, kind: Kind) -> bool {
        match kind {
            Kind::Books => true,
            Kind::Marks(_) => false,
        }
    }

    async fn seal(&self, _: &mut PgConnection, _: Closing<'_>) -> Result<u32, Failure> {
        Ok(0)
    }

    async fn open_sessions(&self, _: &mut PgConnection, _: &Term) -> Result<u32, Failure> {
        Ok(0)
    }
}
