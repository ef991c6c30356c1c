//! The evidence of a run: what was done when, and why it is believed. For people as Markdown, for
//! programs as JSON. It holds no value.

use std::fmt::Write as _;
use std::path::Path;

use crate::view::RunView;
use crate::{Error, Keyward, outfile};

/// How evidence is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceFormat {
    /// For people.
    Markdown,
    /// For programs: the run as `--status --json` shows it.
    Json,
}

impl EvidenceFormat {
    /// By the file's ending: `.json` is JSON, everything else Markdown.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        match path.extension() {
            Some(ending) if ending.eq_ignore_ascii_case("json") => Self::Json,
            _ => Self::Markdown,
        }
    }
}

impl Keyward {
    /// The evidence of an entry's last run, or of the one under way.
    ///
    /// # Errors
    /// `NOT_FOUND` for the entry or without a run, the keychain or the disk.
    pub fn evidence(&self, name: &str, format: EvidenceFormat) -> Result<String, Error> {
        let view = self.rotation_status(name)?.ok_or_else(|| {
            Error::new(
                "NOT_FOUND",
                "There was no rotation of this entry yet.",
                "Begin one with `keyward rotate NAME --start`.",
            )
        })?;
        Ok(match format {
            EvidenceFormat::Markdown => markdown(&view),
            EvidenceFormat::Json => serde_json::to_string_pretty(&view).unwrap_or_default() + "\n",
        })
    }

    /// Writes the evidence to a file, whole or not at all.
    ///
    /// # Errors
    /// As [`Keyward::evidence`], and the disk.
    pub fn save_evidence(&self, name: &str, path: &Path) -> Result<(), Error> {
        let text = self.evidence(name, EvidenceFormat::of(path))?;
        outfile::write(path, text.as_bytes(), false)
    }
}

fn markdown(view: &RunView) -> String {
    let mut out = format!("# Rotation of {}\n\n", plain(&view.entry));
    let to = view.to_version.map_or("none yet".to_owned(), |number| number.to_string());
    let _ = writeln!(out, "- Run: {}", view.id);
    let _ = writeln!(out, "- State: {}", view.state);
    let _ = writeln!(out, "- Versions: {} replaced by {to}", view.from_version);
    let _ = writeln!(out, "- How the provider replaces a key: {}", view.shape);
    if view.emergency {
        out.push_str("- The old key was revoked first.\n");
    }
    let _ = writeln!(out, "- Began: {}", view.started);
    let _ = writeln!(out, "- Last moved: {}", view.updated);
    if let Some(until) = &view.overlap_until {
        let revoked = view.steps.iter().find(|step| step.id == "revoke");
        let ended = revoked.and_then(|step| step.done.as_ref());
        let _ = match ended {
            Some(at) => writeln!(out, "- Both keys worked until: {at}"),
            None => writeln!(out, "- Both keys work until: {until}"),
        };
    }
    if let Some(reason) = &view.reason {
        let _ = writeln!(out, "- Given up because: {}", plain(reason));
    }
    out.push_str("\n## Steps\n\n| Step | Done |\n| --- | --- |\n");
    for step in &view.steps {
        let _ =
            writeln!(out, "| {} | {} |", step.title, step.done.as_deref().unwrap_or("not done"));
    }
    out.push_str("\n## Places\n\n");
    if view.places.is_empty() {
        out.push_str("None were known.\n");
    } else {
        out.push_str("| Place | Written by | Has the new key since |\n| --- | --- | --- |\n");
    }
    for place in &view.places {
        let by = if place.by_hand { "a person" } else { "Keyward" };
        let since = place.done.as_deref().unwrap_or("not yet");
        let _ = writeln!(out, "| {} | {by} | {since} |", plain(&place.place));
    }
    out.push_str("\n## Proof\n\n");
    let proved = |of: &str| view.proofs.iter().rfind(|proof| proof.of == of);
    for (of, step, what) in [
        ("new-alive", "verify", "The new key works"),
        ("old-dead", "prove", "The old key is refused"),
    ] {
        let confirmed =
            view.steps.iter().find(|one| one.id == step).and_then(|one| one.done.as_ref());
        match (proved(of), confirmed) {
            (Some(proof), _) => {
                let said = proof.said.as_deref().map(plain).unwrap_or_default();
                let took = proof.after_ms.map_or(String::new(), |ms| {
                    format!(
                        ", {:.1} s after it was {}",
                        ms as f64 / 1000.0,
                        if of == "old-dead" { "revoked" } else { "made" }
                    )
                });
                let _ =
                    writeln!(out, "- {what}: the provider answered {said} at {}{took}.", proof.at);
            }
            (None, Some(at)) => {
                let _ = writeln!(out, "- {what}: a person confirmed it at {at}.");
            }
            (None, None) => {
                let _ = writeln!(out, "- {what}: not proved.");
            }
        }
    }
    out
}

/// Text that stays text in a table of Markdown.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '|' | '<' | '>' | '[' | ']' | '*' | '_' | '`' | '\\' | '#' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
