//! The rotation run: one durable replacing of a value. The caller stores the run before and after
//! each thing it does, and carries out the effects that a move names in the same transaction.

mod places;
mod state;
mod todo;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Shape;

pub use places::Placed;
pub use state::{RunState, Step, StepState};
pub use todo::{Can, Todo};

/// What the caller has to do to the versions, in the transaction that stores the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The new version becomes `current`, the old one `previous` if it still was.
    Promote,
    /// The old version becomes `revoked`.
    RevokeOld,
    /// The old version becomes `dead`.
    BuryOld,
    /// The pending version, if there is one, becomes `revoked`.
    DropNew,
}

/// Why a run does not take a step.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
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
    /// The new value is out; giving up would leave a place with a value that nobody knows.
    #[error("the new value is already in {0}")]
    TooLate(String),
    /// The old value is gone; giving up would leave nothing that works.
    #[error("the old value is dead already")]
    NothingLeft,
    /// The run is being given up.
    #[error("the run is being given up")]
    GivingUp,
    /// Places still have the old value.
    #[error("{0} still {1} the old value")]
    Places(String, &'static str),
    /// No place of this run has the id.
    #[error("the run has no place {0}")]
    NoPlace(String),
}

/// Something that is done outside and cannot be taken back by a transaction. A run says that it
/// begins before it does, so that after a crash it is known to have begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Making the new value at the provider.
    Create,
    /// Writing the new value to the place with this id.
    Push(String),
    /// Revoking the old value, or promoting the new one to its slot.
    RevokeOld,
    /// Revoking the new value, because the run is given up.
    RevokeNew,
}

/// An act that began and whose end is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// What.
    pub act: Act,
    /// When.
    pub at: Timestamp,
}

/// What a proof is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proven {
    /// The new value is taken.
    NewAlive,
    /// The old value is refused.
    OldDead,
}

impl Proven {
    /// The word for it in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NewAlive => "new-alive",
            Self::OldDead => "old-dead",
        }
    }
}

/// Why the run believes something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// What it is of.
    pub of: Proven,
    /// When it was had.
    pub at: Timestamp,
    /// What the provider said, in a few words; none when a person said so.
    pub said: Option<String>,
    /// Milliseconds from the act (making, revoking) until the provider said so.
    pub after: Option<u64>,
}

/// A run. It is stored as JSON and read back after a crash, a reboot or an upgrade: what was added
/// later has a default.
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
    /// The run's own name at the provider and at the places: whatever is done twice with it is done
    /// once. Runs of before have none.
    #[serde(default)]
    pub token: String,
    /// How the provider replaces a credential.
    #[serde(default)]
    pub shape: Shape,
    /// The old value is revoked first, because somebody has it.
    #[serde(default)]
    pub emergency: bool,
    /// An act that began and whose end is not known.
    #[serde(default)]
    pub begun: Option<Begun>,
    /// The provider's id of the old value.
    #[serde(default)]
    pub old_id: Option<String>,
    /// The provider's id of the new value.
    #[serde(default)]
    pub new_id: Option<String>,
    /// At which connector and address the run was begun; it is not carried on at another.
    #[serde(default)]
    pub at: Option<String>,
    /// Whether the new value was made through the provider's interface.
    #[serde(default)]
    pub made: bool,
    /// The old value was ended and the new one never came: a person has to make another.
    #[serde(default)]
    pub lost: bool,
    /// The places that are to have the new value.
    #[serde(default)]
    pub places: Vec<Placed>,
    /// Whether the provider's address list has to let the new value's users in; when that was done.
    #[serde(default)]
    pub allowed: Option<Allowed>,
    /// Seconds for which both values work.
    #[serde(default)]
    pub overlap: u64,
    /// When the overlap ends.
    #[serde(default)]
    pub overlap_until: Option<Timestamp>,
    /// What was proved, in order.
    #[serde(default)]
    pub proofs: Vec<Proof>,
    /// Why it was given up.
    #[serde(default)]
    pub reason: Option<String>,
}

/// How far the address list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allowed {
    /// It has to be looked at.
    Wanted,
    /// It was looked at.
    Done(Timestamp),
}

/// How a run is to go.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Number of the version that is replaced.
    pub from_version: u32,
    /// The run's own name; see [`Run::token`].
    pub token: String,
    /// How the provider replaces a credential.
    pub shape: Shape,
    /// Revoke the old value first.
    pub emergency: bool,
    /// Whether the entry has an address list.
    pub has_address_list: bool,
    /// Seconds for which both values work.
    pub overlap: u64,
}

impl Run {
    /// Begins a run.
    #[must_use]
    pub fn start(plan: Plan, now: Timestamp) -> Self {
        Self {
            state: RunState::Planned,
            from_version: plan.from_version,
            to_version: None,
            history: vec![(RunState::Planned, now)],
            token: plan.token,
            shape: plan.shape,
            emergency: plan.emergency,
            begun: None,
            old_id: None,
            new_id: None,
            at: None,
            made: false,
            lost: false,
            places: vec![],
            allowed: plan.has_address_list.then_some(Allowed::Wanted),
            overlap: plan.overlap,
            overlap_until: None,
            proofs: vec![],
            reason: None,
        }
    }

    /// Whether the next step takes the new value.
    #[must_use]
    pub fn needs_value(&self) -> bool {
        match self.emergency {
            false => self.state == RunState::Planned,
            true => self.state == RunState::VerifiedDead,
        }
    }

    /// Whether the old value no longer works, or may not.
    #[must_use]
    pub fn old_is_gone(&self) -> bool {
        let reached = |state| self.history.iter().any(|(reached, _)| *reached == state);
        reached(RunState::RevokedOld)
            || self.was_rolled()
            || self.is_begun(&Act::RevokeOld)
            || self.shape.ends_old_at_once() && self.is_begun(&Act::Create)
    }

    /// Whether making the new value ended the old one. One that a person made in the console did not.
    #[must_use]
    pub fn was_rolled(&self) -> bool {
        self.lost || self.made && self.shape.ends_old_at_once()
    }

    /// Whether [`Run::abort`] is still possible.
    #[must_use]
    pub fn can_abort(&self) -> bool {
        self.check_abort().is_ok()
    }

    fn check_abort(&self) -> Result<(), RunError> {
        if self.state.ended() {
            return Err(RunError::Ended);
        }
        // One that ends by a time that was set is as good as gone.
        if self.old_is_gone() || self.made && self.shape.ends_old_by_time() {
            return Err(RunError::NothingLeft);
        }
        if self.reached(RunState::Distributed).is_some() {
            return Err(RunError::TooLate("its places".to_owned()));
        }
        // A push that began may have been done.
        let begun = |place: &&Placed| self.is_begun(&Act::Push(place.id.clone()));
        match self.places.iter().find(|place| place.at.is_some() || begun(place)) {
            Some(place) => Err(RunError::TooLate(place.shown.clone())),
            None if matches!(self.begun, Some(Begun { act: Act::Push(_), .. })) => {
                Err(RunError::TooLate("a place".to_owned()))
            }
            None => Ok(()),
        }
    }

    /// Whether revoking the new value began: there is no way but to give the run up.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        self.is_begun(&Act::RevokeNew)
    }

    /// Ends an emergency run that has revoked and will have no new value.
    ///
    /// # Errors
    /// [`RunError::Ended`], and [`RunError::NothingLeft`] for every other run.
    pub fn leave_dead(&mut self, now: Timestamp) -> Result<(), RunError> {
        if self.state.ended() {
            return Err(RunError::Ended);
        }
        if !self.emergency || self.to_version.is_some() || self.begun.is_some() {
            return Err(RunError::NothingLeft);
        }
        self.reason = Some("revoked for good".to_owned());
        self.reach(RunState::Aborted, now);
        Ok(())
    }

    /// Whether this act began and its end is not known.
    #[must_use]
    pub fn is_begun(&self, act: &Act) -> bool {
        self.begun.as_ref().is_some_and(|begun| begun.act == *act)
    }

    /// Says that an act begins. The caller stores the run before it acts.
    pub fn begin(&mut self, act: Act, now: Timestamp) {
        self.begun = Some(Begun { act, at: now });
    }

    /// Says that an act that began had no effect.
    pub fn undone(&mut self) {
        self.begun = None;
    }

    /// Takes the new value, stored as version `number` with stage `pending`.
    ///
    /// # Errors
    /// [`RunError::HasValue`] or [`RunError::Ended`]; nothing changes then.
    pub fn created(&mut self, number: u32, now: Timestamp) -> Result<Option<Effect>, RunError> {
        if self.state.ended() {
            return Err(RunError::Ended);
        }
        if !self.needs_value() {
            return Err(RunError::HasValue);
        }
        let may_be_gone = self.old_is_gone();
        self.to_version = Some(number);
        self.begun = None;
        self.reach(RunState::Created, now);
        // Where the old value is dead, or may be, the new one is the only one that works.
        Ok((may_be_gone || self.old_is_gone()).then_some(Effect::Promote))
    }

    /// Takes the next step: the person, or the caller who did it, says that it was done.
    ///
    /// # Errors
    /// [`RunError::NeedsValue`], [`RunError::Places`] or [`RunError::Ended`]; nothing changes then.
    pub fn next(&mut self, now: Timestamp) -> Result<Option<Effect>, RunError> {
        use RunState as S;
        if self.state.ended() {
            return Err(RunError::Ended);
        }
        if self.needs_value() {
            return Err(RunError::NeedsValue);
        }
        if self.is_given_up() {
            return Err(RunError::GivingUp);
        }
        if self.waits_for_address_list() {
            self.allowed = Some(Allowed::Done(now));
            return Ok(None);
        }
        if self.state == S::VerifiedNew {
            self.check_places()?;
        }
        let Some(state) = self.after(self.state) else { return Err(RunError::Ended) };
        let effect = match state {
            S::Distributed if !self.old_is_gone() => Some(Effect::Promote),
            S::RevokedOld => Some(Effect::RevokeOld),
            S::VerifiedDead => Some(Effect::BuryOld),
            _ => None,
        };
        self.begun = None;
        self.reach(state, now);
        if state == S::Overlap && self.overlap_until.is_none() {
            let overlap = SignedDuration::from_secs(i64::try_from(self.overlap).unwrap_or(0));
            self.overlap_until = Some(now.checked_add(overlap).unwrap_or(Timestamp::MAX));
        }
        // The proof, or the last place, is what a run ends with; what follows closes the file.
        if self.after(state) == Some(S::Done) {
            self.reach(S::Done, now);
        }
        Ok(effect)
    }

    /// Whether the next step is to look at the provider's address list.
    #[must_use]
    pub fn waits_for_address_list(&self) -> bool {
        self.state == RunState::Created && self.allowed == Some(Allowed::Wanted)
    }

    /// Gives up. Both values are kept; the new one is no longer pending.
    ///
    /// # Errors
    /// [`RunError::TooLate`] once a place has the new value, [`RunError::NothingLeft`] once the old
    /// one is gone, [`RunError::Ended`]; nothing changes then.
    pub fn abort(&mut self, reason: Option<String>, now: Timestamp) -> Result<Effect, RunError> {
        self.check_abort()?;
        self.begun = None;
        self.reason = reason;
        self.reach(RunState::Aborted, now);
        Ok(Effect::DropNew)
    }

    /// Notes what was proved.
    pub fn prove(&mut self, of: Proven, said: Option<String>, now: Timestamp) {
        let since = match of {
            Proven::NewAlive => RunState::Created,
            Proven::OldDead if self.reached(RunState::RevokedOld).is_some() => RunState::RevokedOld,
            Proven::OldDead => RunState::Created,
        };
        let after = self.reached(since).map(|at| now.duration_since(at).as_millis());
        let after = after.map(|after| u64::try_from(after).unwrap_or(0));
        self.proofs.push(Proof { of, at: now, said, after });
    }

    /// When a state was reached.
    #[must_use]
    pub fn reached(&self, state: RunState) -> Option<Timestamp> {
        self.history.iter().find(|(reached, _)| *reached == state).map(|(_, at)| *at)
    }

    fn reach(&mut self, state: RunState, now: Timestamp) {
        self.state = state;
        self.history.push((state, now));
    }
}

#[cfg(test)]
mod tests;
