//! Dossiers, witnesses and checklists as rows.

use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Error,
    model::dossier::{Attestation, Change, ChecklistItem, Dossier, Step},
};

struct Row {
    id: Uuid,
    requester: Uuid,
    class: String,
    changes: Json<Vec<Change>>,
    reason: String,
    evidence: Vec<String>,
    last_day: String,
    track: Option<String>,
    digest: Option<String>,
    state: String,
    decided_by: Option<Uuid>,
    decided_at: Option<OffsetDateTime>,
    decided_token: Option<String>,
    decided_delegation: Option<String>,
    decision_reason: String,
    round: i32,
    permit_expires_at: Option<OffsetDateTime>,
    receipt: Option<String>,
    applied_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    submitted_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for Dossier {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            requester: row.requester,
            class: row.class,
            changes: row.changes.0,
            reason: row.reason,
            evidence: row.evidence,
            last_day: row.last_day,
            track: row.track,
            digest: row.digest,
            state: Step::parse(&row.state).ok_or(Error::Damaged("a dossier's state"))?,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            decided_token: row.decided_token,
            decided_delegation: row.decided_delegation,
            decision_reason: row.decision_reason,
            round: row.round,
            permit_expires_at: row.permit_expires_at,
            receipt: row.receipt,
            applied_at: row.applied_at,
            created_at: row.created_at,
            submitted_at: row.submitted_at,
        })
    }
}

/// Writes a new dossier.
///
/// # Errors
/// The database's.
pub async fn insert(tx: &mut PgConnection, school: &str, dossier: &Dossier) -> Result<(), Error> {
    sqlx::query!(
        "insert into dossier (school_id, dossier_id, requester, class, changes, reason, last_day, state, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        school,
        dossier.id,
        dossier.requester,
        dossier.class,
        Json(&dossier.changes) as _,
        dossier.reason,
        dossier.last_day,
        dossier.state.id(),
        dossier.created_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// One dossier, locked until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn get(tx: &mut PgConnection, school: &str, id: Uuid) -> Result<Option<Dossier>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select dossier_id as id, requester, class, changes as "changes: Json<Vec<Change>>", reason, evidence,
            last_day, track, digest, state, decided_by, decided_at, decided_token, decided_delegation,
            decision_reason, round, permit_expires_at, receipt, applied_at, created_at, submitted_at
         from dossier where school_id = $1 and dossier_id = $2 for update"#,
        school,
        id,
    )
    .fetch_optional(tx)
    .await?;
    row.map(Dossier::try_from).transpose()
}

/// A page, newest first; of one requester or state when given.
///
/// # Errors
/// The database's.
pub async fn page(
    tx: &mut PgConnection,
    school: &str,
    (before, requester, state): (Option<Uuid>, Option<Uuid>, Option<Step>),
    limit: i64,
) -> Result<Vec<Dossier>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select dossier_id as id, requester, class, changes as "changes: Json<Vec<Change>>", reason, evidence,
            last_day, track, digest, state, decided_by, decided_at, decided_token, decided_delegation,
            decision_reason, round, permit_expires_at, receipt, applied_at, created_at, submitted_at
         from dossier
         where school_id = $1 and ($2::uuid is null or dossier_id < $2)
           and ($3::uuid is null or requester = $3) and ($4::text is null or state = $4)
         order by dossier_id desc limit $5"#,
        school,
        before,
        requester,
        state.map(Step::id),
        limit,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(Dossier::try_from).collect()
}

/// Writes where a dossier stands; what was asked for stays.
///
/// # Errors
/// The database's.
pub async fn step(tx: &mut PgConnection, school: &str, dossier: &Dossier) -> Result<(), Error> {
    sqlx::query!(
        "update dossier set evidence = $3, track = $4, digest = $5, state = $6, decided_by = $7, decided_at = $8,
            decided_token = $9, decided_delegation = $10, decision_reason = $11, round = $12,
            permit_expires_at = $13, receipt = $14, applied_at = $15, submitted_at = $16
         where school_id = $1 and dossier_id = $2",
        school,
        dossier.id,
        &dossier.evidence,
        dossier.track,
        dossier.digest,
        dossier.state.id(),
        dossier.decided_by,
        dossier.decided_at,
        dossier.decided_token,
        dossier.decided_delegation,
        dossier.decision_reason,
        dossier.round,
        dossier.permit_expires_at,
        dossier.receipt,
        dossier.applied_at,
        dossier.submitted_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The witnesses of a round.
///
/// # Errors
/// The database's.
pub async fn attestations(
    tx: &mut PgConnection,
    school: &str,
    dossier: &Dossier,
) -> Result<Vec<Attestation>, Error> {
    Ok(sqlx::query_as!(
        Attestation,
        "select capacity, account_id as account, token, delegation, attested_at as at
         from attestation where school_id = $1 and dossier_id = $2 and round = $3 order by attested_at",
        school,
        dossier.id,
        dossier.round,
    )
    .fetch_all(tx)
    .await?)
}

/// Keeps a witness's word.
///
/// # Errors
/// SAME_PERSON when the person, or another in this capacity, attested already.
pub async fn attest(
    tx: &mut PgConnection,
    school: &str,
    dossier: &Dossier,
    attestation: &Attestation,
) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into attestation (school_id, dossier_id, round, capacity, account_id, token, delegation, attested_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        school,
        dossier.id,
        dossier.round,
        attestation.capacity,
        attestation.account,
        attestation.token,
        attestation.delegation,
        attestation.at,
    )
    .execute(tx)
    .await;
    match done {
        Err(error)
            if matches!(
                hocba_chassis::database::constraint(&error),
                Some("attestation_people" | "attestation_pk")
            ) =>
        {
            Err(Error::SamePerson)
        }
        other => Ok(other.map(drop)?),
    }
}

/// The checklist of a dossier.
///
/// # Errors
/// The database's.
pub async fn checklist(tx: &mut PgConnection, school: &str, id: Uuid) -> Result<Vec<ChecklistItem>, Error> {
    Ok(sqlx::query_as!(
        ChecklistItem,
        "select number, document, kind, signed_slots, proof, closed_by, closed_at
         from checklist_item where school_id = $1 and dossier_id = $2 order by number",
        school,
        id,
    )
    .fetch_all(tx)
    .await?)
}

/// Writes an item.
///
/// # Errors
/// The database's.
pub async fn add_item(
    tx: &mut PgConnection,
    school: &str,
    id: Uuid,
    item: &ChecklistItem,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into checklist_item (school_id, dossier_id, number, document, kind, signed_slots)
         values ($1, $2, $3, $4, $5, $6)",
        school,
        id,
        item.number,
        item.document,
        item.kind,
        &item.signed_slots,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Settles an item that is open; answers whether there was one.
///
/// # Errors
/// The database's.
pub async fn close_item(
    tx: &mut PgConnection,
    school: &str,
    (id, number): (Uuid, i32),
    proof: &str,
    (by, at): (Uuid, OffsetDateTime),
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update checklist_item set proof = $4, closed_by = $5, closed_at = $6
         where school_id = $1 and dossier_id = $2 and number = $3 and closed_by is null",
        school,
        id,
        number,
        proof,
        by,
        at,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}
