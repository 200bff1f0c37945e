//! A lock service and what stands around it.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use clap::Parser as _;
use hocba_chassis::{
    Clock, Failure,
    clock::to_timestamp,
    probe,
    run::{self, Definition, Running},
};
use hocba_fence::{Closing, FenceServer, Guard, Kind, Semester, check, use_scope};
use hocba_lock::Config;
use hocba_proto::lock::{
    CloseTermRequest, CountOpenSessionsRequest, GetTermRequest, OpenScopeRequest, OpenWindowRequest,
    ReportScopeUsedRequest, Scope, Term, WatchTermRequest, fence_service_client::FenceServiceClient,
    lock_internal_service_client::LockInternalServiceClient, lock_service_client::LockServiceClient,
};
use hocba_testing::{
    Pki, TestArchive, TestDatabase, TestIdentity, TestPeer, TestPerson, channel_as, eventually,
};
use sqlx::{Executor as _, PgConnection, PgPool};
use time::OffsetDateTime;
use tonic::{Status, Streaming, service::Routes, transport::Channel};
use wire::Wire;

mod wire;

/// A school of this test run: Redis is shared by all tests.
pub(crate) const SCHOOL: &str = "s";
/// The term under test.
pub(crate) const TERM: &str = "schools/s/years/2025-2026/terms/marks-semester1";
const GUARD: Definition = Definition {
    name: "fence",
    migrations: &[&hocba_fence::MIGRATIONS],
};

/// Records, as far as lock sees it: a guarded database with three open entry sessions.
#[derive(Clone)]
struct Records(Arc<AtomicU32>);

impl Guard for Records {
    fn guards(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Marks(_))
    }

    async fn seal(&self, _: &mut PgConnection, _: Closing<'_>) -> Result<u32, Failure> {
        Ok(self.0.swap(0, Ordering::SeqCst))
    }

    async fn open_sessions(&self, _: &mut PgConnection, _: &hocba_fence::Term) -> Result<u32, Failure> {
        Ok(self.0.load(Ordering::SeqCst))
    }
}

/// Everything.
pub(crate) struct World {
    pub(crate) identity: TestIdentity,
    pub(crate) archive: TestArchive,
    pki: Pki,
    database: TestDatabase,
    guarded: TestDatabase,
    guarded_pool: PgPool,
    sessions: Records,
    guard: Option<TestPeer>,
    guard_address: String,
    pub(crate) wire: Wire,
    redis: PathBuf,
    redis_url: String,
    running: Option<Running>,
    address: String,
}

/// An instant so many seconds from now.
pub(crate) fn timestamp(seconds: f32) -> prost_types::Timestamp {
    let away = Duration::from_secs_f32(seconds.abs());
    let now = OffsetDateTime::now_utc();
    to_timestamp(if seconds < 0.0 { now - away } else { now + away })
}

fn term() -> hocba_fence::Term {
    hocba_fence::Term::marks(SCHOOL, "2025-2026", Semester::One)
}

/// Tests run at once and share Redis: each takes one of its databases for a minute.
async fn free_redis(url: &str) -> u32 {
    eventually("a database of Redis is free", Duration::from_secs(60), || async {
        for number in 1..16 {
            let client =
                redis::Client::open(format!("{}/{number}", url.trim_end_matches('/'))).expect("a URL");
            let mut connection = client.get_multiplexed_async_connection().await.expect("redis");
            let mut claim = redis::cmd("SET");
            claim
                .arg("hocba:test")
                .arg(std::process::id())
                .arg("NX")
                .arg("EX")
                .arg(60);
            let claimed: Option<String> = claim.query_async(&mut connection).await.expect("an answer");
            if claimed.is_some() {
                return Ok(number);
            }
        }
        Err("all taken")
    })
    .await
}

impl World {
    /// With the Redis of the test run, in a database of its own.
    pub(crate) async fn start() -> Self {
        let url = std::env::var("HOCBA_TEST_REDIS").expect("HOCBA_TEST_REDIS: run the tests by `make test`");
        let number = free_redis(&url).await;
        let world = Self::start_with(format!("{}/{number}", url.trim_end_matches('/'))).await;
        world.wipe_redis().await;
        world
    }

    /// With an address where no Redis listens.
    pub(crate) async fn start_without_redis() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0")
            .expect("a port")
            .local_addr()
            .expect("an address");
        Self::start_with(format!("redis://{free}")).await
    }

    async fn start_with(redis_url: String) -> Self {
        let pki = Pki::make().expect("certificates");
        let identity = TestIdentity::start(&pki).await.expect("identity");
        let archive = TestArchive::start(&pki, identity.tokens())
            .await
            .expect("archive");
        let database = TestDatabase::of(&hocba_lock::DEFINITION)
            .await
            .expect("lock's database");
        let guarded = TestDatabase::of(&GUARD).await.expect("a guarded database");
        let guarded_pool = guarded.service().await.expect("a pool");
        let redis = pki.folder().join("redis.url");
        std::fs::write(&redis, &redis_url).expect("a secret");
        let wire = Wire::lay(&database.url()).await;
        let sessions = Records(Arc::new(AtomicU32::new(3)));
        let mut world = Self {
            identity,
            archive,
            pki,
            database,
            guarded,
            guarded_pool,
            sessions,
            guard: None,
            guard_address: "127.0.0.1:0".into(),
            wire,
            redis,
            redis_url,
            running: None,
            address: String::new(),
        };
        world.start_guard().await;
        world.start_lock().await;
        world
    }

    pub(crate) async fn start_guard(&mut self) {
        let server = FenceServer::new(self.guarded_pool.clone(), self.sessions.clone()).into_service();
        let guard = TestPeer::serve_at(
            &self.pki,
            "records",
            self.identity.tokens(),
            Routes::new(server),
            &self.guard_address,
        )
        .await
        .expect("a guard");
        self.guard_address = guard.address.clone();
        self.guard = Some(guard);
    }

    pub(crate) async fn stop_guard(&mut self) {
        self.guard.take().expect("a guard").stop().await;
    }

    pub(crate) async fn start_lock(&mut self) {
        let files = self.pki.files("lock");
        let url = self.pki.folder().join("lock.url");
        std::fs::write(&url, self.wire.through(&self.database.url())).expect("a secret");
        let config = Config::try_parse_from([
            "hocba-lock".into(),
            "--listen=127.0.0.1:0".to_owned(),
            format!("--tls-cert={}", files.cert.display()),
            format!("--tls-key={}", files.key.display()),
            format!("--tls-ca={}", files.ca.display()),
            format!("--database-url-file={}", url.display()),
            format!("--identity-addr={}", self.identity.peer.address),
            format!("--archive-addr={}", self.archive.peer.address),
            format!("--records-addr={}", self.guard_address),
            format!("--redis-url-file={}", self.redis.display()),
            "--drain-seconds=1".into(),
        ])
        .expect("a configuration");
        let running = run::start(hocba_lock::DEFINITION, Clock::system(), config, hocba_lock::build).await;
        let running = running.expect("a lock service");
        self.address = running.address.to_string();
        self.running = Some(running);
        if self.guard.is_some() {
            eventually("the guard is recovered", Duration::from_secs(10), || async {
                // A scope that does not exist cannot be refused before the guard is known.
                let request = OpenWindowRequest {
                    name: "schools/recovered/years/2025-2026/terms/marks-semester1".into(),
                    lock_order: "schools/recovered/lockOrders/1".into(),
                    end_time: Some(timestamp(60.0)),
                    request_id: "recovered".into(),
                };
                match self.internal_as("workflow").open_window(request).await {
                    Err(status) if status.code() == tonic::Code::FailedPrecondition => Ok(()),
                    other => Err(other),
                }
            })
            .await;
        }
    }

    pub(crate) async fn stop_lock(&mut self) {
        self.running
            .take()
            .expect("a lock service")
            .stop()
            .await
            .expect("stopped");
    }

    /// What Kubernetes runs beside the service.
    pub(crate) async fn probe(&self) -> Result<(), String> {
        let files = self.pki.files("lock");
        let config = probe::Config {
            listen: self.address.parse().expect("an address"),
            tls_cert: files.cert,
            tls_key: files.key,
            tls_ca: files.ca,
        };
        probe::run("lock", &config)
            .await
            .map_err(|error| format!("{error:#}"))
    }

    fn admin(&self) -> TestPerson {
        self.identity.person(SCHOOL, &["system_admin"])
    }

    fn channel(&self, from: &str) -> Channel {
        channel_as(&self.pki, from, "lock", &self.address).expect("a channel")
    }

    pub(crate) fn internal_as(&self, peer: &str) -> LockInternalServiceClient<Channel> {
        LockInternalServiceClient::new(self.channel(peer))
    }

    pub(crate) fn public(&self) -> LockServiceClient<Channel> {
        LockServiceClient::new(self.channel("gateway"))
    }

    pub(crate) fn fence_as(&self, peer: &str) -> FenceServiceClient<Channel> {
        let channel = channel_as(&self.pki, peer, "records", &self.guard_address);
        FenceServiceClient::new(channel.expect("a channel"))
    }

    pub(crate) async fn get_term(&self) -> Result<Term, Status> {
        let request = self.admin().ask(GetTermRequest { name: TERM.into() });
        Ok(self.public().get_term(request).await?.into_inner())
    }

    pub(crate) async fn watch_term(&self) -> Result<Streaming<Term>, Status> {
        let request = self.admin().ask(WatchTermRequest { name: TERM.into() });
        Ok(self.public().watch_term(request).await?.into_inner())
    }

    // One person for all calls: a request_id belongs to its caller.
    async fn workflow<M>(&self, message: M) -> (LockInternalServiceClient<Channel>, tonic::Request<M>) {
        let admin = self
            .identity
            .sign_in(uuid::Uuid::from_u128(7), Some(SCHOOL), &["system_admin"], 300);
        (self.internal_as("workflow"), admin.ask(message))
    }

    pub(crate) async fn close(&self, request: CloseTermRequest) -> Result<Term, Status> {
        let (mut client, request) = self.workflow(request).await;
        Ok(client.close_term(request).await?.into_inner())
    }

    pub(crate) async fn open_window(&self, request: OpenWindowRequest) -> Result<Term, Status> {
        let (mut client, request) = self.workflow(request).await;
        Ok(client.open_window(request).await?.into_inner())
    }

    pub(crate) async fn open_scope(&self, request: OpenScopeRequest) -> Result<Scope, Status> {
        let (mut client, request) = self.workflow(request).await;
        Ok(client.open_scope(request).await?.into_inner())
    }

    pub(crate) async fn report_scope_used(&self, request: ReportScopeUsedRequest) -> Result<Term, Status> {
        let (mut client, request) = self.workflow(request).await;
        Ok(client.report_scope_used(request).await?.into_inner())
    }

    pub(crate) async fn count_open_sessions(&self) -> i32 {
        let (mut client, request) = self
            .workflow(CountOpenSessionsRequest { term: TERM.into() })
            .await;
        client
            .count_open_sessions(request)
            .await
            .expect("a count")
            .into_inner()
            .open_session_count
    }

    /// What a writer of the guarded database gets.
    pub(crate) async fn write(&self) -> Result<i64, hocba_fence::Error> {
        let mut tx = self.guarded_pool.begin().await?;
        check(&mut tx, &term()).await
    }

    /// What a correction gets.
    pub(crate) async fn use_scope(&self, scope: &Scope) -> Result<i64, hocba_fence::Error> {
        let mut tx = hocba_chassis::database::begin(&self.guarded_pool, SCHOOL).await?;
        let epoch = use_scope(
            &mut tx,
            &term(),
            &scope.dossier,
            &scope.cells_digest,
            scope.open_epoch,
        )
        .await?;
        tx.commit().await?;
        Ok(epoch)
    }

    pub(crate) async fn wipe_redis(&self) {
        let mut connection = self.redis().await;
        // The user of the lock service may not FLUSHDB; this term is all there is.
        redis::cmd("DEL")
            .arg(format!("hocba:term:{TERM}"))
            .query_async::<()>(&mut connection)
            .await
            .expect("wiped");
    }

    /// The epoch in the mirror.
    pub(crate) async fn mirrored(&self) -> Option<i64> {
        let mut connection = self.redis().await;
        let key = format!("hocba:term:{TERM}");
        redis::cmd("HGET")
            .arg(key)
            .arg("epoch")
            .query_async(&mut connection)
            .await
            .expect("an answer")
    }

    async fn redis(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.redis_url.as_str()).expect("a URL");
        client.get_multiplexed_async_connection().await.expect("redis")
    }

    /// As after the restore of a backup from before the first lock.
    pub(crate) async fn lose_lock_database(&self) {
        let superuser = self.database.superuser().await.expect("a superuser");
        superuser
            .execute(
                "set session_replication_role = replica; truncate term, installation, scope, once cascade",
            )
            .await
            .expect("lost");
    }

    /// The same for the guarded database.
    pub(crate) async fn lose_guard_database(&self) {
        let superuser = self.guarded.superuser().await.expect("a superuser");
        superuser
            .execute("set session_replication_role = replica; truncate term_fence, term_scope cascade")
            .await
            .expect("lost");
    }
}
