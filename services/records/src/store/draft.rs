//! Drafts of entry sessions.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Error,
    model::{
        cell::{Mark, Value},
        draft::Kept,
        sheet::Place,
    },
};

/// Writes drafts under one version: the session's save.
pub async fn save(
    tx: &mut PgConnection,
    school: &str,
    session: Uuid,
    drafts: &BTreeMap<Place, Value>,
    (version, sign_in, now): (i32, Uuid, OffsetDateTime),
) -> Result<(), Error> {
    let pupils: Vec<Uuid> = drafts.keys().map(|(pupil, _)| *pupil).collect();
    let items: Vec<String> = drafts.keys().map(|(_, item)| item.clone()).collect();
    let text = |field: fn(&Value) -> String| -> Vec<String> { drafts.values().map(field).collect() };
    let scores: Vec<Option<i16>> = drafts.values().map(|value| value.score).collect();
    sqlx::query!(
        "insert into draft (school_id, session_id, pupil_id, item, mark, level, score, comment, version, saved_at,
            sign_in)
         select $1, $2, d.*, $9, $10, $11
         from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::text[]) as d
         on conflict on constraint draft_pk do update set
            mark = excluded.mark, level = excluded.level, score = excluded.score, comment = excluded.comment,
            version = excluded.version, saved_at = excluded.saved_at, sign_in = excluded.sign_in",
        school,
        session,
        &pupils,
        &items,
        &text(|value| value.mark.id().to_owned()),
        &text(|value| value.level.clone()),
        &scores as &[Option<i16>],
        &text(|value| value.comment.clone()),
        version,
        now,
        sign_in,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Empties drafts.
pub async fn clear(
    tx: &mut PgConnection,
    school: &str,
    session: Uuid,
    places: &[Place],
) -> Result<(), Error> {
    let pupils: Vec<Uuid> = places.iter().map(|(pupil, _)| *pupil).collect();
    let items: Vec<String> = places.iter().map(|(_, item)| item.clone()).collect();
    sqlx::query!(
        "delete from draft d using unnest($3::uuid[], $4::text[]) as gone (pupil, item)
         where d.school_id = $1 and d.session_id = $2 and d.pupil_id = gone.pupil and d.item = gone.item",
        school,
        session,
        &pupils,
        &items,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The drafts of a session, by cell.
pub async fn of_session(
    tx: &mut PgConnection,
    school: &str,
    session: Uuid,
) -> Result<BTreeMap<Place, Kept>, Error> {
    let rows = sqlx::query!(
        "select pupil_id, item, mark, level, score, comment, version, saved_at, sign_in
         from draft where school_id = $1 and session_id = $2",
        school,
        session,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let value = Value {
                mark: Mark::parse(&row.mark).ok_or(Error::Damaged("a draft's mark"))?,
                level: row.level,
                score: row.score,
                comment: row.comment,
            };
            let kept = Kept {
                version: row.version,
                value,
                saved_at: row.saved_at,
                sign_in: row.sign_in,
            };
            Ok(((row.pupil_id, row.item), kept))
        })
        .collect()
}
