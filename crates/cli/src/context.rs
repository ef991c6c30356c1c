//! What every command gets: the session, the printer, and the way to ask.

use std::io::{self, IsTerminal as _, Write as _};

use jiff::Timestamp;
use keyward_app::input::{Secret, secret};
use keyward_app::{Config, Error, Keyward};

use crate::args::Global;
use crate::printer::Printer;

pub struct Context<'a> {
    pub printer: &'a Printer,
    pub format: Option<String>,
    no_input: bool,
    yes: bool,
}

impl<'a> Context<'a> {
    pub fn new(global: &Global, printer: &'a Printer) -> Result<Self, Error> {
        Ok(Self {
            printer,
            format: global.format.clone(),
            no_input: global.no_input,
            yes: global.yes,
        })
    }

    /// A session on the vault that the environment names.
    pub fn keyward(&self) -> Result<Keyward, Error> {
        self.keyward_at(None)
    }

    /// The same, with "now" set by `--at`.
    pub fn keyward_at(&self, at: Option<Timestamp>) -> Result<Keyward, Error> {
        self.text_only()?;
        Ok(Keyward::new(self.config(at, true)?))
    }

    /// The same, never asking anything: a scan goes on without the vault instead.
    pub fn keyward_unasked(&self) -> Result<Keyward, Error> {
        Ok(Keyward::new(self.config(None, false)?))
    }

    fn config(&self, at: Option<Timestamp>, prompts: bool) -> Result<Config, Error> {
        let no_input = self.no_input || !prompts;
        let ask = move || ask_words("Passphrase of the keychain file: ", no_input);
        let unlock = move || match ask_words("Passphrase of the vault: ", no_input) {
            // Nobody is here to ask: then it is locked, and that is what there is to say.
            Err(error) if error.code == "NO_INPUT" => Err(keyward_app::locked()),
            words => words,
        };
        let unlock = Box::new(unlock);
        let tell = Box::new(self.printer.notices());
        Ok(Config { prompts, unlock, tell, ..Config::from_environment("cli", at, ask)? })
    }

    /// Commands without formats of their own know `text` and `json`.
    pub fn text_only(&self) -> Result<(), Error> {
        match self.format.as_deref() {
            None | Some("text" | "json" | "sarif" | "csv" | "html" | "markdown") => Ok(()),
            Some(_) => Err(Error::new("USAGE", "The format is not known.", "`text` or `json`.")),
        }
    }

    /// For commands whose output is not a document of ours.
    pub fn no_json(&self, what: &str) -> Result<(), Error> {
        if !self.printer.is_json() {
            return Ok(());
        }
        Err(Error::new("USAGE", format!("{what} has no JSON form."), "Leave --json out."))
    }

    /// Asks for a secret without showing it.
    pub fn ask(&self, prompt: &str) -> Result<Secret, Error> {
        ask_words(prompt, self.no_input)
    }

    /// Asks whether to go on; `--yes` answers, and without a terminal the answer is no.
    pub fn confirm(&self, question: &str) -> Result<bool, Error> {
        if self.yes {
            return Ok(true);
        }
        if self.no_input || !io::stdin().is_terminal() {
            return Err(Error::new(
                "NO_INPUT",
                format!("{question} Nobody is here to ask. Nothing was changed."),
                "Answer beforehand with --yes.",
            ));
        }
        let mut err = io::stderr().lock();
        let _ = write!(err, "{question} [y/N] ");
        let _ = err.flush();
        let mut answer = String::new();
        let _ = io::stdin().read_line(&mut answer);
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}

fn ask_words(prompt: &str, no_input: bool) -> Result<Secret, Error> {
    if no_input || !io::stdin().is_terminal() {
        return Err(Error::new(
            "NO_INPUT",
            "A secret is needed and nobody is here to ask. Nothing was changed.",
            "Hand it in with --stdin, --value-file or --from-env (a passphrase with --passphrase-file or KEYWARD_PASSPHRASE_FILE).",
        ));
    }
    match rpassword::prompt_password(prompt) {
        Ok(text) => Ok(secret(text.into_bytes())),
        // Ctrl-C, seen here or by the handler, whichever is first.
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            Err(Error::new("CANCELLED", "Cancelled. Nothing was changed.", "Try again."))
        }
        Err(_) => Err(Error::new(
            "NO_INPUT",
            "Nothing was entered. Nothing was changed.",
            "Try again, or use --stdin.",
        )),
    }
}

/// Reads a number of days such as `90d` or `90`.
pub fn parse_days(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix('d').unwrap_or(text);
    match number.parse::<u32>() {
        Ok(days) if days <= 3650 => Ok(days),
        _ => Err("a number of days from 0 to 3650, such as 90d".to_owned()),
    }
}

/// Reads `--rotate-every`: 1 to 3650 days such as `90d`, or `never` (0).
pub fn rotate_days(text: &str) -> Result<u32, Error> {
    match (text, parse_days(text)) {
        ("never", _) => Ok(0),
        (_, Ok(days)) if days > 0 => Ok(days),
        _ => Err(Error::new(
            "FIELD_INVALID",
            "The rotation period is not one. Nothing was changed.",
            "1 to 3650 days such as 90d, or never.",
        )),
    }
}

/// Reads seconds such as `30s`, `5m`, `2h` or `300`.
pub fn parse_seconds(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.char_indices().next_back() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        Some((at, 'd')) => (&text[..at], 86_400),
        _ => (text, 1),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "a length of time such as 30s, 5m or 2h".to_owned())
}
