//! Somebody signed in at the gateway.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow};
use hocba_proto::identity::{
    ActivateAccountRequest, ConfirmTotpRequest, RefreshSignInRequest, SignInRequest, StepUpRequest,
    identity_service_client::IdentityServiceClient,
};
use serde::{Deserialize, Serialize};
use tonic::{Request, Status, metadata::MetadataValue, transport::Channel};
use tonic_types::StatusExt;
use totp_rs::{Algorithm, Secret, TOTP};
use uuid::Uuid;

/// Seconds of a TOTP step (RFC 6238).
const STEP_SECONDS: u64 = 30;

/// An access token lives five minutes; it is used for half of that.
pub const TOKEN_USE: Duration = Duration::from_secs(150);

/// What a person knows and has.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Login {
    /// A short key to find the person by.
    #[serde(default)]
    pub key: String,
    /// The sign-in name.
    pub email: String,
    /// Password.
    pub password: String,
    /// TOTP secret, base32.
    pub totp_secret: String,
    /// `accounts/{account}`.
    #[serde(default)]
    pub account: String,
    /// What others keep with it: signing secrets, names.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, serde_json::Value>,
}

/// Somebody signed in. The access token is good for five minutes: long enough for a test; longer work renews it.
#[derive(Debug, Clone)]
pub struct Person {
    channel: Channel,
    client: String,
    refresh_token: String,
    renewed: Instant,
    /// Who.
    pub login: Login,
    /// The access token.
    pub token: String,
}

impl Person {
    /// Signs in. A code used in this half minute is waited out.
    pub async fn sign_in(channel: &Channel, login: &Login) -> anyhow::Result<Self> {
        let client = Uuid::now_v7().to_string();
        loop {
            let request = SignInRequest {
                email: login.email.clone(),
                password: login.password.clone(),
                totp_code: totp_code(&login.totp_secret)?,
                client: client.clone(),
                ..Default::default()
            };
            match IdentityServiceClient::new(channel.clone()).sign_in(request).await {
                Ok(answer) => {
                    let answer = answer.into_inner();
                    let mut login = login.clone();
                    login.account = answer.account;
                    return Ok(Self {
                        channel: channel.clone(),
                        client,
                        refresh_token: answer.refresh_token,
                        renewed: Instant::now(),
                        login,
                        token: answer.access_token,
                    });
                }
                Err(status) if reason(&status) == "TOTP_CODE_USED" => next_step().await?,
                Err(status) => return Err(anyhow!("cannot sign in: {status:?}")),
            }
        }
    }

    /// Somebody whose access token is known.
    #[must_use]
    pub fn with(channel: &Channel, login: Login, token: String) -> Self {
        Self {
            channel: channel.clone(),
            client: String::new(),
            refresh_token: String::new(),
            renewed: Instant::now(),
            login,
            token,
        }
    }

    /// Takes a new access token when the old one is half over; for work of many minutes.
    pub async fn keep_fresh(&mut self) -> anyhow::Result<()> {
        if self.renewed.elapsed() > TOKEN_USE {
            let request = RefreshSignInRequest {
                refresh_token: self.refresh_token.clone(),
                client: self.client.clone(),
            };
            let mut identity = IdentityServiceClient::new(self.channel());
            let answer = identity
                .refresh_sign_in(request)
                .await
                .context("RefreshSignIn")?
                .into_inner();
            self.token = answer.access_token;
            self.refresh_token = answer.refresh_token;
            self.renewed = Instant::now();
        }
        Ok(())
    }

    /// Activates a new account by its code: sets password and second factor.
    pub async fn activate(channel: &Channel, email: &str, code: &str) -> anyhow::Result<Login> {
        let password = format!("pw {}", Uuid::now_v7());
        let mut identity = IdentityServiceClient::new(channel.clone());
        let answer = identity
            .activate_account(ActivateAccountRequest {
                email: email.to_owned(),
                activation_code: code.to_owned(),
                password: password.clone(),
            })
            .await
            .context("ActivateAccount")?
            .into_inner();
        let account = identity
            .confirm_totp(ConfirmTotpRequest {
                email: email.to_owned(),
                password: password.clone(),
                totp_code: totp_code(&answer.totp_secret)?,
            })
            .await
            .context("ConfirmTotp")?
            .into_inner()
            .account;
        Ok(Login {
            key: String::new(),
            email: email.to_owned(),
            password,
            totp_secret: answer.totp_secret,
            account,
            ..Login::default()
        })
    }

    /// The channel to the gateway.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A message with the access token.
    pub fn ask<M>(&self, message: M) -> anyhow::Result<Request<M>> {
        with_token(&self.token, message)
    }

    /// A fresh second factor for one act.
    pub async fn step_up(&self, purpose: &str, digest: &str, role: &str) -> anyhow::Result<String> {
        loop {
            let request = self.ask(StepUpRequest {
                purpose: purpose.to_owned(),
                digest: digest.to_owned(),
                role: role.to_owned(),
                totp_code: totp_code(&self.login.totp_secret)?,
                ..Default::default()
            })?;
            match IdentityServiceClient::new(self.channel()).step_up(request).await {
                Ok(answer) => return Ok(answer.into_inner().act_token),
                Err(status) if reason(&status) == "TOTP_CODE_USED" => next_step().await?,
                Err(status) => return Err(anyhow!("no act token for {purpose}: {status:?}")),
            }
        }
    }
}

/// A message with a bearer token.
pub fn with_token<M>(token: &str, message: M) -> anyhow::Result<Request<M>> {
    let mut request = Request::new(message);
    let bearer: MetadataValue<_> = format!("Bearer {token}").parse()?;
    request.metadata_mut().insert("authorization", bearer);
    Ok(request)
}

/// The reason in a failure's `ErrorInfo`, or nothing.
#[must_use]
pub fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default()
}

/// The code an authenticator shows now.
pub fn totp_code(secret_base32: &str) -> anyhow::Result<String> {
    let secret = Secret::Encoded(secret_base32.to_owned())
        .to_bytes()
        .map_err(|error| anyhow!("TOTP secret: {error}"))?;
    let totp = TOTP::new_unchecked(Algorithm::SHA1, 6, 1, STEP_SECONDS, secret, None, String::new());
    Ok(totp.generate_current()?)
}

/// Waits until the authenticator shows another code: the wall clock itself is the condition.
async fn next_step() -> anyhow::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    crate::wait::until(
        "the next TOTP step",
        Duration::from_secs(STEP_SECONDS + 5),
        || async move {
            let then = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
            anyhow::ensure!(then / STEP_SECONDS > now / STEP_SECONDS, "the same step");
            Ok(())
        },
    )
    .await
}
