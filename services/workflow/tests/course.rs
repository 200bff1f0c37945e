//! The dossier's core over the interleavings of a small world: commands that come twice, late and in any order,
//! people who are not who they should be, tokens over other content, crashes between what was saved and what was to
//! be done, answers that are lost, permits that run out. Three wrong worlds prove that the model would notice.

use std::collections::BTreeSet;

use hocba_workflow::model::{
    course::{self, Act, Command, Effect, Related},
    dossier::{Capacity, Dossier, File, Step},
};
use proptest::prelude::*;
use stateright::{Checker, Model, Property};
use time::{Duration, OffsetDateTime, macros::date};
use uuid::Uuid;

const REQUESTER: u8 = 1;
const PRINCIPAL: u8 = 2;
const VICE: u8 = 3;
const GROUP: u8 = 4;

/// What is wrong with the world under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mutant {
    None,
    /// Records is asked before it is saved that it will be.
    ActsBeforeItSaves,
    /// What was begun ends with its permit by the clock.
    EndsByTheClock,
    /// The digest a token is over is not looked at.
    AnyContent,
}

struct World {
    mutant: Mutant,
    /// How long it lasts.
    hours: u8,
    /// The hours that pass at once.
    stride: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    file: File,
    /// Whether a book that holds the cells is signed.
    signed: bool,
    hour: u8,
    /// Whether a request to records is on its way.
    asked: bool,
    /// How often records wrote.
    written: u8,
    /// Whether the cell is not what it was when the dossier was made: records will never write then.
    changed: bool,
    /// What records answered; answers may come twice, late or never.
    answers: BTreeSet<bool>,
    broken: Option<&'static str>,
}

/// What somebody sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Sent {
    Attach(u8),
    Submit,
    /// Who, whether with a reason, whether over this content.
    Consent(u8, bool, bool),
    Refuse(u8),
    Attest(Capacity, u8, bool),
    Apply,
    Withdraw,
    Tick,
    Close(i32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Send(Sent),
    HoursPass,
    RecordsHears,
    RecordsNeverHears,
    Answer(bool),
    CellChanges,
}

fn person(number: u8) -> Uuid {
    Uuid::from_u128(number.into())
}

fn at(hour: u8) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::hours(hour.into())
}

fn draft() -> File {
    File {
        dossier: Dossier {
            id: Uuid::nil(),
            data_key: vec![],
            requester: person(REQUESTER),
            class: String::new(),
            changes: vec![],
            reason: String::new(),
            evidence: vec![],
            last_day: String::new(),
            track: None,
            digest: None,
            state: Step::Draft,
            decided_by: None,
            decided_at: None,
            decided_token: None,
            decided_delegation: None,
            decision_reason: String::new(),
            round: 1,
            permit_expires_at: None,
            receipt: None,
            applied_at: None,
            created_at: at(0),
            submitted_at: None,
        },
        attestations: vec![],
        checklist: vec![],
    }
}

/// Everything that anybody might send.
fn alphabet() -> Vec<Sent> {
    let people = [REQUESTER, PRINCIPAL, VICE, GROUP];
    let mut all = vec![
        Sent::Attach(1),
        Sent::Attach(2),
        Sent::Submit,
        Sent::Consent(REQUESTER, true, true),
        Sent::Consent(PRINCIPAL, false, true),
        Sent::Consent(PRINCIPAL, true, true),
        Sent::Consent(PRINCIPAL, true, false),
        Sent::Refuse(PRINCIPAL),
        Sent::Refuse(REQUESTER),
        Sent::Apply,
        Sent::Withdraw,
        Sent::Tick,
        Sent::Close(1),
    ];
    for capacity in Capacity::ALL {
        all.extend(people.map(|who| Sent::Attest(capacity, who, true)));
    }
    all.push(Sent::Attest(Capacity::ManagementBoard, VICE, false));
    all
}

fn command(file: &File, signed: bool, sent: Sent, any_content: bool) -> Command {
    let digest = file.dossier.digest.clone().unwrap_or_default();
    let act = |who: u8, this: bool| Act {
        account: person(who),
        // A token says what it is over: the properties read it from here.
        token: if this { digest.clone() } else { "other".to_owned() },
        digest: if this || any_content {
            digest.clone()
        } else {
            "other".to_owned()
        },
        delegation: None,
    };
    match sent {
        Sent::Attach(number) => Command::Attach(format!("e{number}")),
        Sent::Submit => Command::Submit {
            today: date!(2026 - 01 - 05),
            signed,
            school: "s".to_owned(),
        },
        Sent::Consent(who, reasoned, this) => {
            Command::Consent(act(who, this), if reasoned { "r" } else { "" }.to_owned())
        }
        Sent::Refuse(who) => Command::Refuse(person(who), "r".to_owned()),
        Sent::Attest(capacity, who, this) => Command::Attest(capacity, act(who, this)),
        Sent::Apply => Command::Apply,
        Sent::Withdraw => Command::Withdraw,
        Sent::Tick => Command::Tick,
        Sent::Close(number) => Command::CloseItem {
            number,
            proof: "p".to_owned(),
            by: person(GROUP),
        },
    }
}

fn is_final(step: Step) -> bool {
    match step {
        Step::Applied | Step::Refused | Step::Withdrawn | Step::Expired => true,
        Step::Draft | Step::Submitted | Step::Consented | Step::Permitted | Step::Applying => false,
    }
}

/// Consent and three people over this content, in three capacities; late only with a reason.
fn is_witnessed(file: &File) -> bool {
    let dossier = &file.dossier;
    let people: BTreeSet<_> = file.attestations.iter().map(|it| it.account).collect();
    let capacities: BTreeSet<_> = file.attestations.iter().map(|it| it.capacity.as_str()).collect();
    let of_consenter = file
        .attestations
        .iter()
        .all(|it| Some(it.account) != dossier.decided_by || it.capacity == "management_board");
    let own = file
        .attestations
        .iter()
        .all(|it| (it.account == dossier.requester) == (it.capacity == "requester"));
    let now = Some(dossier.content_digest("s"));
    let over_this = file.attestations.iter().all(|it| Some(&it.token) == now.as_ref());
    let consented =
        dossier.decided_by.is_some_and(|it| it != dossier.requester) && dossier.decided_token == now;
    let reasoned = dossier.track.as_deref() == Some("normal") || !dossier.decision_reason.is_empty();
    dossier.digest == now
        && (people.len(), capacities.len()) == (3, 3)
        && of_consenter
        && own
        && over_this
        && consented
        && reasoned
        && !dossier.evidence.is_empty()
}

impl State {
    fn take(&mut self, mutant: Mutant, command: Command) -> bool {
        let before = self.file.dossier.state;
        let applies = command == Command::Apply;
        let Ok((file, effects)) = course::apply(self.file.clone(), at(self.hour), command) else {
            return false;
        };
        if is_final(before) && file.dossier.state != before {
            self.broken = Some("a final state was left");
        }
        if !(applies && mutant == Mutant::ActsBeforeItSaves) {
            self.file = file;
        }
        self.asked |= effects.contains(&Effect::Correct);
        true
    }
}

impl World {
    fn send(&self, last: &State, sent: Sent) -> Option<State> {
        let command = command(&last.file, last.signed, sent, self.mutant == Mutant::AnyContent);
        // Most of what might be sent is refused: judged before the whole world is copied.
        course::apply(last.file.clone(), at(last.hour), command.clone()).ok()?;
        let mut state = last.clone();
        state.take(self.mutant, command);
        let began = last.file.dossier.state == Step::Applying && sent == Sent::Tick;
        if self.mutant == Mutant::EndsByTheClock && began {
            state.take(self.mutant, Command::Declined);
        }
        (state != *last).then_some(state)
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let state = |signed| State {
            file: draft(),
            signed,
            hour: 0,
            asked: false,
            written: 0,
            changed: false,
            answers: BTreeSet::new(),
            broken: None,
        };
        vec![state(false), state(true)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.extend(alphabet().into_iter().map(Action::Send));
        if state.hour < self.hours {
            actions.push(Action::HoursPass);
        }
        if state.asked {
            actions.extend([Action::RecordsHears, Action::RecordsNeverHears]);
            if !state.changed && state.written == 0 {
                actions.push(Action::CellChanges);
            }
        }
        actions.extend(state.answers.iter().map(|wrote| Action::Answer(*wrote)));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        if let Action::Send(sent) = action {
            return self.send(last, sent);
        }
        let mut state = last.clone();
        match action {
            Action::Send(_) => return None,
            Action::HoursPass => state.hour += self.stride,
            Action::RecordsHears => {
                state.asked = false;
                let ended = state
                    .file
                    .dossier
                    .permit_expires_at
                    .is_none_or(|end| end <= at(state.hour));
                if state.written == 0 && (ended || state.changed) {
                    state.answers.insert(false);
                } else {
                    // Written once, answered as often as asked.
                    state.written = 1;
                    state.answers.insert(true);
                    if !is_witnessed(&state.file) {
                        state.broken = Some("records was asked to write without consent and witnesses");
                    }
                }
            }
            Action::RecordsNeverHears => state.asked = false,
            Action::CellChanges => state.changed = true,
            Action::Answer(true) => {
                let related = Related {
                    document: "d".to_owned(),
                    kind: "year_document".to_owned(),
                    signed_slots: vec![],
                };
                let written = Command::Corrected {
                    receipt: "r".to_owned(),
                    at: None,
                    related: vec![related],
                };
                if !state.take(self.mutant, written) {
                    state.broken = Some("what records wrote could not be noted");
                }
            }
            Action::Answer(false) => {
                state.take(self.mutant, Command::Declined);
            }
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("W3: nothing is broken", |_, state: &State| state.broken.is_none()),
            Property::always(
                "W3: applied is what was consented and witnessed",
                |_, state: &State| state.file.dossier.state != Step::Applied || is_witnessed(&state.file),
            ),
            Property::always("W3: applied is what records wrote", |_, state: &State| {
                state.file.dossier.state != Step::Applied || state.written == 1
            }),
            Property::always(
                "W5: what records wrote ends in no other way",
                |_, state: &State| {
                    let step = state.file.dossier.state;
                    state.written == 0 || !is_final(step) || step == Step::Applied
                },
            ),
            Property::always("W4: a late one is applied with a reason", |_, state: &State| {
                let dossier = &state.file.dossier;
                dossier.state != Step::Applied || !state.signed || !dossier.decision_reason.is_empty()
            }),
            Property::sometimes("a late one is applied and followed up", |_, state: &State| {
                state.signed && state.file.checklist.iter().any(|it| it.closed_by.is_some())
            }),
            Property::sometimes("a permit runs out unused", |_, state: &State| {
                state.file.dossier.state == Step::Expired && state.written == 0
            }),
            Property::sometimes("what was begun runs out", |_, state: &State| {
                state.file.dossier.state == Step::Expired && !state.answers.is_empty()
            }),
        ]
    }
}

fn explore(mutant: Mutant, (hours, stride): (u8, u8), most: usize) -> impl Checker<World> {
    World {
        mutant,
        hours,
        stride,
    }
    .checker()
    .threads(2)
    .target_state_count(most)
    .spawn_bfs()
    .join()
}

#[test]
fn w3_holds_in_every_interleaving() {
    let soak = std::env::var_os("HOCBA_SOAK").is_some();
    let (world, most) = if soak {
        ((24, 2), 30_000_000)
    } else {
        ((12, 4), 3_000_000)
    };
    let checker = explore(Mutant::None, world, most);
    println!(
        "{} steps, {} states",
        checker.state_count(),
        checker.unique_state_count()
    );
    // The small world is explored to its end.
    assert!(soak || checker.state_count() < most);
    checker.assert_properties();
}

#[test]
fn the_model_notices_a_dossier_that_acts_before_it_saves() {
    let found = explore(Mutant::ActsBeforeItSaves, (16, 8), 1_000_000).discoveries();
    assert!(found.contains_key("W5: what records wrote ends in no other way"));
}

#[test]
fn the_model_notices_that_the_clock_ends_what_was_begun() {
    let found = explore(Mutant::EndsByTheClock, (16, 8), 1_000_000).discoveries();
    assert!(found.contains_key("W5: what records wrote ends in no other way"));
}

#[test]
fn the_model_notices_a_token_over_other_content() {
    let found = explore(Mutant::AnyContent, (0, 1), 1_000_000).discoveries();
    assert!(found.contains_key("W3: applied is what was consented and witnessed"));
}

proptest! {
    #[test]
    fn w3_no_sequence_of_commands_applies_without_its_witnesses(
        signed: bool,
        sequence in prop::collection::vec((0u8..3, prop::sample::select(alphabet())), 0..120),
    ) {
        let (mut file, mut hour) = (draft(), 0u8);
        for (hours, sent) in sequence {
            hour = hour.saturating_add(hours);
            let before = file.dossier.state;
            if let Ok((next, effects)) = course::apply(file.clone(), at(hour), command(&file, signed, sent, false)) {
                prop_assert!(!is_final(before) || next.dossier.state == before);
                prop_assert!(!effects.contains(&Effect::Correct) || is_witnessed(&next));
                prop_assert!(next.attestations.starts_with(&file.attestations));
                prop_assert!(before == Step::Draft || next.dossier.evidence == file.dossier.evidence);
                file = next;
            }
        }
    }
}
