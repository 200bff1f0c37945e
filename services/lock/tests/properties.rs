//! What holds after any sequence of commands, lawful or not.
#![expect(clippy::indexing_slicing, reason = "a test's helpers may fail the test")]

use std::collections::{BTreeMap, BTreeSet};

use hocba_lock::model::{
    change::{Command, Effect, apply},
    name::Database,
    scope::{Epoch, Fate},
    term::{Fence, Mode, Term},
};
use proptest::prelude::*;
use time::{Duration, OffsetDateTime};

fn at(hour: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::hours(hour)
}

/// A command at a moment some hours after the one before.
fn commands() -> impl Strategy<Value = Vec<(u8, Command)>> {
    let text = |prefix: &'static str| (0u8..3).prop_map(move |n| format!("{prefix}{n}"));
    let command = prop_oneof![
        3 => text("order").prop_map(|lock_order| Command::Close { lock_order }),
        2 => (text("order"), 0i64..900)
            .prop_map(|(lock_order, end)| Command::OpenWindow { lock_order, end_at: at(end) }),
        3 => (text("dossier"), text("digest"), 0i64..100).prop_map(|(dossier, cells_digest, end)| {
            Command::OpenScope { dossier, cells_digest, end_at: at(end) }
        }),
        2 => (text("dossier"), 0i64..12)
            .prop_map(|(dossier, open_epoch)| Command::ReportScopeUsed { dossier, open_epoch }),
        6 => (0usize..2, 0i64..12, 0i64..14).prop_map(|(guard, asked, in_force)| Command::Installed {
            database: Database::ALL[guard],
            asked,
            in_force,
            sealed_sessions: 1,
        }),
        1 => Just(Command::Tick),
        1 => (0i64..20, any::<bool>()).prop_map(|(epoch, closed)| Command::Recover {
            fences: vec![Fence {
                epoch,
                mode: if closed { Mode::Closed } else { Mode::Window(at(epoch)) },
                lock_order: "found".into(),
                scopes: vec![],
            }],
        }),
    ];
    prop::collection::vec((0u8..10, command), 0..60)
}

proptest! {
    #[test]
    fn t4_epochs_only_rise_and_every_installation_is_of_one_mind(commands in commands()) {
        let mut term = Term::open(BTreeSet::from(Database::ALL));
        let mut hour = 0;
        let mut installed: BTreeMap<Epoch, (Mode, String)> = BTreeMap::new();
        let mut answered: BTreeSet<(Database, Epoch)> = BTreeSet::new();
        for (hours, command) in commands {
            hour += i64::from(hours);
            let recovering = matches!(command, Command::Recover { .. });
            if let Command::Installed { database, asked, in_force, .. } = &command
                && in_force >= asked
            {
                answered.insert((*database, *asked));
            }
            let Ok((next, effects)) = apply(term.clone(), at(hour), command) else { continue };
            prop_assert!(next.last_epoch >= term.last_epoch);
            if recovering {
                // Guards are asked again, whatever they answered before.
                answered.clear();
            }
            for effect in effects {
                match effect {
                    Effect::Install(_, fence) => {
                        prop_assert!(fence.epoch <= next.last_epoch);
                        prop_assert!(fence.scopes.iter().all(|scope| scope.fate == Fate::Open));
                        let mind = (fence.mode, fence.lock_order);
                        prop_assert_eq!(installed.entry(fence.epoch).or_insert_with(|| mind.clone()), &mind);
                    }
                    Effect::Acknowledge(_) => {
                        let epoch = next.standing.as_ref().map_or(0, |standing| standing.epoch);
                        for guard in &next.guards {
                            prop_assert!(answered.contains(&(*guard, epoch)), "{guard:?} never had {epoch}");
                        }
                    }
                }
            }
            let epochs: Vec<Epoch> = next.scopes.values().flat_map(|scope| [scope.open_epoch, scope.close_epoch()]).collect();
            prop_assert!(epochs.is_sorted_by(|one, other| one < other), "two scopes share an epoch");
            prop_assert!(epochs.iter().all(|epoch| *epoch <= next.last_epoch));
            term = next;
        }
    }
}
