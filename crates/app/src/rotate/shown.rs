//! A run as people see it: its steps, what comes next, and on whom it waits.

use keyward_rotation::{Can, Placed, Proof, Run, RunState, Step, StepState, Todo};
use keyward_store::{Entry, Run as StoredRun, Tx};

use crate::Error;
use crate::provider::{Standing, provider_name};
use crate::view::{JSON_VERSION, NextStep, RunPlace, RunProof, RunStep, RunView};

/// A run as it is now. `tx` says how the entry stands with its provider.
pub(super) fn view(
    tx: &Tx<'_>,
    entry: &Entry,
    stored: &StoredRun,
    run: &Run,
    now: jiff::Timestamp,
) -> Result<RunView, Error> {
    let next = match run.state.ended() {
        true => None,
        false => next(entry, run, &Standing::read(tx, entry)?, now),
    };
    let at = |index: Option<&(RunState, jiff::Timestamp)>| {
        index.map(|(_, at)| at.to_string()).unwrap_or_default()
    };
    let steps = run.steps().into_iter().map(|(step, state)| RunStep {
        id: words(step).0.to_owned(),
        title: words(step).1.to_owned(),
        state: match state {
            StepState::Done(_) => "done",
            StepState::Now => "now",
            StepState::Later => "later",
        }
        .to_owned(),
        done: match state {
            StepState::Done(at) => Some(at.to_string()),
            _ => None,
        },
    });
    Ok(RunView {
        version: JSON_VERSION,
        id: stored.id.clone(),
        entry: entry.path(),
        state: run.state.word().to_owned(),
        shape: run.shape.word().to_owned(),
        emergency: run.emergency,
        started: at(run.history.first()),
        updated: at(run.history.last()),
        from_version: run.from_version,
        to_version: run.to_version,
        steps: steps.collect(),
        next,
        overlap_until: run.overlap_until.map(|at| at.to_string()),
        places: run.places.iter().map(place).collect(),
        proofs: run.proofs.iter().map(proof).collect(),
        reason: run.reason.clone(),
        can_abort: run.can_abort(),
    })
}

fn place(place: &Placed) -> RunPlace {
    RunPlace {
        id: place.id.clone(),
        place: place.shown.clone(),
        by_hand: place.by_hand,
        done: place.at.map(|at| at.to_string()),
    }
}

fn proof(proof: &Proof) -> RunProof {
    RunProof {
        of: proof.of.word().to_owned(),
        at: proof.at.to_string(),
        said: proof.said.clone(),
        after_ms: proof.after,
    }
}

fn words(step: Step) -> (&'static str, &'static str) {
    match step {
        Step::Generate => ("generate", "Make the new key"),
        Step::Allow => ("allow", "Let the new key in at the address list"),
        Step::Verify => ("verify", "Try the new key"),
        Step::Deploy => ("deploy", "Put it everywhere"),
        Step::Revoke => ("revoke", "Revoke the old key"),
        Step::Prove => ("prove", "See that the old key is refused"),
    }
}

fn next(entry: &Entry, run: &Run, standing: &Standing, now: jiff::Timestamp) -> Option<NextStep> {
    let known = standing.connector.as_deref();
    let provider = match known {
        Some(known) => provider_name(known),
        None => entry.provider.clone().unwrap_or_else(|| "the provider".to_owned()),
    };
    let can = standing.can_for(run);
    let todo = run.todo(can, now);
    let (title, text) = match &todo {
        Todo::HandIn | Todo::Create => ("Make the new key and hand it in", made(run, &provider)),
        Todo::GiveUp => (
            "Finish giving it up",
            format!("Revoking the new key at {provider} was cut off. Give the run up again."),
        ),
        Todo::Settle => (
            "Clear up after a key that was cut off",
            format!("Making the new key was cut off, so it is not known whether {provider} made one. Keyward looks, clears away what was made, and tries again."),
        ),
        Todo::Allow => (
            "Let the new key in at the address list",
            format!(
                "Add the addresses that will use the new key at {provider}; take nothing out before the old key is dead. The note says: {}",
                entry.ip_note.as_deref().unwrap_or_default()
            ),
        ),
        Todo::TryNew | Todo::ConfirmNew => (
            "Try the new key",
            "Make one harmless request with the new key. Confirm when it works.".to_owned(),
        ),
        Todo::Push(_) | Todo::Place(_) => ("Put the new key everywhere", placing(run)),
        Todo::GoOn if run.state == RunState::VerifiedNew => (
            "Put the new key everywhere",
            "Replace the old key in every place that uses it, and deploy. Confirm when all of them have it; from then on it is the current one.".to_owned(),
        ),
        Todo::GoOn if run.state == RunState::Distributed && !run.old_is_gone() => (
            "Begin the overlap",
            "Both keys are valid now. Confirm to start the overlap, in which the last users of the old key move over.".to_owned(),
        ),
        Todo::GoOn => (
            "The old key ended by itself",
            format!("{provider} ended the old key. Confirm, and then see that it is refused."),
        ),
        Todo::Wait(until) => (
            "Revoke the old key",
            format!("Both keys are valid until {until}. When nothing uses the old key any more, revoke it at {provider}. Confirm when it is revoked."),
        ),
        Todo::Revoke | Todo::ConfirmRevoked if run.emergency => (
            "Revoke the key now",
            format!("Revoke it at {provider}, whatever stops working. Confirm when it is revoked; a new one is made after that."),
        ),
        Todo::Revoke | Todo::ConfirmRevoked => (
            "Revoke the old key",
            format!("When nothing uses the old key any more, revoke it at {provider}. Confirm when it is revoked."),
        ),
        Todo::ProveDead | Todo::ConfirmDead => (
            "See that the old key is refused",
            "Make one request with the old key. Confirm when the provider refuses it.".to_owned(),
        ),
        Todo::Nothing => return None,
    };
    let clicks = known.map_or(&[][..], |known| match todo {
        Todo::HandIn => &known.make_by_hand[..],
        Todo::ConfirmRevoked => &known.revoke_by_hand[..],
        _ => &[],
    });
    Some(NextStep {
        title: title.to_owned(),
        text,
        clicks: clicks.to_vec(),
        waits_for: match todo {
            // Without an interface nothing happens by itself, whatever the clock says.
            _ if todo.is_by_hand() || can == Can::default() => "you",
            Todo::Wait(_) => "clock",
            _ => "keyward",
        }
        .to_owned(),
        needs_value: run.needs_value(),
        console_url: entry.url.clone().or_else(|| known.map(|known| known.console.clone())),
    })
}

fn made(run: &Run, provider: &str) -> String {
    if run.lost {
        return format!(
            "{provider} ended the old key, and its answer with the new one was lost. Make another at once and paste it here: nothing works until then. Then delete the one that was lost there."
        );
    }
    if run.emergency {
        return format!("The old key is dead. Make a new one at {provider} and paste it here.");
    }
    format!(
        "Make a new key at {provider}, without revoking the old one. Paste it here; it is stored beside the old one."
    )
}

fn placing(run: &Run) -> String {
    let open: Vec<&str> = run.open_places().map(|place| place.shown.as_str()).collect();
    let done = run.places.len() - open.len();
    format!(
        "{done} of {} places have the new key. Still to do: {}. From then on it is the current one.",
        run.places.len(),
        open.join("; ")
    )
}
