//! The promises T1 to T5 over the interleavings of a small world, breadth first as far as a test may take (`make soak`
//! goes ten times as far): a lock service that may crash or be restored to before its first epoch, whose callers
//! interleave, two guards, three writers, a wire that delays, loses, repeats and reorders, and a Redis that may be wiped.
//! The eight wrong locks that were tried on PostgreSQL and Redis prove that the model would notice.

mod mutant;
mod state;
mod world;

use std::env;

use rstest::rstest;
use stateright::{Checker, Model as _};

use mutant::Mutant;
use world::World;

fn check(
    (mutant, writers): (Mutant, usize),
    commands: u8,
    crashes: u8,
    most_states: usize,
) -> impl Checker<World> {
    World {
        mutant,
        writers,
        commands,
        crashes,
    }
    .checker()
    .threads(2)
    .target_state_count(most_states)
    .spawn_bfs()
    .join()
}

/// `make soak` goes ten times as far.
fn most_states() -> usize {
    if env::var_os("HOCBA_SOAK").is_some() {
        15_000_000
    } else {
        1_500_000
    }
}

#[test]
fn t1_to_t5_hold_in_every_interleaving() {
    let checker = check((Mutant::None, 3), 3, 1, most_states());
    println!(
        "{} steps, {} states",
        checker.state_count(),
        checker.unique_state_count()
    );
    checker.assert_properties();
}

/// The smallest world in which each is caught: commands, crashes.
#[rstest]
#[case::plain_read(Mutant::PlainRead, 1, 0)]
#[case::for_key_share(Mutant::KeyShare, 1, 0)]
#[case::lock_and_check_in_one_statement(Mutant::OneStatement, 1, 0)]
#[case::repeatable_read(Mutant::RepeatableRead, 1, 0)]
#[case::a_lease_alone(Mutant::Lease, 1, 0)]
#[case::redis_decides(Mutant::RedisDecides, 1, 1)]
#[case::acknowledged_before_the_last_database(Mutant::AcknowledgeEarly, 1, 0)]
#[case::epochs_from_redis(Mutant::EpochFromRedis, 2, 1)]
fn t1_the_model_notices_every_wrong_fence(#[case] mutant: Mutant, #[case] commands: u8, #[case] crashes: u8) {
    let checker = check((mutant, 1), commands, crashes, 300_000);
    let found = checker.discoveries();
    let broken = found
        .keys()
        .find(|name| name.starts_with("T1") || name.starts_with("T5"));
    assert!(
        broken.is_some(),
        "{mutant:?} is not noticed in {} states",
        checker.unique_state_count()
    );
}
