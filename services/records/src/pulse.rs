//! The pulse: tells watchers that their school's feed has a new number. One small question to the database twice a
//! second for all watched schools of this process. Not LISTEN/NOTIFY: a notifying commit takes a lock of the whole
//! cluster, and sealing must not queue behind other schools.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::PgPool;
use tokio::sync::watch::{Receiver, Sender};

use crate::store::change;

/// How late a watcher learns of a change at most.
const BEAT: Duration = Duration::from_millis(500);

/// Who watches which school. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<Mutex<HashMap<String, Sender<i64>>>>);

impl Pulse {
    /// The newest number of a school, as it rises.
    #[must_use]
    pub fn of(&self, school: &str) -> Receiver<i64> {
        self.schools()
            .entry(school.to_owned())
            .or_insert_with(|| Sender::new(0))
            .subscribe()
    }

    /// Beats for ever.
    pub async fn beat(self, pool: PgPool) {
        let mut turns = tokio::time::interval(BEAT);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            let watched: Vec<String> = {
                let mut schools = self.schools();
                schools.retain(|_, sender| sender.receiver_count() > 0);
                schools.keys().cloned().collect()
            };
            if watched.is_empty() {
                continue;
            }
            match change::heads(&pool, &watched).await {
                Ok(heads) => {
                    let schools = self.schools();
                    for (school, last) in heads {
                        if let Some(sender) = schools.get(&school) {
                            sender.send_if_modified(|known| std::mem::replace(known, last) != last);
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "the pulse beats again"),
            }
        }
    }

    /// A poisoned lock only means that another task panicked between two map operations: the map is whole.
    fn schools(&self) -> MutexGuard<'_, HashMap<String, Sender<i64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
