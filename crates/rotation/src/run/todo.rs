//! What has to be done next, and whether a program can do it or a person has to.

use jiff::Timestamp;

use super::{Act, Placed, Run, RunState};

/// What the program may do at the provider for this entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Can {
    /// Make a new value.
    pub create: bool,
    /// Ask whether a value is alive.
    pub check: bool,
    /// Revoke one, or promote the new one to the old one's slot.
    pub revoke: bool,
}

/// The next thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Todo {
    /// Make the new value at the provider.
    Create,
    /// Go on with giving the run up.
    GiveUp,
    /// Find out what became of a making that was cut off, and clear it away.
    Settle,
    /// A person makes the new value and hands it in.
    HandIn,
    /// A person looks after the provider's address list.
    Allow,
    /// Ask the provider about the new value.
    TryNew,
    /// A person tries the new value.
    ConfirmNew,
    /// Write the new value to this place.
    Push(Placed),
    /// A person writes the new value to these places.
    Place(Vec<Placed>),
    /// Go on without anybody: the state just moves.
    GoOn,
    /// Nothing until then.
    Wait(Timestamp),
    /// Revoke the old value.
    Revoke,
    /// A person revokes the old value.
    ConfirmRevoked,
    /// Ask the provider about the old value until it is refused.
    ProveDead,
    /// A person sees that the old value is refused.
    ConfirmDead,
    /// The run has ended.
    Nothing,
}

impl Todo {
    /// Whether a person has to do it.
    #[must_use]
    pub fn is_by_hand(&self) -> bool {
        matches!(
            self,
            Self::HandIn
                | Self::Allow
                | Self::ConfirmNew
                | Self::Place(_)
                | Self::ConfirmRevoked
                | Self::ConfirmDead
        )
    }
}

impl Run {
    /// What has to be done next.
    #[must_use]
    pub fn todo(&self, can: Can, now: Timestamp) -> Todo {
        use RunState as S;
        let either = |can: bool, yes: Todo, no: Todo| if can { yes } else { no };
        if self.is_given_up() {
            return Todo::GiveUp;
        }
        if self.needs_value() {
            return match can.create {
                _ if self.lost => Todo::HandIn,
                _ if self.is_begun(&Act::Create) => Todo::Settle,
                true => Todo::Create,
                false => Todo::HandIn,
            };
        }
        // Making the new value ended the old one, or a time that the provider set does.
        let ends_itself = self.was_rolled() || self.made && self.shape.ends_old_by_time();
        let revoke = || match ends_itself {
            true => Todo::GoOn,
            false => either(can.revoke, Todo::Revoke, Todo::ConfirmRevoked),
        };
        match self.state {
            S::Planned => either(can.revoke, Todo::Revoke, Todo::ConfirmRevoked),
            S::Created if self.waits_for_address_list() => Todo::Allow,
            S::Created => either(can.check, Todo::TryNew, Todo::ConfirmNew),
            S::VerifiedNew => {
                if let Some(place) = self.open_places().find(|place| !place.by_hand) {
                    return Todo::Push(place.clone());
                }
                let open: Vec<Placed> = self.open_places().cloned().collect();
                if open.is_empty() { Todo::GoOn } else { Todo::Place(open) }
            }
            S::Distributed if self.emergency => Todo::Nothing,
            S::Distributed if self.was_rolled() => revoke(),
            S::Distributed => Todo::GoOn,
            S::Overlap => match self.overlap_until {
                Some(until) if until > now => Todo::Wait(until),
                _ => revoke(),
            },
            S::RevokedOld => either(can.check, Todo::ProveDead, Todo::ConfirmDead),
            S::VerifiedDead | S::Done | S::Aborted => Todo::Nothing,
        }
    }
}
