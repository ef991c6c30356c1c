//! The states of a run, their order, and the steps that a person sees of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Allowed, Run};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

/// One of the steps that a person sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Make the new key at the provider and hand it in.
    Generate,
    /// Let the new key's users into the provider's address list, before anybody is taken out.
    Allow,
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

/// Make, try, put everywhere, and only then revoke.
const CALM: &[RunState] = &[
    RunState::Planned,
    RunState::Created,
    RunState::VerifiedNew,
    RunState::Distributed,
    RunState::Overlap,
    RunState::RevokedOld,
    RunState::VerifiedDead,
    RunState::Done,
];
/// Revoke, prove, and then make the next one.
const EMERGENCY: &[RunState] = &[
    RunState::Planned,
    RunState::RevokedOld,
    RunState::VerifiedDead,
    RunState::Created,
    RunState::VerifiedNew,
    RunState::Distributed,
    RunState::Done,
];

impl Run {
    /// The state that follows one, none after the last.
    pub(super) fn after(&self, state: RunState) -> Option<RunState> {
        let order = if self.emergency { EMERGENCY } else { CALM };
        let mut order = order.iter().skip_while(|known| **known != state).skip(1);
        // Nothing overlaps where making the new value ended the old one.
        order.find(|next| **next != RunState::Overlap || !self.was_rolled()).copied()
    }

    /// The steps in their order, each with its state.
    #[must_use]
    pub fn steps(&self) -> Vec<(Step, StepState)> {
        let make = [
            (Step::Generate, RunState::Created),
            (Step::Allow, RunState::Created),
            (Step::Verify, RunState::VerifiedNew),
            (Step::Deploy, RunState::Distributed),
        ];
        let end = [(Step::Revoke, RunState::RevokedOld), (Step::Prove, RunState::VerifiedDead)];
        let order: Vec<_> = match self.emergency {
            false => make.into_iter().chain(end).collect(),
            true => end.into_iter().chain(make).collect(),
        };
        let mut now_taken = self.state.ended();
        let with_list =
            order.into_iter().filter(|(step, _)| *step != Step::Allow || self.allowed.is_some());
        with_list
            .map(|(step, reached)| {
                let done = match (step, self.allowed) {
                    (Step::Allow, Some(Allowed::Done(at))) => Some(at),
                    (Step::Allow, _) => None,
                    _ => self.reached(reached),
                };
                let state = match done {
                    Some(at) => StepState::Done(at),
                    None if now_taken => StepState::Later,
                    None => {
                        now_taken = true;
                        StepState::Now
                    }
                };
                (step, state)
            })
            .collect()
    }
}
