//! One person signed in at a gateway: keeps the access token fresh, steps up for weighty acts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow};
use hocba_proto::identity::{
    RefreshSignInRequest, SignInRequest, SignInResponse, SignOutRequest, StepUpRequest,
    identity_service_client::IdentityServiceClient,
};
use tonic::{Request, Status, metadata::MetadataValue, transport::Channel};
use totp_rs::{Algorithm, Secret, TOTP};
use uuid::Uuid;

use crate::{cluster_file::Login, failure};

/// Seconds of a TOTP step (RFC 6238).
const STEP_SECONDS: u64 = 30;

/// A person's session.
#[derive(Debug, Clone)]
pub struct Session {
    channel: Channel,
    login: Login,
    client: String,
    access_token: String,
    access_end: SystemTime,
    refresh_token: String,
    /// `accounts/{account}` of the person.
    pub account: String,
}

impl Session {
    /// Signs in with password and TOTP. A code that was used in this half minute is waited out.
    pub async fn sign_in(channel: &Channel, login: &Login) -> anyhow::Result<Self> {
        let client = Uuid::now_v7().to_string();
        loop {
            let request = SignInRequest {
                email: login.email.clone(),
                password: login.password.clone(),
                totp_code: totp_code(&login.totp_secret)?,
                client: client.clone(),
            };
            match IdentityServiceClient::new(channel.clone()).sign_in(request).await {
                Ok(answer) => {
                    let mut session = Self {
                        channel: channel.clone(),
                        login: login.clone(),
                        client,
                        access_token: String::new(),
                        access_end: UNIX_EPOCH,
                        refresh_token: String::new(),
                        account: String::new(),
                    };
                    session.keep(answer.into_inner())?;
                    return Ok(session);
                }
                Err(status) if failure::reason(&status) == "TOTP_CODE_USED" => wait_for_next_step().await?,
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
        if SystemTime::now() + Duration::from_secs(30) > self.access_end {
            let request = RefreshSignInRequest {
                refresh_token: self.refresh_token.clone(),
                client: self.client.clone(),
            };
            let answer = IdentityServiceClient::new(self.channel.clone())
                .refresh_sign_in(request)
                .await
                .map_err(|status| said("làm mới phiên đăng nhập", &status))?;
            self.keep(answer.into_inner())?;
        }
        let mut request = Request::new(message);
        let bearer: MetadataValue<_> = format!("Bearer {}", self.access_token).parse()?;
        request.metadata_mut().insert("authorization", bearer);
        Ok(request)
    }

    /// Gives a fresh second factor for one act: answers the act token.
    pub async fn step_up(&mut self, purpose: &str, digest: &str, role: &str) -> anyhow::Result<String> {
        loop {
            let request = StepUpRequest {
                purpose: purpose.to_owned(),
                digest: digest.to_owned(),
                role: role.to_owned(),
                totp_code: totp_code(&self.login.totp_secret)?,
            };
            let request = self.ask(request).await?;
            match IdentityServiceClient::new(self.channel.clone())
                .step_up(request)
                .await
            {
                Ok(answer) => return Ok(answer.into_inner().act_token),
                Err(status) if failure::reason(&status) == "TOTP_CODE_USED" => wait_for_next_step().await?,
                Err(status) => return Err(said(purpose, &status)),
            }
        }
    }

    /// Signs out: entry sessions of this sign-in are sealed.
    pub async fn sign_out(mut self) -> anyhow::Result<()> {
        let request = self
            .ask(SignOutRequest {
                name: String::new(),
                everywhere: false,
            })
            .await?;
        IdentityServiceClient::new(self.channel.clone())
            .sign_out(request)
            .await
            .map(drop)
            .map_err(|status| said("đăng xuất", &status))
    }

    fn keep(&mut self, answer: SignInResponse) -> anyhow::Result<()> {
        let end = answer
            .access_expire_time
            .context("the answer names no end of the access token")?;
        self.access_end = UNIX_EPOCH + Duration::from_secs(u64::try_from(end.seconds)?);
        self.access_token = answer.access_token;
        self.refresh_token = answer.refresh_token;
        self.account = answer.account;
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
    let secret = Secret::Encoded(secret_base32.to_owned())
        .to_bytes()
        .map_err(|error| anyhow!("TOTP secret: {error}"))?;
    let totp = TOTP::new_unchecked(Algorithm::SHA1, 6, 1, STEP_SECONDS, secret, None, String::new());
    Ok(totp.generate_current()?)
}

/// Waits until the authenticator shows another code.
pub async fn wait_for_next_step() -> anyhow::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let step = u128::from(STEP_SECONDS) * 1000;
    let left = u64::try_from(step - now % step)? + 200;
    tokio::time::sleep(Duration::from_millis(left)).await;
    Ok(())
}
