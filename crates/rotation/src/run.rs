//! The rotation run: one durable replacing of a value. The caller stores the run after each step
//! and carries out the effects that the step names, in the same transaction.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Begun; there is no new value yet.
    Planned,
    /// The new value is stored as pending.
    Created,
    /// The new value was tried and works.
    VerifiedNew,
    /// Every destination has the new value; it is the current one.
    Distributed,
    /// Both values are valid while the last users of the old one move over.
    Overlap,
    /// The old value was revoked at the provider.
    RevokedOld,
    /// The provider refuses the old value.
    VerifiedDead,
    /// Finished.
    Done,
    /// Given up before the new value was distributed.
    Aborted,
}

impl RunState {
    /// The word for it in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Created => "created",
            Self::VerifiedNew => "verified-new",
            Self::Distributed => "distributed",
            Self::Overlap => "overlap",
            Self::RevokedOld => "revoked-old",
            Self::VerifiedDead => "verified-dead",
            Self::Done => "done",
            Self::Aborted => "aborted",
        }
    }

    /// Whether the run has ended.
    #[must_use]
    pub fn ended(self) -> bool {
        matches!(self, Self::Done | Self::Aborted)
    }
}

/// What the caller has to do to the versions, in the transaction that stores the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The new version becomes `current`, the old one `previous`.
    Promote,
    /// The old version becomes `revoked`.
    RevokeOld,
    /// The old version becomes `dead`.
    BuryOld,
    /// The pending version, if there is one, becomes `revoked`.
    DropNew,
}

/// One of the five steps that a person sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Make the new key at the provider and hand it in.
    Generate,
    /// Try it.
    Verify,
    /// Write it to every destination.
    Deploy,
    /// Let both work until nobody uses the old one, then revoke it.
    Revoke,
    /// See that the provider refuses it.
    Prove,
}

/// Whether a step is behind, at hand or ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Done, and when.
    Done(Timestamp),
    /// To be done now.
    Now,
    /// To come, or never done because the run was aborted.
    Later,
}

/// Why a run does not take a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RunError {
    /// The next step needs the new value.
    #[error("the run waits for the new value")]
    NeedsValue,
    /// A value was handed in, and the run has one already.
    #[error("the run already has its new value")]
    HasValue,
    /// The run has ended.
    #[error("the run has ended")]
    Ended,
    /// The new value is out; giving up would leave the destinations with a value nobody knows.
    #[error("the new value is already distributed")]
    TooLate,
}

/// A run. It is stored as JSON and read back after a crash, a reboot or an upgrade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// How far it is.
    pub state: RunState,
    /// Number of the version that is replaced.
    pub from_version: u32,
    /// Number of the version that replaces it.
    pub to_version: Option<u32>,
    /// Each state it reached, and when.
    pub history: Vec<(RunState, Timestamp)>,
}

impl Run {
    /// Begins a run that replaces `from_version`.
    #[must_use]
    pub fn start(from_version: u32, now: Timestamp) -> Self {
        Self {
            state: RunState::Planned,
            from_version,
            to_version: None,
            history: vec![(RunState::Planned, now)],
        }
    }

    /// Whether the next step takes the new value.
    #[must_use]
    pub fn needs_value(&self) -> bool {
        self.state == RunState::Planned
    }

    /// Whether [`Run::abort`] is still possible.
    #[must_use]
    pub fn can_abort(&self) -> bool {
        self.state < RunState::Distributed
    }

    /// Takes the new value, stored as version `number` with stage `pending`.
    ///
    /// # Errors
    /// [`RunError::HasValue`] or [`RunError::Ended`]; nothing changes then.
    pub fn created(&mut self, number: u32, now: Timestamp) -> Result<(), RunError> {
        match self.state {
            RunState::Planned => {
                self.to_version = Some(number);
                self.reach(RunState::Created, now);
                Ok(())
            }
            state if state.ended() => Err(RunError::Ended),
            _ => Err(RunError::HasValue),
        }
    }

    /// Takes the next step: the person, or a connector, says that it was done.
    ///
    /// # Errors
    /// [`RunError::NeedsValue`] or [`RunError::Ended`]; nothing changes then.
    pub fn next(&mut self, now: Timestamp) -> Result<Option<Effect>, RunError> {
        use RunState as S;
        let (state, effect) = match self.state {
            S::Planned => return Err(RunError::NeedsValue),
            S::Created => (S::VerifiedNew, None),
            S::VerifiedNew => (S::Distributed, Some(Effect::Promote)),
            S::Distributed => (S::Overlap, None),
            S::Overlap => (S::RevokedOld, Some(Effect::RevokeOld)),
            S::RevokedOld => (S::VerifiedDead, Some(Effect::BuryOld)),
            S::VerifiedDead => (S::Done, None),
            S::Done | S::Aborted => return Err(RunError::Ended),
        };
        self.reach(state, now);
        // Proof is the last thing a run does; what follows is only the closing of the file.
        if state == S::VerifiedDead {
            self.reach(S::Done, now);
        }
        Ok(effect)
    }

    /// Gives up. Both values are kept; the new one is no longer pending.
    ///
    /// # Errors
    /// [`RunError::TooLate`] from `distributed` on, [`RunError::Ended`]; nothing changes then.
    pub fn abort(&mut self, now: Timestamp) -> Result<Effect, RunError> {
        if self.state.ended() {
            return Err(RunError::Ended);
        }
        if !self.can_abort() {
            return Err(RunError::TooLate);
        }
        self.reach(RunState::Aborted, now);
        Ok(Effect::DropNew)
    }

    /// The five steps, each with its state.
    #[must_use]
    pub fn steps(&self) -> [(Step, StepState); 5] {
        let mut now_taken = self.state.ended();
        [
            (Step::Generate, RunState::Created),
            (Step::Verify, RunState::VerifiedNew),
            (Step::Deploy, RunState::Distributed),
            (Step::Revoke, RunState::RevokedOld),
            (Step::Prove, RunState::VerifiedDead),
        ]
        .map(|(step, reached)| {
            let state = match self.history.iter().find(|(state, _)| *state == reached) {
                Some((_, at)) => StepState::Done(*at),
                None if now_taken => StepState::Later,
                None => {
                    now_taken = true;
                    StepState::Now
                }
            };
            (step, state)
        })
    }

    fn reach(&mut self, state: RunState, now: Timestamp) {
        self.state = state;
        self.history.push((state, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_run_goes_through_every_state_in_order() {
        let mut run = Run::start(1, NOW);
        assert_eq!(run.next(NOW), Err(RunError::NeedsValue));
        run.created(2, NOW).unwrap();
        let effects: Vec<_> = (0..5).map(|_| run.next(NOW).unwrap()).collect();
        let expected =
            [None, Some(Effect::Promote), None, Some(Effect::RevokeOld), Some(Effect::BuryOld)];
        assert_eq!(effects, expected);
        assert_eq!(run.state, RunState::Done);
        assert_eq!(run.next(NOW), Err(RunError::Ended));
        let words: Vec<_> = run.history.iter().map(|(state, _)| state.word()).collect();
        assert_eq!(
            words,
            [
                "planned",
                "created",
                "verified-new",
                "distributed",
                "overlap",
                "revoked-old",
                "verified-dead",
                "done"
            ]
        );
    }

    #[test]
    fn it_aborts_until_the_value_is_out_and_not_after() {
        for steps in 0..2 {
            let mut run = Run::start(1, NOW);
            run.created(2, NOW).unwrap();
            for _ in 0..steps {
                run.next(NOW).unwrap();
            }
            assert_eq!(run.abort(NOW), Ok(Effect::DropNew));
            assert_eq!(run.abort(NOW), Err(RunError::Ended));
        }
        let mut run = Run::start(1, NOW);
        run.created(2, NOW).unwrap();
        run.next(NOW).unwrap();
        run.next(NOW).unwrap();
        let before = run.clone();
        assert_eq!(run.abort(NOW), Err(RunError::TooLate));
        assert_eq!(run, before);
    }

    #[test]
    fn exactly_one_step_is_now_until_the_end() {
        let mut run = Run::start(1, NOW);
        run.created(2, NOW).unwrap();
        while !run.state.ended() {
            let now = run.steps().iter().filter(|(_, state)| *state == StepState::Now).count();
            assert_eq!(now, 1, "in state {:?}", run.state);
            run.next(NOW).unwrap();
        }
        assert!(run.steps().iter().all(|(_, state)| matches!(state, StepState::Done(_))));
    }

    #[test]
    fn it_is_stored_and_read_back() {
        let mut run = Run::start(1, NOW);
        run.created(2, NOW).unwrap();
        let text = serde_json::to_string(&run).unwrap();
        assert_eq!(serde_json::from_str::<Run>(&text).unwrap(), run);
    }
}
