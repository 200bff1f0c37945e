//! The guarded databases, behind their services.

use hocba_chassis::{
    client,
    clock::{from_timestamp, to_timestamp},
};
use hocba_proto::lock::{
    self, CountOpenSessionsRequest, InstallFenceRequest, InstallFenceResponse, ListFencesRequest,
    fence_service_client::FenceServiceClient,
};
use tonic::{Status, transport::Channel};

use crate::model::{
    name::{Database, TermName},
    scope::{Fate, Scope},
    term::{Fence, Mode},
};

/// Channels to the services that hold fences.
#[derive(Debug, Clone)]
pub struct Guards {
    /// Guards marks.
    pub records: Channel,
    /// Guards books.
    pub archive: Channel,
}

impl Guards {
    fn client(&self, database: Database) -> FenceServiceClient<Channel> {
        FenceServiceClient::new(match database {
            Database::Records => self.records.clone(),
            Database::Archive => self.archive.clone(),
        })
    }

    /// Asks a guard to install a fence; answered after its commit.
    ///
    /// # Errors
    /// The guard's refusal, or that it is away.
    pub async fn install(
        &self,
        database: Database,
        name: &TermName,
        fence: &Fence,
    ) -> Result<InstallFenceResponse, Status> {
        let decision = if fence.lock_order.is_empty() {
            "recovery"
        } else {
            fence.lock_order.as_str()
        };
        let request = client::background(
            decision,
            InstallFenceRequest {
                fence: Some(to_wire(name, fence)),
            },
        );
        Ok(self.client(database).install_fence(request).await?.into_inner())
    }

    /// All fences a guard holds.
    ///
    /// # Errors
    /// That the guard is away, or answers nonsense.
    pub async fn list(&self, database: Database) -> Result<Vec<(TermName, Fence)>, Status> {
        let mut all = vec![];
        let mut page_token = String::new();
        loop {
            let request = client::background(
                "recovery",
                ListFencesRequest {
                    page_size: 0,
                    page_token,
                },
            );
            let page = self.client(database).list_fences(request).await?.into_inner();
            for fence in page.fences {
                all.push(from_wire(fence).ok_or_else(|| Status::internal("a fence does not parse"))?);
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
    }

    /// How many entry sessions are open in a term.
    ///
    /// # Errors
    /// That the guard is away.
    pub async fn count_open_sessions(&self, database: Database, name: &TermName) -> Result<i32, Status> {
        let request = client::background(
            "count",
            CountOpenSessionsRequest {
                term: name.to_string(),
            },
        );
        Ok(self
            .client(database)
            .count_open_sessions(request)
            .await?
            .into_inner()
            .open_session_count)
    }
}

fn to_wire(name: &TermName, fence: &Fence) -> lock::Fence {
    let (state, window_end) = match fence.mode {
        Mode::Closed => (lock::term::State::Closed, None),
        Mode::Window(end) => (lock::term::State::Window, Some(end)),
    };
    lock::Fence {
        term: name.to_string(),
        epoch: fence.epoch,
        state: state.into(),
        window_end_time: window_end.map(to_timestamp),
        scopes: fence
            .scopes
            .iter()
            .map(|scope| scope_to_wire(name, scope))
            .collect(),
        lock_order: fence.lock_order.clone(),
    }
}

/// A scope as the contract shows it.
#[must_use]
pub fn scope_to_wire(name: &TermName, scope: &Scope) -> lock::Scope {
    lock::Scope {
        dossier: scope.dossier.clone(),
        term: name.to_string(),
        cells_digest: scope.cells_digest.clone(),
        open_epoch: scope.open_epoch,
        close_epoch: scope.close_epoch(),
        end_time: Some(to_timestamp(scope.end_at)),
    }
}

fn from_wire(fence: lock::Fence) -> Option<(TermName, Fence)> {
    let name = TermName::parse(&fence.term)?;
    let mode = match (fence.state(), &fence.window_end_time) {
        (lock::term::State::Closed, _) => Mode::Closed,
        (lock::term::State::Window, Some(end)) => Mode::Window(from_timestamp(end)?),
        (lock::term::State::Unspecified | lock::term::State::Open | lock::term::State::Window, _) => {
            return None;
        }
    };
    let scope = |scope: lock::Scope| {
        Some(Scope {
            dossier: scope.dossier,
            cells_digest: scope.cells_digest,
            open_epoch: scope.open_epoch,
            end_at: from_timestamp(&scope.end_time?)?,
            fate: Fate::Open,
        })
    };
    let scopes = fence.scopes.into_iter().map(scope).collect::<Option<_>>()?;
    Some((
        name,
        Fence {
            epoch: fence.epoch,
            mode,
            lock_order: fence.lock_order,
            scopes,
        },
    ))
}
