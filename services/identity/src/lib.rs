//! hocba-identity: who is who. Authorities, schools, accounts, roles and delegations, sign-ins and act
//! tokens. It promises that nobody acts as another (A9), that a role ends with its decision (A6.1), that
//! every act is proved afresh by its own person, and that the end of a sign-in is told to all services.
//!
//! Map: [`api`] wire to model and back · [`app`] one function per RPC · [`model`] the rules · [`store`] the
//! SQL · [`token`] the keys we sign with · [`assertion`] what other systems sign · [`vault`] what is stored encrypted ·
//! [`hashing`] the bounded argon2 pool · [`curve`] what may be a public key · [`config`], [`error`], [`state`].
//!
//! # Who may call what (the policy holds it; `services/shared/policy/policies/identity.cedar`)
//!
//! "School" means the resource's school is the caller's; "authority" likewise. Every public RPC comes
//! through the gateway. Relations are proved by `app` beforehand.
//!
//! | RPC of hocba.identity.v1.IdentityService | callers | article |
//! |---|---|---|
//! | SignIn, BeginSignIn, RefreshSignIn, GetJwks, ActivateAccount, ConfirmTotp, SignInIntegrator | anybody, without a token (GetJwks also every peer) | A9 |
//! | GetMe, SignOut | every person, relation `self` | A9 |
//! | StepUp | every person, relation `self`; the app checks the role | A9 |
//! | CreateAuthority, CreateSchool | operator | A1 |
//! | GetAuthority | operator; every person of the authority | A1 |
//! | GetSchool | operator; every person of the school; district_officer of the authority | A1 |
//! | ListSchools | operator; district_officer of the authority | A1 |
//! | CreateAccount | operator; system_admin, principal of the school (the app checks the roles given) | A6.2 |
//! | BatchCreateAccounts | operator; system_admin, principal of the school | A6.2, A10.4 |
//! | GetAccount, ListRoleBindings | relation `self`; operator; principal, vice_principal, system_admin, inspector of the school | A6.2 |
//! | ListAccounts | operator; principal, vice_principal, system_admin, office_clerk, inspector, working_group of the school | A6.2 |
//! | SuspendAccount, RestoreAccount | operator; principal, vice_principal, system_admin of the school | A6.2 |
//! | GrantRole, RevokeRole | operator; principal, system_admin of the school (the app checks the role given) | A1, A10.1 |
//! | CreateWorkingGroup, UpdateWorkingGroup, EndWorkingGroup | principal of the school | A6.1 |
//! | GetWorkingGroup, ListWorkingGroups | principal, vice_principal, system_admin, office_clerk, inspector, working_group of the school; operator | A6.1 |
//! | CreateGroup, UpdateGroup, CloseGroup | principal, system_admin of the school | A10.1 |
//! | GrantGroupRole, RevokeGroupRole | principal, system_admin of the school (the app checks the role given) | A10.1 |
//! | GetGroup, ListGroups, ListGroupRoleBindings | principal, vice_principal, system_admin, office_clerk, inspector, working_group of the school; operator | A10.1 |
//! | GetStaffProfile, UpdateStaffProfile | relation `self`; principal, system_admin, office_clerk of the school | A6.1 |
//! | ListIncompleteStaff | principal, vice_principal, system_admin, office_clerk of the school | A6.1 |
//! | ListAccountSecurity, ListSecurityChecks | principal, vice_principal, system_admin, inspector of the school | A6.2 |
//! | RecordSecurityCheck | principal, vice_principal of the school | A6.2 |
//! | ReportIncident | every person of the school | A9 |
//! | ReportIncidentWithoutSignIn | anybody, without a token | A9 |
//! | AcknowledgeIncident, RecordIncidentAction, CloseIncident | principal, vice_principal, system_admin, working_group of the school | A9 |
//! | GetIncident, ListIncidents | relation `self` (reported by the caller); principal, vice_principal, system_admin, working_group, inspector of the school | A9 |
//! | CreateDelegation, RevokeDelegation | principal of the school (the app: in person) | A6.3 |
//! | ListDelegations | principal, vice_principal, system_admin, office_clerk, inspector, working_group of the school; operator | A6.3 |
//! | CreateNetwork | principal, system_admin of the school; operator | A11.3 |
//! | ListNetworks | principal, vice_principal, system_admin, inspector of the school; operator | A11.3 |
//! | BeginStepUp, BeginSecurityKey, CreateSecurityKey, RemoveSecurityKey, ChangePassword | every person, relation `self` | A9 |
//! | ListSignIns, ListSecurityKeys | relation `self`; principal, vice_principal, system_admin of the school; operator | A6.2 |
//! | StartRecovery, ApproveRecovery | principal, vice_principal, system_admin of the school; operator (the app: two people who fit) | A6.2 |
//! | CancelRecovery | relation `self`; as StartRecovery | A6.2 |
//! | ListRecoveries | as StartRecovery; inspector of the school | A6.2 |
//! | CreateIntegrator | principal of the school | A10.1 |
//! | RevokeIntegrator | principal of the school; operator | A10.1 |
//! | ListIntegrators | principal, vice_principal, system_admin, inspector of the school; operator | A6.2 |
//! | ListTasks | every person of the school | A6.2 |
//!
//! | RPC of hocba.identity.v1.IdentityInternalService | peers |
//! |---|---|
//! | ListAccountEvents | records, workflow, lock, signing, archive, gateway excluded; without a person |
//! | ResolveAccounts, ResolveSchool | workflow, signing, records, archive; with or without a person |

pub mod api;
pub mod app;
pub mod assertion;
pub mod config;
pub mod curve;
pub mod error;
pub mod hashing;
pub mod model;
pub mod state;
pub mod store;
pub mod token;
pub mod vault;

use std::sync::Arc;

use hocba_chassis::{
    run::{Built, Context, Definition},
    token_keys::Tokens,
};
use hocba_policy::Policy;
use hocba_proto::identity::{
    identity_internal_service_server::IdentityInternalServiceServer,
    identity_service_server::IdentityServiceServer,
};
use sqlx::migrate::Migrator;
use tonic::service::Routes;

use crate::{config::Config, hashing::Hashing, state::State, token::Keys, vault::Vault};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// What identity is called and what its database needs.
pub const DEFINITION: Definition = Definition {
    name: "identity",
    migrations: &[&MIGRATIONS],
};

/// The services we serve: every RPC of theirs has a rule, or we refuse to start.
const SERVICES: [&str; 2] = [
    "hocba.identity.v1.IdentityService",
    "hocba.identity.v1.IdentityInternalService",
];

/// Builds the service.
pub async fn build(context: Context, config: Config) -> anyhow::Result<Built> {
    let keys = Keys::read(&config.token_key_files)?;
    let policy = Policy::load()?;
    policy.require_covered(&SERVICES)?;
    let state = Arc::new(State {
        pool: context.pool,
        policy: Arc::new(policy),
        clock: context.clock,
        tokens: Tokens::local(context.clock, keys.verifying()),
        keys,
        vault: Vault::read(&config.master_key_file)?,
        relying_party: config.webauthn.relying_party()?,
        hashing: Hashing::new(&config.hashing)?,
    });
    let public = IdentityServiceServer::new(api::service::Public(Arc::clone(&state)));
    let internal = IdentityInternalServiceServer::new(api::internal::Internal(Arc::clone(&state)));
    let mut built = Built::new(Routes::new(public).add_service(internal))
        .task(app::sweep::run(Arc::clone(&state)))
        .task(app::account_event::follow(Arc::clone(&state)));
    built.tokens = Some(state.tokens.clone());
    Ok(built)
}
