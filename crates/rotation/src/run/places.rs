//! The places that are to have the new value, and which of them do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Act, Run, RunError, RunState};

/// A place of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Its id.
    pub id: String,
    /// One line for people.
    pub shown: String,
    /// Whether a person writes it.
    pub by_hand: bool,
    /// When it got the new value.
    pub at: Option<Timestamp>,
}

impl Run {
    /// Takes the places as they are known now; those that have the new value stay so. Once the value
    /// is everywhere, nothing is added.
    pub fn set_places(&mut self, places: Vec<Placed>) {
        if self.reached(RunState::Distributed).is_some() || self.state.ended() {
            return;
        }
        let before = std::mem::take(&mut self.places);
        let at = |id: &str| before.iter().find(|place| place.id == id).and_then(|place| place.at);
        self.places = places.into_iter().map(|p| Placed { at: at(&p.id), ..p }).collect();
        // What has the new value is not forgotten because it was taken from the list.
        let begun = |old: &Placed| self.is_begun(&Act::Push(old.id.clone()));
        let gone = before.into_iter().filter(|old| old.at.is_some() || begun(old));
        let gone: Vec<_> = gone.filter(|old| self.places.iter().all(|p| p.id != old.id)).collect();
        self.places.extend(gone);
    }

    /// Notes that a place has the new value.
    ///
    /// # Errors
    /// [`RunError::NoPlace`], [`RunError::GivingUp`].
    pub fn acknowledge(&mut self, id: &str, now: Timestamp) -> Result<(), RunError> {
        if self.is_given_up() {
            return Err(RunError::GivingUp);
        }
        let Some(place) = self.places.iter_mut().find(|place| place.id == id) else {
            return Err(RunError::NoPlace(id.to_owned()));
        };
        place.at.get_or_insert(now);
        if self.is_begun(&Act::Push(id.to_owned())) {
            self.begun = None;
        }
        Ok(())
    }

    /// The places that do not have the new value yet.
    pub fn open_places(&self) -> impl Iterator<Item = &Placed> {
        self.places.iter().filter(|place| place.at.is_none())
    }

    pub(super) fn check_places(&self) -> Result<(), RunError> {
        let open: Vec<&str> = self.open_places().map(|place| place.shown.as_str()).collect();
        match open.len() {
            0 => Ok(()),
            1 => Err(RunError::Places(open.concat(), "has")),
            _ => Err(RunError::Places(open.join(", "), "have")),
        }
    }
}
