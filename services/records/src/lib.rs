//! hocba-records: school years, classes, pupils and their marks. It promises that a sealed cell changes
//! by a dossier only (A4.2b), that a sheet is finished complete (A4.2a), that an import names every
//! quirk and writes all or nothing (A4.1), and that who has the database without the master key reads no pupil's page.
//!
//! Map: `api` wire to model and back · `app` one function per RPC · `model` the rules · `store` the SQL ·
//! `guard` records' part in the term fence · `vault` what lies sealed · `sweep` what ends sessions without a call ·
//! `pulse` what wakes watchers · `directory` which authority a school belongs to.
//!
//! # Who may call what (`services/shared/policy/policies/records.cedar`)
//!
//! | RPC of hocba.records.v1.RecordsService | callers of the school | article |
//! |---|---|---|
//! | CreateSchoolYear, BatchCreateClasses, BatchCreateTeachingAssignments | system_admin, principal | A10.4 |
//! | GetSchoolYear, ListClasses, ListTeachingAssignments, ListMarkSheets, ListElectives | everybody of the school | A6.4 |
//! | UpdateCalendar | principal, vice_principal | A5.2b |
//! | PreviewPupilImport, GetPupilImport | system_admin, principal | A4.1 |
//! | CommitPupilImport | system_admin | A4.1, A10.4 |
//! | ListPupils, GetPupil | principal, vice_principal, inspector, office_clerk; relation teacher or homeroom | A4.1 |
//! | LookUpPupil | principal, vice_principal, inspector, office_clerk | A4.1 |
//! | CreatePupil, UpdatePupil | relation homeroom; system_admin | A8.1 |
//! | ListIncompletePupils | principal, vice_principal, system_admin, working_group; relation homeroom | A6.1 |
//! | ListStudyYears | as GetPupil | A4.1 |
//! | ReadPupilWithReason | district_officer of the school's authority | A3 |
//! | ListDistrictReads | principal, vice_principal, inspector | A3 |
//! | GetMarkSheet, ExportMarkSheetTemplate, ListCellVersions, ListExemptions, ListReassessments | relation teacher or homeroom; principal, vice_principal, inspector | A4.2 |
//! | OpenEntrySession | relation teacher | A4.2b |
//! | ListEntrySessions, SaveDrafts, FinishEntrySession, LeaveEntrySession | relation owner | A4.2b |
//! | ListHeldSessions | principal, vice_principal | A4.2b |
//! | JudgeHeldSession | principal | A4.2b |
//! | CreateExemption, EndExemption | principal, vice_principal | A4.2a |
//! | UpdateElective | system_admin, principal | A10.4 |
//! | ProposeReassessment | relation teacher or homeroom | A4.2b |
//! | DecideReassessment | principal, vice_principal | A4.2b |
//! | SaveCommentTemplate, DeleteCommentTemplate, ListCommentTemplates | relation owner; principal, vice_principal | A4.2a |
//! | CreateSpotCheck, RecordSpotCheckFindings | principal, vice_principal | A4.2c |
//! | GetSpotCheck, ListSpotChecks | principal, vice_principal, inspector | A4.2c |
//! | ListSpotCheckTasks | relation owner | A4.2c |
//! | GiveAward | principal | A8.2 |
//! | GetReceipt | relation owner; principal, vice_principal, inspector | A4.2b |
//! | VerifySeals | principal, vice_principal, inspector, working_group | A4.2b |
//! | UpdateEnrolment | relation homeroom; system_admin | A8.2 |
//! | RecordMovement, RecordAbsences | relation homeroom; system_admin | A8.2 |
//! | ListMovements | as GetPupil; system_admin | A8.2 |
//! | ListAbsences, ListMonthlyChecklists | relation homeroom; principal, vice_principal, inspector, system_admin | A8.2 |
//! | CompleteMonthlyChecklist | relation homeroom | A8.2 |
//! | CreateClassFinding, SettleClassFinding | relation homeroom | A8.4 |
//! | ListClassFindings | relation homeroom; principal, vice_principal, inspector | A8.4 |
//! | ListYearResults, ListAwards | relation homeroom; principal, vice_principal, inspector | A8.2 |
//! | ConfirmYearResults | relation homeroom | A8.3 |
//! | DecidePromotions | principal | A8.2 |
//! | PreviewMarkSheetImport, CommitMarkSheetImport | relation owner | A9 |
//! | ExportClassSummary | relation homeroom; principal, vice_principal, inspector | A6.4 |
//! | ExportCompleteness | principal, vice_principal, inspector | A6.4 |
//! | PreviewRollOver, UpdateRollOver, DiscardRollOver | system_admin, principal | A10.4 |
//! | GetRollOver | system_admin, principal, vice_principal | A10.4 |
//! | ConfirmRollOver | principal | A10.4 |
//! | ListChanges, WatchChanges, ListTasks | everybody of the school | A6.4 |
//! | WatchCompleteness | principal, vice_principal, system_admin, working_group, inspector | A6.4 |
//! | GetDistrictOverview | district_officer of the authority | A6.4 |
//! | ImportPlaces | operator | A4.1 |
//! | ListPlaces | everybody who is signed in | A8.1 |
//!
//! Integrators read what their grant names (A10.1): GetSchoolYear, ListClasses, ListChanges and WatchChanges with every
//! group; `roster` ListTeachingAssignments, ListPupils, GetPupil; `identity_page` the latter two in full; `marks`
//! ListMarkSheets, GetMarkSheet; `results` ListYearResults; `completeness` WatchCompleteness. Fields of other groups are empty.
//!
//! The internal service is called by archive (ExportClassFacts) and workflow (corrections), for a person.

pub mod api;
pub mod app;
pub mod config;
pub mod directory;
pub mod error;
pub mod guard;
pub mod model;
pub mod pulse;
pub mod state;
pub mod store;
pub mod sweep;
pub mod vault;

use std::sync::Arc;

use hocba_chassis::{
    feed,
    run::{Built, Context, Definition},
};
use hocba_fence::FenceServer;
use hocba_policy::Policy;
use hocba_proto::records::{
    records_internal_service_server::RecordsInternalServiceServer,
    records_service_server::RecordsServiceServer,
};
use tonic::service::Routes;

pub use config::Config;

/// The service's own migrations, versions 1001 and up.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the chassis must know.
pub const DEFINITION: Definition = Definition {
    name: "records",
    migrations: &[&hocba_fence::MIGRATIONS, &MIGRATIONS],
};

/// The RPC services this program serves.
const SERVICES: &[&str] = &[
    "hocba.records.v1.RecordsService",
    "hocba.records.v1.RecordsInternalService",
    "hocba.lock.v1.FenceService",
];

/// Builds the service.
pub async fn build(context: Context, config: Config) -> anyhow::Result<Built> {
    let policy = Policy::load()?;
    policy.require_covered(SERVICES)?;
    let state = Arc::new(state::State {
        pool: context.pool.clone(),
        policy,
        clock: context.clock,
        tokens: context.tokens.clone(),
        vault: vault::Vault::read(&config.master_key_file)?,
        identity: context.peers.channel("identity").ok(),
        rule_sets: config.rule_sets()?,
        places: model::place_file::provinces()
            .map_err(|findings| anyhow::anyhow!("the provinces: {findings:?}"))?,
        pulse: pulse::Pulse::default(),
        overviews: std::sync::Mutex::default(),
    });
    let fences = FenceServer::new(context.pool.clone(), guard::Records { clock: context.clock });
    let routes = Routes::new(
        RecordsServiceServer::new(api::Server(Arc::clone(&state)))
            // A spreadsheet travels in one message.
            .max_decoding_message_size(model::spreadsheet::LARGEST + 64 * 1024),
    )
    .add_service(RecordsInternalServiceServer::new(api::Internal(Arc::clone(
        &state,
    ))))
    .add_service(fences.into_service());
    let mut built = Built::new(routes)
        .task(sweep::grace(Arc::clone(&state)))
        .task(state.pulse.clone().beat(context.pool.clone()));
    if let Ok(identity) = context.peers.channel("identity") {
        built = built.task(directory::keep(Arc::clone(&state), identity.clone()));
        built = built.task(feed::follow(identity, context.pool, "sign-ins", move |event| {
            let state = Arc::clone(&state);
            async move { sweep::account_event(&state, &event).await }
        }));
    }
    Ok(built)
}
