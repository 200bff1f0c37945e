//! IdentityService: one line an RPC; the noun files read and write.

use std::sync::Arc;

use hocba_proto::identity as wire;
use hocba_proto::identity::identity_service_server::IdentityService;
use tonic::Request;

use super::{
    Answer, account, activation, authority, challenge, delegation, incident, integrator, jwks, network,
    password, recovery, role_binding, school, security, security_key, sign_in, staff_group, staff_group_role,
    staff_profile, step_up, task, working_group,
};
use crate::state::State;

/// The public service.
pub struct Public(pub Arc<State>);

#[tonic::async_trait]
impl IdentityService for Public {
    async fn sign_in(&self, request: Request<wire::SignInRequest>) -> Answer<wire::SignInResponse> {
        sign_in::sign_in(&self.0, request).await
    }

    async fn refresh_sign_in(
        &self,
        request: Request<wire::RefreshSignInRequest>,
    ) -> Answer<wire::SignInResponse> {
        sign_in::refresh_sign_in(&self.0, request).await
    }

    async fn sign_out(&self, request: Request<wire::SignOutRequest>) -> Answer<wire::SignOutResponse> {
        sign_in::sign_out(&self.0, request).await
    }

    async fn step_up(&self, request: Request<wire::StepUpRequest>) -> Answer<wire::StepUpResponse> {
        step_up::step_up(&self.0, request).await
    }

    async fn get_jwks(&self, request: Request<wire::GetJwksRequest>) -> Answer<wire::Jwks> {
        jwks::get_jwks(&self.0, &request)
    }

    async fn activate_account(
        &self,
        request: Request<wire::ActivateAccountRequest>,
    ) -> Answer<wire::ActivateAccountResponse> {
        activation::activate_account(&self.0, request).await
    }

    async fn confirm_totp(
        &self,
        request: Request<wire::ConfirmTotpRequest>,
    ) -> Answer<wire::ConfirmTotpResponse> {
        activation::confirm_totp(&self.0, request).await
    }

    async fn get_me(&self, request: Request<wire::GetMeRequest>) -> Answer<wire::Me> {
        account::get_me(&self.0, request).await
    }

    async fn create_authority(
        &self,
        request: Request<wire::CreateAuthorityRequest>,
    ) -> Answer<wire::Authority> {
        authority::create_authority(&self.0, request).await
    }

    async fn get_authority(&self, request: Request<wire::GetAuthorityRequest>) -> Answer<wire::Authority> {
        authority::get_authority(&self.0, request).await
    }

    async fn create_school(&self, request: Request<wire::CreateSchoolRequest>) -> Answer<wire::School> {
        school::create_school(&self.0, request).await
    }

    async fn get_school(&self, request: Request<wire::GetSchoolRequest>) -> Answer<wire::School> {
        school::get_school(&self.0, request).await
    }

    async fn list_schools(
        &self,
        request: Request<wire::ListSchoolsRequest>,
    ) -> Answer<wire::ListSchoolsResponse> {
        school::list_schools(&self.0, request).await
    }

    async fn create_account(
        &self,
        request: Request<wire::CreateAccountRequest>,
    ) -> Answer<wire::CreateAccountResponse> {
        account::create_account(&self.0, request).await
    }

    async fn batch_create_accounts(
        &self,
        request: Request<wire::BatchCreateAccountsRequest>,
    ) -> Answer<wire::BatchCreateAccountsResponse> {
        account::batch_create_accounts(&self.0, request).await
    }

    async fn get_account(&self, request: Request<wire::GetAccountRequest>) -> Answer<wire::Account> {
        account::get_account(&self.0, request).await
    }

    async fn list_accounts(
        &self,
        request: Request<wire::ListAccountsRequest>,
    ) -> Answer<wire::ListAccountsResponse> {
        account::list_accounts(&self.0, request).await
    }

    async fn suspend_account(&self, request: Request<wire::SuspendAccountRequest>) -> Answer<wire::Account> {
        account::suspend_account(&self.0, request).await
    }

    async fn restore_account(&self, request: Request<wire::RestoreAccountRequest>) -> Answer<wire::Account> {
        account::restore_account(&self.0, request).await
    }

    async fn grant_role(&self, request: Request<wire::GrantRoleRequest>) -> Answer<wire::RoleBinding> {
        role_binding::grant_role(&self.0, request).await
    }

    async fn revoke_role(&self, request: Request<wire::RevokeRoleRequest>) -> Answer<wire::RoleBinding> {
        role_binding::revoke_role(&self.0, request).await
    }

    async fn list_role_bindings(
        &self,
        request: Request<wire::ListRoleBindingsRequest>,
    ) -> Answer<wire::ListRoleBindingsResponse> {
        role_binding::list_role_bindings(&self.0, request).await
    }

    async fn create_working_group(
        &self,
        request: Request<wire::CreateWorkingGroupRequest>,
    ) -> Answer<wire::WorkingGroup> {
        working_group::create_working_group(&self.0, request).await
    }

    async fn update_working_group(
        &self,
        request: Request<wire::UpdateWorkingGroupRequest>,
    ) -> Answer<wire::WorkingGroup> {
        working_group::update_working_group(&self.0, request).await
    }

    async fn end_working_group(
        &self,
        request: Request<wire::EndWorkingGroupRequest>,
    ) -> Answer<wire::WorkingGroup> {
        working_group::end_working_group(&self.0, request).await
    }

    async fn get_working_group(
        &self,
        request: Request<wire::GetWorkingGroupRequest>,
    ) -> Answer<wire::WorkingGroup> {
        working_group::get_working_group(&self.0, request).await
    }

    async fn list_working_groups(
        &self,
        request: Request<wire::ListWorkingGroupsRequest>,
    ) -> Answer<wire::ListWorkingGroupsResponse> {
        working_group::list_working_groups(&self.0, request).await
    }

    async fn create_group(&self, request: Request<wire::CreateGroupRequest>) -> Answer<wire::Group> {
        staff_group::create_group(&self.0, request).await
    }

    async fn update_group(&self, request: Request<wire::UpdateGroupRequest>) -> Answer<wire::Group> {
        staff_group::update_group(&self.0, request).await
    }

    async fn close_group(&self, request: Request<wire::CloseGroupRequest>) -> Answer<wire::Group> {
        staff_group::close_group(&self.0, request).await
    }

    async fn get_group(&self, request: Request<wire::GetGroupRequest>) -> Answer<wire::Group> {
        staff_group::get_group(&self.0, request).await
    }

    async fn list_groups(
        &self,
        request: Request<wire::ListGroupsRequest>,
    ) -> Answer<wire::ListGroupsResponse> {
        staff_group::list_groups(&self.0, request).await
    }

    async fn grant_group_role(
        &self,
        request: Request<wire::GrantGroupRoleRequest>,
    ) -> Answer<wire::GroupRoleBinding> {
        staff_group_role::grant_group_role(&self.0, request).await
    }

    async fn revoke_group_role(
        &self,
        request: Request<wire::RevokeGroupRoleRequest>,
    ) -> Answer<wire::GroupRoleBinding> {
        staff_group_role::revoke_group_role(&self.0, request).await
    }

    async fn list_group_role_bindings(
        &self,
        request: Request<wire::ListGroupRoleBindingsRequest>,
    ) -> Answer<wire::ListGroupRoleBindingsResponse> {
        staff_group_role::list_group_role_bindings(&self.0, request).await
    }

    async fn get_staff_profile(
        &self,
        request: Request<wire::GetStaffProfileRequest>,
    ) -> Answer<wire::StaffProfile> {
        staff_profile::get_staff_profile(&self.0, request).await
    }

    async fn update_staff_profile(
        &self,
        request: Request<wire::UpdateStaffProfileRequest>,
    ) -> Answer<wire::StaffProfile> {
        staff_profile::update_staff_profile(&self.0, request).await
    }

    async fn list_incomplete_staff(
        &self,
        request: Request<wire::ListIncompleteStaffRequest>,
    ) -> Answer<wire::ListIncompleteStaffResponse> {
        staff_profile::list_incomplete_staff(&self.0, request).await
    }

    async fn list_account_security(
        &self,
        request: Request<wire::ListAccountSecurityRequest>,
    ) -> Answer<wire::ListAccountSecurityResponse> {
        security::list_account_security(&self.0, request).await
    }

    async fn record_security_check(
        &self,
        request: Request<wire::RecordSecurityCheckRequest>,
    ) -> Answer<wire::SecurityCheck> {
        security::record_security_check(&self.0, request).await
    }

    async fn list_security_checks(
        &self,
        request: Request<wire::ListSecurityChecksRequest>,
    ) -> Answer<wire::ListSecurityChecksResponse> {
        security::list_security_checks(&self.0, request).await
    }

    async fn report_incident(&self, request: Request<wire::ReportIncidentRequest>) -> Answer<wire::Incident> {
        incident::report_incident(&self.0, request).await
    }

    async fn report_incident_without_sign_in(
        &self,
        request: Request<wire::ReportIncidentWithoutSignInRequest>,
    ) -> Answer<wire::ReportIncidentWithoutSignInResponse> {
        incident::report_incident_without_sign_in(&self.0, request).await
    }

    async fn acknowledge_incident(
        &self,
        request: Request<wire::AcknowledgeIncidentRequest>,
    ) -> Answer<wire::Incident> {
        incident::acknowledge_incident(&self.0, request).await
    }

    async fn record_incident_action(
        &self,
        request: Request<wire::RecordIncidentActionRequest>,
    ) -> Answer<wire::Incident> {
        incident::record_incident_action(&self.0, request).await
    }

    async fn close_incident(&self, request: Request<wire::CloseIncidentRequest>) -> Answer<wire::Incident> {
        incident::close_incident(&self.0, request).await
    }

    async fn get_incident(&self, request: Request<wire::GetIncidentRequest>) -> Answer<wire::Incident> {
        incident::get_incident(&self.0, request).await
    }

    async fn list_incidents(
        &self,
        request: Request<wire::ListIncidentsRequest>,
    ) -> Answer<wire::ListIncidentsResponse> {
        incident::list_incidents(&self.0, request).await
    }

    async fn create_delegation(
        &self,
        request: Request<wire::CreateDelegationRequest>,
    ) -> Answer<wire::Delegation> {
        delegation::create_delegation(&self.0, request).await
    }

    async fn revoke_delegation(
        &self,
        request: Request<wire::RevokeDelegationRequest>,
    ) -> Answer<wire::Delegation> {
        delegation::revoke_delegation(&self.0, request).await
    }

    async fn list_delegations(
        &self,
        request: Request<wire::ListDelegationsRequest>,
    ) -> Answer<wire::ListDelegationsResponse> {
        delegation::list_delegations(&self.0, request).await
    }

    async fn create_network(&self, request: Request<wire::CreateNetworkRequest>) -> Answer<wire::Network> {
        network::create_network(&self.0, request).await
    }

    async fn list_networks(
        &self,
        request: Request<wire::ListNetworksRequest>,
    ) -> Answer<wire::ListNetworksResponse> {
        network::list_networks(&self.0, request).await
    }

    async fn list_sign_ins(
        &self,
        request: Request<wire::ListSignInsRequest>,
    ) -> Answer<wire::ListSignInsResponse> {
        sign_in::list_sign_ins(&self.0, request).await
    }

    async fn change_password(
        &self,
        request: Request<wire::ChangePasswordRequest>,
    ) -> Answer<wire::ChangePasswordResponse> {
        password::change_password(&self.0, request).await
    }

    async fn begin_sign_in(
        &self,
        request: Request<wire::BeginSignInRequest>,
    ) -> Answer<wire::AssertionOptions> {
        challenge::begin_sign_in(&self.0, &request)
    }

    async fn begin_step_up(
        &self,
        request: Request<wire::BeginStepUpRequest>,
    ) -> Answer<wire::AssertionOptions> {
        challenge::begin_step_up(&self.0, request).await
    }

    async fn begin_security_key(
        &self,
        request: Request<wire::BeginSecurityKeyRequest>,
    ) -> Answer<wire::SecurityKeyOptions> {
        security_key::begin_security_key(&self.0, request).await
    }

    async fn create_security_key(
        &self,
        request: Request<wire::CreateSecurityKeyRequest>,
    ) -> Answer<wire::SecurityKey> {
        security_key::create_security_key(&self.0, request).await
    }

    async fn list_security_keys(
        &self,
        request: Request<wire::ListSecurityKeysRequest>,
    ) -> Answer<wire::ListSecurityKeysResponse> {
        security_key::list_security_keys(&self.0, request).await
    }

    async fn remove_security_key(
        &self,
        request: Request<wire::RemoveSecurityKeyRequest>,
    ) -> Answer<wire::SecurityKey> {
        security_key::remove_security_key(&self.0, request).await
    }

    async fn start_recovery(
        &self,
        request: Request<wire::StartRecoveryRequest>,
    ) -> Answer<wire::StartRecoveryResponse> {
        recovery::start_recovery(&self.0, request).await
    }

    async fn approve_recovery(
        &self,
        request: Request<wire::ApproveRecoveryRequest>,
    ) -> Answer<wire::ApproveRecoveryResponse> {
        recovery::approve_recovery(&self.0, request).await
    }

    async fn cancel_recovery(&self, request: Request<wire::CancelRecoveryRequest>) -> Answer<wire::Recovery> {
        recovery::cancel_recovery(&self.0, request).await
    }

    async fn list_recoveries(
        &self,
        request: Request<wire::ListRecoveriesRequest>,
    ) -> Answer<wire::ListRecoveriesResponse> {
        recovery::list_recoveries(&self.0, request).await
    }

    async fn create_integrator(
        &self,
        request: Request<wire::CreateIntegratorRequest>,
    ) -> Answer<wire::Integrator> {
        integrator::create_integrator(&self.0, request).await
    }

    async fn list_integrators(
        &self,
        request: Request<wire::ListIntegratorsRequest>,
    ) -> Answer<wire::ListIntegratorsResponse> {
        integrator::list_integrators(&self.0, request).await
    }

    async fn revoke_integrator(
        &self,
        request: Request<wire::RevokeIntegratorRequest>,
    ) -> Answer<wire::Integrator> {
        integrator::revoke_integrator(&self.0, request).await
    }

    async fn sign_in_integrator(
        &self,
        request: Request<wire::SignInIntegratorRequest>,
    ) -> Answer<wire::SignInIntegratorResponse> {
        integrator::sign_in_integrator(&self.0, request).await
    }

    async fn list_tasks(&self, request: Request<wire::ListTasksRequest>) -> Answer<wire::ListTasksResponse> {
        task::list_tasks(&self.0, request).await
    }
}
