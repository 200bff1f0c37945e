//! Records' part in the term fence: a closing seals the open sessions in its own transaction (cause `lock`).

use hocba_chassis::{Clock, Failure};
use hocba_fence::{Closing, Guard, Kind, Semester, Term};
use sqlx::PgConnection;

use crate::{
    model::period::Period,
    store::{mark, session},
};

/// Records guards the marks of a semester.
#[derive(Debug, Clone, Copy)]
pub struct Records {
    /// Now.
    pub clock: Clock,
}

impl Guard for Records {
    fn guards(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Marks(_))
    }

    async fn seal(&self, conn: &mut PgConnection, closing: Closing<'_>) -> Result<u32, Failure> {
        let (school, year) = (closing.term.school(), closing.term.year());
        let mut sealed = 0;
        for id in session::open_in_term(conn, school, year, &periods(closing.term))
            .await
            .map_err(Failure::from)?
        {
            let done = mark::seal(conn, school, id, "lock", closing.epoch, "", self.clock.now())
                .await
                .map_err(Failure::from)?;
            sealed += u32::from(done.is_some());
        }
        Ok(sealed)
    }

    async fn open_sessions(&self, conn: &mut PgConnection, term: &Term) -> Result<u32, Failure> {
        let open = session::open_in_term(conn, term.school(), term.year(), &periods(term))
            .await
            .map_err(Failure::from)?;
        Ok(u32::try_from(open.len()).unwrap_or(u32::MAX))
    }
}

fn periods(term: &Term) -> Vec<String> {
    let semester = match term.kind() {
        Kind::Marks(semester) => semester,
        Kind::Books => return Vec::new(),
    };
    let of = |period: &Period| match semester {
        Semester::One => period.semester() == Semester::One,
        Semester::Two => period.semester() == Semester::Two,
    };
    Period::ALL
        .iter()
        .filter(|period| of(period))
        .map(|period| period.id().to_owned())
        .collect()
}
