//! hocba-identity: who is who. Authorities, schools, accounts, roles and delegations, sign-ins and act
//! tokens. It promises that nobody acts as another (A9), that a role ends with its decision (A6.1), that
//! every act is proved afresh by its own person, and that the end of a sign-in is told to all services.
//!
//! Map: `api` wire to model and back · `app` one function per RPC · `model` the rules · `store` the SQL ·
//! `token` the keys we sign with · `vault` what is stored encrypted · `hashing` the bounded argon2 pool.
//!
//! # Who may call what (the policy holds it; `services/shared/policy/policies/identity.cedar`)
//!
//! "School" means the resource's school is the caller's; "authority" likewise. Every public RPC comes
//! through the gateway. Relations are proved by `app` beforehand.
//!
//! | RPC of hocba.identity.v1.IdentityService | callers | article |
//! |---|---|---|
//! | SignIn, RefreshSignIn, GetJwks, ActivateAccount, ConfirmTotp | anybody, without a token (GetJwks also every peer) | A9 |
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
//! | GrantRole, RevokeRole | operator; principal, system_admin of the school (the app checks the role given) | A1, A6.1, A10.1 |
//! | CreateDelegation, RevokeDelegation | principal of the school (the app: in person) | A6.3 |
//! | ListDelegations | principal, vice_principal, system_admin, office_clerk, inspector, working_group of the school; operator | A6.3 |
//! | CreateNetwork | principal, system_admin of the school; operator | A11.3 |
//! | ListNetworks | principal, vice_principal, system_admin, inspector of the school; operator | A11.3 |
//!
//! | RPC of hocba.identity.v1.IdentityInternalService | peers |
//! |---|---|
//! | ListAccountEvents | records, workflow, lock, signing, archive, gateway excluded; without a person |
//! | ResolveAccounts, ResolveSchool | workflow, signing, records, archive; with or without a person |
