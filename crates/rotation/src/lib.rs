//! Rotation, without a clock and without effects: when a value is due, the run that replaces it
//! as a state machine, and the calendar of due dates. Time and what happened come in from outside;
//! what has to be done goes out as data.

mod calendar;
mod due;
mod ics;
mod reminding;
mod run;
mod shape;

pub use calendar::{Appointment, Merged, calendar, merge};
pub use due::{Due, Policy, State, due};
pub use ics::NotACalendar;
pub use reminding::{NotQuietHours, QuietHours, Turn, turn};
pub use run::{
    Act, Allowed, Begun, Can, Effect, Placed, Plan, Proof, Proven, Run, RunError, RunState, Step,
    StepState, Todo,
};
pub use shape::Shape;
