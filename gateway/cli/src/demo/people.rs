//! Makes the demo school and its people, each with password, second factor and roles.

use anyhow::{Context as _, ensure};
use hocba_proto::identity::{
    Account, ActivateAccountRequest, Authority, BatchCreateAccountsRequest, ConfirmTotpRequest,
    CreateAccountRequest, CreateAuthorityRequest, CreateNetworkRequest, CreateSchoolRequest,
    CreateWorkingGroupRequest, ListWorkingGroupsRequest, Network, School, WorkingGroup,
    identity_service_client::IdentityServiceClient, working_group,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use tonic::{Status, transport::Channel};
use uuid::Uuid;

use crate::{
    cluster_file::{ClusterFile, Login},
    failure,
    progress::Step,
    session::{Session, said, totp_code},
    staff_list::StaffRow,
};

/// The demo's authority.
pub const AUTHORITY: &str = "gia-lam";
/// The demo's school.
pub const SCHOOL: &str = "schools/01018a01";

/// Sets up authority, school and first accounts by the operator, the others by the administrator.
/// Logins of new people are added to the cluster file; running it again changes nothing.
pub async fn load(channel: &Channel, file: &mut ClusterFile, staff: &[StaffRow]) -> anyhow::Result<()> {
    let mut operator = Session::sign_in(channel, &file.operator).await?;
    make_school(&mut operator).await?;

    let (first, others): (Vec<_>, Vec<_>) = staff
        .iter()
        .partition(|row| matches!(row.title.as_str(), "Hiệu trưởng" | "Quản trị hệ thống"));
    create(&mut operator, file, &first).await?;

    let mut admin = Session::sign_in(channel, file.login("admin")?).await?;
    create(&mut admin, file, &others).await?;
    register_premises(&mut admin).await?;

    let mut principal = Session::sign_in(channel, file.login("principal")?).await?;
    set_up_working_group(&mut principal, file).await
}

async fn make_school(operator: &mut Session) -> anyhow::Result<()> {
    let mut identity = IdentityServiceClient::new(operator.channel());
    let request = operator
        .ask(CreateAuthorityRequest {
            authority_id: AUTHORITY.to_owned(),
            authority: Some(Authority {
                display_name: "Xã Phù Đổng".to_owned(),
                ..Authority::default()
            }),
            request_id: Uuid::now_v7().to_string(),
        })
        .await?;
    or_exists(
        identity.create_authority(request).await,
        "AUTHORITY_EXISTS",
        "lập đơn vị quản lí",
    )?;
    let request = operator
        .ask(CreateSchoolRequest {
            school_id: SCHOOL.trim_start_matches("schools/").to_owned(),
            school: Some(School {
                code: "01018A01".to_owned(),
                display_name: "Trường Tiểu học Mẫu A".to_owned(),
                commune: "Xã Phù Đổng".to_owned(),
                province: "Hà Nội".to_owned(),
                authority: format!("authorities/{AUTHORITY}"),
                ..School::default()
            }),
            request_id: Uuid::now_v7().to_string(),
        })
        .await?;
    or_exists(
        identity.create_school(request).await,
        "SCHOOL_EXISTS",
        "lập trường",
    )
}

/// Creates and activates the accounts of these people; who is there already keeps the secrets they have.
async fn create(by: &mut Session, file: &mut ClusterFile, people: &[&StaffRow]) -> anyhow::Result<()> {
    let step = Step::start(format!("{} tài khoản", people.len()), people.len() as u64);
    let mut requests = Vec::new();
    for row in people {
        requests.push(CreateAccountRequest {
            account: Some(Account {
                email: row.email.clone(),
                display_name: row.display_name.clone(),
                title: row.title.clone(),
                school: SCHOOL.to_owned(),
                staff_code: row.number.to_string(),
                ..Account::default()
            }),
            roles: row.roles()?.into_iter().map(str::to_owned).collect(),
            request_id: String::new(),
        });
    }
    let request = by
        .ask(BatchCreateAccountsRequest {
            parent: SCHOOL.to_owned(),
            requests,
            request_id: Uuid::now_v7().to_string(),
        })
        .await?;
    let results = IdentityServiceClient::new(by.channel())
        .batch_create_accounts(request)
        .await
        .map_err(|status| said("tạo tài khoản", &status))?
        .into_inner()
        .results;
    ensure!(results.len() == people.len(), "one answer per account");

    let mut made = 0;
    for (row, result) in people.iter().zip(results) {
        if !result.existed {
            ensure!(result.reason.is_empty(), "{}: {}", row.email, result.reason);
            let account = result.account.context("the answer names no account")?;
            let login = activate(by.channel(), row, account.name, result.activation_code).await?;
            file.accounts.retain(|old| old.key != login.key);
            file.accounts.push(login);
            made += 1;
        }
        step.tick();
    }
    step.done(format!("{made} tài khoản mới"));
    Ok(())
}

async fn activate(channel: Channel, row: &StaffRow, account: String, code: String) -> anyhow::Result<Login> {
    let mut identity = IdentityServiceClient::new(channel);
    let password = password()?;
    let activated = identity
        .activate_account(ActivateAccountRequest {
            email: row.email.clone(),
            activation_code: code,
            password: password.clone(),
        })
        .await
        .map_err(|status| said("kích hoạt tài khoản", &status))?
        .into_inner();
    identity
        .confirm_totp(ConfirmTotpRequest {
            email: row.email.clone(),
            password: password.clone(),
            totp_code: totp_code(&activated.totp_secret)?,
        })
        .await
        .map_err(|status| said("xác nhận yếu tố thứ hai", &status))?;
    Ok(Login {
        key: key(row),
        email: row.email.clone(),
        password,
        totp_secret: activated.totp_secret,
        account,
        display_name: row.display_name.clone(),
        ..Login::default()
    })
}

/// A short key to find a person by.
pub fn key(row: &StaffRow) -> String {
    match row.title.as_str() {
        "Hiệu trưởng" => "principal".to_owned(),
        "Quản trị hệ thống" => "admin".to_owned(),
        "Văn thư" => "clerk".to_owned(),
        "Phó hiệu trưởng" => format!("vice-{}", row.number),
        _ => format!("teacher-{}", row.number),
    }
}

/// A development password with more than enough bits, readable enough to type.
fn password() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 15];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| anyhow::anyhow!("no randomness"))?;
    Ok(data_encoding::BASE32_NOPAD.encode(&bytes).to_lowercase())
}

/// The demo runs on this machine: the loopback network plays the school's own.
async fn register_premises(admin: &mut Session) -> anyhow::Result<()> {
    let request = admin
        .ask(CreateNetworkRequest {
            parent: SCHOOL.to_owned(),
            network: Some(Network {
                cidr: "127.0.0.0/8".to_owned(),
                display_name: "Mạng nội bộ nhà trường".to_owned(),
                ..Network::default()
            }),
            request_id: Uuid::now_v7().to_string(),
        })
        .await?;
    let answer = IdentityServiceClient::new(admin.channel())
        .create_network(request)
        .await;
    or_exists(answer, "NETWORK_EXISTS", "đăng kí mạng nhà trường")
}

/// The principal's decision that sets up the working group: the first vice principal as head, and the administrator.
async fn set_up_working_group(principal: &mut Session, file: &ClusterFile) -> anyhow::Result<()> {
    const WHAT: &str = "lập Tổ công tác Học bạ số";
    let mut identity = IdentityServiceClient::new(principal.channel());
    let request = principal
        .ask(ListWorkingGroupsRequest {
            parent: SCHOOL.to_owned(),
            ..ListWorkingGroupsRequest::default()
        })
        .await?;
    let there = identity.list_working_groups(request).await;
    let there = there
        .map_err(|status| said(WHAT, &status))?
        .into_inner()
        .working_groups;
    if there
        .iter()
        .any(|group| group.state() == working_group::State::InForce)
    {
        return Ok(());
    }
    let member = |login: &str, duty: &str| {
        anyhow::Ok(working_group::Member {
            account: file.login(login)?.account.clone(),
            duty: duty.to_owned(),
        })
    };
    let head = member("vice-2", "Tổ trưởng")?;
    let request = principal
        .ask(CreateWorkingGroupRequest {
            parent: SCHOOL.to_owned(),
            working_group: Some(WorkingGroup {
                decision_number: "12/QĐ-THMA".to_owned(),
                decision_date: super::calendar::in_days(0),
                end_date: super::calendar::in_days(365),
                head: head.account.clone(),
                members: vec![head, member("admin", "Quản lí hệ thống CSDL")?],
                ..WorkingGroup::default()
            }),
            request_id: Uuid::now_v7().to_string(),
        })
        .await?;
    let answer = identity.create_working_group(request).await;
    answer.map(drop).map_err(|status| said(WHAT, &status))
}

/// An answer, or that it is there already.
pub fn or_exists<T>(answer: Result<T, Status>, exists: &str, what: &str) -> anyhow::Result<()> {
    match answer {
        Ok(_) => Ok(()),
        Err(status) if failure::reason(&status) == exists => Ok(()),
        Err(status) => Err(said(what, &status)),
    }
}
