//! An identity for tests: real keys, real tokens, a feed that tests write.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use hocba_chassis::{
    caller::Role,
    clock::{Clock, new_id, to_timestamp},
    token::{ACCESS, ACT, AccessClaims, ActClaims, ISSUER, SigningKey, VerifyingKey},
    token_keys::Tokens,
};
use hocba_proto::identity::{
    AccountEvent, Jwk, Jwks, ListAccountEventsRequest, ListAccountEventsResponse, ResolveAccountsRequest,
    ResolveAccountsResponse, ResolveSchoolRequest, ResolvedAccount, ResolvedSchool,
    account_event::Kind,
    identity_internal_service_server::{IdentityInternalService, IdentityInternalServiceServer},
};
use ring::{rand::SystemRandom, signature::Ed25519KeyPair};
use tonic::{Request, Response, Status, metadata::MetadataValue, service::Routes};
use uuid::Uuid;

use crate::{peer::TestPeer, pki::Pki};

/// Identity as a peer.
#[derive(Debug)]
pub struct TestIdentity {
    /// The server.
    pub peer: TestPeer,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    key: SigningKey,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    events: Vec<AccountEvent>,
    accounts: BTreeMap<String, ResolvedAccount>,
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub struct TestPerson {
    /// Account id.
    pub account: Uuid,
    /// Sign-in id.
    pub sign_in: Uuid,
    /// School id.
    pub school: Option<String>,
    /// Role ids.
    pub roles: Vec<&'static str>,
    /// The access token.
    pub token: String,
}

impl TestPerson {
    /// `accounts/{id}`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("accounts/{}", self.account)
    }

    /// A request of this person, as the gateway would pass it on.
    #[must_use]
    pub fn ask<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        if let Ok(value) = MetadataValue::try_from(format!("Bearer {}", self.token)) {
            request.metadata_mut().insert("authorization", value);
        }
        request
    }
}

impl TestIdentity {
    /// Starts it on a free port with a new key.
    pub async fn start(pki: &Pki) -> anyhow::Result<Self> {
        let pkcs8 =
            Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| anyhow::anyhow!("no key"))?;
        let key = SigningKey::from_pkcs8(pkcs8.as_ref())?;
        let shared = Arc::new(Shared {
            key,
            state: Mutex::default(),
        });
        let routes = Routes::new(IdentityInternalServiceServer::new(Feed(Arc::clone(&shared))))
            .add_service(jwks::Server(Arc::clone(&shared)));
        let tokens = Tokens::local(
            Clock::system(),
            [(
                shared.key.kid().to_owned(),
                VerifyingKey::from_raw(shared.key.public()),
            )],
        );
        let peer = TestPeer::serve(pki, "identity", tokens, routes).await?;
        Ok(Self { peer, shared })
    }

    /// A judge of our tokens, for further peers of the test.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        let key = &self.shared.key;
        Tokens::local(
            Clock::system(),
            [(key.kid().to_owned(), VerifyingKey::from_raw(key.public()))],
        )
    }

    /// A new person with these roles at a school.
    #[must_use]
    pub fn person(&self, school: &str, roles: &[&'static str]) -> TestPerson {
        self.sign_in(new_id(), Some(school), roles, 300)
    }

    /// A person of no school: operators, officers.
    #[must_use]
    pub fn outsider(&self, roles: &[&'static str]) -> TestPerson {
        self.sign_in(new_id(), None, roles, 300)
    }

    /// A district officer of an authority.
    #[must_use]
    pub fn officer(&self, authority: &str) -> TestPerson {
        let person = self.outsider(&["district_officer"]);
        let token = self.token(&person, 300, |claims| {
            claims.authority = Some(authority.to_owned())
        });
        TestPerson { token, ..person }
    }

    /// A system whose grant names these groups of fields.
    #[must_use]
    pub fn integrator(&self, school: &str, groups: &[&str]) -> TestPerson {
        let person = self.person(school, &["integrator"]);
        let grant = groups.iter().map(|group| (*group).to_owned()).collect();
        let token = self.token(&person, 300, |claims| claims.grant = grant);
        TestPerson { token, ..person }
    }

    /// A sign-in of an account; its token ends after so many seconds (negative: ended already).
    #[must_use]
    pub fn sign_in(
        &self,
        account: Uuid,
        school: Option<&str>,
        roles: &[&'static str],
        seconds: i64,
    ) -> TestPerson {
        let person = TestPerson {
            account,
            sign_in: new_id(),
            school: school.map(str::to_owned),
            roles: roles.to_vec(),
            token: String::new(),
        };
        let token = self.token(&person, seconds, |_| {});
        self.lock().accounts.insert(
            format!("accounts/{account}"),
            ResolvedAccount {
                name: format!("accounts/{account}"),
                display_name: format!("Người {}", roles.first().copied().unwrap_or("nào đó")),
                title: "Giáo viên".to_owned(),
                school: school.unwrap_or_default().to_owned(),
                roles: roles.iter().map(|role| (*role).to_owned()).collect(),
                active: true,
            },
        );
        TestPerson { token, ..person }
    }

    /// An access token of the person, with what else its claims shall say.
    fn token(&self, person: &TestPerson, seconds: i64, more: impl FnOnce(&mut AccessClaims)) -> String {
        let now = Clock::system().now();
        let mut claims = AccessClaims {
            iss: ISSUER.to_owned(),
            sub: person.account.to_string(),
            sid: person.sign_in.to_string(),
            school: person.school.clone(),
            authority: None,
            roles: person.roles.iter().map(|role| (*role).to_owned()).collect(),
            grant: Vec::new(),
            act: BTreeMap::new(),
            iat: now.unix_timestamp(),
            exp: now.unix_timestamp() + seconds,
            jti: new_id().to_string(),
        };
        more(&mut claims);
        self.shared.key.sign(ACCESS, &claims).unwrap_or_default()
    }

    /// An act token of the person in a role, on the premises.
    #[must_use]
    pub fn act(&self, person: &TestPerson, role: Role, purpose: &str, digest: &str) -> String {
        self.act_with(person, role, purpose, digest, true, 300)
    }

    /// An act token in every detail.
    #[must_use]
    pub fn act_with(
        &self,
        person: &TestPerson,
        role: Role,
        purpose: &str,
        digest: &str,
        premises: bool,
        seconds: i64,
    ) -> String {
        let now = Clock::system().now().unix_timestamp();
        let claims = ActClaims {
            iss: ISSUER.to_owned(),
            sub: person.account.to_string(),
            sid: person.sign_in.to_string(),
            school: person.school.clone(),
            role: role.as_str().to_owned(),
            delegation: None,
            purpose: purpose.to_owned(),
            digest: digest.to_owned(),
            premises,
            iat: now.min(now + seconds),
            exp: now + seconds,
            jti: new_id().to_string(),
        };
        self.shared.key.sign(ACT, &claims).unwrap_or_default()
    }

    /// Puts an event of the person into the feed.
    pub fn tell(&self, kind: Kind, person: &TestPerson) {
        let mut state = self.lock();
        let sequence = i64::try_from(state.events.len())
            .unwrap_or(i64::MAX)
            .saturating_add(1);
        state.events.push(AccountEvent {
            sequence,
            kind: kind.into(),
            account: person.account.to_string(),
            sign_in: person.sign_in.to_string(),
            school: person.school.clone().unwrap_or_default(),
            occur_time: Some(to_timestamp(Clock::system().now())),
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Feed(Arc<Shared>);

#[tonic::async_trait]
impl IdentityInternalService for Feed {
    async fn list_account_events(
        &self,
        request: Request<ListAccountEventsRequest>,
    ) -> Result<Response<ListAccountEventsResponse>, Status> {
        let after = request.into_inner().after;
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let events = state
            .events
            .iter()
            .filter(|event| event.sequence > after)
            .cloned()
            .collect();
        Ok(Response::new(ListAccountEventsResponse { events }))
    }

    async fn resolve_accounts(
        &self,
        request: Request<ResolveAccountsRequest>,
    ) -> Result<Response<ResolveAccountsResponse>, Status> {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let accounts = request
            .into_inner()
            .names
            .iter()
            .filter_map(|name| state.accounts.get(name).cloned())
            .collect();
        Ok(Response::new(ResolveAccountsResponse { accounts }))
    }

    async fn resolve_school(
        &self,
        request: Request<ResolveSchoolRequest>,
    ) -> Result<Response<ResolvedSchool>, Status> {
        Ok(Response::new(ResolvedSchool {
            name: request.into_inner().name,
            code: "01018A01".to_owned(),
            display_name: "Trường Tiểu học Mẫu A".to_owned(),
            commune: "Xã Phù Đổng".to_owned(),
            province: "Hà Nội".to_owned(),
            authority: "authorities/gia-lam".to_owned(),
        }))
    }
}

/// `GetJwks` alone of the public service: the other methods answer UNIMPLEMENTED, as a server does that
/// has not been given them.
mod jwks {
    use std::{
        convert::Infallible,
        future::{Ready, ready},
        task::{Context, Poll},
    };

    use futures::future::BoxFuture;
    use hocba_proto::identity::GetJwksRequest;
    use tonic::{
        body::Body,
        codegen::http,
        server::{Grpc, NamedService, UnaryService},
    };
    use tonic_prost::ProstCodec;

    use super::{Arc, Jwk, Jwks, Request, Response, Shared, Status};

    #[derive(Clone, Debug)]
    pub(super) struct Server(pub(super) Arc<Shared>);

    impl NamedService for Server {
        const NAME: &'static str = "hocba.identity.v1.IdentityService";
    }

    impl UnaryService<GetJwksRequest> for Server {
        type Response = Jwks;
        type Future = Ready<Result<Response<Jwks>, Status>>;

        fn call(&mut self, _: Request<GetJwksRequest>) -> Self::Future {
            let key = &self.0.key;
            ready(Ok(Response::new(Jwks {
                keys: vec![Jwk {
                    kid: key.kid().to_owned(),
                    kty: "OKP".to_owned(),
                    crv: "Ed25519".to_owned(),
                    x: key.public().to_vec(),
                }],
            })))
        }
    }

    impl tower::Service<http::Request<Body>> for Server {
        type Response = http::Response<Body>;
        type Error = Infallible;
        type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: http::Request<Body>) -> Self::Future {
            let server = self.clone();
            Box::pin(async move {
                if request.uri().path().ends_with("/GetJwks") {
                    Ok(Grpc::new(ProstCodec::default()).unary(server, request).await)
                } else {
                    Ok(Status::unimplemented("not in this test").into_http())
                }
            })
        }
    }
}
