//! The RPCs by which lock installs and reads fences.

use std::sync::Arc;

use hocba_chassis::{
    Caller, Failure,
    clock::{from_timestamp, to_timestamp},
};
use hocba_proto::lock::{
    self, CountOpenSessionsRequest, CountOpenSessionsResponse, InstallFenceRequest, InstallFenceResponse,
    ListFencesRequest, ListFencesResponse,
    fence_service_server::{FenceService, FenceServiceServer},
};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use crate::{Error, Fence, Guard, Scope, State, Term, install, list};

/// The only peer that installs fences.
const LOCK: &str = "lock";
/// Fences a page when none is asked for, and the most.
const PAGE: (i32, i32) = (500, 1000);

/// Serves `hocba.lock.v1.FenceService` for a guarded database.
#[derive(Debug)]
pub struct FenceServer<G> {
    pool: PgPool,
    guard: Arc<G>,
}

impl<G> Clone for FenceServer<G> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            guard: Arc::clone(&self.guard),
        }
    }
}

impl<G: Guard> FenceServer<G> {
    /// For this database, with the service's part.
    pub fn new(pool: PgPool, guard: G) -> Self {
        Self {
            pool,
            guard: Arc::new(guard),
        }
    }

    /// As a tonic service, ready to be added to the routes.
    #[must_use]
    pub fn into_service(self) -> FenceServiceServer<Self> {
        FenceServiceServer::new(self)
    }
}

#[tonic::async_trait]
impl<G: Guard> FenceService for FenceServer<G> {
    async fn install_fence(
        &self,
        request: Request<InstallFenceRequest>,
    ) -> Result<Response<InstallFenceResponse>, Status> {
        only_lock(&request)?;
        let fence = parse(request.into_inner().fence.unwrap_or_default())?;
        // Not torn apart by a caller that stops waiting: the fence and the seals commit or do not.
        let server = self.clone();
        let work = tokio::spawn(async move {
            let installed = install(&server.pool, &*server.guard, &fence).await;
            if let Ok(done) = &installed
                && done.changed
            {
                let sealed = done.sealed_sessions;
                tracing::info!(term = %fence.term, epoch = done.epoch, sealed, "fence installed");
            }
            installed
        });
        let installed = work.await.map_err(Failure::internal)?.map_err(Failure::from)?;
        Ok(Response::new(InstallFenceResponse {
            epoch: installed.epoch,
            installed: installed.changed,
            sealed_session_count: i32::try_from(installed.sealed_sessions).unwrap_or(i32::MAX),
        }))
    }

    async fn list_fences(
        &self,
        request: Request<ListFencesRequest>,
    ) -> Result<Response<ListFencesResponse>, Status> {
        only_lock(&request)?;
        let request = request.into_inner();
        let after = match request.page_token.as_str() {
            "" => None,
            token => {
                Some(Term::parse(token).ok_or_else(|| Failure::bad_request("page_token", "không hợp lệ"))?)
            }
        };
        let size = if request.page_size <= 0 {
            PAGE.0
        } else {
            request.page_size.min(PAGE.1)
        };
        let size = usize::try_from(size).unwrap_or_default();
        let mut fences = list(
            &self.pool,
            after.as_ref(),
            u32::try_from(size + 1).unwrap_or(u32::MAX),
        )
        .await
        .map_err(Failure::from)?;
        let more = fences.len() > size;
        fences.truncate(size);
        let last = fences.last().filter(|_| more);
        Ok(Response::new(ListFencesResponse {
            next_page_token: last.map(|fence| fence.term.to_string()).unwrap_or_default(),
            fences: fences.iter().map(show).collect(),
        }))
    }

    async fn count_open_sessions(
        &self,
        request: Request<CountOpenSessionsRequest>,
    ) -> Result<Response<CountOpenSessionsResponse>, Status> {
        only_lock(&request)?;
        let term = term("term", &request.into_inner().term)?;
        if !self.guard.guards(term.kind()) {
            return Err(Failure::from(Error::NotGuarded(term.to_string())).into());
        }
        let mut tx = hocba_chassis::database::begin(&self.pool, term.school())
            .await
            .map_err(Failure::from)?;
        let count = self.guard.open_sessions(&mut tx, &term).await?;
        Ok(Response::new(CountOpenSessionsResponse {
            open_session_count: i32::try_from(count).unwrap_or(i32::MAX),
        }))
    }
}

fn only_lock<T>(request: &Request<T>) -> Result<(), Failure> {
    if Caller::of(request)?.peer.name() == LOCK {
        return Ok(());
    }
    Err(Failure::denied(hocba_chassis::error::SHARED, "INTERNAL_ONLY")
        .vi("Dịch vụ này không mở ra bên ngoài."))
}

fn term(field: &str, name: &str) -> Result<Term, Failure> {
    Term::parse(name)
        .ok_or_else(|| Failure::bad_request(field, "phải có dạng schools/{school}/years/{year}/terms/{term}"))
}

fn parse(fence: lock::Fence) -> Result<Fence, Failure> {
    let state = match (fence.state(), &fence.window_end_time) {
        (lock::term::State::Closed, None) => State::Closed,
        (lock::term::State::Window, Some(end)) => {
            State::Window(from_timestamp(end).ok_or_else(|| bad("fence.window_end_time"))?)
        }
        (
            lock::term::State::Unspecified
            | lock::term::State::Open
            | lock::term::State::Closed
            | lock::term::State::Window,
            _,
        ) => return Err(bad("fence.state")),
    };
    if fence.epoch < 1 {
        return Err(bad("fence.epoch"));
    }
    let term = term("fence.term", &fence.term)?;
    let scopes = fence
        .scopes
        .into_iter()
        .map(scope)
        .collect::<Option<_>>()
        .ok_or_else(|| bad("fence.scopes"))?;
    Ok(Fence {
        term,
        epoch: fence.epoch,
        state,
        scopes,
        lock_order: fence.lock_order,
    })
}

fn bad(field: &str) -> Failure {
    Failure::bad_request(field, "không hợp lệ")
}

fn scope(scope: lock::Scope) -> Option<Scope> {
    let digest = scope.cells_digest;
    let hex = digest.len() == 64 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (hex && scope.close_epoch == scope.open_epoch + 1).then_some(())?;
    Some(Scope {
        dossier: scope.dossier,
        cells_digest: digest,
        open_epoch: scope.open_epoch,
        end_at: from_timestamp(&scope.end_time?)?,
    })
}

fn show(fence: &Fence) -> lock::Fence {
    let (state, window_end) = match fence.state {
        State::Closed => (lock::term::State::Closed, None),
        State::Window(end) => (lock::term::State::Window, Some(end)),
    };
    let scope = |scope: &Scope| lock::Scope {
        dossier: scope.dossier.clone(),
        term: fence.term.to_string(),
        cells_digest: scope.cells_digest.clone(),
        open_epoch: scope.open_epoch,
        close_epoch: scope.open_epoch + 1,
        end_time: Some(to_timestamp(scope.end_at)),
    };
    lock::Fence {
        term: fence.term.to_string(),
        epoch: fence.epoch,
        state: state.into(),
        window_end_time: window_end.map(to_timestamp),
        scopes: fence.scopes.iter().map(scope).collect(),
        lock_order: fence.lock_order.clone(),
    }
}
