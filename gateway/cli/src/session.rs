//! One person signed in at a gateway: keeps the access token fresh, steps up for weighty acts.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, anyhow};
use hocba_proto::identity::{
    RefreshSignInRequest, SignInRequest, SignInResponse, StepUpRequest,
    identity_service_client::IdentityServiceClient,
};
use tokio::sync::Mutex;
use tonic::{Request, Status, metadata::MetadataValue, transport::Channel};
use totp_rs::{Algorithm, Secret, TOTP};
use uuid::Uuid;

use crate::{cluster_file::Login, failure};

/// Seconds of a TOTP step (RFC 6238).
const STEP_SECONDS: u64 = 30;

/// A person's session; cheap to clone. One person signs in once in a process, for every code of the second factor is
/// good once.
#[derive(Debug, Clone)]
pub struct Session {
    channel: Channel,
    login: Login,
    tokens: Arc<Mutex<Tokens>>,
    /// `accounts/{account}` of the person.
    pub account: String,
}

/// What a sign-in gave, and what is left of the second factor.
#[derive(Debug)]
struct Tokens {
    client: String,
    access_token: String,
    access_end: SystemTime,
    refresh_token: String,
    codes: Codes,
}

/// Who is signed in.
static SESSIONS: Mutex<BTreeMap<String, Session>> = Mutex::const_new(BTreeMap::new());

impl Session {
    /// Signs in with password and TOTP, or goes on with the sign-in of before.
    pub async fn sign_in(channel: &Channel, login: &Login) -> anyhow::Result<Self> {
        let mut sessions = SESSIONS.lock().await;
        if let Some(known) = sessions.get(&login.email) {
            return Ok(known.clone());
        }
        let session = Self::begin(channel, login).await?;
        sessions.insert(login.email.clone(), session.clone());
        Ok(session)
    }

    async fn begin(channel: &Channel, login: &Login) -> anyhow::Result<Self> {
        let client = Uuid::now_v7().to_string();
        let mut codes = Codes::default();
        loop {
            let request = SignInRequest {
                email: login.email.clone(),
                password: login.password.clone(),
                totp_code: codes.next(&login.totp_secret)?,
                client: client.clone(),
                ..Default::default()
            };
            match IdentityServiceClient::new(channel.clone()).sign_in(request).await {
                Ok(answer) => {
                    let answer = answer.into_inner();
                    let account = answer.account.clone();
                    let mut tokens = Tokens {
                        client,
                        access_token: String::new(),
                        access_end: UNIX_EPOCH,
                        refresh_token: String::new(),
                        codes,
                    };
                    tokens.keep(answer)?;
                    return Ok(Self {
                        channel: channel.clone(),
                        login: login.clone(),
                        tokens: Arc::new(Mutex::new(tokens)),
                        account,
                    });
                }
                Err(status) if failure::reason(&status) == "TOTP_CODE_USED" => codes.wait().await?,
                Err(status) => return Err(said("đăng nhập", &status)),
            }
        }
    }

    /// The channel to the gateway.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// The person's secrets.
    #[must_use]
    pub fn login(&self) -> &Login {
        &self.login
    }

    /// Wraps a message with the access token, refreshing it when it is about to end.
    pub async fn ask<M>(&mut self, message: M) -> anyhow::Result<Request<M>> {
        let mut tokens = self.tokens.lock().await;
        if SystemTime::now() + Duration::from_secs(30) > tokens.access_end {
            let request = RefreshSignInRequest {
                refresh_token: tokens.refresh_token.clone(),
                client: tokens.client.clone(),
            };
            let answer = IdentityServiceClient::new(self.channel.clone())
                .refresh_sign_in(request)
                .await
                .map_err(|status| said("làm mới phiên đăng nhập", &status))?;
            tokens.keep(answer.into_inner())?;
        }
        let mut request = Request::new(message);
        let bearer: MetadataValue<_> = format!("Bearer {}", tokens.access_token).parse()?;
        request.metadata_mut().insert("authorization", bearer);
        Ok(request)
    }

    /// Gives a fresh second factor for one act: answers the act token.
    pub async fn step_up(&mut self, purpose: &str, digest: &str, role: &str) -> anyhow::Result<String> {
        loop {
            let totp_code = self.tokens.lock().await.codes.next(&self.login.totp_secret)?;
            let request = StepUpRequest {
                purpose: purpose.to_owned(),
                digest: digest.to_owned(),
                role: role.to_owned(),
                totp_code,
                ..Default::default()
            };
            let request = self.ask(request).await?;
            match IdentityServiceClient::new(self.channel.clone())
                .step_up(request)
                .await
            {
                Ok(answer) => return Ok(answer.into_inner().act_token),
                Err(status) if failure::reason(&status) == "TOTP_CODE_USED" => {
                    let codes = self.tokens.lock().await.codes.clone();
                    codes.wait().await?;
                }
                Err(status) => return Err(said(purpose, &status)),
            }
        }
    }
}

impl Tokens {
    fn keep(&mut self, answer: SignInResponse) -> anyhow::Result<()> {
        let end = answer
            .access_expire_time
            .context("the answer names no end of the access token")?;
        self.access_end = UNIX_EPOCH + Duration::from_secs(u64::try_from(end.seconds)?);
        self.access_token = answer.access_token;
        self.refresh_token = answer.refresh_token;
        Ok(())
    }
}

/// A failed call as an error for a person.
#[must_use]
pub fn said(what: &str, status: &Status) -> anyhow::Error {
    anyhow!("{what}: {}", failure::words(status))
}

/// The code an authenticator shows now.
pub fn totp_code(secret_base32: &str) -> anyhow::Result<String> {
    Ok(totp(secret_base32)?.generate_current()?)
}

fn totp(secret_base32: &str) -> anyhow::Result<TOTP> {
    let secret = Secret::Encoded(secret_base32.to_owned())
        .to_bytes()
        .map_err(|error| anyhow!("TOTP secret: {error}"))?;
    let (issuer, account) = (None, String::new());
    Ok(TOTP::new_unchecked(
        Algorithm::SHA1,
        6,
        1,
        STEP_SECONDS,
        secret,
        issuer,
        account,
    ))
}

/// The codes of an authenticator whose secret we hold. Each is good once, and one step beside now is accepted
/// too: three acts at once, where a person with a telephone would wait half a minute between them.
#[derive(Debug, Clone, Default)]
struct Codes {
    used: u64,
}

impl Codes {
    /// The oldest code that is still accepted and that we did not use.
    fn next(&mut self, secret_base32: &str) -> anyhow::Result<String> {
        let now = now()?.as_secs() / STEP_SECONDS;
        self.used = (self.used + 1).clamp(now - 1, now + 1);
        Ok(totp(secret_base32)?.generate(self.used * STEP_SECONDS))
    }

    /// Waits for a code that nobody used: somebody else used ours, or we all that are accepted.
    async fn wait(&self) -> anyhow::Result<()> {
        let now = now()?;
        if self.used > now.as_secs() / STEP_SECONDS {
            let step = u128::from(STEP_SECONDS) * 1000;
            let left = u64::try_from(step - now.as_millis() % step)? + 200;
            tokio::time::sleep(Duration::from_millis(left)).await;
        }
        Ok(())
    }
}

fn now() -> anyhow::Result<Duration> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?)
}
