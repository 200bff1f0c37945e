//! Dossiers, witnesses and checklists as rows.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::sealed::{Seal, Seals};
use crate::{
    error::Error,
    model::dossier::{Attestation, ChecklistItem, Dossier, Step},
};

struct Row {
    id: Uuid,
    data_key: Vec<u8>,
    requester: Uuid,
    class: String,
    changes: Vec<u8>,
    reason: Vec<u8>,
    evidence: Vec<String>,
    last_day: String,
    track: Option<String>,
    digest: Option<String>,
    state: String,
    decided_by: Option<Uuid>,
    decided_at: Option<OffsetDateTime>,
    decided_token: Option<Vec<u8>>,
    decided_delegation: Option<String>,
    decision_reason: Option<Vec<u8>>,
    round: i32,
    permit_expires_at: Option<OffsetDateTime>,
    receipt: Option<String>,
    applied_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    submitted_at: Option<OffsetDateTime>,
}

impl Row {
    fn opened(self, seals: &Seals, school: &str) -> Result<Dossier, Error> {
        let seal = seals.dossier(Dossier::name_of(school, self.id), &self.data_key)?;
        let token = self.decided_token.as_deref();
        let said = self.decision_reason.as_deref();
        Ok(Dossier {
            id: self.id,
            requester: self.requester,
            class: self.class,
            changes: seal.open_json("changes", &self.changes)?,
            reason: seal.open("reason", &self.reason)?,
            evidence: self.evidence,
            last_day: self.last_day,
            track: self.track,
            digest: self.digest,
            state: Step::parse(&self.state).ok_or(Error::Damaged("a dossier's state"))?,
            decided_by: self.decided_by,
            decided_at: self.decided_at,
            decided_token: token.map(|it| seal.open("decided_token", it)).transpose()?,
            decided_delegation: self.decided_delegation,
            decision_reason: said
                .map(|it| seal.open("decision_reason", it))
                .transpose()?
                .unwrap_or_default(),
            round: self.round,
            permit_expires_at: self.permit_expires_at,
            receipt: self.receipt,
            applied_at: self.applied_at,
            created_at: self.created_at,
            submitted_at: self.submitted_at,
            data_key: self.data_key,
        })
    }
}

fn seal(seals: &Seals, school: &str, dossier: &Dossier) -> Result<Seal, Error> {
    seals.dossier(dossier.name(school), &dossier.data_key)
}

/// The column a witness's token is bound to.
fn token_of(round: i32, capacity: &str) -> String {
    format!("rounds/{round}/{capacity}/token")
}

/// The column an item's proof is bound to.
fn proof_of(number: i32) -> String {
    format!("checklist/{number}/proof")
}

/// Writes a new dossier.
///
/// # Errors
/// The database's.
pub async fn insert(
    tx: &mut PgConnection,
    seals: &Seals,
    school: &str,
    dossier: &Dossier,
) -> Result<(), Error> {
    let seal = seal(seals, school, dossier)?;
    sqlx::query!(
        "insert into dossier (school_id, dossier_id, data_key, requester, class, changes, reason, last_day, state,
            created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        school,
        dossier.id,
        dossier.data_key,
        dossier.requester,
        dossier.class,
        seal.json("changes", &dossier.changes)?,
        seal.text("reason", &dossier.reason)?,
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
pub async fn get(
    tx: &mut PgConnection,
    seals: &Seals,
    school: &str,
    id: Uuid,
) -> Result<Option<Dossier>, Error> {
    let row = sqlx::query_as!(
        Row,
        "select dossier_id as id, data_key, requester, class, changes, reason, evidence,
            last_day, track, digest, state, decided_by, decided_at, decided_token, decided_delegation,
            decision_reason, round, permit_expires_at, receipt, applied_at, created_at, submitted_at
         from dossier where school_id = $1 and dossier_id = $2 for update",
        school,
        id,
    )
    .fetch_optional(tx)
    .await?;
    row.map(|row| row.opened(seals, school)).transpose()
}

/// A page, newest first; of one requester or state when given.
///
/// # Errors
/// The database's.
pub async fn page(
    tx: &mut PgConnection,
    seals: &Seals,
    school: &str,
    (before, requester, state): (Option<Uuid>, Option<Uuid>, Option<Step>),
    limit: i64,
) -> Result<Vec<Dossier>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select dossier_id as id, data_key, requester, class, changes, reason, evidence,
            last_day, track, digest, state, decided_by, decided_at, decided_token, decided_delegation,
            decision_reason, round, permit_expires_at, receipt, applied_at, created_at, submitted_at
         from dossier
         where school_id = $1 and ($2::uuid is null or dossier_id < $2)
           and ($3::uuid is null or requester = $3) and ($4::text is null or state = $4)
         order by dossier_id desc limit $5",
        school,
        before,
        requester,
        state.map(Step::id),
        limit,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(|row| row.opened(seals, school)).collect()
}

/// The dossiers whose permit ran out unused, over all schools.
///
/// # Errors
/// The database's.
pub async fn to_expire(pool: &PgPool, now: OffsetDateTime) -> Result<Vec<(String, Uuid)>, Error> {
    let rows = sqlx::query!(
        r#"select out_school as "school!", out_dossier as "dossier!" from dossiers_to_expire($1)"#,
        now,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.school, row.dossier)).collect())
}

/// Writes where a dossier stands; what was asked for stays.
///
/// # Errors
/// The database's.
pub async fn step(
    tx: &mut PgConnection,
    seals: &Seals,
    school: &str,
    dossier: &Dossier,
) -> Result<(), Error> {
    let seal = seal(seals, school, dossier)?;
    let token = dossier.decided_token.as_deref();
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
        token.map(|it| seal.text("decided_token", it)).transpose()?,
        dossier.decided_delegation,
        seal.text_if_any("decision_reason", &dossier.decision_reason)?,
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
    seals: &Seals,
    school: &str,
    dossier: &Dossier,
) -> Result<Vec<Attestation>, Error> {
    let seal = seal(seals, school, dossier)?;
    let rows = sqlx::query!(
        "select capacity, account_id, token, delegation, attested_at
         from attestation where school_id = $1 and dossier_id = $2 and round = $3 order by attested_at",
        school,
        dossier.id,
        dossier.round,
    )
    .fetch_all(tx)
    .await?;
    let opened = rows.into_iter().map(|row| {
        Ok(Attestation {
            token: seal.open(&token_of(dossier.round, &row.capacity), &row.token)?,
            capacity: row.capacity,
            account: row.account_id,
            delegation: row.delegation,
            at: row.attested_at,
        })
    });
    opened.collect()
}

/// Keeps a witness's word.
///
/// # Errors
/// SAME_PERSON when the person, or another in this capacity, attested already.
pub async fn attest(
    tx: &mut PgConnection,
    seals: &Seals,
    school: &str,
    dossier: &Dossier,
    attestation: &Attestation,
) -> Result<(), Error> {
    let seal = seal(seals, school, dossier)?;
    let column = token_of(dossier.round, &attestation.capacity);
    let done = sqlx::query!(
        "insert into attestation (school_id, dossier_id, round, capacity, account_id, token, delegation, attested_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        school,
        dossier.id,
        dossier.round,
        attestation.capacity,
        attestation.account,
        seal.text(&column, &attestation.token)?,
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
pub async fn checklist(
    tx: &mut PgConnection,
    seals: &Seals,
    school: &str,
    dossier: &Dossier,
) -> Result<Vec<ChecklistItem>, Error> {
    let seal = seal(seals, school, dossier)?;
    let rows = sqlx::query!(
        "select number, document, kind, signed_slots, proof, closed_by, closed_at
         from checklist_item where school_id = $1 and dossier_id = $2 order by number",
        school,
        dossier.id,
    )
    .fetch_all(tx)
    .await?;
    let opened = rows.into_iter().map(|row| {
        let proof = row.proof.as_deref();
        let proof = proof.map(|it| seal.open(&proof_of(row.number), it)).transpose()?;
        Ok(ChecklistItem {
            number: row.number,
            document: row.document,
            kind: row.kind,
            signed_slots: row.signed_slots,
            proof: proof.unwrap_or_default(),
            closed_by: row.closed_by,
            closed_at: row.closed_at,
        })
    });
    opened.collect()
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
    seals: &Seals,
    school: &str,
    (dossier, number): (&Dossier, i32),
    proof: &str,
    (by, at): (Uuid, OffsetDateTime),
) -> Result<bool, Error> {
    let seal = seal(seals, school, dossier)?;
    let done = sqlx::query!(
        "update checklist_item set proof = $4, closed_by = $5, closed_at = $6
         where school_id = $1 and dossier_id = $2 and number = $3 and closed_by is null",
        school,
        dossier.id,
        number,
        seal.text(&proof_of(number), proof)?,
        by,
        at,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}
