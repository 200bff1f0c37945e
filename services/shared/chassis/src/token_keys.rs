//! Identity's public keys as this service knows them, the sign-ins that have ended, and the judgement
//! of tokens by both.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use hocba_proto::identity::{GetJwksRequest, identity_service_client::IdentityServiceClient};
use tonic::transport::Channel;
use uuid::Uuid;

use crate::{
    act_token::{self, ActToken},
    caller::{Person, Role},
    client,
    clock::Clock,
    error::{Failure, SHARED},
    token::{self, ACCESS, ACT, AccessClaims, ActClaims, VerifyingKey},
};

/// Seconds that clocks may differ.
const LEEWAY: i64 = 5;
/// A token that verified once is not verified again; more than this many are forgotten at once.
const MOST_CACHED: usize = 10_000;
/// An unknown key id may make us ask identity, at most so often.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// How often known keys are asked for again.
const KEEP: Duration = Duration::from_secs(60);

/// Judges tokens. Cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    clock: Clock,
    keys: ArcSwap<HashMap<String, VerifyingKey>>,
    identity: Option<Channel>,
    asked: tokio::sync::Mutex<Option<Instant>>,
    verified: Mutex<HashMap<String, (Person, i64)>>,
    ended: Mutex<Ended>,
}

#[derive(Default)]
struct Ended {
    sign_ins: HashMap<Uuid, i64>,
    accounts: BTreeSet<Uuid>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    /// Keys that are asked of identity over this channel.
    #[must_use]
    pub fn remote(clock: Clock, identity: Channel) -> Self {
        Self::new(clock, Some(identity), HashMap::new())
    }

    /// Keys known from the start: identity's own.
    #[must_use]
    pub fn local(clock: Clock, keys: impl IntoIterator<Item = (String, VerifyingKey)>) -> Self {
        Self::new(clock, None, keys.into_iter().collect())
    }

    fn new(clock: Clock, identity: Option<Channel>, keys: HashMap<String, VerifyingKey>) -> Self {
        Self(Arc::new(Inner {
            clock,
            keys: ArcSwap::from_pointee(keys),
            identity,
            asked: tokio::sync::Mutex::new(None),
            verified: Mutex::default(),
            ended: Mutex::default(),
        }))
    }

    /// Replaces the known keys: identity's own rotation.
    pub fn set(&self, keys: impl IntoIterator<Item = (String, VerifyingKey)>) {
        self.0.keys.store(Arc::new(keys.into_iter().collect()));
    }

    /// Asks identity for its keys from the start on and for ever, so that tokens are judged while identity
    /// is away.
    pub async fn keep_keys(self) {
        loop {
            let wait = match self.ask_identity().await {
                Ok(()) => KEEP,
                Err(_) => ASK_AGAIN,
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Judges an access token. Fails with UNAUTHENTICATED or TOKEN_EXPIRED.
    pub async fn person(&self, token: &str) -> Result<Person, Failure> {
        let now = self.0.clock.now().unix_timestamp();
        let known = lock(&self.0.verified).get(token).cloned();
        let (person, end) = match known {
            Some(known) => known,
            None => {
                let claims: AccessClaims = self
                    .verify(ACCESS, token)
                    .await?
                    .ok_or_else(Failure::sign_in_first)?;
                let person = person_of(&claims, token).ok_or_else(Failure::sign_in_first)?;
                let mut verified = lock(&self.0.verified);
                if verified.len() >= MOST_CACHED {
                    verified.clear();
                }
                verified.insert(token.to_owned(), (person.clone(), claims.exp));
                (person, claims.exp)
            }
        };
        if now > end + LEEWAY {
            return Err(Failure::unauthenticated(SHARED, "TOKEN_EXPIRED").vi("Phiên đăng nhập cần làm mới."));
        }
        if self.has_ended(&person) {
            return Err(Failure::sign_in_first().meta("what", "sign-in ended"));
        }
        Ok(person)
    }

    /// Judges an act token presented by the caller: signature, expiry, purpose, digest and person.
    pub async fn verify_act(
        &self,
        token: &str,
        purpose: &str,
        digest: &str,
        caller: &Person,
    ) -> Result<ActToken, Failure> {
        let act = self.verify_act_of(token, purpose, digest).await?;
        if act.account != caller.account || act.school != caller.school {
            return Err(act_token::invalid().meta("what", "person"));
        }
        if self.0.clock.now().unix_timestamp() > act.expires_at + LEEWAY {
            return Err(Failure::precondition(SHARED, "ACT_TOKEN_EXPIRED")
                .vi("Mã xác nhận đã quá năm phút, xin xác nhận lại."));
        }
        Ok(act)
    }

    /// Judges an act token of any person without its present expiry: for a permit that carries tokens
    /// received earlier. The caller of this must judge the time and the person.
    pub async fn verify_act_of(&self, token: &str, purpose: &str, digest: &str) -> Result<ActToken, Failure> {
        let claims: ActClaims = self.verify(ACT, token).await?.ok_or_else(act_token::invalid)?;
        let act = ActToken::of(&claims).ok_or_else(act_token::invalid)?;
        if act.purpose != purpose {
            return Err(Failure::precondition(SHARED, "ACT_TOKEN_PURPOSE")
                .meta("purpose", purpose)
                .vi("Mã xác nhận được cấp cho việc khác."));
        }
        if act.digest != digest {
            return Err(Failure::precondition(SHARED, "ACT_TOKEN_DIGEST")
                .vi("Nội dung đã thay đổi sau khi xác nhận, xin xem lại và xác nhận lại."));
        }
        Ok(act)
    }

    /// Remembers that a sign-in has ended: its tokens are refused from now on.
    pub fn end_sign_in(&self, sign_in: Uuid) {
        let now = self.0.clock.now().unix_timestamp();
        let mut ended = lock(&self.0.ended);
        // Tokens live five minutes: what ended an hour ago can be forgotten.
        ended.sign_ins.retain(|_, at| *at + 3600 > now);
        ended.sign_ins.insert(sign_in, now);
    }

    /// Remembers that an account is suspended, or is no more.
    pub fn set_suspended(&self, account: Uuid, suspended: bool) {
        let mut ended = lock(&self.0.ended);
        if suspended {
            ended.accounts.insert(account);
        } else {
            ended.accounts.remove(&account);
        }
    }

    fn has_ended(&self, person: &Person) -> bool {
        let ended = lock(&self.0.ended);
        ended.sign_ins.contains_key(&person.sign_in) || ended.accounts.contains(&person.account)
    }

    async fn verify<C: serde::de::DeserializeOwned>(
        &self,
        typ: &str,
        text: &str,
    ) -> Result<Option<C>, Failure> {
        let Some(kid) = token::kid(text) else {
            return Ok(None);
        };
        if !self.0.keys.load().contains_key(&kid) {
            self.ask_identity().await?;
        }
        Ok(self
            .0
            .keys
            .load()
            .get(&kid)
            .and_then(|key| key.verify(typ, text).ok()))
    }

    async fn ask_identity(&self) -> Result<(), Failure> {
        let Some(channel) = &self.0.identity else {
            return Ok(());
        };
        let mut asked = self.0.asked.lock().await;
        if asked.is_some_and(|at| at.elapsed() < ASK_AGAIN) && !self.0.keys.load().is_empty() {
            return Ok(());
        }
        let jwks = IdentityServiceClient::new(channel.clone())
            .get_jwks(client::background("token_keys", GetJwksRequest {}))
            .await
            .map_err(|_| Failure::away("identity"))?
            .into_inner();
        *asked = Some(Instant::now());
        self.set(
            jwks.keys
                .into_iter()
                .map(|key| (key.kid, VerifyingKey::from_raw(&key.x))),
        );
        Ok(())
    }
}

fn person_of(claims: &AccessClaims, token: &str) -> Option<Person> {
    Some(Person {
        account: claims.sub.parse().ok()?,
        sign_in: claims.sid.parse().ok()?,
        school: claims.school.clone(),
        authority: claims.authority.clone(),
        roles: claims.roles.iter().filter_map(|role| Role::parse(role)).collect(),
        grant: claims.grant.iter().cloned().collect(),
        acting: claims
            .act
            .iter()
            .filter_map(|(role, by)| Some((Role::parse(role)?, by.clone())))
            .collect(),
        token: token.to_owned(),
    })
}

/// A poisoned lock only means that another task panicked between two map operations: the map is whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
