//! Spot checks, insert-only.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{error::Error, model::spot_check::Verdict};

/// A spot check as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpotCheck {
    /// Id.
    pub id: Uuid,
    /// Period id.
    pub period: String,
    /// The classes; none: all.
    pub classes: Vec<String>,
    /// How many were asked for.
    pub size: i32,
    /// The seed.
    pub seed: String,
    /// How many there were.
    pub population: i32,
    /// Who drew.
    pub created_by: Uuid,
    /// When.
    pub created_at: OffsetDateTime,
}

/// A sealed test score that can be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// Class.
    pub class: String,
    /// Pupil.
    pub pupil: Uuid,
    /// Item.
    pub item: String,
    /// Version.
    pub version: i32,
    /// Score.
    pub score: i16,
    /// The cell's digest.
    pub digest: Vec<u8>,
}

/// The sealed test scores of a period, of these classes or all: each cell's newest version.
pub async fn population(
    tx: &mut PgConnection,
    school: &str,
    (year, period): (&str, &str),
    classes: &[String],
) -> Result<Vec<Score>, Error> {
    Ok(sqlx::query_as!(
        Score,
        r#"select class_id as "class!", pupil_id as "pupil!", item as "item!", version as "version!",
            score as "score!", digest as "digest!"
         from (
            select distinct on (c.pupil_id, c.item) e.class_id, c.pupil_id, c.item, c.version, c.score, c.digest
            from enrolment e
            join sealed_cell c on c.school_id = e.school_id and c.year_id = e.year_id and c.pupil_id = e.pupil_id
            where e.school_id = $1 and e.year_id = $2 and c.period = $3
              and (cardinality($4::text[]) = 0 or e.class_id = any($4))
            order by c.pupil_id, c.item, c.version desc
         ) newest
         where score is not null"#,
        school,
        year,
        period,
        classes,
    )
    .fetch_all(tx)
    .await?)
}

/// Writes a check with what was drawn, in order.
pub async fn insert(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    new: &SpotCheck,
    drawn: &[&Score],
) -> Result<(), Error> {
    sqlx::query!(
        "insert into spot_check (school_id, year_id, spot_check_id, period, classes, size, seed, population_count,
            created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        school,
        year,
        new.id,
        new.period,
        &new.classes,
        new.size,
        new.seed,
        new.population,
        new.created_by,
        new.created_at,
    )
    .execute(&mut *tx)
    .await?;
    let classes: Vec<String> = drawn.iter().map(|it| it.class.clone()).collect();
    let pupils: Vec<Uuid> = drawn.iter().map(|it| it.pupil).collect();
    let items: Vec<String> = drawn.iter().map(|it| it.item.clone()).collect();
    let versions: Vec<i32> = drawn.iter().map(|it| it.version).collect();
    let scores: Vec<i16> = drawn.iter().map(|it| it.score).collect();
    let digests: Vec<Vec<u8>> = drawn.iter().map(|it| it.digest.clone()).collect();
    sqlx::query!(
        "insert into spot_check_item (school_id, year_id, spot_check_id, number, class_id, pupil_id, item, period,
            version, score, digest)
         select $1, $2, $3, d.number::int, d.class, d.pupil, d.item, $4, d.version, d.score, d.digest
         from unnest($5::text[], $6::uuid[], $7::text[], $8::int[], $9::smallint[], $10::bytea[])
            with ordinality as d (class, pupil, item, version, score, digest, number)",
        school,
        year,
        new.id,
        new.period,
        &classes,
        &pupils,
        &items,
        &versions,
        &scores,
        &digests,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The checks of a year, or one: the newest first.
pub async fn list(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    id: Option<Uuid>,
) -> Result<Vec<SpotCheck>, Error> {
    Ok(sqlx::query_as!(
        SpotCheck,
        "select spot_check_id as id, period, classes, size, seed, population_count as population, created_by,
            created_at
         from spot_check where school_id = $1 and year_id = $2 and ($3::uuid is null or spot_check_id = $3)
         order by created_at desc, spot_check_id desc",
        school,
        year,
        id,
    )
    .fetch_all(tx)
    .await?)
}

/// A drawn score with its newest finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The year.
    pub year: String,
    /// The check.
    pub check: Uuid,
    /// From 1.
    pub number: i32,
    /// Class.
    pub class: String,
    /// Pupil.
    pub pupil: Uuid,
    /// Item.
    pub item: String,
    /// Period id.
    pub period: String,
    /// The score as it was drawn.
    pub score: i16,
    /// The cell's digest.
    pub digest: Vec<u8>,
    /// What the comparison said.
    pub verdict: Option<Verdict>,
    /// The paper's score.
    pub paper_score: Option<i16>,
    /// A note.
    pub note: String,
    /// Findings so far.
    pub findings: i32,
    /// Who enters the sheet now.
    pub teacher: Option<Uuid>,
    /// Whether the cell has a newer version.
    pub corrected: bool,
}

/// The drawn scores of the school's checks: of one year, one check, or of sheets one teacher enters.
pub async fn items(
    tx: &mut PgConnection,
    school: &str,
    year: Option<&str>,
    check: Option<Uuid>,
    teacher: Option<Uuid>,
) -> Result<Vec<Item>, Error> {
    let rows = sqlx::query!(
        r#"select i.year_id, i.spot_check_id, i.number, i.class_id, i.pupil_id, i.item, i.period,
            i.score, i.digest, f.verdict as "verdict?", f.paper_score as "paper_score?", f.note as "note?",
            f.version as "findings?", t.teacher as "teacher?",
            exists (select 1 from sealed_cell c
                    where c.school_id = i.school_id and c.year_id = i.year_id and c.pupil_id = i.pupil_id
                      and c.item = i.item and c.period = i.period and c.version > i.version) as "corrected!"
         from spot_check_item i
         left join teaching_assignment t on t.school_id = i.school_id and t.year_id = i.year_id
            and t.class_id = i.class_id and t.item = i.item
         left join lateral (
            select verdict, paper_score, note, version from spot_check_finding f
            where f.school_id = i.school_id and f.year_id = i.year_id and f.spot_check_id = i.spot_check_id
              and f.number = i.number
            order by f.version desc limit 1
         ) f on true
         where i.school_id = $1 and ($2::text is null or i.year_id = $2)
           and ($3::uuid is null or i.spot_check_id = $3) and ($4::uuid is null or t.teacher = $4)
         order by i.spot_check_id, i.number"#,
        school,
        year,
        check,
        teacher,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let verdict = match row.verdict {
                Some(id) => Some(Verdict::parse(&id).ok_or(Error::Damaged("a verdict"))?),
                None => None,
            };
            Ok(Item {
                year: row.year_id,
                check: row.spot_check_id,
                number: row.number,
                class: row.class_id,
                pupil: row.pupil_id,
                item: row.item,
                period: row.period,
                score: row.score,
                digest: row.digest,
                verdict,
                paper_score: row.paper_score,
                note: row.note.unwrap_or_default(),
                findings: row.findings.unwrap_or_default(),
                teacher: row.teacher,
                corrected: row.corrected,
            })
        })
        .collect()
}

/// What a paper says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The item's number.
    pub number: i32,
    /// From 1.
    pub version: i32,
    /// What the comparison says.
    pub verdict: Verdict,
    /// The paper's score.
    pub paper_score: Option<i16>,
    /// A note.
    pub note: String,
}

/// Writes findings.
pub async fn record(
    tx: &mut PgConnection,
    school: &str,
    (year, check): (&str, Uuid),
    findings: &[Finding],
    (by, now): (Uuid, OffsetDateTime),
) -> Result<(), Error> {
    let numbers: Vec<i32> = findings.iter().map(|it| it.number).collect();
    let versions: Vec<i32> = findings.iter().map(|it| it.version).collect();
    let verdicts: Vec<String> = findings.iter().map(|it| it.verdict.id().to_owned()).collect();
    let scores: Vec<Option<i16>> = findings.iter().map(|it| it.paper_score).collect();
    let notes: Vec<String> = findings.iter().map(|it| it.note.clone()).collect();
    sqlx::query!(
        "insert into spot_check_finding (school_id, year_id, spot_check_id, number, version, verdict, paper_score,
            note, found_by, found_at)
         select $1, $2, $3, f.number, f.version, f.verdict, f.score, f.note, $9, $10
         from unnest($4::int[], $5::int[], $6::text[], $7::smallint[], $8::text[])
            as f (number, version, verdict, score, note)",
        school,
        year,
        check,
        &numbers,
        &versions,
        &verdicts,
        &scores as &[Option<i16>],
        &notes,
        by,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}
