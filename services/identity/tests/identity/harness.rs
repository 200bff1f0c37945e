//! One identity with its database, and people who use it.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser as _;
use hocba_chassis::{
    clock::Clock,
    run::{self, Running},
    token::VerifyingKey,
    token_keys::Tokens,
};
use hocba_identity::{
    DEFINITION,
    app::bootstrap,
    config::{Config, HashingConfig},
    hashing::Hashing,
    model::{email::Email, totp},
    vault::{Vault, sha256},
};
use hocba_proto::identity::{
    Account, ActivateAccountRequest, Authority, ConfirmTotpRequest, CreateAccountRequest,
    CreateAuthorityRequest, CreateDelegationRequest, CreateSchoolRequest, Delegation, GetJwksRequest,
    GrantRoleRequest, RoleBinding, School, SignInRequest, SignInResponse, StepUpRequest, StepUpResponse,
    identity_internal_service_client::IdentityInternalServiceClient,
    identity_service_client::IdentityServiceClient,
};
use hocba_testing::{Pki, TestDatabase, channel_as};
use ring::{rand::SystemRandom, signature::Ed25519KeyPair};
use tonic::{Request, Response, Status, transport::Channel};
use tonic_types::StatusExt as _;

pub(crate) const SCHOOL: &str = "01018a01";
pub(crate) const OTHER: &str = "01018a02";
pub(crate) const RP_ID: &str = "hocba.example";
pub(crate) const ORIGIN: &str = "https://truong.hocba.example";
pub(crate) const INSIDE: &str = "203.113.1.5";

pub(crate) type Client = IdentityServiceClient<Channel>;

/// A running identity.
pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) pki: Pki,
    pub(crate) client: Client,
    pub(crate) address: String,
    pub(crate) operator: Person,
    running: Option<Running>,
}

/// Somebody with a password, a second factor and, once signed in, tokens.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) secret: Vec<u8>,
    pub(crate) name: String,
    pub(crate) signed_in: SignInResponse,
}

impl Person {
    /// The code now shown, or one some steps later.
    pub(crate) fn code(&self, later: i64) -> String {
        code(&self.secret, later)
    }

    /// A request of this person through the gateway.
    pub(crate) fn ask<M>(&self, message: M) -> Request<M> {
        ask(&self.signed_in.access_token, INSIDE, message)
    }
}

pub(crate) fn code(secret: &[u8], later: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    totp::code(secret, totp::step_of(i64::try_from(now).unwrap()) + later)
}

pub(crate) fn ask<M>(token: &str, address: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    if !token.is_empty() {
        request
            .metadata_mut()
            .insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    request
        .metadata_mut()
        .insert("x-hocba-client-address", address.parse().unwrap());
    request
}

/// The reason of a refusal.
#[track_caller]
pub(crate) fn reason<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> String {
    let status = answer.expect_err("a refusal");
    status
        .get_details_error_info()
        .map_or_else(|| format!("{status:?}"), |info| info.reason)
}

pub(crate) fn account(email: &str, school: &str) -> Account {
    Account {
        email: email.to_owned(),
        display_name: format!("Người {email}"),
        title: "Giáo viên".to_owned(),
        school: if school.is_empty() {
            String::new()
        } else {
            format!("schools/{school}")
        },
        ..Account::default()
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        let pki = Pki::make().unwrap();
        let database = TestDatabase::of(&DEFINITION).await.unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = pki.folder().join(name);
            std::fs::write(&path, bytes).unwrap();
            path.display().to_string()
        };
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let old = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let keys = format!(
            "{},{}",
            file("token.key", key.as_ref()),
            file("old.key", old.as_ref())
        );
        let master = file("master.key", &[42; 32]);
        let files = pki.files("identity");
        let url = database.url_file(pki.folder()).unwrap();
        let config = Config::try_parse_from([
            "hocba-identity",
            "--listen=127.0.0.1:0",
            &format!("--tls-cert={}", files.cert.display()),
            &format!("--tls-key={}", files.key.display()),
            &format!("--tls-ca={}", files.ca.display()),
            &format!("--database-url-file={}", url.display()),
            &format!("--token-key-files={keys}"),
            &format!("--master-key-file={master}"),
            &format!("--webauthn-rp-id={RP_ID}"),
            &format!("--webauthn-origins={ORIGIN},https://hocba.example"),
            "--argon2-memory-kib=8",
            "--argon2-passes=1",
        ])
        .unwrap();
        let hashing = Hashing::new(&HashingConfig {
            argon2_memory_kib: 8,
            argon2_passes: 1,
            hashing_threads: 1,
        })
        .unwrap();
        let vault = Vault::read(master.as_ref()).unwrap();
        let email = Email::parse("van.hanh@so.vn").unwrap();
        let pool = database.service().await.unwrap();
        let made = bootstrap::make(&pool, &vault, &hashing, email).await.unwrap();
        pool.close().await;
        let running = run::start(DEFINITION, Clock::system(), config, hocba_identity::build)
            .await
            .unwrap();
        let address = running.address.to_string();
        let client = Client::new(channel_as(&pki, "gateway", "identity", &address).unwrap());
        let operator = Person {
            email: made.email,
            password: made.password,
            secret: data_encoding::BASE32_NOPAD
                .decode(made.totp_secret.as_bytes())
                .unwrap(),
            name: format!("accounts/{}", made.account),
            signed_in: SignInResponse::default(),
        };
        let mut world = Self {
            database,
            pki,
            client,
            address,
            operator,
            running: Some(running),
        };
        let operator = world.operator.clone();
        world.operator.signed_in = world.sign_in(&operator, 0).await.unwrap().into_inner();
        world
    }

    /// The same with an authority and two schools.
    pub(crate) async fn with_schools() -> Self {
        let world = Self::start().await;
        let authority = Authority {
            display_name: "Gia Lâm".to_owned(),
            ..Authority::default()
        };
        let request = CreateAuthorityRequest {
            authority_id: "gia-lam".into(),
            authority: Some(authority),
            ..Default::default()
        };
        world
            .client()
            .create_authority(world.operator.ask(request))
            .await
            .unwrap();
        for id in [SCHOOL, OTHER] {
            world
                .client()
                .create_school(world.operator.ask(new_school(id)))
                .await
                .unwrap();
        }
        world
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// The internal service as a peer sees it.
    pub(crate) fn internal(&self, peer: &str) -> IdentityInternalServiceClient<Channel> {
        IdentityInternalServiceClient::new(channel_as(&self.pki, peer, "identity", &self.address).unwrap())
    }

    /// A person of a school with these roles, active and signed in. Two sign-ins of a person in one half
    /// minute need two codes: this one uses the present.
    pub(crate) async fn person(&self, email: &str, school: &str, roles: &[&str]) -> Person {
        let code = self.account(email, school).await;
        let person = self.activate(email, &code).await;
        let person = Person {
            name: self.confirm(&person).await,
            ..person
        };
        self.force_roles(&person, school, roles).await;
        let signed_in = self.sign_in(&person, 0).await.unwrap().into_inner();
        Person { signed_in, ..person }
    }

    /// A pending account's activation code.
    pub(crate) async fn account(&self, email: &str, school: &str) -> String {
        let request = CreateAccountRequest {
            account: Some(account(email, school)),
            ..Default::default()
        };
        self.client()
            .create_account(self.operator.ask(request))
            .await
            .unwrap()
            .into_inner()
            .activation_code
    }

    pub(crate) async fn activate(&self, email: &str, code: &str) -> Person {
        let password = "bốn con mèo đen".to_owned();
        let request = ActivateAccountRequest {
            email: email.to_owned(),
            activation_code: code.to_owned(),
            password: password.clone(),
        };
        let answer = self
            .client()
            .activate_account(ask("", INSIDE, request))
            .await
            .unwrap()
            .into_inner();
        let secret = data_encoding::BASE32_NOPAD
            .decode(answer.totp_secret.as_bytes())
            .unwrap();
        Person {
            email: email.to_owned(),
            password,
            secret,
            name: String::new(),
            signed_in: Default::default(),
        }
    }

    pub(crate) async fn confirm(&self, person: &Person) -> String {
        let request = ConfirmTotpRequest {
            email: person.email.clone(),
            password: person.password.clone(),
            totp_code: person.code(0),
        };
        self.client()
            .confirm_totp(ask("", INSIDE, request))
            .await
            .unwrap()
            .into_inner()
            .account
    }

    /// Roles as they come about in life are tested by `role`; here they are just there.
    async fn force_roles(&self, person: &Person, school: &str, roles: &[&str]) {
        let pool = self.database.superuser().await.unwrap();
        let home = if school.is_empty() { "_" } else { school };
        for role in roles {
            sqlx::query(
                "with decided as (
                     insert into working_group (school_id, id, decision_number, decision_date, start_date, end_date,
                         head, etag, created_at, created_by)
                     select $1, gen_random_uuid(), '1/QĐ', current_date, current_date - 2, current_date + 30,
                         $2::uuid, 1, now(), $2::uuid
                      where $3 = 'working_group' returning id, end_date)
                 insert into role_binding (school_id, id, account_id, role, start_date, end_date,
                     decision_number, decision_date, duty, granted_at, working_group_id)
                 select $1, gen_random_uuid(), $2::uuid, $3, current_date - 2, d.end_date, '1/QĐ', current_date, '',
                     now(), d.id
                   from (select) one left join decided d on true",
            )
            .bind(home)
            .bind(id(&person.name))
            .bind(role)
            .execute(&pool)
            .await
            .unwrap();
        }
        pool.close().await;
    }

    pub(crate) async fn sign_in(
        &self,
        person: &Person,
        later: i64,
    ) -> Result<Response<SignInResponse>, Status> {
        self.sign_in_with(&person.email, &person.password, &person.code(later))
            .await
    }

    pub(crate) async fn sign_in_with(
        &self,
        email: &str,
        password: &str,
        code: &str,
    ) -> Result<Response<SignInResponse>, Status> {
        let request = SignInRequest {
            email: email.to_owned(),
            password: password.to_owned(),
            totp_code: code.to_owned(),
            client: "thiết bị".to_owned(),
            ..Default::default()
        };
        self.client().sign_in(ask("", INSIDE, request)).await
    }

    pub(crate) async fn step_up(
        &self,
        person: &Person,
        purpose: &str,
        digest: &str,
        role: &str,
    ) -> Result<Response<StepUpResponse>, Status> {
        self.client()
            .step_up(person.ask(step_up(person, purpose, digest, role, 0)))
            .await
    }

    pub(crate) async fn grant(
        &self,
        by: &Person,
        to: &Person,
        binding: RoleBinding,
    ) -> Result<Response<RoleBinding>, Status> {
        let request = GrantRoleRequest {
            parent: to.name.clone(),
            role_binding: Some(binding),
            request_id: String::new(),
        };
        self.client().grant_role(by.ask(request)).await
    }

    pub(crate) async fn delegate(
        &self,
        by: &Person,
        to: &Person,
        days: i64,
    ) -> Result<Response<Delegation>, Status> {
        let end = Clock::system().today() + time::Duration::days(days);
        let delegation = Delegation {
            delegate: to.name.clone(),
            end_date: end.to_string(),
            ..Delegation::default()
        };
        let request = CreateDelegationRequest {
            parent: format!("schools/{SCHOOL}"),
            delegation: Some(delegation),
            request_id: String::new(),
        };
        self.client().create_delegation(by.ask(request)).await
    }

    /// Another service's judge of tokens, with the keys it would have got.
    pub(crate) async fn judge(&self) -> Tokens {
        let jwks = self
            .client()
            .get_jwks(GetJwksRequest {})
            .await
            .unwrap()
            .into_inner();
        let keys = jwks
            .keys
            .into_iter()
            .map(|key| (key.kid, VerifyingKey::from_raw(&key.x)));
        Tokens::local(Clock::system(), keys)
    }

    /// Runs a statement as the database's superuser: time passes, or an administrator meddles.
    pub(crate) async fn meddle(&self, statement: &'static str) {
        let pool = self.database.superuser().await.unwrap();
        sqlx::query(statement).execute(&pool).await.unwrap();
        pool.close().await;
    }

    pub(crate) async fn stop(mut self) {
        self.running.take().unwrap().stop().await.unwrap();
    }
}

pub(crate) fn new_school(id: &str) -> CreateSchoolRequest {
    let school = School {
        code: id.to_uppercase(),
        display_name: "Trường Tiểu học A".to_owned(),
        commune: "Xã A".to_owned(),
        province: "Hà Nội".to_owned(),
        authority: "authorities/gia-lam".to_owned(),
        ..School::default()
    };
    CreateSchoolRequest {
        school_id: id.to_owned(),
        school: Some(school),
        request_id: String::new(),
    }
}

pub(crate) fn step_up(person: &Person, purpose: &str, digest: &str, role: &str, later: i64) -> StepUpRequest {
    StepUpRequest {
        purpose: purpose.to_owned(),
        digest: digest.to_owned(),
        role: role.to_owned(),
        totp_code: person.code(later),
        ..Default::default()
    }
}

pub(crate) fn role(role: &str) -> RoleBinding {
    RoleBinding {
        role: role.to_owned(),
        ..RoleBinding::default()
    }
}

pub(crate) fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap()
}

/// SHA-256 in lower-case hex, as digests of acts are written.
pub(crate) fn sha256_hex(text: impl AsRef<[u8]>) -> String {
    data_encoding::HEXLOWER.encode(&sha256(text.as_ref()))
}

/// A digest of something.
pub(crate) fn digest(letter: &str) -> String {
    letter.repeat(64)
}
