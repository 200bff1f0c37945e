//! Corrections: new versions of sealed cells.

use hocba_chassis::clock::new_id;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Error,
    model::{
        cell::{Mark, Value},
        correction::Change,
    },
};

/// The newest version of a sealed cell with what names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// The pupil.
    pub pupil: Uuid,
    /// The item.
    pub item: String,
    /// From 1.
    pub version: i32,
    /// The value.
    pub value: Value,
    /// SHA-256 of the cell's line.
    pub digest: Vec<u8>,
    /// Who entered it.
    pub entered_by: Uuid,
}

/// The newest versions of all sealed cells of a class's pupils in a period.
pub async fn latest(
    tx: &mut PgConnection,
    school: &str,
    (year, class): (&str, &str),
    period: &str,
) -> Result<Vec<Latest>, Error> {
    let rows = sqlx::query!(
        "select distinct on (c.pupil_id, c.item) c.pupil_id, c.item, c.version, c.mark, c.level, c.score, c.comment,
            c.digest, c.entered_by
         from enrolment e
         join sealed_cell c on c.school_id = e.school_id and c.year_id = e.year_id and c.pupil_id = e.pupil_id
         where e.school_id = $1 and e.year_id = $2 and e.class_id = $3 and c.period = $4
         order by c.pupil_id, c.item, c.version desc",
        school,
        year,
        class,
        period,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Latest {
                pupil: row.pupil_id,
                item: row.item,
                version: row.version,
                value: Value {
                    mark: Mark::parse(&row.mark).ok_or(Error::Damaged("a sealed cell's mark"))?,
                    level: row.level,
                    score: row.score,
                    comment: row.comment,
                },
                digest: row.digest,
                entered_by: row.entered_by,
            })
        })
        .collect()
}

/// Where corrected cells stand.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The year.
    pub year: &'a str,
    /// The class.
    pub class: &'a str,
    /// The sheet: a subject, or `criteria`.
    pub sheet: &'a str,
    /// The period's id.
    pub period: &'a str,
}

/// A correction that passed the fence.
#[derive(Debug, Clone, Copy)]
pub struct Correction<'a> {
    /// The dossier.
    pub dossier: Uuid,
    /// What was permitted.
    pub digest: &'a str,
    /// Who applies it.
    pub by: Uuid,
    /// Under which epoch.
    pub epoch: i64,
    /// When.
    pub at: OffsetDateTime,
}

/// Whether a dossier was applied.
pub async fn is_applied(tx: &mut PgConnection, school: &str, dossier: Uuid) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from correction where school_id = $1 and dossier_id = $2) as "applied!""#,
        school,
        dossier,
    )
    .fetch_one(tx)
    .await?)
}

/// Writes the new versions and seals them; answers the receipt, or nothing when a cell has changed meanwhile.
pub async fn apply(
    tx: &mut PgConnection,
    school: &str,
    place: Place<'_>,
    correction: Correction<'_>,
    changes: &[Change],
) -> Result<Option<Uuid>, Error> {
    let receipt = new_id();
    let pupils: Vec<Uuid> = changes.iter().map(|it| it.pupil).collect();
    let items: Vec<String> = changes.iter().map(|it| it.item.clone()).collect();
    let old: Vec<Vec<u8>> = changes.iter().map(|it| it.old.clone()).collect();
    let marks: Vec<String> = changes.iter().map(|it| it.value.mark.id().to_owned()).collect();
    let levels: Vec<String> = changes.iter().map(|it| it.value.level.clone()).collect();
    let scores: Vec<Option<i16>> = changes.iter().map(|it| it.value.score).collect();
    let comments: Vec<String> = changes.iter().map(|it| it.value.comment.clone()).collect();
    let done = sqlx::query!(
        "select out_digest from seal_correction($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
            $16, $17, $18)",
        school,
        correction.dossier,
        receipt,
        place.sheet,
        place.class,
        correction.by,
        correction.epoch,
        correction.digest,
        place.year,
        place.period,
        &pupils,
        &items,
        &old,
        &marks,
        &levels,
        &scores as &[Option<i16>],
        &comments,
        correction.at,
    )
    .fetch_optional(tx)
    .await?;
    Ok(done.map(|_| receipt))
}
